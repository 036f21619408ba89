#include "zenlayer/sanitize.h"

#include <string.h>

#include "base/view.h"

static unsigned s_code_point(const char *text, size_t n) {
  static const unsigned char lead[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
  unsigned code = (unsigned char)text[0] & lead[n];
  for (size_t i = 1; i < n; i++)
    code = (code << 6) | ((unsigned char)text[i] & 0x3FU);
  return code;
}

static int s_is_harmful(unsigned code) {
  return code < 0x20 || (code >= 0x7F && code <= 0x9F) || code == 0x061C || code == 0xFEFF ||
         (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
         (code >= 0x2060 && code <= 0x206F) || code >= 0xE0000;
}

void zr_sanitize_text(const char *text, char *out, size_t cap) {
  size_t used = 0;
  while (*text) {
    size_t n = zr_view_character((struct zr_view){text, strnlen(text, 4)});
    int bad = n == 0 || s_is_harmful(s_code_point(text, n));
    size_t put = bad ? 1 : n;
    if (used + put >= cap)
      break;
    memcpy(out + used, bad ? "?" : text, put);
    used += put;
    text += n ? n : 1;
  }
  out[used] = '\0';
}

void zr_sanitize_ascii(char *text) {
  for (; *text; text++) {
    if (*text < 0x20 || *text > 0x7E)
      *text = '?';
  }
}
