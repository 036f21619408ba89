/* The head of a reply, line by line, as libcurl hands it over. */
#include <string.h>

#include "base/mem.h"
#include "fuzz.h"
#include "http/head.h"

/* The texts of a head, by number; NULL behind the last. */
static const char *s_text(const struct zr_head *h, size_t i, size_t *room) {
  const struct {
    const char *text;
    size_t room;
  } all[] = {
      {h->date, sizeof h->date},
      {h->retry_after, sizeof h->retry_after},
      {h->cf_mitigated, sizeof h->cf_mitigated},
      {h->content_type, sizeof h->content_type},
      {h->content_encoding, sizeof h->content_encoding},
      {h->location, sizeof h->location},
  };
  if (i == sizeof all / sizeof all[0])
    return NULL;
  *room = all[i].room;
  return all[i].text;
}

static void s_check(const struct zr_head *h) {
  size_t room = 0;
  FUZZ_CHECK(h->status >= 0 && h->status <= 999);
  FUZZ_CHECK(h->version == 0 || h->version == 10 || h->version == 11 || h->version == 20);
  FUZZ_CHECK(!h->done || (zr_head_is_final(h) && !h->inside));
  for (size_t i = 0; s_text(h, i, &room); i++)
    FUZZ_CHECK(memchr(s_text(h, i, &room), '\0', room) != NULL);
}

/* Nothing that comes behind a final head changes what was read of it. */
static void s_check_done(const struct zr_head *before, const struct zr_head *h) {
  size_t room = 0;
  FUZZ_CHECK(h->status == before->status && h->version == before->version && h->done);
  for (size_t i = 0; s_text(h, i, &room); i++)
    FUZZ_CHECK(strcmp(s_text(h, i, &room), s_text(before, i, &room)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input in = {data, size};
  struct zr_head h;
  struct zr_head before;
  bool taken = true;
  memset(&h, 0, sizeof h);
  while (in.left && taken) {
    const char *start = (const char *)in.at;
    struct zr_view line = fuzz_until(&in, '\n');
    line.len = (size_t)((const char *)in.at - start); /* with its end */
    char *exact = fuzz_exact(line);
    memcpy(&before, &h, sizeof h);
    taken = zr_head_line(&h, (struct zr_view){exact, line.len});
    zr_free(exact);
    s_check(&h);
    FUZZ_CHECK(taken == (h.bytes <= ZR_HEAD_MAX_BYTES && h.lines <= ZR_HEAD_MAX_LINES));
    if (before.done)
      s_check_done(&before, &h);
  }
  return 0;
}
