#include "service/codec.h"

#include <string.h>

#include "service/text_rule.h"
#include "service/wire.h"

/* Fields in one message type, unknown fields, and mentions of a field that is not repeated: enough
 * for every honest peer, and a bound for what decoding may cost. */
enum { FIELDS_MAX = 32, UNKNOWN_MAX = 1000, REPEATS_MAX = 16, DEPTH_MAX = 8 };

static const char s_malformed[] = "is not a well-formed message of its type (cut short?)";

/* ---- the look at the raw bytes ---- */

struct s_path {
  const struct s_path *parent;
  const char *name;
  long index; /* -1: not repeated */
};

struct s_look {
  const struct zr_rules *rules;
  struct zr_violations *v;
  bool malformed;
};

static const char *s_prefix(struct zr_arena *a, const struct s_path *p) {
  if (!p)
    return "";
  const char *before = s_prefix(a, p->parent);
  if (!before)
    return NULL;
  return p->index < 0 ? zr_arena_printf(a, "%s%s.", before, p->name)
                      : zr_arena_printf(a, "%s%s[%ld].", before, p->name, p->index);
}

static void s_violate(struct s_look *l, const struct s_path *parent, const char *name, long index,
                      const char *what) {
  const char *prefix = s_prefix(l->v->arena, parent);
  if (prefix)
    zr_violation_add_at(l->v, prefix, name, index, what);
  else
    l->v->nomem = true;
}

static const char *s_text_problem(const struct s_look *l, const ProtobufCFieldDescriptor *field,
                                  struct zr_view text) {
  bool plain = zr_text_is_plain(text);
  if (!plain && !zr_view_is_utf8(text))
    return memchr(text.ptr, '\0', text.len) ? "contains a NUL character" : "is not UTF-8";
  return l->rules && l->rules->text ? l->rules->text(field, text, plain) : NULL;
}

static void s_message(struct s_look *l, const ProtobufCMessageDescriptor *type,
                      struct zr_view bytes, const struct s_path *parent, unsigned depth);

static void s_field(struct s_look *l, const ProtobufCFieldDescriptor *field,
                    const struct zr_wire_field *raw, const struct s_path *parent, size_t nth,
                    unsigned depth) {
  long index = field->label == PROTOBUF_C_LABEL_REPEATED ? (long)nth : -1;
  if (raw->type != ZR_WIRE_BYTES)
    return;
  if (field->type == PROTOBUF_C_TYPE_STRING) {
    const char *what = s_text_problem(l, field, raw->bytes);
    if (what)
      s_violate(l, parent, field->name, index, what);
  } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
    struct s_path here = {parent, field->name, index};
    s_message(l, field->descriptor, raw->bytes, &here, depth + 1);
  }
}

static void s_counts(struct s_look *l, const ProtobufCMessageDescriptor *type, const size_t *seen,
                     const struct s_path *parent) {
  for (unsigned i = 0; i < type->n_fields; i++) {
    const ProtobufCFieldDescriptor *f = &type->fields[i];
    size_t max = l->rules && l->rules->max_count ? l->rules->max_count(f) : SIZE_MAX;
    if (f->label != PROTOBUF_C_LABEL_REPEATED)
      l->malformed = l->malformed || seen[i] > REPEATS_MAX;
    else if (seen[i] > max) {
      const char *what =
          zr_arena_printf(l->v->arena, "has %zu elements, at most %zu are taken", seen[i], max);
      if (what)
        s_violate(l, parent, f->name, -1, what);
      else
        l->v->nomem = true;
    }
  }
}

static void s_message(struct s_look *l, const ProtobufCMessageDescriptor *type,
                      struct zr_view bytes, const struct s_path *parent, unsigned depth) {
  size_t seen[FIELDS_MAX] = {0};
  size_t unknown = 0;
  if (depth > DEPTH_MAX || type->n_fields > FIELDS_MAX) {
    l->malformed = true;
    return;
  }
  struct zr_wire w = zr_wire_begin(bytes);
  struct zr_wire_field raw;
  const ProtobufCFieldDescriptor *field = NULL;
  while (!l->malformed && zr_wire_next(&w, &raw)) {
    if (!field || field->id != raw.number)
      field = protobuf_c_message_descriptor_get_field(type, raw.number);
    if (field)
      s_field(l, field, &raw, parent, seen[field - type->fields]++, depth);
    else
      l->malformed = ++unknown > UNKNOWN_MAX;
  }
  l->malformed = l->malformed || w.bad;
  s_counts(l, type, seen, parent);
}

/* ---- protobuf-c ---- */

struct s_memory {
  struct zr_arena *arena;
  bool refused;
};

static void *s_alloc(void *data, size_t size) {
  struct s_memory *m = data;
  void *p = zr_arena_alloc(m->arena, size);
  m->refused = m->refused || !p;
  return p;
}

static void s_free(void *data, void *p) {
  (void)data;
  (void)p; /* goes with the arena */
}

ProtobufCMessage *zr_decode(const ProtobufCMessageDescriptor *type, struct zr_view bytes,
                            const struct zr_rules *rules, struct zr_violations *v) {
  struct s_look look = {.rules = rules, .v = v};
  s_message(&look, type, bytes, NULL, 0);
  if (look.malformed)
    zr_violation_add(v, "", s_malformed);
  if (zr_violations_any(v))
    return NULL;
  struct s_memory memory = {.arena = v->arena};
  ProtobufCAllocator allocator = {s_alloc, s_free, &memory};
  ProtobufCMessage *m =
      protobuf_c_message_unpack(type, &allocator, bytes.len, (const uint8_t *)bytes.ptr);
  if (!m && memory.refused)
    v->nomem = true;
  else if (!m)
    zr_violation_add(v, "", s_malformed);
  return m;
}

struct zr_rpc_bytes *zr_encode(const ProtobufCMessage *message) {
  struct zr_rpc_bytes *b = zr_rpc_bytes_new(protobuf_c_message_get_packed_size(message));
  if (b)
    (void)protobuf_c_message_pack(message, b->data);
  return b;
}

void zr_pb_duration(Google__Protobuf__Duration *d, int64_t ms) {
  google__protobuf__duration__init(d);
  d->seconds = ms / 1000;
  d->nanos = (int32_t)(ms % 1000) * 1000000;
}

void zr_pb_timestamp(Google__Protobuf__Timestamp *t, struct zr_wall at) {
  google__protobuf__timestamp__init(t);
  t->seconds = at.ms / 1000;
  t->nanos = (int32_t)(at.ms % 1000) * 1000000;
}
