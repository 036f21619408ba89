#include "terraform/diags.h"

#include <stdarg.h>
#include <string.h>

#include "base/buf.h"
#include "terraform/wire.h"

enum { STEPS_MAX = 2 };

struct s_item {
  Tfplugin6__Diagnostic diagnostic;
  Tfplugin6__AttributePath path;
  Tfplugin6__AttributePath__Step steps[STEPS_MAX];
  Tfplugin6__AttributePath__Step *step_pointers[STEPS_MAX];
};

static void s_name_step(struct s_item *it, const char *name) {
  size_t n = it->path.n_steps++;
  tfplugin6__attribute_path__step__init(&it->steps[n]);
  it->steps[n].selector_case = TFPLUGIN6__ATTRIBUTE_PATH__STEP__SELECTOR_ATTRIBUTE_NAME;
  it->steps[n].attribute_name = zr_tf_pb_text(name);
  it->step_pointers[n] = &it->steps[n];
}

static void s_index_step(struct s_item *it, long index) {
  size_t n = it->path.n_steps++;
  tfplugin6__attribute_path__step__init(&it->steps[n]);
  it->steps[n].selector_case = TFPLUGIN6__ATTRIBUTE_PATH__STEP__SELECTOR_ELEMENT_KEY_INT;
  it->steps[n].element_key_int = index;
  it->step_pointers[n] = &it->steps[n];
}

static void s_set_path(struct s_item *it, struct zr_tf_path path) {
  if (!path.attribute)
    return;
  tfplugin6__attribute_path__init(&it->path);
  it->path.steps = it->step_pointers;
  s_name_step(it, path.attribute);
  if (path.inner)
    s_name_step(it, path.inner);
  else if (path.index >= 0)
    s_index_step(it, path.index);
  it->diagnostic.attribute = &it->path;
}

static bool s_room(struct zr_tf_diags *d) {
  if (d->count < d->cap)
    return true;
  size_t cap = d->cap ? 2 * d->cap : 8;
  Tfplugin6__Diagnostic **items = zr_arena_calloc(d->arena, cap, sizeof(Tfplugin6__Diagnostic *));
  if (!items)
    return false;
  if (d->count)
    memcpy(items, d->items, d->count * sizeof(Tfplugin6__Diagnostic *));
  d->items = items;
  d->cap = cap;
  return true;
}

/* A host refuses an answer with a malformed string whole. What a request said may be malformed, and
 * what was cut may end within a character. NULL: no memory. */
static char *s_whole(struct zr_arena *a, const char *text) {
  char *copy = zr_arena_strdup(a, text);
  for (char *c = copy; c && *c;) {
    size_t n = zr_view_character((struct zr_view){c, strnlen(c, 4)});
    if (n == 0)
      *c = '?';
    c += n ? n : 1;
  }
  return copy;
}

void zr_tf_diag(struct zr_tf_diags *d, enum zr_tf_severity severity, struct zr_tf_path path,
                const char *summary, const char *detail) {
  d->errors += severity == ZR_TF_ERROR;
  struct s_item *it = zr_arena_calloc(d->arena, 1, sizeof *it);
  char *line = s_whole(d->arena, summary);
  char *text = s_whole(d->arena, detail ? detail : "");
  if (!it || !line || !text || !s_room(d)) {
    d->nomem = true;
    return;
  }
  tfplugin6__diagnostic__init(&it->diagnostic);
  it->diagnostic.severity = severity == ZR_TF_ERROR ? TFPLUGIN6__DIAGNOSTIC__SEVERITY__ERROR
                                                    : TFPLUGIN6__DIAGNOSTIC__SEVERITY__WARNING;
  it->diagnostic.summary = line;
  it->diagnostic.detail = text;
  s_set_path(it, path);
  d->items[d->count++] = &it->diagnostic;
}

void zr_tf_diag_f(struct zr_tf_diags *d, enum zr_tf_severity severity, struct zr_tf_path path,
                  const char *detail, const char *summary_format, ...) {
  struct zr_buf line = ZR_BUF_INIT(1024);
  va_list args;
  va_start(args, summary_format);
  enum zr_err e = zr_buf_vprintf(&line, summary_format, args);
  va_end(args);
  zr_tf_diag(d, severity, path, e == ZR_ERR_OK ? line.data : "Out of memory for a message", detail);
  zr_buf_clean_up(&line);
}
