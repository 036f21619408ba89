/* Text that the command line reads, or shows. The first byte chooses. */
#include <string.h>

#include "base/mem.h"
#include "cli/duration.h"
#include "cli/plugin_log.h"
#include "cli/table.h"
#include "fuzz.h"

static void s_log_line(const char *text) {
  struct zr_buf out = ZR_BUF_INIT(4096);
  bool important = false;
  zr_plugin_log_human(text, &out, &important);
  if (out.data && out.len < 4000) /* cut in mid-character otherwise */
    fuzz_check_shown(out.data);
  zr_buf_clean_up(&out);
}

static void s_plain(const char *text) {
  struct zr_buf out = ZR_BUF_INIT((size_t)1024 * 1024);
  zr_plain_text(&out, text);
  if (out.data)
    fuzz_check_shown(out.data);
  FUZZ_CHECK(zr_text_width(text) <= strlen(text));
  zr_buf_clean_up(&out);
}

static void s_duration(const char *text) {
  int64_t ms = 0;
  if (zr_duration_parse(text, &ms))
    FUZZ_CHECK(ms >= 0 && ms <= 365LL * 24 * 3600 * 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static void (*const kinds[])(const char *) = {s_log_line, s_plain, s_duration};
  struct fuzz_input in = {data, size};
  unsigned kind = fuzz_byte(&in) % (sizeof kinds / sizeof kinds[0]);
  char *text = fuzz_text(fuzz_rest(&in));
  kinds[kind](text);
  zr_free(text);
  return 0;
}
