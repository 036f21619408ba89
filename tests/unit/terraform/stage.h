/* A provider on a fleet, and its calls as short functions. */
#ifndef ZR_TEST_TERRAFORM_STAGE_H
#define ZR_TEST_TERRAFORM_STAGE_H

#include "fake_rpc.h"
#include "fleet.h"
#include "terraform/private.h"

struct stage {
  struct fleet fleet;
  struct zr_tf_provider *provider;
  struct zr_arena arena; /* of values that a test makes and gets */
};

/* One answer, unpacked for looking at. */
struct answer {
  struct zr_tf_value state; /* the new, planned, read or imported object */
  struct zr_tf_value identity;
  Tfplugin6__Diagnostic **diags;
  size_t diag_count;
  size_t errors;
};

void stage_open(struct stage *s);
void stage_close(struct stage *s);

const struct zr_tf_kind_of *stage_kind(struct stage *s, enum zr_tf_role role, const char *name);
/* {product = "vm", instance_ids = ids (up to NULL)}, everything else null. */
struct zr_tf_value stage_object(struct stage *s, const struct zr_tf_kind_of *kind,
                                const char *const *ids);
void stage_set(struct stage *s, const struct zr_tf_kind_of *kind, struct zr_tf_value *object,
               const char *name, struct zr_tf_value v);
/* The ids of an object, joined by commas. */
const char *stage_ids(struct stage *s, const struct zr_tf_kind_of *kind,
                      const struct zr_tf_value *object, const char *name);

/* Starts a call and gives it back before the backend was asked. */
struct zr_rpc_call *stage_start(struct stage *s, const char *rpc, const ProtobufCMessage *request);
/* The same, and runs everything that follows from it. */
struct zr_rpc_call *stage_call(struct stage *s, const char *rpc, const ProtobufCMessage *request);
/* The only message of an ended call, copied into the stage's arena; frees the call. */
ProtobufCMessage *stage_message(struct stage *s, struct zr_rpc_call *call,
                                const ProtobufCMessageDescriptor *type);

struct answer stage_validate(struct stage *s, const char *type, const struct zr_tf_value *config);
struct answer stage_read(struct stage *s, const char *type, const struct zr_tf_value *state);
/* `config` doubles as the proposed state; NULL for a destroy. */
struct answer stage_plan(struct stage *s, const char *type, const struct zr_tf_value *prior,
                         const struct zr_tf_value *config);
struct answer stage_apply(struct stage *s, const char *type, const struct zr_tf_value *prior,
                          const struct zr_tf_value *planned);
struct answer stage_import(struct stage *s, const char *type, const char *id);

/* "E instance_ids[1] Instance i-2 …": how diagnostic `i` begins. */
const char *stage_diag(struct stage *s, const struct answer *a, size_t i);

#endif
