/* What the decoders of values share. */
#include <stdlib.h>
#include <string.h>

#include "terraform/value_private.h"

enum { ELEMENTS_MAX = 1 << 20 };

static void s_place(struct zr_buf *out, const struct zr_tf_place *at) {
  if (!at)
    return;
  s_place(out, at->outer);
  if (!at->name)
    (void)zr_buf_printf(out, "[%ld]", at->index);
  else
    (void)zr_buf_printf(out, "%s%.100s", at->outer ? "." : "", at->name);
}

bool zr_tf_refuse(struct zr_tf_decoding *d, const struct zr_tf_place *at, const char *what) {
  struct zr_buf place = ZR_BUF_INIT(512);
  s_place(&place, at);
  struct zr_view v = zr_buf_as_view(&place);
  d->problem =
      zr_arena_printf(d->arena, "%.*s %s", ZR_VIEW_ARG(v.len ? v : ZR_VIEW("the value")), what);
  d->nomem = d->nomem || !d->problem;
  zr_buf_clean_up(&place);
  return false;
}

static bool s_no_memory(struct zr_tf_decoding *d) {
  d->nomem = true;
  return false;
}

bool zr_tf_take_text(struct zr_tf_decoding *d, struct zr_view text, const struct zr_tf_place *at,
                     struct zr_view *out) {
  if (!zr_view_is_utf8(text))
    return zr_tf_refuse(d, at, "is not UTF-8, or contains a NUL character");
  char *copy = zr_arena_alloc(d->arena, text.len + 1);
  if (!copy)
    return s_no_memory(d);
  if (text.len) /* a decoder may have NULL for an empty one */
    memcpy(copy, text.ptr, text.len);
  copy[text.len] = '\0';
  *out = (struct zr_view){copy, text.len};
  return true;
}

/* strtod takes more than decimal: names, hexadecimal, leading blanks. */
static bool s_is_decimal(struct zr_view text) {
  bool digit = false;
  for (size_t i = 0; i < text.len; i++) {
    char c = text.ptr[i];
    digit = digit || (c >= '0' && c <= '9');
    if (!strchr("0123456789.eE+-", c))
      return false;
  }
  return digit;
}

bool zr_tf_take_decimal(struct zr_tf_decoding *d, const struct zr_tf_place *at,
                        struct zr_tf_value *v) {
  char *end = NULL;
  v->form = ZR_TF_DECIMAL;
  if (s_is_decimal(v->text))
    v->f64 = strtod(v->text.ptr, &end);
  return (end && *end == '\0') || zr_tf_refuse(d, at, "is not a number");
}

bool zr_tf_make_items(struct zr_tf_decoding *d, size_t count, bool with_keys,
                      struct zr_tf_value *v) {
  if (count > ELEMENTS_MAX)
    return zr_tf_refuse(d, NULL, "has too many elements");
  v->items = zr_arena_calloc(d->arena, count + 1, sizeof *v->items);
  if (with_keys)
    v->keys = zr_arena_calloc(d->arena, count + 1, sizeof *v->keys);
  v->count = count;
  return (v->items && (v->keys || !with_keys)) || s_no_memory(d);
}

struct zr_view *zr_tf_keys(const struct zr_tf_value *v) {
  return (struct zr_view *)(uintptr_t)v->keys;
}

struct s_member {
  struct zr_view key;
  struct zr_tf_value value;
};

static int s_by_key(const void *a, const void *b) {
  const struct s_member *x = a;
  const struct s_member *y = b;
  return strcmp(x->key.ptr, y->key.ptr);
}

bool zr_tf_sort_map(struct zr_tf_decoding *d, const struct zr_tf_place *at, struct zr_tf_value *v) {
  struct s_member *members = zr_arena_calloc(d->arena, v->count + 1, sizeof *members);
  if (!members)
    return s_no_memory(d);
  for (size_t i = 0; i < v->count; i++)
    members[i] = (struct s_member){v->keys[i], v->items[i]};
  qsort(members, v->count, sizeof *members, s_by_key);
  struct zr_view *keys = zr_tf_keys(v);
  for (size_t i = 0; i < v->count; i++) {
    if (i > 0 && zr_view_eq(members[i].key, members[i - 1].key))
      return zr_tf_refuse(d, at, "has a key twice");
    keys[i] = members[i].key;
    v->items[i] = members[i].value;
  }
  return true;
}
