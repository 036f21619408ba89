/*
 * Values of Terraform: msgpack and JSON to values along the type of each schema, and back. The
 * first byte chooses the type, the second the form.
 */
#include <string.h>

#include "base/mem.h"
#include "fuzz.h"
#include "terraform/schema.h"
#include "terraform/value.h"

enum { PACKED_MAX = 16 << 20 };

static const struct zr_tf_type *const s_plain[] = {
    &zr_tf_string,     &zr_tf_number,        &zr_tf_bool,        &zr_tf_string_list,
    &zr_tf_string_map, &zr_tf_identity_type, &zr_tf_result_type, &zr_tf_instance_type};
enum { PLAIN = sizeof s_plain / sizeof s_plain[0] };

static void s_type(unsigned choice, struct zr_arena *arena, struct zr_tf_type *out) {
  size_t i = choice % (PLAIN + zr_tf_schema_count);
  if (i < PLAIN)
    *out = *s_plain[i];
  else
    FUZZ_CHECK(zr_tf_schema_type(arena, &zr_tf_schemas[i - PLAIN], out));
}

static const struct zr_tf_type *s_item_type(const struct zr_tf_type *type, size_t i) {
  return type->kind == ZR_TF_OBJECT ? type->fields[i].type : type->element;
}

static void s_walk(const struct zr_tf_type *type, const struct zr_tf_value *v, unsigned depth) {
  FUZZ_CHECK(depth <= ZR_TF_DEPTH_MAX);
  if (v->is != ZR_TF_KNOWN)
    return;
  if (type->kind == ZR_TF_STRING || (type->kind == ZR_TF_NUMBER && v->form == ZR_TF_DECIMAL)) {
    FUZZ_CHECK(zr_view_is_utf8(v->text));
    FUZZ_CHECK(strlen(v->text.ptr) == v->text.len);
  }
  if (type->kind == ZR_TF_NUMBER) {
    double n = zr_tf_double(v, 0);
    FUZZ_CHECK(n >= 0 || n < 0); /* a number */
  }
  if (type->kind == ZR_TF_OBJECT)
    FUZZ_CHECK(v->count == type->field_count);
  for (size_t i = 0; i < v->count; i++) {
    if (type->kind == ZR_TF_MAP && i > 0)
      FUZZ_CHECK(strcmp(v->keys[i - 1].ptr, v->keys[i].ptr) < 0);
    s_walk(s_item_type(type, i), &v->items[i], depth + 1);
  }
}

/* Packed, unpacked and packed again: the same bytes, and the same value where all is known. */
static void s_round(const struct zr_tf_type *type, const struct zr_tf_value *v,
                    struct zr_arena *arena) {
  struct zr_tf_decoding d = {.arena = arena};
  struct zr_tf_value back;
  struct zr_buf first = ZR_BUF_INIT(PACKED_MAX);
  struct zr_buf second = ZR_BUF_INIT(PACKED_MAX);
  FUZZ_CHECK(zr_tf_to_msgpack(&first, type, v) == ZR_ERR_OK);
  FUZZ_CHECK(zr_tf_from_msgpack(&d, type, zr_buf_as_view(&first), &back));
  FUZZ_CHECK(zr_tf_to_msgpack(&second, type, &back) == ZR_ERR_OK);
  FUZZ_CHECK(zr_view_eq(zr_buf_as_view(&first), zr_buf_as_view(&second)));
  bool known = zr_tf_wholly_known(type, v);
  FUZZ_CHECK(known == zr_tf_wholly_known(type, &back));
  FUZZ_CHECK(known == zr_tf_equal(type, v, &back));
  zr_buf_clean_up(&first);
  zr_buf_clean_up(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input in = {data, size};
  struct zr_arena arena;
  struct zr_tf_type type;
  struct zr_tf_value v;
  zr_arena_init(&arena, NULL, 0);
  s_type(fuzz_byte(&in), &arena, &type);
  unsigned form = fuzz_byte(&in);
  struct zr_tf_decoding d = {.arena = &arena};
  char *exact = fuzz_exact((struct zr_view){(const char *)in.at, in.left});
  struct zr_view bytes = {exact, in.left};
  bool taken = form & 1 ? zr_tf_from_json(&d, &type, bytes, (form & 2) != 0, &v)
                        : zr_tf_from_msgpack(&d, &type, bytes, &v);
  zr_free(exact); /* the value borrows nothing of it */
  if (taken) {
    s_walk(&type, &v, 0);
    s_round(&type, &v, &arena);
  } else {
    FUZZ_CHECK(d.problem != NULL && zr_view_is_utf8(zr_view_of(d.problem)));
  }
  zr_arena_clean_up(&arena);
  return 0;
}
