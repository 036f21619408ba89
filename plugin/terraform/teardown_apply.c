/* zenrelease_teardown: makes ids absent, and keeps how it ended for each of them. The one resource
 * that answers an error and an object together: what was released must be in the state. */
#include <stdlib.h>
#include <string.h>

#include "terraform/teardown.h"

/* ---- results ---- */

static const char *s_time(struct zr_arena *a, struct zr_wall at) {
  char text[32];
  if (at.ms == 0)
    return NULL;
  zr_wall_format(at, text);
  return zr_arena_strdup(a, text);
}

static struct zr_tf_value s_text_or_null(const char *text) {
  return zr_tf_of_text(text && text[0] ? text : NULL);
}

/* An id that this process saw released is not "not found", but gone already. */
static enum zr_outcome s_outcome(const struct zr_tf_work *w, size_t i) {
  enum zr_outcome o = w->verdicts[i].outcome;
  if (o == ZR_OUTCOME_NOT_FOUND &&
      zr_tf_remembers(w->op->provider, ZR_TF_GONE, w->product, w->ids[i]))
    return ZR_OUTCOME_ALREADY_GONE;
  return o;
}

static bool s_result(const struct zr_tf_work *w, size_t i, struct zr_tf_value *out) {
  const struct zr_tf_type *t = &zr_tf_result_type;
  struct zr_arena *a = w->op->arena;
  const struct zr_tf_verdict *v = &w->verdicts[i];
  struct zr_tf_value *o = zr_tf_new_object(a, t);
  if (!o)
    return false;
  bool said = v->code != ZR_CODE_NONE && s_outcome(w, i) == v->outcome;
  zr_tf_set(t, o, "outcome", zr_tf_of_text(zr_outcome_name(s_outcome(w, i))));
  zr_tf_set(t, o, "code", zr_tf_of_text(said ? zr_code_info(v->code)->name : NULL));
  zr_tf_set(t, o, "status", s_text_or_null(v->status));
  zr_tf_set(t, o, "name", s_text_or_null(v->name));
  zr_tf_set(t, o, "service_code", s_text_or_null(v->service_code));
  zr_tf_set(t, o, "request_id", s_text_or_null(v->release_request_id));
  zr_tf_set(t, o, "sent_at", zr_tf_of_text(s_time(a, v->sent_at)));
  zr_tf_set(t, o, "decided_at", zr_tf_of_text(s_time(a, v->decided_at)));
  *out = *o;
  return true;
}

/* Members of a map that is being put together. */
struct s_map {
  struct zr_tf_value *items;
  struct zr_view *keys;
  size_t count;
};

static void s_add_old(struct s_map *m, const struct zr_tf_value *old,
                      const struct zr_tf_index *keep, const struct zr_tf_index *fresh) {
  for (size_t i = 0; old->is == ZR_TF_KNOWN && i < old->count; i++) {
    const char *id = old->keys[i].ptr;
    if (zr_tf_index_find(keep, id) < 0 || zr_tf_index_find(fresh, id) >= 0)
      continue;
    m->keys[m->count] = old->keys[i];
    m->items[m->count++] = old->items[i];
  }
}

static bool s_add_new(struct s_map *m, const struct zr_tf_work *w) {
  for (size_t i = 0; w && i < w->count; i++) {
    m->keys[m->count] = zr_view_of(w->ids[i]);
    if (!s_result(w, i, &m->items[m->count++]))
      return false;
  }
  return true;
}

bool zr_tf_results(struct zr_tf_change *c, const struct zr_tf_value *object,
                   const struct zr_tf_ids *keep, const struct zr_tf_work *w,
                   struct zr_tf_value *out) {
  struct zr_arena *a = c->op.arena;
  const struct zr_tf_value *old = zr_tf_of(c, object, "results");
  struct zr_tf_ids now = {.ids = w ? (const char **)(uintptr_t)w->ids : NULL,
                          .count = w ? w->count : 0};
  struct zr_tf_index keep_index;
  struct zr_tf_index now_index;
  size_t most = now.count + (old->is == ZR_TF_KNOWN ? old->count : 0) + 1;
  struct s_map m = {zr_arena_calloc(a, most, sizeof *m.items),
                    zr_arena_calloc(a, most, sizeof *m.keys), 0};
  if (!m.items || !m.keys || !zr_tf_index_of(a, keep, &keep_index) ||
      !zr_tf_index_of(a, &now, &now_index))
    return false;
  s_add_old(&m, old, &keep_index, &now_index);
  if (!s_add_new(&m, w))
    return false;
  *out =
      (struct zr_tf_value){.is = ZR_TF_KNOWN, .items = m.items, .keys = m.keys, .count = m.count};
  return true;
}

/* ---- applying ---- */

static void s_report(struct zr_tf_change *c, size_t i, long position) {
  struct zr_tf_work *w = &c->work;
  struct zr_tf_path path =
      position >= 0 ? ZR_TF_ELEMENT("instance_ids", position) : ZR_TF_AT("instance_ids");
  if (s_outcome(w, i) == w->verdicts[i].outcome)
    zr_tf_report_release(w, i, path);
}

static void s_done(struct zr_tf_work *w) {
  struct zr_tf_change *c = ZR_OWNER(w, struct zr_tf_change, work);
  struct zr_tf_ids pending = {.whole = true};
  struct zr_tf_value results;
  pending.ids = zr_arena_calloc(c->op.arena, w->count + 1, sizeof *pending.ids);
  if (!pending.ids || !zr_tf_results(c, &c->prior, &c->wanted_ids, w, &results)) {
    zr_tf_change_nomem(c);
    return;
  }
  for (size_t i = 0; i < w->count; i++) {
    s_report(c, i, c->positions[i]);
    if (!zr_tf_work_ok(w, i))
      pending.ids[pending.count++] = w->ids[i];
    else
      zr_tf_remember(c->op.provider, ZR_TF_GONE, w->product, w->ids[i]);
  }
  zr_tf_set(c->type, c->result, "results", results);
  if (zr_tf_set_texts(c, "pending_ids", &pending))
    zr_tf_apply_end(c, c->result);
  else
    zr_tf_change_nomem(c);
}

/* What is new, and what was pending; all of it after a change of product. */
static bool s_to_do(struct zr_tf_change *c, struct zr_tf_ids *out) {
  struct zr_arena *a = c->op.arena;
  struct zr_tf_ids pending;
  struct zr_tf_ids settled;
  bool same =
      c->prior.is == ZR_TF_KNOWN && zr_tf_equal(&zr_tf_string, zr_tf_of(c, &c->prior, "product"),
                                                zr_tf_of(c, &c->proposed, "product"));
  if (!same)
    return zr_tf_ids_minus(a, &c->wanted_ids, &(struct zr_tf_ids){.whole = true}, out,
                           &c->positions);
  return zr_tf_ids_of(a, zr_tf_of(c, &c->prior, "pending_ids"), &pending) &&
         zr_tf_ids_minus(a, &c->prior_ids, &pending, &settled, NULL) &&
         zr_tf_ids_minus(a, &c->wanted_ids, &settled, out, &c->positions);
}

static void s_ensure(struct zr_tf_change *c) {
  struct zr_tf_ids *to_do = zr_arena_calloc(c->op.arena, 1, sizeof *to_do);
  c->result = zr_tf_copy_object(c->op.arena, c->type, &c->proposed);
  if (!to_do || !c->result || !s_to_do(c, to_do)) {
    zr_tf_change_nomem(c);
    return;
  }
  bool create = c->prior.is != ZR_TF_KNOWN;
  zr_tf_prepare(c, &c->proposed, to_do, create ? "create" : "update", ZR_TF_LONG_MS);
  c->work.allow_missing = true;
  c->work.on_done = s_done;
  if (!zr_tf_work_start(&c->work))
    zr_tf_change_nomem(c);
}

static bool s_was_released(const char *outcome) {
  return outcome && (strcmp(outcome, "released") == 0 || strcmp(outcome, "already_gone") == 0);
}

/* Does nothing, but remembers: a tainted object is destroyed and created again. */
static void s_destroy(struct zr_tf_change *c) {
  const struct zr_tf_value *results = zr_tf_of(c, &c->prior, "results");
  enum zr_product product = zr_tf_product_of(zr_tf_of(c, &c->prior, "product"));
  for (size_t i = 0; results->is == ZR_TF_KNOWN && i < results->count; i++) {
    const char *outcome = zr_tf_text(zr_tf_get(&zr_tf_result_type, &results->items[i], "outcome"));
    if (s_was_released(outcome))
      zr_tf_remember(c->op.provider, ZR_TF_GONE, product, results->keys[i].ptr);
  }
  zr_tf_apply_end(c, NULL);
}

void zr_tf_teardown_apply(struct zr_tf_change *c) {
  if (c->proposed.is == ZR_TF_KNOWN)
    s_ensure(c);
  else
    s_destroy(c);
}
