#include "terraform/schema.h"

#include <string.h>

const struct zr_tf_schema *zr_tf_find_schema(enum zr_tf_role role, const char *name) {
  for (size_t i = 0; i < zr_tf_schema_count; i++)
    if (zr_tf_schemas[i].role == role && strcmp(zr_tf_schemas[i].name, name) == 0)
      return &zr_tf_schemas[i];
  return NULL;
}

static struct zr_tf_field *s_fields(struct zr_arena *arena, size_t count) {
  return zr_arena_calloc(arena, count + 1, sizeof(struct zr_tf_field));
}

static void s_of_attributes(struct zr_tf_field *fields, const struct zr_tf_attribute *attributes,
                            size_t count) {
  for (size_t i = 0; i < count; i++)
    fields[i] = (struct zr_tf_field){attributes[i].name, attributes[i].type};
}

static bool s_of_block(struct zr_arena *arena, const struct zr_tf_block *b,
                       struct zr_tf_field *out) {
  struct zr_tf_type *type = zr_arena_calloc(arena, 1, sizeof *type);
  struct zr_tf_field *fields = s_fields(arena, b->attribute_count);
  if (!type || !fields)
    return false;
  s_of_attributes(fields, b->attributes, b->attribute_count);
  *type = (struct zr_tf_type){
      .kind = ZR_TF_OBJECT, .fields = fields, .field_count = b->attribute_count};
  *out = (struct zr_tf_field){b->name, type};
  return true;
}

bool zr_tf_schema_type(struct zr_arena *arena, const struct zr_tf_schema *schema,
                       struct zr_tf_type *out) {
  size_t count = schema->attribute_count + schema->block_count;
  struct zr_tf_field *fields = s_fields(arena, count);
  if (!fields)
    return false;
  s_of_attributes(fields, schema->attributes, schema->attribute_count);
  for (size_t i = 0; i < schema->block_count; i++)
    if (!s_of_block(arena, &schema->blocks[i], &fields[schema->attribute_count + i]))
      return false;
  *out = (struct zr_tf_type){.kind = ZR_TF_OBJECT, .fields = fields, .field_count = count};
  return true;
}
