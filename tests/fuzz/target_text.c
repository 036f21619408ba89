/* Small readers of text, and what makes text of a peer fit to be shown. The first byte chooses. */
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/pattern.h"
#include "fuzz.h"
#include "zenlayer/classify.h"
#include "zenlayer/endpoint.h"
#include "zenlayer/json.h"
#include "zenlayer/sanitize.h"

enum { HOUR_MS = 3600000 };

static void s_sanitize(const char *text) {
  char out[201];
  char again[201];
  zr_sanitize_text(text, out, sizeof out);
  fuzz_check_shown(out);
  zr_sanitize_text(out, again, sizeof again);
  FUZZ_CHECK(strcmp(out, again) == 0);
  char *ascii = zr_strdup(text);
  zr_sanitize_ascii(ascii);
  FUZZ_CHECK(strlen(ascii) == strlen(text));
  fuzz_check_shown(ascii);
  zr_free(ascii);
}

/* What we write as JSON is what a strict reader reads back. */
static void s_json(struct zr_view v) {
  struct zr_buf out = ZR_BUF_INIT((size_t)1024 * 1024);
  FUZZ_CHECK(zr_buf_json(&out, v) == ZR_ERR_OK);
  bool nul = memchr(v.ptr, '\0', v.len) != NULL;
  cJSON *back = zr_json_parse(zr_buf_as_view(&out));
  FUZZ_CHECK(nul || (back && cJSON_IsString(back)));
  if (!nul && zr_view_is_utf8(v))
    FUZZ_CHECK(zr_view_eq_text(v, back->valuestring));
  cJSON_Delete(back);
  zr_buf_clean_up(&out);
}

static void s_times(const char *text) {
  struct zr_wall at = {0};
  if (zr_wall_parse_http(text, &at) == 0) {
    char back[32];
    zr_wall_format(at, back);
    FUZZ_CHECK(back[0]);
  }
  int64_t ms = zr_retry_after_ms(text, "", (struct zr_wall){1764500000000});
  FUZZ_CHECK(ms >= -1 && ms <= HOUR_MS);
  struct zr_skew skew = {.offset_ms = 0};
  if (zr_skew_explains(&skew, 0, text, (struct zr_wall){1764500000000}, (struct zr_mono){1}))
    FUZZ_CHECK(skew.corrected && skew.offset_ms != 0);
}

/* The normal form stays as it is when it is read once more. */
static void s_endpoint(const char *text) {
  struct zr_endpoint e;
  struct zr_endpoint again;
  const char *problem = NULL;
  const struct zr_endpoint_settings first = {.domain = text};
  if (!text[0] || zr_endpoint_find(&first, &e, &problem) != ZR_ERR_OK) {
    FUZZ_CHECK(!text[0] || problem);
    return;
  }
  FUZZ_CHECK(e.tls || e.loopback);
  FUZZ_CHECK(zr_view_starts(zr_view_of(e.url), e.tls ? "https://" : "http://"));
  FUZZ_CHECK(!strpbrk(e.host, "/@?# \t\r\n\\"));
  const struct zr_endpoint_settings second = {.domain = e.url};
  FUZZ_CHECK(zr_endpoint_find(&second, &again, &problem) == ZR_ERR_OK);
  FUZZ_CHECK(strcmp(e.url, again.url) == 0 && strcmp(e.host, again.host) == 0);
  FUZZ_CHECK(e.loopback == again.loopback && e.tls == again.tls);
}

static void s_pattern(struct fuzz_input *in) {
  char *name = fuzz_text(fuzz_until(in, '\n'));
  char *pattern = fuzz_text(fuzz_rest(in));
  (void)zr_pattern_fault(zr_view_of(pattern));
  (void)zr_pattern_is_unsure(pattern, name);
  zr_free(pattern);
  zr_free(name);
}

static void s_views(struct zr_view v) {
  unsigned long long number = 0;
  struct zr_view trimmed = zr_view_trim(v);
  FUZZ_CHECK(trimmed.len <= v.len);
  if (zr_view_to_u64(v, &number))
    FUZZ_CHECK(v.len > 0 && v.len <= 18);
  struct zr_view rest = v;
  size_t parts = 0;
  while (rest.len) {
    struct zr_view part = zr_view_split(&rest, ',');
    parts += part.len;
  }
  FUZZ_CHECK(parts <= v.len);
}

static void s_one(unsigned kind, struct fuzz_input *in) {
  if (kind == 0) {
    s_pattern(in);
    return;
  }
  struct zr_view rest = fuzz_rest(in);
  char *exact = fuzz_exact(rest);
  char *text = fuzz_text(rest);
  struct zr_view v = {exact, rest.len};
  static void (*const texts[])(const char *) = {s_sanitize, s_times, s_endpoint};
  static void (*const views[])(struct zr_view) = {s_json, s_views};
  if (kind <= 3)
    texts[kind - 1](text);
  else
    views[kind - 4](v);
  zr_free(text);
  zr_free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input in = {data, size};
  s_one((unsigned)fuzz_byte(&in) % 6, &in);
  return 0;
}
