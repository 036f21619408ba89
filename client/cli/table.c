#include "table.h"

#include <string.h>

#include "base/mem.h"
#include "base/view.h"

enum { CELL_MAX = 4096 };

void zr_table_begin(struct zr_table *t, const char *const *heads, size_t columns) {
  t->columns = columns;
  for (size_t i = 0; i < columns; i++) {
    t->heads[i] = heads[i];
    t->widths[i] = zr_text_width(heads[i]);
  }
}

void zr_table_clean_up(struct zr_table *t) {
  void *cells = t->cells;
  zr_free(cells);
  zr_arena_clean_up(&t->text);
  *t = (struct zr_table){0};
}

size_t zr_table_rows(const struct zr_table *t) {
  return t->columns ? t->cell_count / t->columns : 0;
}

/* Bytes of the character that `v` starts with, when it is well-formed and not a control character;
 * else 0. C1 controls (U+0080 to U+009F) count as controls. */
static size_t s_printable(struct zr_view v) {
  unsigned char c = (unsigned char)v.ptr[0];
  if (c < 0x80)
    return c >= 0x20 && c != 0x7f ? 1 : 0;
  size_t len = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
  if (len > v.len || !zr_view_is_utf8((struct zr_view){v.ptr, len}))
    return 0;
  return len == 2 && c == 0xC2 && (unsigned char)v.ptr[1] < 0xA0 ? 0 : len;
}

void zr_plain_text(struct zr_buf *out, const char *text) {
  zr_plain_view(out, zr_view_of(text));
}

void zr_plain_view(struct zr_buf *out, struct zr_view v) {
  while (v.len) {
    size_t n = s_printable(v);
    (void)zr_buf_append(out, n ? v.ptr : "?", n ? n : 1);
    v.ptr += n ? n : 1;
    v.len -= n ? n : 1;
  }
}

size_t zr_text_width(const char *text) {
  size_t width = 0;
  for (; *text; text++)
    if (((unsigned char)*text & 0xC0U) != 0x80)
      width++;
  return width;
}

int zr_table_add(struct zr_table *t, const char *const *cells) {
  void *array = t->cells;
  struct zr_buf cell = ZR_BUF_INIT(CELL_MAX);
  int rc = zr_grow(&array, &t->cell_cap, t->cell_count + t->columns, sizeof(char *));
  t->cells = array;
  for (size_t i = 0; rc == 0 && i < t->columns; i++) {
    zr_buf_reset(&cell);
    zr_plain_text(&cell, cells[i]);
    bool cut = zr_buf_failed(&cell) == ZR_ERR_NOMEM; /* at the ceiling it is cut on purpose */
    char *copy = cut ? NULL : zr_arena_strdup(&t->text, cell.data ? cell.data : "");
    if (!copy) {
      rc = -1;
      break;
    }
    t->cells[t->cell_count + i] = copy;
    if (zr_text_width(copy) > t->widths[i])
      t->widths[i] = zr_text_width(copy);
  }
  if (rc == 0)
    t->cell_count += t->columns;
  zr_buf_clean_up(&cell);
  return rc;
}

static void s_row(const struct zr_table *t, const char *const *cells, struct zr_buf *out) {
  for (size_t i = 0; i < t->columns; i++) {
    (void)zr_buf_text(out, cells[i]);
    if (i + 1 == t->columns)
      break;
    for (size_t pad = zr_text_width(cells[i]); pad < t->widths[i] + 2; pad++)
      (void)zr_buf_char(out, ' ');
  }
  (void)zr_buf_char(out, '\n');
}

void zr_table_render(const struct zr_table *t, size_t from, size_t to, bool bold,
                     struct zr_buf *out) {
  if (from == 0) {
    (void)zr_buf_text(out, bold ? "\033[1m" : "");
    s_row(t, t->heads, out);
    (void)zr_buf_text(out, bold ? "\033[0m" : "");
  }
  for (size_t row = from; row < to; row++)
    s_row(t, t->cells + row * t->columns, out);
}
