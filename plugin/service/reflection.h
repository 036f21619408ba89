/*
 * Server reflection's knowledge: which file holds a symbol, and what it imports. Built once from
 * the embedded descriptor set; read by any thread afterwards. protobuf-c keeps no descriptors, and
 * none are needed: answers are the files' own bytes.
 */
#ifndef ZR_SERVICE_REFLECTION_H
#define ZR_SERVICE_REFLECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/view.h"

enum { ZR_REFLECTION_FILES = 32, ZR_REFLECTION_IMPORTS = 8, ZR_REFLECTION_SERVICES = 16 };

struct zr_reflection_file {
  struct zr_view bytes; /* a serialized FileDescriptorProto */
  struct zr_view name;
  struct zr_view package;
  struct zr_view imports[ZR_REFLECTION_IMPORTS];
  size_t import_count;
};

struct zr_reflection_symbol {
  const char *name; /* "zenrelease.v1.ReleaseService.Release" */
  size_t file;
  bool is_message;
};

struct zr_reflection {
  struct zr_arena arena;
  struct zr_reflection_file files[ZR_REFLECTION_FILES];
  size_t file_count;
  struct zr_reflection_symbol *symbols; /* sorted by name */
  size_t symbol_count;
  size_t symbol_cap;
  const char *services[ZR_REFLECTION_SERVICES];
  size_t service_count;
};

/* `set` is a FileDescriptorSet and is borrowed. ZR_ERR_NOMEM, ZR_ERR_INVALID, ZR_ERR_LIMIT. */
enum zr_err zr_reflection_new(struct zr_view set, struct zr_reflection **out) ZR_MUST_CHECK;
void zr_reflection_destroy(struct zr_reflection *r);

/* A file's number; SIZE_MAX when there is none. */
size_t zr_reflection_file_by_name(const struct zr_reflection *r, struct zr_view name);
/* With or without a leading dot. NULL when unknown. */
const struct zr_reflection_symbol *zr_reflection_symbol(const struct zr_reflection *r,
                                                        struct zr_view name);
/* The file, then what it imports, each once. Returns how many. */
size_t zr_reflection_closure(const struct zr_reflection *r, size_t file,
                             size_t out[ZR_REFLECTION_FILES]);

#endif
