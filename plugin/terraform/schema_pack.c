/* The tables of schema.h as the protocol's messages, packed once. */
#include <string.h>

#include "terraform/private.h"

static const struct zr_view s_none = {"", 0};

static struct zr_view s_signature(struct zr_arena *a, const struct zr_tf_type *type) {
  struct zr_buf text = ZR_BUF_INIT(4096);
  struct zr_view out = s_none;
  char *copy = zr_tf_signature(&text, type) == ZR_ERR_OK ? zr_arena_strdup(a, text.data) : NULL;
  if (copy)
    out = (struct zr_view){copy, text.len};
  zr_buf_clean_up(&text);
  return out;
}

static bool s_attribute(struct zr_arena *a, const struct zr_tf_attribute *t,
                        Tfplugin6__Schema__Attribute *m) {
  struct zr_view type = s_signature(a, t->type);
  tfplugin6__schema__attribute__init(m);
  m->name = zr_tf_pb_text(t->name);
  m->type = zr_tf_pb_bytes(type);
  m->description = zr_tf_pb_text(t->description);
  m->description_kind = TFPLUGIN6__STRING_KIND__MARKDOWN;
  m->required = t->mode == ZR_TF_REQUIRED;
  m->optional = t->mode == ZR_TF_OPTIONAL || t->mode == ZR_TF_OPTIONAL_COMPUTED;
  m->computed = t->mode == ZR_TF_COMPUTED || t->mode == ZR_TF_OPTIONAL_COMPUTED;
  m->sensitive = t->sensitive;
  return type.len > 0;
}

static Tfplugin6__Schema__Block *s_block(struct zr_arena *a,
                                         const struct zr_tf_attribute *attributes, size_t count,
                                         const char *description) {
  Tfplugin6__Schema__Block *m = zr_arena_calloc(a, 1, sizeof *m);
  Tfplugin6__Schema__Attribute *all = zr_arena_calloc(a, count + 1, sizeof *all);
  Tfplugin6__Schema__Attribute **each =
      zr_arena_calloc(a, count + 1, sizeof(Tfplugin6__Schema__Attribute *));
  if (!m || !all || !each)
    return NULL;
  tfplugin6__schema__block__init(m);
  m->attributes = each;
  m->n_attributes = count;
  m->description = zr_tf_pb_text(description);
  m->description_kind = TFPLUGIN6__STRING_KIND__MARKDOWN;
  for (size_t i = 0; i < count; i++) {
    each[i] = &all[i];
    if (!s_attribute(a, &attributes[i], &all[i]))
      return NULL;
  }
  return m;
}

static bool s_nested(struct zr_arena *a, const struct zr_tf_block *b,
                     Tfplugin6__Schema__NestedBlock *m) {
  tfplugin6__schema__nested_block__init(m);
  m->type_name = zr_tf_pb_text(b->name);
  m->nesting = TFPLUGIN6__SCHEMA__NESTED_BLOCK__NESTING_MODE__SINGLE;
  m->block = s_block(a, b->attributes, b->attribute_count, b->description);
  return m->block;
}

static Tfplugin6__Schema *s_schema(struct zr_arena *a, const struct zr_tf_schema *s) {
  Tfplugin6__Schema *m = zr_arena_calloc(a, 1, sizeof *m);
  Tfplugin6__Schema__NestedBlock *nested = zr_arena_calloc(a, s->block_count + 1, sizeof *nested);
  Tfplugin6__Schema__NestedBlock **each =
      zr_arena_calloc(a, s->block_count + 1, sizeof(Tfplugin6__Schema__NestedBlock *));
  if (!m || !nested || !each)
    return NULL;
  tfplugin6__schema__init(m);
  m->version = s->version;
  m->block = s_block(a, s->attributes, s->attribute_count, s->description);
  if (!m->block)
    return NULL;
  m->block->block_types = each;
  m->block->n_block_types = s->block_count;
  for (size_t i = 0; i < s->block_count; i++) {
    each[i] = &nested[i];
    if (!s_nested(a, &s->blocks[i], &nested[i]))
      return NULL;
  }
  return m;
}

/* ---- GetProviderSchema ---- */

/* protoc-c gives each map an entry type of its own, of one shape. */
#define ADD_ENTRY(a, list, count, Type, init, key_text, value_message)                             \
  do {                                                                                             \
    Type *entry_ = zr_arena_calloc((a), 1, sizeof *entry_);                                        \
    if (!entry_ || !(value_message))                                                               \
      return false;                                                                                \
    init(entry_);                                                                                  \
    entry_->key = zr_tf_pb_text(key_text);                                                         \
    entry_->value = (value_message);                                                               \
    (list)[(count)++] = entry_;                                                                    \
  } while (0)

static bool s_add(struct zr_arena *a, Tfplugin6__GetProviderSchema__Response *m,
                  const struct zr_tf_schema *s) {
  Tfplugin6__Schema *schema = s_schema(a, s);
  if (s->role == ZR_TF_PROVIDER) {
    m->provider = schema;
    return schema;
  }
  if (s->role == ZR_TF_RESOURCE) {
    ADD_ENTRY(a, m->resource_schemas, m->n_resource_schemas,
              Tfplugin6__GetProviderSchema__Response__ResourceSchemasEntry,
              tfplugin6__get_provider_schema__response__resource_schemas_entry__init, s->name,
              schema);
  } else if (s->role == ZR_TF_DATA_SOURCE) {
    ADD_ENTRY(a, m->data_source_schemas, m->n_data_source_schemas,
              Tfplugin6__GetProviderSchema__Response__DataSourceSchemasEntry,
              tfplugin6__get_provider_schema__response__data_source_schemas_entry__init, s->name,
              schema);
  } else if (s->role == ZR_TF_LIST_RESOURCE) {
    ADD_ENTRY(a, m->list_resource_schemas, m->n_list_resource_schemas,
              Tfplugin6__GetProviderSchema__Response__ListResourceSchemasEntry,
              tfplugin6__get_provider_schema__response__list_resource_schemas_entry__init, s->name,
              schema);
  } else {
    Tfplugin6__ActionSchema *action = zr_arena_calloc(a, 1, sizeof *action);
    if (!action || !schema)
      return false;
    tfplugin6__action_schema__init(action);
    action->schema = schema;
    ADD_ENTRY(a, m->action_schemas, m->n_action_schemas,
              Tfplugin6__GetProviderSchema__Response__ActionSchemasEntry,
              tfplugin6__get_provider_schema__response__action_schemas_entry__init, s->name,
              action);
  }
  return true;
}

static void s_capabilities(Tfplugin6__ServerCapabilities *c) {
  tfplugin6__server_capabilities__init(c);
  c->plan_destroy = true;
  c->get_provider_schema_optional = true;
}

static struct zr_rpc_bytes *s_pack_schema(struct zr_arena *a) {
  Tfplugin6__GetProviderSchema__Response m = TFPLUGIN6__GET_PROVIDER_SCHEMA__RESPONSE__INIT;
  Tfplugin6__ServerCapabilities capabilities;
  s_capabilities(&capabilities);
  m.server_capabilities = &capabilities;
  m.resource_schemas = zr_arena_calloc(a, zr_tf_schema_count, sizeof(void *));
  m.data_source_schemas = zr_arena_calloc(a, zr_tf_schema_count, sizeof(void *));
  m.list_resource_schemas = zr_arena_calloc(a, zr_tf_schema_count, sizeof(void *));
  m.action_schemas = zr_arena_calloc(a, zr_tf_schema_count, sizeof(void *));
  if (!m.resource_schemas || !m.data_source_schemas || !m.list_resource_schemas ||
      !m.action_schemas)
    return NULL;
  for (size_t i = 0; i < zr_tf_schema_count; i++)
    if (!s_add(a, &m, &zr_tf_schemas[i]))
      return NULL;
  return zr_tf_pack(&m.base);
}

/* ---- GetResourceIdentitySchemas ---- */

static bool s_identity_schema(struct zr_arena *a, Tfplugin6__ResourceIdentitySchema *m) {
  size_t count = ZR_COUNT(zr_tf_identity_attributes);
  Tfplugin6__ResourceIdentitySchema__IdentityAttribute *all =
      zr_arena_calloc(a, count, sizeof *all);
  Tfplugin6__ResourceIdentitySchema__IdentityAttribute **each =
      zr_arena_calloc(a, count, sizeof(void *));
  if (!all || !each)
    return false;
  tfplugin6__resource_identity_schema__init(m);
  m->version = ZR_TF_IDENTITY_VERSION;
  m->identity_attributes = each;
  m->n_identity_attributes = count;
  for (size_t i = 0; i < count; i++) {
    const struct zr_tf_attribute *t = &zr_tf_identity_attributes[i];
    each[i] = &all[i];
    tfplugin6__resource_identity_schema__identity_attribute__init(&all[i]);
    all[i].name = zr_tf_pb_text(t->name);
    all[i].type = zr_tf_pb_bytes(s_signature(a, t->type));
    all[i].required_for_import = t->mode == ZR_TF_REQUIRED;
    all[i].optional_for_import = t->mode != ZR_TF_REQUIRED;
    all[i].description = zr_tf_pb_text(t->description);
  }
  return all[0].type.len > 0 && all[count - 1].type.len > 0;
}

static bool s_add_identity(struct zr_arena *a, Tfplugin6__GetResourceIdentitySchemas__Response *m,
                           Tfplugin6__ResourceIdentitySchema *schema, const char *name) {
  ADD_ENTRY(a, m->identity_schemas, m->n_identity_schemas,
            Tfplugin6__GetResourceIdentitySchemas__Response__IdentitySchemasEntry,
            tfplugin6__get_resource_identity_schemas__response__identity_schemas_entry__init, name,
            schema);
  return true;
}

static struct zr_rpc_bytes *s_pack_identity(struct zr_arena *a) {
  Tfplugin6__GetResourceIdentitySchemas__Response m =
      TFPLUGIN6__GET_RESOURCE_IDENTITY_SCHEMAS__RESPONSE__INIT;
  Tfplugin6__ResourceIdentitySchema schema;
  m.identity_schemas = zr_arena_calloc(a, zr_tf_schema_count, sizeof(void *));
  if (!m.identity_schemas || !s_identity_schema(a, &schema))
    return NULL;
  for (size_t i = 0; i < zr_tf_schema_count; i++)
    if (zr_tf_schemas[i].role == ZR_TF_RESOURCE &&
        !s_add_identity(a, &m, &schema, zr_tf_schemas[i].name))
      return NULL;
  return zr_tf_pack(&m.base);
}

/* ---- GetMetadata ---- */

static struct zr_rpc_bytes *s_pack_metadata(struct zr_arena *a) {
  Tfplugin6__GetMetadata__Response m = TFPLUGIN6__GET_METADATA__RESPONSE__INIT;
  Tfplugin6__ServerCapabilities capabilities;
  Tfplugin6__GetMetadata__TypeMetadata *all = zr_arena_calloc(a, zr_tf_schema_count, sizeof *all);
  Tfplugin6__GetMetadata__TypeMetadata **lists[] = {
      [ZR_TF_PROVIDER] = NULL, NULL, NULL, NULL, NULL};
  size_t counts[ZR_COUNT(lists)] = {0};
  s_capabilities(&capabilities);
  m.server_capabilities = &capabilities;
  for (size_t i = 0; i < ZR_COUNT(lists); i++) {
    lists[i] = zr_arena_calloc(a, zr_tf_schema_count, sizeof(void *));
    if (!lists[i] || !all)
      return NULL;
  }
  for (size_t i = 0; i < zr_tf_schema_count; i++) {
    enum zr_tf_role role = zr_tf_schemas[i].role;
    tfplugin6__get_metadata__type_metadata__init(&all[i]);
    all[i].type_name = zr_tf_pb_text(zr_tf_schemas[i].name);
    lists[role][counts[role]++] = &all[i];
  }
  m.resources = lists[ZR_TF_RESOURCE];
  m.n_resources = counts[ZR_TF_RESOURCE];
  m.data_sources = lists[ZR_TF_DATA_SOURCE];
  m.n_data_sources = counts[ZR_TF_DATA_SOURCE];
  m.list_resources = lists[ZR_TF_LIST_RESOURCE];
  m.n_list_resources = counts[ZR_TF_LIST_RESOURCE];
  m.actions = lists[ZR_TF_ACTION];
  m.n_actions = counts[ZR_TF_ACTION];
  return zr_tf_pack(&m.base);
}

enum zr_err zr_tf_pack_schemas(struct zr_tf_provider *p) {
  struct zr_arena a;
  zr_arena_init(&a, NULL, 0);
  p->schema = s_pack_schema(&a);
  p->identity = s_pack_identity(&a);
  p->metadata = s_pack_metadata(&a);
  zr_arena_clean_up(&a);
  return p->schema && p->identity && p->metadata ? ZR_ERR_OK : ZR_ERR_NOMEM;
}
