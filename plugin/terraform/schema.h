/*
 * What the provider offers: its configuration, resources, data sources, list resources and actions,
 * as constant tables. The protocol's schema messages, the types of values and the pages of docs/
 * come from these tables.
 */
#ifndef ZR_TERRAFORM_SCHEMA_H
#define ZR_TERRAFORM_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "terraform/value.h"

enum zr_tf_mode { ZR_TF_REQUIRED, ZR_TF_OPTIONAL, ZR_TF_COMPUTED, ZR_TF_OPTIONAL_COMPUTED };

struct zr_tf_attribute {
  const char *name;
  const struct zr_tf_type *type;
  enum zr_tf_mode mode;
  bool sensitive;
  const char *description; /* Markdown */
};

/* A block that may be there once. */
struct zr_tf_block {
  const char *name;
  const struct zr_tf_attribute *attributes;
  size_t attribute_count;
  const char *description;
};

enum zr_tf_role {
  ZR_TF_PROVIDER,
  ZR_TF_RESOURCE,
  ZR_TF_DATA_SOURCE,
  ZR_TF_LIST_RESOURCE,
  ZR_TF_ACTION
};

struct zr_tf_schema {
  const char *name; /* "zenrelease_instances" */
  enum zr_tf_role role;
  int64_t version;
  const char *description;
  const struct zr_tf_attribute *attributes;
  size_t attribute_count;
  const struct zr_tf_block *blocks;
  size_t block_count;
};

/* The tables. Constant; any thread. */
extern const struct zr_tf_schema zr_tf_schemas[];
extern const size_t zr_tf_schema_count;

/* What both resources are known by; one version, 0. */
extern const struct zr_tf_type zr_tf_identity_type;
extern const struct zr_tf_attribute zr_tf_identity_attributes[2];
enum { ZR_TF_IDENTITY_VERSION = 0 };

/* Objects inside computed attributes. */
extern const struct zr_tf_type zr_tf_result_type;   /* an element of teardown's results */
extern const struct zr_tf_type zr_tf_instance_type; /* an element of the data source's instances */

/* The type of a schema's objects: its attributes, then its blocks. The schema with that name and
 * role; NULL: there is none. */
const struct zr_tf_schema *zr_tf_find_schema(enum zr_tf_role role, const char *name);
/* False: no memory. *out points into the arena. */
bool zr_tf_schema_type(struct zr_arena *arena, const struct zr_tf_schema *schema,
                       struct zr_tf_type *out) ZR_MUST_CHECK;

#endif
