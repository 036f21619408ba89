#include "journal/item.h"

#include "base/mem.h"

struct zr_entry *zr_entry_new(enum zr_entry_kind kind) {
  struct zr_entry *i = zr_calloc(1, sizeof *i);
  if (i) {
    i->kind = kind;
    zr_arena_init(&i->arena, NULL, 0);
  }
  return i;
}

void zr_entry_free(struct zr_entry *i) {
  if (!i)
    return;
  zr_arena_clean_up(&i->arena);
  zr_free(i);
}

static const struct zr_release_end *s_copy_end(struct zr_entry *i,
                                               const struct zr_release_end *from, bool *ok) {
  struct zr_release_end *end = zr_arena_calloc(&i->arena, 1, sizeof *end);
  if (!end) {
    *ok = false;
    return NULL;
  }
  *end = *from;
  zr_call_end_copy(&i->arena, &from->call, &end->call, ok);
  end->failed_ids = zr_arena_copy_list(&i->arena, from->failed_ids, from->failed_count, ok);
  return end;
}

/* Of a result only what is kept. */
static const struct zr_result *s_copy_results(struct zr_entry *i, const struct zr_record *from,
                                              bool *ok) {
  size_t count = from->result_count;
  struct zr_result *copy = zr_arena_calloc(&i->arena, count ? count : 1, sizeof *copy);
  if (!copy) {
    *ok = false;
    return NULL;
  }
  for (size_t n = 0; n < count; n++) {
    const struct zr_result *r = &from->results[n];
    copy[n] = (struct zr_result){
        .instance_id = zr_arena_copy(&i->arena, r->instance_id, ok),
        .outcome = r->outcome,
        .code = r->code,
        .name = zr_arena_copy(&i->arena, r->name, ok),
        .zone_id = zr_arena_copy(&i->arena, r->zone_id, ok),
        .first_batch = r->first_batch,
        .batch = r->batch,
        .decided_at = r->decided_at,
    };
  }
  return copy;
}

static const struct zr_record_caller *s_copy_callers(struct zr_entry *i,
                                                     const struct zr_record *from, bool *ok) {
  size_t count = from->caller_count;
  struct zr_record_caller *copy = zr_arena_calloc(&i->arena, count ? count : 1, sizeof *copy);
  for (size_t n = 0; copy && n < count; n++)
    copy[n] = (struct zr_record_caller){from->callers[n].index,
                                        zr_arena_copy(&i->arena, from->callers[n].request_id, ok)};
  *ok = *ok && copy;
  return copy;
}

bool zr_entry_copy_record(struct zr_entry *i, const struct zr_record *from) {
  bool ok = true;
  i->record = *from;
  i->record.request_id = zr_arena_copy(&i->arena, from->request_id, &ok);
  switch (from->kind) {
  case ZR_RECORD_INTENT:
    i->record.ids = zr_arena_copy_list(&i->arena, from->ids, from->id_count, &ok);
    i->record.callers = s_copy_callers(i, from, &ok);
    i->weight = from->id_count;
    break;
  case ZR_RECORD_ANSWER:
    i->record.end = s_copy_end(i, from->end, &ok);
    i->weight = 1 + from->end->failed_count;
    break;
  case ZR_RECORD_OUTCOMES:
  case ZR_RECORD_JOINED:
    i->record.results = s_copy_results(i, from, &ok);
    i->weight = from->result_count;
    break;
  }
  return ok;
}

bool zr_entry_copy_ids(struct zr_entry *i, const char *const *ids, size_t count) {
  bool ok = true;
  i->ids = zr_arena_copy_list(&i->arena, ids, count, &ok);
  i->id_count = count;
  i->weight = count;
  return ok;
}

bool zr_entry_copy_query(struct zr_entry *i, const struct zr_record_query *from) {
  bool ok = true;
  i->query = *from;
  i->query.instance_id = zr_arena_copy(&i->arena, from->instance_id, &ok);
  i->query.request_id = zr_arena_copy(&i->arena, from->request_id, &ok);
  i->query.release_request_id = zr_arena_copy(&i->arena, from->release_request_id, &ok);
  return ok;
}
