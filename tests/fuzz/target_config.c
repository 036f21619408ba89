/* The plugin's configuration file. */
#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

#include "app/config.h"
#include "base/pattern.h"
#include "fuzz.h"

static const char s_marker[] = "Zq7Secret";

/* What is in range, or was not given. */
static bool s_between(double value, double least, double most) {
  return fpclassify(value) == FP_ZERO || (value >= least && value <= most);
}

static void s_check(struct zr_config *c) {
  FUZZ_CHECK(s_between(c->calls_per_second, 0.01, 10000));
  FUZZ_CHECK(s_between((double)c->call_timeout_ms, 100, 300000));
  FUZZ_CHECK(s_between((double)c->window_ms, 1, 1000));
  FUZZ_CHECK(c->max_concurrent_releases <= 10000 && c->max_instances <= 10000);
  FUZZ_CHECK(!c->endpoint || c->endpoint[0]);
  FUZZ_CHECK(c->keep_count <= ZR_KEEP_MAX);
  for (size_t i = 0; i < c->keep_count; i++) {
    const struct zr_keep_rule *k = &c->keep[i];
    FUZZ_CHECK(k->kind < ZR_KEEP_COUNT_ && k->text && k->text[0]);
    FUZZ_CHECK(k->kind == ZR_KEEP_TAG || !k->value);
    if (k->kind == ZR_KEEP_NAME)
      FUZZ_CHECK(!zr_pattern_fault(zr_view_of(k->text)));
  }
  const struct zr_policy *policy = zr_config_policy(c);
  FUZZ_CHECK((policy != NULL) == (c->max_instances > 0 || c->keep_count > 0));
}

/* A member's name is shown when it is not known. */
static bool s_names_marker(struct zr_view text) {
  cJSON *root = cJSON_ParseWithLength(text.ptr, text.len);
  bool named = false;
  const cJSON *item = NULL;
  cJSON_ArrayForEach(item, root) {
    named = named || (item->string && strstr(item->string, s_marker));
  }
  cJSON_Delete(root);
  return named;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct zr_view text = {(const char *)data, size};
  struct zr_config c;
  struct zr_buf problem = ZR_BUF_INIT(8192);
  const struct zr_app_options options = {.config = fuzz_file(0, "plugin.json", text)};
  enum zr_err e = zr_config_read(&options, &c, &problem);
  if (e == ZR_ERR_OK)
    s_check(&c);
  else
    FUZZ_CHECK(problem.len > 0);
  if (problem.data && strstr(problem.data, s_marker))
    FUZZ_CHECK(s_names_marker(text));
  zr_config_clean_up(&c);
  zr_buf_clean_up(&problem);
  return 0;
}
