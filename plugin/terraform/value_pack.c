/* Values to msgpack, and types to their signatures. */
#include <msgpack.h>
#include <string.h>

#include "terraform/value.h"

static int s_write(void *data, const char *bytes, size_t len) {
  struct zr_buf *out = data;
  return zr_buf_append(out, bytes, len) == ZR_ERR_OK ? 0 : -1;
}

static void s_text(msgpack_packer *p, struct zr_view text) {
  (void)msgpack_pack_str(p, text.len);
  (void)msgpack_pack_str_body(p, text.ptr, text.len);
}

static void s_number(msgpack_packer *p, const struct zr_tf_value *v) {
  if (v->form == ZR_TF_UNSIGNED)
    (void)msgpack_pack_uint64(p, v->u64);
  else if (v->form == ZR_TF_SIGNED)
    (void)msgpack_pack_int64(p, v->i64);
  else if (v->form == ZR_TF_FLOAT)
    (void)msgpack_pack_double(p, v->f64);
  else
    s_text(p, v->text);
}

static void s_value(msgpack_packer *p, const struct zr_tf_type *type, const struct zr_tf_value *v);

static void s_members(msgpack_packer *p, const struct zr_tf_type *type,
                      const struct zr_tf_value *v) {
  (void)msgpack_pack_map(p, v->count);
  for (size_t i = 0; i < v->count; i++) {
    bool object = type->kind == ZR_TF_OBJECT;
    s_text(p, object ? zr_view_of(type->fields[i].name) : v->keys[i]);
    s_value(p, object ? type->fields[i].type : type->element, &v->items[i]);
  }
}

static void s_known(msgpack_packer *p, const struct zr_tf_type *type, const struct zr_tf_value *v) {
  switch (type->kind) {
  case ZR_TF_STRING:
    s_text(p, v->text);
    return;
  case ZR_TF_BOOL:
    (void)(v->boolean ? msgpack_pack_true(p) : msgpack_pack_false(p));
    return;
  case ZR_TF_NUMBER:
    s_number(p, v);
    return;
  case ZR_TF_LIST:
    (void)msgpack_pack_array(p, v->count);
    for (size_t i = 0; i < v->count; i++)
      s_value(p, type->element, &v->items[i]);
    return;
  case ZR_TF_MAP:
  case ZR_TF_OBJECT:
  default:
    s_members(p, type, v);
  }
}

static void s_value(msgpack_packer *p, const struct zr_tf_type *type, const struct zr_tf_value *v) {
  if (v->is == ZR_TF_NULL) {
    (void)msgpack_pack_nil(p);
  } else if (v->is == ZR_TF_UNKNOWN) {
    (void)msgpack_pack_ext(p, 1, 0);
    (void)msgpack_pack_ext_body(p, "", 1);
  } else {
    s_known(p, type, v);
  }
}

enum zr_err zr_tf_to_msgpack(struct zr_buf *out, const struct zr_tf_type *type,
                             const struct zr_tf_value *v) {
  msgpack_packer packer;
  msgpack_packer_init(&packer, out, s_write);
  s_value(&packer, type, v);
  return zr_buf_failed(out);
}

static void s_sign(struct zr_buf *out, const struct zr_tf_type *type);

static void s_sign_fields(struct zr_buf *out, const struct zr_tf_type *type) {
  (void)zr_buf_text(out, "[\"object\",{");
  for (size_t i = 0; i < type->field_count; i++) {
    (void)zr_buf_printf(out, "%s\"%s\":", i ? "," : "", type->fields[i].name);
    s_sign(out, type->fields[i].type);
  }
  (void)zr_buf_text(out, "}]");
}

static void s_sign(struct zr_buf *out, const struct zr_tf_type *type) {
  static const char *const names[] = {
      [ZR_TF_STRING] = "\"string\"", [ZR_TF_NUMBER] = "\"number\"", [ZR_TF_BOOL] = "\"bool\"",
      [ZR_TF_LIST] = "[\"list\",",   [ZR_TF_MAP] = "[\"map\",",     [ZR_TF_OBJECT] = NULL};
  if (type->kind == ZR_TF_OBJECT) {
    s_sign_fields(out, type);
    return;
  }
  (void)zr_buf_text(out, names[type->kind]);
  if (!type->element)
    return;
  s_sign(out, type->element);
  (void)zr_buf_char(out, ']');
}

enum zr_err zr_tf_signature(struct zr_buf *out, const struct zr_tf_type *type) {
  s_sign(out, type);
  return zr_buf_failed(out);
}
