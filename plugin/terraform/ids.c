#include "terraform/ids.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/release.h"

bool zr_tf_ids_of(struct zr_arena *a, const struct zr_tf_value *list, struct zr_tf_ids *out) {
  *out = (struct zr_tf_ids){.whole = list->is != ZR_TF_UNKNOWN};
  if (list->is != ZR_TF_KNOWN)
    return true;
  out->ids = zr_arena_calloc(a, list->count + 1, sizeof *out->ids);
  if (!out->ids)
    return false;
  out->count = list->count;
  for (size_t i = 0; i < list->count; i++) {
    out->ids[i] = zr_tf_text(&list->items[i]);
    out->whole = out->whole && out->ids[i];
  }
  return true;
}

/* ---- the form of an id ---- */

static bool s_is_odd(struct zr_view id) {
  for (size_t i = 0; i < id.len; i++)
    if ((unsigned char)id.ptr[i] < 0x20 || id.ptr[i] == 0x7F)
      return true;
  return false;
}

/* Blanks of Unicode that look like nothing: no-break space, U+2000 to U+200F, U+3000, U+FEFF. */
static size_t s_blank_at(const char *p, size_t left) {
  static const char *const wide[] = {"\xC2\xA0",     "\xC2\x85",     "\xE3\x80\x80", "\xEF\xBB\xBF",
                                     "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE2\x81\xA0"};
  if (left > 0 && strchr(" \t\r\n\v\f", p[0]) && p[0])
    return 1;
  for (size_t i = 0; i < ZR_COUNT(wide); i++)
    if (strlen(wide[i]) <= left && memcmp(p, wide[i], strlen(wide[i])) == 0)
      return strlen(wide[i]);
  bool general = left >= 3 && memcmp(p, "\xE2\x80", 2) == 0 && (unsigned char)p[2] <= 0x8F;
  return general ? 3 : 0;
}

static bool s_ends_blank(struct zr_view id) {
  for (size_t n = 1; n <= 3 && n <= id.len; n++)
    if (s_blank_at(id.ptr + id.len - n, n) == n)
      return true;
  return false;
}

static bool s_is_blank(struct zr_view id) {
  size_t at = 0;
  while (at < id.len) {
    size_t n = s_blank_at(id.ptr + at, id.len - at);
    if (n == 0)
      return false;
    at += n;
  }
  return true;
}

const char *zr_tf_id_problem(struct zr_view id) {
  if (id.len == 0)
    return "is empty";
  if (s_is_blank(id))
    return "is blank";
  if (id.len > ZR_ID_MAX_BYTES)
    return "is longer than 128 bytes";
  if (s_blank_at(id.ptr, id.len) > 0 || s_ends_blank(id))
    return "has white space at its beginning or end";
  return s_is_odd(id) ? "contains a control character" : NULL;
}

/* ---- finding ---- */

static const char *s_key(const struct zr_tf_ids *list, size_t position) {
  return list->ids[position];
}

static int s_by_id(const void *a, const void *b, void *list) {
  size_t x = *(const size_t *)a;
  size_t y = *(const size_t *)b;
  int order = strcmp(s_key(list, x), s_key(list, y));
  return order ? order : x < y ? -1 : x > y;
}

bool zr_tf_index_of(struct zr_arena *a, const struct zr_tf_ids *list, struct zr_tf_index *out) {
  *out = (struct zr_tf_index){.list = list};
  out->order = zr_arena_calloc(a, list->count + 1, sizeof *out->order);
  if (!out->order)
    return false;
  for (size_t i = 0; i < list->count; i++)
    if (list->ids[i])
      out->order[out->count++] = i;
  qsort_r(out->order, out->count, sizeof *out->order, s_by_id, (void *)(uintptr_t)list);
  return true;
}

long zr_tf_index_find(const struct zr_tf_index *x, const char *id) {
  size_t low = 0;
  size_t high = x->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (strcmp(s_key(x->list, x->order[middle]), id) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  bool found = low < x->count && strcmp(s_key(x->list, x->order[low]), id) == 0;
  return found ? (long)x->order[low] : -1;
}

/* ---- checking ---- */

static void s_check_element(struct zr_tf_diags *d, const char *attribute,
                            const struct zr_tf_value *v, size_t i) {
  const char *what = v->is == ZR_TF_NULL ? "is null" : NULL;
  if (v->is == ZR_TF_KNOWN)
    what = zr_tf_id_problem(v->text);
  if (what)
    zr_tf_diag_f(d, ZR_TF_ERROR, ZR_TF_ELEMENT(attribute, i), "Remove the element, or correct it.",
                 "The id in %s[%zu] %s", attribute, i, what);
}

void zr_tf_check_ids(struct zr_tf_diags *d, const char *attribute, const struct zr_tf_value *list) {
  struct zr_tf_ids ids;
  struct zr_tf_index index;
  if (!zr_tf_ids_of(d->arena, list, &ids) || !zr_tf_index_of(d->arena, &ids, &index)) {
    d->nomem = true;
    return;
  }
  for (size_t i = 0; i < ids.count; i++) {
    s_check_element(d, attribute, &list->items[i], i);
    long first = ids.ids[i] ? zr_tf_index_find(&index, ids.ids[i]) : (long)i;
    if (first == (long)i)
      continue;
    char where[160];
    (void)snprintf(where, sizeof where, "It is also %s[%ld]. Remove one of the two.", attribute,
                   first);
    zr_tf_diag_f(d, ZR_TF_ERROR, ZR_TF_ELEMENT(attribute, i), where,
                 "Instance %s is named more than once", ids.ids[i]);
  }
}

/* ---- comparing ---- */

bool zr_tf_ids_minus(struct zr_arena *a, const struct zr_tf_ids *from,
                     const struct zr_tf_ids *without, struct zr_tf_ids *out, long **positions) {
  struct zr_tf_index index;
  *out = (struct zr_tf_ids){.whole = true};
  out->ids = zr_arena_calloc(a, from->count + 1, sizeof *out->ids);
  long *at = zr_arena_calloc(a, from->count + 1, sizeof *at);
  if (!out->ids || !at || !zr_tf_index_of(a, without, &index))
    return false;
  for (size_t i = 0; i < from->count; i++) {
    if (!from->ids[i] || zr_tf_index_find(&index, from->ids[i]) >= 0)
      continue;
    at[out->count] = (long)i;
    out->ids[out->count++] = from->ids[i];
  }
  if (positions)
    *positions = at;
  return true;
}

bool zr_tf_ids_same(struct zr_arena *a, const struct zr_tf_ids *x, const struct zr_tf_ids *y) {
  struct zr_tf_ids only_x;
  struct zr_tf_ids only_y;
  return x->whole && y->whole && x->count == y->count && zr_tf_ids_minus(a, x, y, &only_x, NULL) &&
         zr_tf_ids_minus(a, y, x, &only_y, NULL) && only_x.count == 0 && only_y.count == 0;
}
