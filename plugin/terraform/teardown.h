/* The parts of zenrelease_teardown, by file. As struct zr_tf_resource says. */
#ifndef ZR_TERRAFORM_TEARDOWN_H
#define ZR_TERRAFORM_TEARDOWN_H

#include "terraform/resource.h"

void zr_tf_teardown_read(struct zr_tf_change *c);
void zr_tf_teardown_plan(struct zr_tf_change *c);
void zr_tf_teardown_apply(struct zr_tf_change *c);

/* The results of `object` for the ids in `keep` only, with those of `w` (may be NULL) in their
 * place or beside them. False: no memory. */
bool zr_tf_results(struct zr_tf_change *c, const struct zr_tf_value *object,
                   const struct zr_tf_ids *keep, const struct zr_tf_work *w,
                   struct zr_tf_value *out) ZR_MUST_CHECK;
/* The ids of `a` that are in `b`, in the order of `a`. False: no memory. */
bool zr_tf_ids_both(struct zr_arena *arena, const struct zr_tf_ids *a, const struct zr_tf_ids *b,
                    struct zr_tf_ids *out) ZR_MUST_CHECK;

#endif
