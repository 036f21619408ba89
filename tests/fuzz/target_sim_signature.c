/*
 * The simulator's check of signatures. The input: a line with the Authorization header, one with
 * the timestamp, lines NAME: VALUE up to an empty one, then the body.
 */
#include <string.h>

#include "base/mem.h"
#include "fuzz.h"
#include "signature.h"

enum { HEADERS = 8 };

struct s_headers {
  char *names[HEADERS];
  char *values[HEADERS];
  size_t count;
};

static const char *s_header(const void *context, const char *name) {
  const struct s_headers *h = context;
  for (size_t i = 0; i < h->count; i++)
    if (sim_text_equal_nocase(h->names[i], name))
      return h->values[i];
  return NULL;
}

static void s_read(struct s_headers *h, struct fuzz_input *in) {
  for (;;) {
    struct zr_view line = fuzz_until(in, '\n');
    if (line.len == 0)
      return;
    if (h->count == HEADERS)
      continue;
    struct zr_view name = zr_view_split(&line, ':');
    h->names[h->count] = fuzz_text(name);
    h->values[h->count++] = fuzz_text(zr_view_trim(line));
  }
}

/* The right signature matches, and no other does. */
static void s_check(const struct sim_signed_request *r, struct sim_authorization *a) {
  char right[SIM_HEX_SHA256_SIZE];
  for (int lower = 0; lower < 2; lower++) {
    if (!sim_signature_compute(r, a->signed_headers, lower != 0, right))
      continue;
    FUZZ_CHECK(strlen(right) == SIM_HEX_SHA256_SIZE - 1);
    FUZZ_CHECK(strlen(a->signature) == SIM_HEX_SHA256_SIZE - 1);
    memcpy(a->signature, right, SIM_HEX_SHA256_SIZE);
    FUZZ_CHECK(sim_signature_matches(r, a));
    a->signature[7] = a->signature[7] == '0' ? '1' : '0';
    FUZZ_CHECK(!sim_signature_matches(r, a));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input in = {data, size};
  struct s_headers headers = {.count = 0};
  struct sim_authorization a;
  char *value = fuzz_text(fuzz_until(&in, '\n'));
  char *timestamp = fuzz_text(fuzz_until(&in, '\n'));
  s_read(&headers, &in);
  const struct sim_signed_request request = {.header = s_header,
                                             .context = &headers,
                                             .body = (const char *)in.at,
                                             .body_len = in.left,
                                             .timestamp = timestamp,
                                             .password = "password"};
  if (sim_authorization_parse(&a, value)) {
    FUZZ_CHECK((a.bearer != NULL) != (a.signature != NULL));
    if (a.bearer)
      FUZZ_CHECK(a.bearer[0]);
    else
      s_check(&request, &a);
  }
  sim_authorization_clean_up(&a);
  for (size_t i = 0; i < headers.count; i++) {
    zr_free(headers.names[i]);
    zr_free(headers.values[i]);
  }
  zr_free(timestamp);
  zr_free(value);
  return 0;
}
