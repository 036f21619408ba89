/*
 * A managed resource under way: what Read, Plan and Apply of both resource types share. The kinds
 * of resources are in instances_*.c and teardown_*.c; resource_rpc.c decodes, and packs the
 * answers.
 */
#ifndef ZR_TERRAFORM_RESOURCE_H
#define ZR_TERRAFORM_RESOURCE_H

#include "terraform/check.h"
#include "terraform/ids.h"
#include "terraform/op.h"
#include "terraform/report.h"
#include "terraform/work.h"

struct zr_tf_change;

/* What a resource type does. Each of them ends the change exactly once, now or later, with the
 * function named for it below. They run on the loop thread when there is a backend. */
struct zr_tf_resource {
  const char *name;
  void (*read)(struct zr_tf_change *c);  /* zr_tf_read_end */
  void (*plan)(struct zr_tf_change *c);  /* zr_tf_plan_end */
  void (*apply)(struct zr_tf_change *c); /* zr_tf_apply_end */
};
extern const struct zr_tf_resource zr_tf_instances;
extern const struct zr_tf_resource zr_tf_teardown;

struct zr_tf_change {
  struct zr_tf_op op; /* first */
  const struct zr_tf_resource *resource;
  const struct zr_tf_type *type;
  struct zr_tf_value prior;    /* Read: the current state */
  struct zr_tf_value proposed; /* Plan: Terraform's merge; Apply: the planned state */
  struct zr_tf_value config;
  struct zr_tf_value identity; /* as it came; null: none */
  struct zr_view private_data; /* passed through */
  bool with_identity;          /* the host knows of identities */

  struct zr_tf_ids prior_ids;
  struct zr_tf_ids wanted_ids; /* of `config` in a plan, of `proposed` in an apply */
  struct zr_tf_value *result;  /* the object that the resource works on */
  struct zr_tf_work work;      /* the one that runs */
  enum zr_tf_moment *moments;  /* of the ids of `work`, in a plan */
  long *positions;             /* of the ids of `work` in the configured list; -1 */
};

/* ---- the end of each; NULL as a result means null ---- */
void zr_tf_read_end(struct zr_tf_change *c, const struct zr_tf_value *state);
void zr_tf_plan_end(struct zr_tf_change *c, const struct zr_tf_value *planned);
void zr_tf_apply_end(struct zr_tf_change *c, const struct zr_tf_value *state);
void zr_tf_change_nomem(struct zr_tf_change *c);

/* ---- what resources share ---- */

static inline const struct zr_tf_value *
zr_tf_of(const struct zr_tf_change *c, const struct zr_tf_value *object, const char *name) {
  return zr_tf_get(c->type, object, name);
}
/* Prepares c->work for these ids with the options that `object` has (product, wait,
 * release_dependencies, timeouts). `timeout` names the attribute of the block. */
void zr_tf_prepare(struct zr_tf_change *c, const struct zr_tf_value *object,
                   const struct zr_tf_ids *ids, const char *timeout, int64_t timeout_ms);
/* The configured product; else the prior one; else the provider's; unknown when that is not known.
 */
struct zr_tf_value zr_tf_plan_product(const struct zr_tf_change *c);
/* In a plan: reads what enters, what stays and what leaves, as far as it is known, and says what is
 * found; then zr_tf_plan_end with c->result. `staying` are ids of the state to be read as well. */
void zr_tf_plan_reads(struct zr_tf_change *c, const struct zr_tf_ids *staying);
/* ReadResource: c->result becomes a copy of the state or, after an import by identity, an object
 * with what the identity tells. `fill` sets what nobody decided yet. Then the ids are read, and
 * `on_done` ends the change; where there is nothing to read, or nobody to ask, it ends at once. */
void zr_tf_read_live(struct zr_tf_change *c, void (*fill)(struct zr_tf_change *c),
                     void (*on_done)(struct zr_tf_work *w));
/* Sets the field of c->result to a list of texts. False: no memory. */
bool zr_tf_set_texts(struct zr_tf_change *c, const char *name,
                     const struct zr_tf_ids *ids) ZR_MUST_CHECK;
/* The identity of an object of either resource type; NULL: no memory. */
struct zr_tf_value *zr_tf_identity_of(struct zr_arena *a, const struct zr_tf_type *type,
                                      const struct zr_tf_value *object) ZR_MUST_CHECK;

#endif
