#include "terraform/value.h"

#include <stdlib.h>
#include <string.h>

const struct zr_tf_type zr_tf_string = {.kind = ZR_TF_STRING};
const struct zr_tf_type zr_tf_number = {.kind = ZR_TF_NUMBER};
const struct zr_tf_type zr_tf_bool = {.kind = ZR_TF_BOOL};
const struct zr_tf_type zr_tf_string_list = {.kind = ZR_TF_LIST, .element = &zr_tf_string};
const struct zr_tf_type zr_tf_string_map = {.kind = ZR_TF_MAP, .element = &zr_tf_string};

const struct zr_tf_value zr_tf_null = {.is = ZR_TF_NULL};
const struct zr_tf_value zr_tf_unknown = {.is = ZR_TF_UNKNOWN};

static size_t s_field(const struct zr_tf_type *type, const char *name) {
  size_t i = 0;
  while (i < type->field_count && strcmp(type->fields[i].name, name) != 0)
    i++;
  return i;
}

const struct zr_tf_value *zr_tf_get(const struct zr_tf_type *type, const struct zr_tf_value *object,
                                    const char *name) {
  size_t i = s_field(type, name);
  if (object->is == ZR_TF_UNKNOWN)
    return &zr_tf_unknown;
  return object->is == ZR_TF_KNOWN && i < object->count ? &object->items[i] : &zr_tf_null;
}

const char *zr_tf_text(const struct zr_tf_value *v) {
  return v->is == ZR_TF_KNOWN ? v->text.ptr : NULL;
}

double zr_tf_double(const struct zr_tf_value *v, double otherwise) {
  if (v->is != ZR_TF_KNOWN)
    return otherwise;
  switch (v->form) {
  case ZR_TF_UNSIGNED:
    return (double)v->u64;
  case ZR_TF_SIGNED:
    return (double)v->i64;
  case ZR_TF_DECIMAL:
    return strtod(v->text.ptr, NULL);
  case ZR_TF_FLOAT:
  default:
    return v->f64;
  }
}

bool zr_tf_is_true(const struct zr_tf_value *v) {
  return v->is == ZR_TF_KNOWN && v->boolean;
}

static const struct zr_tf_type *s_item_type(const struct zr_tf_type *type, size_t i) {
  return type->kind == ZR_TF_OBJECT ? type->fields[i].type : type->element;
}

bool zr_tf_wholly_known(const struct zr_tf_type *type, const struct zr_tf_value *v) {
  if (v->is != ZR_TF_KNOWN)
    return v->is == ZR_TF_NULL;
  for (size_t i = 0; i < v->count; i++)
    if (!zr_tf_wholly_known(s_item_type(type, i), &v->items[i]))
      return false;
  return true;
}

static bool s_numbers_equal(const struct zr_tf_value *a, const struct zr_tf_value *b) {
  if (a->form == b->form && a->form == ZR_TF_DECIMAL)
    return zr_view_eq(a->text, b->text);
  if (a->form == b->form && a->form == ZR_TF_UNSIGNED)
    return a->u64 == b->u64;
  double x = zr_tf_double(a, 0);
  double y = zr_tf_double(b, 0);
  return !(x < y) && !(x > y);
}

static bool s_items_equal(const struct zr_tf_type *type, const struct zr_tf_value *a,
                          const struct zr_tf_value *b) {
  if (a->count != b->count)
    return false;
  for (size_t i = 0; i < a->count; i++) {
    if (type->kind == ZR_TF_MAP && !zr_view_eq(a->keys[i], b->keys[i]))
      return false;
    if (!zr_tf_equal(s_item_type(type, i), &a->items[i], &b->items[i]))
      return false;
  }
  return true;
}

bool zr_tf_equal(const struct zr_tf_type *type, const struct zr_tf_value *a,
                 const struct zr_tf_value *b) {
  if (a->is != ZR_TF_KNOWN || b->is != ZR_TF_KNOWN)
    return a->is == ZR_TF_NULL && b->is == ZR_TF_NULL;
  switch (type->kind) {
  case ZR_TF_STRING:
    return zr_view_eq(a->text, b->text);
  case ZR_TF_BOOL:
    return a->boolean == b->boolean;
  case ZR_TF_NUMBER:
    return s_numbers_equal(a, b);
  case ZR_TF_LIST:
  case ZR_TF_MAP:
  case ZR_TF_OBJECT:
  default:
    return s_items_equal(type, a, b);
  }
}

struct zr_tf_value zr_tf_of_text(const char *text) {
  if (!text)
    return zr_tf_null;
  return (struct zr_tf_value){.is = ZR_TF_KNOWN, .text = zr_view_of(text)};
}

struct zr_tf_value zr_tf_of_bool(bool b) {
  return (struct zr_tf_value){.is = ZR_TF_KNOWN, .boolean = b};
}

struct zr_tf_value zr_tf_of_u64(uint64_t n) {
  return (struct zr_tf_value){.is = ZR_TF_KNOWN, .form = ZR_TF_UNSIGNED, .u64 = n};
}

bool zr_tf_of_texts(struct zr_arena *a, const char *const *texts, size_t count,
                    struct zr_tf_value *out) {
  struct zr_tf_value *items = zr_arena_calloc(a, count ? count : 1, sizeof *items);
  if (!items)
    return false;
  for (size_t i = 0; i < count; i++)
    items[i] = zr_tf_of_text(texts[i]);
  *out = (struct zr_tf_value){.is = ZR_TF_KNOWN, .items = items, .count = count};
  return true;
}

struct zr_tf_value *zr_tf_new_object(struct zr_arena *a, const struct zr_tf_type *type) {
  struct zr_tf_value *v = zr_arena_calloc(a, 1, sizeof *v);
  struct zr_tf_value *items = zr_arena_calloc(a, type->field_count + 1, sizeof *items);
  if (!v || !items)
    return NULL;
  *v = (struct zr_tf_value){.is = ZR_TF_KNOWN, .items = items, .count = type->field_count};
  return v;
}

struct zr_tf_value *zr_tf_copy_object(struct zr_arena *a, const struct zr_tf_type *type,
                                      const struct zr_tf_value *v) {
  struct zr_tf_value *copy = zr_tf_new_object(a, type);
  if (!copy)
    return NULL;
  if (v->is != ZR_TF_KNOWN)
    *copy = *v;
  else
    memcpy(copy->items, v->items, v->count * sizeof *v->items);
  return copy;
}

void zr_tf_set(const struct zr_tf_type *type, struct zr_tf_value *object, const char *name,
               struct zr_tf_value v) {
  size_t i = s_field(type, name);
  if (i < object->count)
    object->items[i] = v;
}
