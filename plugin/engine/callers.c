/* Whose ids a release call names: what the journal puts beside its intent. */
#include "engine/gate.h"

void zr_engine_callers(const struct zr_engine *e, uint64_t handle, zr_engine_caller_fn *each,
                       void *ctx) {
  const struct zr_op *op = NULL;
  HASH_FIND(hh, e->ops, &handle, sizeof handle, op);
  for (unsigned i = 0; op && i < op->count; i++) {
    for (const struct zr_sub *s = op->items[i]->subs; s; s = s->next) {
      if (zr_sub_cleared(s))
        each(ctx, i, s->job->handle);
    }
  }
}

void zr_engine_joined(const struct zr_engine *e, uint64_t handle, zr_engine_joined_fn *each,
                      void *ctx) {
  const struct zr_job *j = NULL;
  HASH_FIND(hh, e->jobs, &handle, sizeof handle, j);
  for (uint32_t i = 0; j && i < j->sub_count; i++) {
    const struct zr_sub *s = &j->subs[i];
    const struct zr_item *it = s->item;
    if (!it || !zr_sub_cleared(s))
      continue;
    const char *id = zr_rstr_text(it->id);
    if (it->batch_number > 0)
      each(ctx, id, it->batch_number);
    const struct zr_batch *b = it->batch;
    if (b && b->state == ZR_BATCH_RECORDING)
      each(ctx, id, b->recording);
  }
}
