#include "service/reflection.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "service/wire.h"

/* Field numbers of google/protobuf/descriptor.proto. Source: protobuf's published file. */
enum {
  SET_FILE = 1,
  FILE_NAME = 1,
  FILE_PACKAGE = 2,
  FILE_IMPORT = 3,
  FILE_MESSAGE = 4,
  FILE_ENUM = 5,
  FILE_SERVICE = 6,
  ANY_NAME = 1,
  MESSAGE_FIELD = 2,
  MESSAGE_NESTED = 3,
  MESSAGE_ENUM = 4,
  MESSAGE_ONEOF = 8,
  ENUM_VALUE = 2,
  SERVICE_METHOD = 2
};

static struct zr_view s_name_of(struct zr_view message) {
  struct zr_wire w = zr_wire_begin(message);
  struct zr_wire_field f;
  while (zr_wire_next(&w, &f))
    if (f.number == ANY_NAME && f.type == ZR_WIRE_BYTES)
      return f.bytes;
  return (struct zr_view){"", 0};
}

/* "scope.name", in the arena; NULL when out of memory. */
static const char *s_join(struct zr_reflection *r, const char *scope, struct zr_view name) {
  return zr_arena_printf(&r->arena, "%s%s%.*s", scope, scope[0] ? "." : "", ZR_VIEW_ARG(name));
}

static enum zr_err s_add(struct zr_reflection *r, const char *name, bool is_message) {
  void *grown = r->symbols;
  if (!name || zr_grow(&grown, &r->symbol_cap, r->symbol_count + 1, sizeof *r->symbols) != 0)
    return ZR_ERR_NOMEM;
  r->symbols = grown;
  r->symbols[r->symbol_count++] = (struct zr_reflection_symbol){name, r->file_count, is_message};
  return ZR_ERR_OK;
}

/* Adds the name of every element of `number` in `message` below `scope`. */
static enum zr_err s_add_names(struct zr_reflection *r, struct zr_view message, uint32_t number,
                               const char *scope) {
  struct zr_wire w = zr_wire_begin(message);
  struct zr_wire_field f;
  while (zr_wire_next(&w, &f)) {
    if (f.number != number || f.type != ZR_WIRE_BYTES)
      continue;
    enum zr_err e = s_add(r, s_join(r, scope, s_name_of(f.bytes)), false);
    if (e != ZR_ERR_OK)
      return e;
  }
  return w.bad ? ZR_ERR_INVALID : ZR_ERR_OK;
}

/* An enum's values belong to the scope that the enum is in. */
static enum zr_err s_enum(struct zr_reflection *r, struct zr_view message, const char *scope) {
  enum zr_err e = s_add(r, s_join(r, scope, s_name_of(message)), false);
  return e != ZR_ERR_OK ? e : s_add_names(r, message, ENUM_VALUE, scope);
}

static enum zr_err s_service(struct zr_reflection *r, struct zr_view message, const char *scope) {
  const char *name = s_join(r, scope, s_name_of(message));
  enum zr_err e = s_add(r, name, false);
  if (e != ZR_ERR_OK)
    return e;
  if (r->service_count == ZR_REFLECTION_SERVICES)
    return ZR_ERR_LIMIT;
  r->services[r->service_count++] = name;
  return s_add_names(r, message, SERVICE_METHOD, name);
}

static enum zr_err s_message(struct zr_reflection *r, struct zr_view message, const char *scope) {
  const char *name = s_join(r, scope, s_name_of(message));
  enum zr_err e = s_add(r, name, true);
  if (e == ZR_ERR_OK)
    e = s_add_names(r, message, MESSAGE_FIELD, name);
  if (e == ZR_ERR_OK)
    e = s_add_names(r, message, MESSAGE_ONEOF, name);
  struct zr_wire w = zr_wire_begin(message);
  struct zr_wire_field f;
  while (e == ZR_ERR_OK && zr_wire_next(&w, &f)) {
    if (f.type == ZR_WIRE_BYTES && f.number == MESSAGE_NESTED)
      e = s_message(r, f.bytes, name);
    else if (f.type == ZR_WIRE_BYTES && f.number == MESSAGE_ENUM)
      e = s_enum(r, f.bytes, name);
  }
  return e;
}

static enum zr_err s_header(struct zr_reflection_file *file) {
  struct zr_wire w = zr_wire_begin(file->bytes);
  struct zr_wire_field f;
  while (zr_wire_next(&w, &f)) {
    if (f.type != ZR_WIRE_BYTES)
      continue;
    if (f.number == FILE_NAME)
      file->name = f.bytes;
    else if (f.number == FILE_PACKAGE)
      file->package = f.bytes;
    else if (f.number == FILE_IMPORT && file->import_count == ZR_REFLECTION_IMPORTS)
      return ZR_ERR_LIMIT;
    else if (f.number == FILE_IMPORT)
      file->imports[file->import_count++] = f.bytes;
  }
  return w.bad ? ZR_ERR_INVALID : ZR_ERR_OK;
}

static enum zr_err s_file(struct zr_reflection *r, struct zr_view bytes) {
  if (r->file_count == ZR_REFLECTION_FILES)
    return ZR_ERR_LIMIT;
  struct zr_reflection_file *file = &r->files[r->file_count];
  *file = (struct zr_reflection_file){.bytes = bytes, .package = {"", 0}};
  enum zr_err e = s_header(file);
  const char *scope = e == ZR_ERR_OK ? s_join(r, "", file->package) : "";
  if (!scope)
    return ZR_ERR_NOMEM;
  struct zr_wire w = zr_wire_begin(bytes);
  struct zr_wire_field f;
  while (e == ZR_ERR_OK && zr_wire_next(&w, &f)) {
    if (f.type != ZR_WIRE_BYTES)
      continue;
    if (f.number == FILE_MESSAGE)
      e = s_message(r, f.bytes, scope);
    else if (f.number == FILE_ENUM)
      e = s_enum(r, f.bytes, scope);
    else if (f.number == FILE_SERVICE)
      e = s_service(r, f.bytes, scope);
  }
  r->file_count++;
  return e;
}

static int s_by_name(const void *a, const void *b) {
  const struct zr_reflection_symbol *x = a;
  const struct zr_reflection_symbol *y = b;
  return strcmp(x->name, y->name);
}

enum zr_err zr_reflection_new(struct zr_view set, struct zr_reflection **out) {
  struct zr_reflection *r = zr_calloc(1, sizeof *r);
  if (!r)
    return ZR_ERR_NOMEM;
  zr_arena_init(&r->arena, NULL, 0);
  enum zr_err e = ZR_ERR_OK;
  struct zr_wire w = zr_wire_begin(set);
  struct zr_wire_field f;
  while (e == ZR_ERR_OK && zr_wire_next(&w, &f))
    if (f.number == SET_FILE && f.type == ZR_WIRE_BYTES)
      e = s_file(r, f.bytes);
  if (e == ZR_ERR_OK && w.bad)
    e = ZR_ERR_INVALID;
  if (e != ZR_ERR_OK) {
    zr_reflection_destroy(r);
    return e;
  }
  qsort(r->symbols, r->symbol_count, sizeof *r->symbols, s_by_name);
  *out = r;
  return ZR_ERR_OK;
}

void zr_reflection_destroy(struct zr_reflection *r) {
  if (!r)
    return;
  zr_arena_clean_up(&r->arena);
  zr_free(r->symbols);
  zr_free(r);
}

size_t zr_reflection_file_by_name(const struct zr_reflection *r, struct zr_view name) {
  for (size_t i = 0; i < r->file_count; i++)
    if (zr_view_eq(r->files[i].name, name))
      return i;
  return SIZE_MAX;
}

static int s_compare(struct zr_view key, const char *name) {
  int order = strncmp(key.ptr, name, key.len);
  return order ? order : (name[key.len] ? -1 : 0);
}

const struct zr_reflection_symbol *zr_reflection_symbol(const struct zr_reflection *r,
                                                        struct zr_view name) {
  if (name.len && name.ptr[0] == '.')
    name = (struct zr_view){name.ptr + 1, name.len - 1};
  size_t low = 0;
  size_t high = r->symbol_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = s_compare(name, r->symbols[middle].name);
    if (order == 0)
      return &r->symbols[middle];
    if (order < 0)
      high = middle;
    else
      low = middle + 1;
  }
  return NULL;
}

size_t zr_reflection_closure(const struct zr_reflection *r, size_t file,
                             size_t out[ZR_REFLECTION_FILES]) {
  bool taken[ZR_REFLECTION_FILES] = {false};
  size_t count = 0;
  out[count++] = file;
  taken[file] = true;
  for (size_t i = 0; i < count; i++) {
    const struct zr_reflection_file *f = &r->files[out[i]];
    for (size_t j = 0; j < f->import_count; j++) {
      size_t import = zr_reflection_file_by_name(r, f->imports[j]);
      if (import == SIZE_MAX || taken[import])
        continue;
      taken[import] = true;
      out[count++] = import;
    }
  }
  return count;
}
