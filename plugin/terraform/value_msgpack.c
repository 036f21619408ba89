/* msgpack to values: a look at the raw bytes that bounds what decoding may cost, msgpack-c, then
 * the walk along the type. Source: Terraform's docs/plugin-protocol/object-wire-format.md. */
#include <math.h>
#include <msgpack.h>
#include <string.h>

#include "terraform/value.h"
#include "terraform/value_private.h"

enum { REFINEMENT_EXT = 12, REFINEMENT_MAX = 1024, ELEMENTS_MAX = 1 << 20 };

/* ---- the look at the raw bytes ---- */

struct s_scan {
  const unsigned char *at;
  size_t left;
  uint64_t elements; /* met so far; each costs far more than its byte once decoded */
};

static bool s_skip(struct s_scan *s, uint64_t n) {
  if (n > s->left)
    return false;
  s->at += n;
  s->left -= (size_t)n;
  return true;
}

static bool s_length(struct s_scan *s, unsigned width, uint64_t *out) {
  if (width > s->left)
    return false;
  uint64_t n = 0;
  for (unsigned i = 0; i < width; i++)
    n = n << 8 | s->at[i];
  *out = n;
  return s_skip(s, width);
}

static bool s_scan_value(struct s_scan *s, unsigned depth);

/* An element takes a byte at least, so a count beyond what is left is a lie. */
static bool s_scan_many(struct s_scan *s, uint64_t count, unsigned depth) {
  s->elements += count;
  if (count > s->left || s->elements > ELEMENTS_MAX || depth >= ZR_TF_DEPTH_MAX)
    return false;
  for (uint64_t i = 0; i < count; i++)
    if (!s_scan_value(s, depth + 1))
      return false;
  return true;
}

static bool s_scan_sized(struct s_scan *s, unsigned width, unsigned extra) {
  uint64_t n = 0;
  return s_length(s, width, &n) && s_skip(s, n + extra);
}

static bool s_scan_counted(struct s_scan *s, unsigned width, unsigned per_element, unsigned depth) {
  uint64_t n = 0;
  return s_length(s, width, &n) && s_scan_many(s, n * per_element, depth);
}

/* The forms from 0xC0 to 0xDF. */
static bool s_scan_tagged(struct s_scan *s, unsigned tag, unsigned depth) {
  static const unsigned char plain[] = {4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17};
  if (tag == 0xC1)
    return false;
  if (tag <= 0xC3)
    return true;
  if (tag <= 0xC6)
    return s_scan_sized(s, 1U << (tag - 0xC4), 0);
  if (tag <= 0xC9)
    return s_scan_sized(s, 1U << (tag - 0xC7), 1);
  if (tag <= 0xD8)
    return s_skip(s, plain[tag - 0xCA]);
  if (tag <= 0xDB)
    return s_scan_sized(s, 1U << (tag - 0xD9), 0);
  return s_scan_counted(s, tag & 1 ? 4 : 2, tag >= 0xDE ? 2 : 1, depth);
}

static bool s_scan_value(struct s_scan *s, unsigned depth) {
  if (s->left == 0)
    return false;
  unsigned tag = *s->at;
  (void)s_skip(s, 1);
  if (tag < 0x80 || tag >= 0xE0)
    return true;
  if (tag < 0x90)
    return s_scan_many(s, (uint64_t)(tag & 0x0F) * 2, depth);
  if (tag < 0xA0)
    return s_scan_many(s, tag & 0x0F, depth);
  if (tag < 0xC0)
    return s_skip(s, tag & 0x1F);
  return s_scan_tagged(s, tag, depth);
}

static bool s_is_one_value(struct zr_view bytes) {
  struct s_scan s = {.at = (const unsigned char *)bytes.ptr, .left = bytes.len};
  return s_scan_value(&s, 0) && s.left == 0;
}

/* ---- the walk along the type ---- */

static bool s_walk(struct zr_tf_decoding *d, const struct zr_tf_type *type, const msgpack_object *o,
                   const struct zr_tf_place *at, struct zr_tf_value *out);

/* Refinements only narrow what is unknown anyway: their form is checked, their content dropped. */
static bool s_unknown(struct zr_tf_decoding *d, const msgpack_object *o,
                      const struct zr_tf_place *at, struct zr_tf_value *out) {
  *out = zr_tf_unknown;
  if (o->via.ext.type != REFINEMENT_EXT || o->via.ext.size == 0)
    return true;
  struct zr_view body = {o->via.ext.ptr, o->via.ext.size};
  unsigned first = (unsigned char)body.ptr[0];
  bool is_map = (first & 0xF0U) == 0x80 || first == 0xDE || first == 0xDF;
  if (body.len > REFINEMENT_MAX || !is_map || !s_is_one_value(body))
    return zr_tf_refuse(d, at, "has a malformed refinement of an unknown value");
  return true;
}

static bool s_text(struct zr_tf_decoding *d, const msgpack_object *o, const struct zr_tf_place *at,
                   struct zr_view *out) {
  if (o->type != MSGPACK_OBJECT_STR)
    return zr_tf_refuse(d, at, "is not a string");
  return zr_tf_take_text(d, (struct zr_view){o->via.str.ptr, o->via.str.size}, at, out);
}

static bool s_number(struct zr_tf_decoding *d, const msgpack_object *o,
                     const struct zr_tf_place *at, struct zr_tf_value *out) {
  if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER) {
    *out = zr_tf_of_u64(o->via.u64);
  } else if (o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER) {
    out->form = ZR_TF_SIGNED;
    out->i64 = o->via.i64;
  } else if (o->type == MSGPACK_OBJECT_FLOAT32 || o->type == MSGPACK_OBJECT_FLOAT64) {
    if (isnan(o->via.f64))
      return zr_tf_refuse(d, at, "is not a number");
    out->form = ZR_TF_FLOAT;
    out->f64 = o->via.f64;
  } else {
    return s_text(d, o, at, &out->text) && zr_tf_take_decimal(d, at, out);
  }
  return true;
}

static bool s_items(struct zr_tf_decoding *d, const struct zr_tf_type *type,
                    const msgpack_object *o, const struct zr_tf_place *at,
                    struct zr_tf_value *out) {
  if (o->type != MSGPACK_OBJECT_ARRAY)
    return zr_tf_refuse(d, at, "is not a list");
  if (!zr_tf_make_items(d, o->via.array.size, false, out))
    return false;
  for (size_t i = 0; i < out->count; i++) {
    struct zr_tf_place here = {at, NULL, (long)i};
    if (!s_walk(d, type->element, &o->via.array.ptr[i], &here, &out->items[i]))
      return false;
  }
  return true;
}

static bool s_map(struct zr_tf_decoding *d, const struct zr_tf_type *type, const msgpack_object *o,
                  const struct zr_tf_place *at, struct zr_tf_value *out) {
  struct zr_view *keys = NULL;
  if (o->type != MSGPACK_OBJECT_MAP)
    return zr_tf_refuse(d, at, "is not a map");
  if (!zr_tf_make_items(d, o->via.map.size, true, out))
    return false;
  keys = zr_tf_keys(out);
  for (size_t i = 0; i < out->count; i++) {
    const msgpack_object_kv *kv = &o->via.map.ptr[i];
    if (!s_text(d, &kv->key, at, &keys[i]))
      return false;
    struct zr_tf_place here = {at, keys[i].ptr, -1};
    if (!s_walk(d, type->element, &kv->val, &here, &out->items[i]))
      return false;
  }
  return zr_tf_sort_map(d, at, out);
}

static const msgpack_object *s_member(const msgpack_object *o, const char *name) {
  size_t len = strlen(name);
  for (uint32_t i = 0; i < o->via.map.size; i++) {
    const msgpack_object_kv *kv = &o->via.map.ptr[i];
    if (kv->key.type == MSGPACK_OBJECT_STR && kv->key.via.str.size == len &&
        memcmp(kv->key.via.str.ptr, name, len) == 0)
      return &kv->val;
  }
  return NULL;
}

/* As many members as fields and each field found: then none is extra and none comes twice. */
static bool s_object(struct zr_tf_decoding *d, const struct zr_tf_type *type,
                     const msgpack_object *o, const struct zr_tf_place *at,
                     struct zr_tf_value *out) {
  if (o->type != MSGPACK_OBJECT_MAP)
    return zr_tf_refuse(d, at, "is not an object");
  if (o->via.map.size != type->field_count)
    return zr_tf_refuse(d, at, "does not have exactly the attributes of its schema");
  if (!zr_tf_make_items(d, type->field_count, false, out))
    return false;
  for (size_t i = 0; i < type->field_count; i++) {
    struct zr_tf_place here = {at, type->fields[i].name, -1};
    const msgpack_object *member = s_member(o, type->fields[i].name);
    if (!member)
      return zr_tf_refuse(d, &here, "is missing");
    if (!s_walk(d, type->fields[i].type, member, &here, &out->items[i]))
      return false;
  }
  return true;
}

static bool s_walk(struct zr_tf_decoding *d, const struct zr_tf_type *type, const msgpack_object *o,
                   const struct zr_tf_place *at, struct zr_tf_value *out) {
  *out = zr_tf_null;
  if (o->type == MSGPACK_OBJECT_NIL)
    return true;
  if (o->type == MSGPACK_OBJECT_EXT)
    return s_unknown(d, o, at, out);
  out->is = ZR_TF_KNOWN;
  switch (type->kind) {
  case ZR_TF_STRING:
    return s_text(d, o, at, &out->text);
  case ZR_TF_BOOL:
    out->boolean = o->type == MSGPACK_OBJECT_BOOLEAN && o->via.boolean;
    return o->type == MSGPACK_OBJECT_BOOLEAN || zr_tf_refuse(d, at, "is not a bool");
  case ZR_TF_NUMBER:
    return s_number(d, o, at, out);
  case ZR_TF_LIST:
    return s_items(d, type, o, at, out);
  case ZR_TF_MAP:
    return s_map(d, type, o, at, out);
  case ZR_TF_OBJECT:
  default:
    return s_object(d, type, o, at, out);
  }
}

bool zr_tf_from_msgpack(struct zr_tf_decoding *d, const struct zr_tf_type *type,
                        struct zr_view bytes, struct zr_tf_value *out) {
  *out = zr_tf_null;
  if (bytes.len == 0)
    return true;
  if (!s_is_one_value(bytes))
    return zr_tf_refuse(d, NULL, "is not one well-formed msgpack value");
  msgpack_unpacked unpacked;
  msgpack_unpacked_init(&unpacked);
  size_t offset = 0;
  bool ok = msgpack_unpack_next(&unpacked, bytes.ptr, bytes.len, &offset) == MSGPACK_UNPACK_SUCCESS;
  ok =
      ok ? s_walk(d, type, &unpacked.data, NULL, out) : zr_tf_refuse(d, NULL, "cannot be unpacked");
  msgpack_unpacked_destroy(&unpacked);
  return ok;
}
