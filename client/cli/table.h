/* Tables of text for people: columns as wide as their widest cell, and nothing in a cell that could
 * move a terminal's cursor. */
#ifndef ZR_CLIENT_CLI_TABLE_H
#define ZR_CLIENT_CLI_TABLE_H

#include "base/arena.h"
#include "base/buf.h"

enum { ZR_TABLE_COLUMNS_MAX = 8 };

struct zr_table {
  size_t columns;
  const char *heads[ZR_TABLE_COLUMNS_MAX];
  const char **cells; /* row by row */
  size_t cell_count;
  size_t cell_cap;
  size_t widths[ZR_TABLE_COLUMNS_MAX];
  struct zr_arena text;
};

/* `heads` are constants. Zero the table before. */
void zr_table_begin(struct zr_table *t, const char *const *heads, size_t columns);
/* Copies one row of `columns` cells; 0, or -1 when memory is out. */
int zr_table_add(struct zr_table *t, const char *const *cells) ZR_MUST_CHECK;
/* Appends the head and rows [from, to); the last column is not padded. `bold` for the head. */
void zr_table_render(const struct zr_table *t, size_t from, size_t to, bool bold,
                     struct zr_buf *out);
size_t zr_table_rows(const struct zr_table *t);
void zr_table_clean_up(struct zr_table *t);

/* Appends the text with control characters and malformed UTF-8 shown as '?', one '?' a byte. */
void zr_plain_text(struct zr_buf *out, const char *text);
void zr_plain_view(struct zr_buf *out, struct zr_view v);
/* Characters, as a terminal counts them for most scripts. */
size_t zr_text_width(const char *text);

#endif
