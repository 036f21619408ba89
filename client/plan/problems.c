/* What is wrong with a file, collected. */
#include <stdarg.h>

#include "json_tree.h"

enum { PROBLEMS_MAX_BYTES = 16 * 1024 * 1024, ONE_MAX_BYTES = 64 * 1024 };

void zr_problems_init(struct zr_problems *p, const char *file) {
  *p = (struct zr_problems){.file = file,
                            .text = ZR_BUF_INIT(PROBLEMS_MAX_BYTES),
                            .json = ZR_BUF_INIT(PROBLEMS_MAX_BYTES)};
}

void zr_problems_clean_up(struct zr_problems *p) {
  zr_buf_clean_up(&p->text);
  zr_buf_clean_up(&p->json);
}

void zr_jpath(const struct zr_jnode *at, struct zr_buf *out) {
  if (!at || !at->parent)
    return;
  zr_jpath(at->parent, out);
  if (at->parent->type == ZR_JLIST)
    (void)zr_buf_printf(out, "[%zu]", at->index);
  else if (at->key)
    (void)zr_buf_printf(out, "%s%s", at->parent->parent ? "." : "", at->key);
}

static void s_line(struct zr_buf *b, const struct zr_problems *p, const struct zr_jnode *at,
                   const struct zr_buf *path, const struct zr_buf *words) {
  (void)zr_buf_printf(b, "%s:", p->file);
  if (at)
    (void)zr_buf_printf(b, "%u:%u:", at->line, at->column);
  (void)zr_buf_char(b, ' ');
  if (path->len)
    (void)zr_buf_printf(b, "%s: ", path->data);
  (void)zr_buf_view(b, zr_buf_as_view(words));
  (void)zr_buf_char(b, '\n');
}

static void s_object(struct zr_buf *b, const struct zr_jnode *at, const struct zr_buf *path,
                     const struct zr_buf *words) {
  (void)zr_buf_text(b, "{\"field\":");
  (void)zr_buf_json(b, zr_buf_as_view(path));
  if (at)
    (void)zr_buf_printf(b, ",\"line\":%u,\"column\":%u", at->line, at->column);
  (void)zr_buf_text(b, ",\"description\":");
  (void)zr_buf_json(b, zr_buf_as_view(words));
  (void)zr_buf_char(b, '}');
}

/* Whole, or not at all. */
static bool s_append(struct zr_buf *to, const char *comma, const struct zr_buf *what) {
  size_t before = to->len;
  (void)zr_buf_text(to, comma);
  if (zr_buf_view(to, zr_buf_as_view(what)) == ZR_ERR_OK && zr_buf_failed(to) == ZR_ERR_OK)
    return true;
  to->len = before;
  if (to->data)
    to->data[before] = '\0';
  return false;
}

static void s_add(struct zr_problems *p, const struct zr_jnode *at, const struct zr_buf *words) {
  struct zr_buf path = ZR_BUF_INIT(ONE_MAX_BYTES);
  struct zr_buf line = ZR_BUF_INIT((size_t)2 * ONE_MAX_BYTES);
  struct zr_buf object = ZR_BUF_INIT((size_t)14 * ONE_MAX_BYTES);
  zr_jpath(at, &path);
  s_line(&line, p, at, &path, words);
  s_object(&object, at, &path, words);
  p->nomem = p->nomem || zr_buf_failed(words) == ZR_ERR_NOMEM ||
             zr_buf_failed(&line) == ZR_ERR_NOMEM || zr_buf_failed(&object) == ZR_ERR_NOMEM;
  bool full = zr_buf_failed(&p->text) != ZR_ERR_OK || zr_buf_failed(&p->json) != ZR_ERR_OK;
  bool fits =
      !full && s_append(&p->text, "", &line) && s_append(&p->json, p->json.len ? "," : "", &object);
  p->left_out += !fits;
  zr_buf_clean_up(&path);
  zr_buf_clean_up(&line);
  zr_buf_clean_up(&object);
}

static void s_complain(struct zr_problems *p, const struct zr_jnode *at, const char *format,
                       va_list args) ZR_PRINTF(3, 0);
static void s_complain(struct zr_problems *p, const struct zr_jnode *at, const char *format,
                       va_list args) {
  struct zr_buf words = ZR_BUF_INIT(ONE_MAX_BYTES);
  (void)zr_buf_vprintf(&words, format, args);
  p->count++;
  s_add(p, at, &words);
  zr_buf_clean_up(&words);
}

void zr_problem(struct zr_problems *p, const struct zr_jnode *at, const char *format, ...) {
  va_list args;
  va_start(args, format);
  s_complain(p, at, format, args);
  va_end(args);
}

void zr_problem_plain(struct zr_problems *p, const char *format, ...) {
  va_list args;
  va_start(args, format);
  s_complain(p, NULL, format, args);
  va_end(args);
}
