/* JSON to values: stored states, and the other form of a dynamic value. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <string.h>

#include "terraform/value.h"
#include "terraform/value_private.h"

struct s_walk {
  struct zr_tf_decoding *d;
  bool ignore_extra;
};

static bool s_value(const struct s_walk *w, const struct zr_tf_type *type, const cJSON *j,
                    const struct zr_tf_place *at, struct zr_tf_value *out);

static bool s_text(const struct s_walk *w, const cJSON *j, const struct zr_tf_place *at,
                   struct zr_tf_value *out) {
  if (!cJSON_IsString(j))
    return zr_tf_refuse(w->d, at, "is not a string");
  return zr_tf_take_text(w->d, zr_view_of(j->valuestring), at, &out->text);
}

static bool s_number(const struct s_walk *w, const cJSON *j, const struct zr_tf_place *at,
                     struct zr_tf_value *out) {
  if (cJSON_IsString(j))
    return s_text(w, j, at, out) && zr_tf_take_decimal(w->d, at, out);
  if (!cJSON_IsNumber(j))
    return zr_tf_refuse(w->d, at, "is not a number");
  double n = j->valuedouble;
  out->form = ZR_TF_FLOAT;
  out->f64 = n;
  if (n >= 0 && n < 9e15 && !(n > (double)(uint64_t)n))
    *out = zr_tf_of_u64((uint64_t)n);
  return true;
}

static bool s_items(const struct s_walk *w, const struct zr_tf_type *type, const cJSON *j,
                    const struct zr_tf_place *at, struct zr_tf_value *out) {
  if (!cJSON_IsArray(j))
    return zr_tf_refuse(w->d, at, "is not a list");
  if (!zr_tf_make_items(w->d, (size_t)cJSON_GetArraySize(j), false, out))
    return false;
  size_t i = 0;
  for (const cJSON *e = j->child; e && i < out->count; e = e->next, i++) {
    struct zr_tf_place here = {at, NULL, (long)i};
    if (!s_value(w, type->element, e, &here, &out->items[i]))
      return false;
  }
  return true;
}

static bool s_map(const struct s_walk *w, const struct zr_tf_type *type, const cJSON *j,
                  const struct zr_tf_place *at, struct zr_tf_value *out) {
  if (!cJSON_IsObject(j))
    return zr_tf_refuse(w->d, at, "is not a map");
  if (!zr_tf_make_items(w->d, (size_t)cJSON_GetArraySize(j), true, out))
    return false;
  struct zr_view *keys = zr_tf_keys(out);
  size_t i = 0;
  for (const cJSON *e = j->child; e && i < out->count; e = e->next, i++) {
    struct zr_tf_place here = {at, e->string, -1};
    if (!zr_tf_take_text(w->d, zr_view_of(e->string), at, &keys[i]) ||
        !s_value(w, type->element, e, &here, &out->items[i]))
      return false;
  }
  return zr_tf_sort_map(w->d, at, out);
}

static bool s_is_field(const struct zr_tf_type *type, const char *name) {
  for (size_t i = 0; i < type->field_count; i++)
    if (strcmp(type->fields[i].name, name) == 0)
      return true;
  return false;
}

static bool s_object(const struct s_walk *w, const struct zr_tf_type *type, const cJSON *j,
                     const struct zr_tf_place *at, struct zr_tf_value *out) {
  if (!cJSON_IsObject(j))
    return zr_tf_refuse(w->d, at, "is not an object");
  for (const cJSON *e = j->child; e && !w->ignore_extra; e = e->next) {
    struct zr_tf_place here = {at, e->string, -1};
    if (!s_is_field(type, e->string))
      return zr_tf_refuse(w->d, &here, "is not an attribute of the schema");
  }
  if (!zr_tf_make_items(w->d, type->field_count, false, out))
    return false;
  for (size_t i = 0; i < type->field_count; i++) {
    struct zr_tf_place here = {at, type->fields[i].name, -1};
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(j, type->fields[i].name);
    if (member && !s_value(w, type->fields[i].type, member, &here, &out->items[i]))
      return false;
  }
  return true;
}

static bool s_value(const struct s_walk *w, const struct zr_tf_type *type, const cJSON *j,
                    const struct zr_tf_place *at, struct zr_tf_value *out) {
  *out = zr_tf_null;
  if (cJSON_IsNull(j))
    return true;
  out->is = ZR_TF_KNOWN;
  switch (type->kind) {
  case ZR_TF_STRING:
    return s_text(w, j, at, out);
  case ZR_TF_BOOL:
    out->boolean = cJSON_IsTrue(j);
    return cJSON_IsBool(j) || zr_tf_refuse(w->d, at, "is not a bool");
  case ZR_TF_NUMBER:
    return s_number(w, j, at, out);
  case ZR_TF_LIST:
    return s_items(w, type, j, at, out);
  case ZR_TF_MAP:
    return s_map(w, type, j, at, out);
  case ZR_TF_OBJECT:
  default:
    return s_object(w, type, j, at, out);
  }
}

/* cJSON goes a thousand levels deep, and frees them by recursion. */
static bool s_is_shallow(struct zr_view bytes) {
  unsigned depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < bytes.len; i++) {
    char c = bytes.ptr[i];
    if (quoted) {
      i += c == '\\';
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if ((c == '{' || c == '[') && ++depth > ZR_TF_DEPTH_MAX) {
      return false;
    } else if ((c == '}' || c == ']') && depth > 0) {
      depth--;
    }
  }
  return true;
}

static bool s_only_blanks(const char *at, const char *end) {
  while (at < end && strchr(" \t\r\n", *at) && *at)
    at++;
  return at == end;
}

bool zr_tf_from_json(struct zr_tf_decoding *d, const struct zr_tf_type *type, struct zr_view bytes,
                     bool ignore_extra, struct zr_tf_value *out) {
  *out = zr_tf_null;
  const char *end = NULL;
  cJSON *j = NULL;
  errno = 0; /* cJSON does not tell why, but malloc does */
  if (zr_view_is_utf8(bytes) && s_is_shallow(bytes))
    j = cJSON_ParseWithLengthOpts(bytes.ptr, bytes.len, &end, false);
  bool ok = j && s_only_blanks(end, bytes.ptr + bytes.len);
  if (ok) {
    const struct s_walk w = {d, ignore_extra};
    ok = s_value(&w, type, j, NULL, out);
  } else if (!j && errno == ENOMEM) {
    d->nomem = true;
  } else {
    (void)zr_tf_refuse(d, NULL, "is not well-formed JSON");
  }
  cJSON_Delete(j);
  return ok;
}
