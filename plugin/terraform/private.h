/* What the files of the provider's logic share. */
#ifndef ZR_TERRAFORM_PRIVATE_H
#define ZR_TERRAFORM_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "terraform/provider.h"
#include "terraform/schema.h"
#include "terraform/wire.h"

enum { ZR_TF_METHODS = 22 };
enum {
  ZR_TF_WINDOW_MS = 100,
  ZR_TF_SHORT_MS = 5 * 60 * 1000,
  ZR_TF_ADOPT_MS = 10 * 60 * 1000,
  ZR_TF_LONG_MS = 60 * 60 * 1000
};

struct zr_tf_op;
struct zr_tf_work;

/* How a host's calls arrive: as many at once as its parallelism allows, and the next ones when
 * those are answered. What the last wave was like tells when this one is complete. */
struct zr_tf_wave {
  unsigned running; /* works of this kind */
  unsigned sitting; /* those that nothing was heard of yet: they wait for their batch to fill */
  unsigned peak;    /* of `running`, in this wave */
  unsigned last;    /* peak of the wave before */
  size_t ids;       /* in this wave */
};

/* One ConfigureProvider: its backend and what its block said. Lives as long as the provider, since
 * calls of an earlier walk may still use it. */
struct zr_tf_link {
  struct zr_tf_provider *provider;
  struct zr_tf_link *next;
  const struct zr_backend *backend; /* NULL: the configuration was not wholly known */
  enum zr_product product;          /* NONE: not known yet */
  int64_t window_ms;
  int64_t wait_ms;
  atomic_bool stopping;
  atomic_bool stop_posted;
  struct zr_task stop;

  /* Loop thread. */
  struct zr_tf_work *works;   /* those that run */
  struct zr_tf_wave waves[2]; /* releases, reads */
  unsigned waves_of_ten;      /* waves of releases, one after the other */
  bool told_of_waves;
};

/* A schema with the type of its objects. */
struct zr_tf_kind_of {
  const struct zr_tf_schema *schema;
  struct zr_tf_type type;
};

/* What this process knows of ids, for a teardown that failed in part: Terraform destroys and
 * creates it again, without telling the second creation of the first. */
struct zr_tf_memory;
enum zr_tf_fact {
  ZR_TF_GONE,  /* was seen to be released */
  ZR_TF_HELD,  /* is in the state of a teardown */
  ZR_TF_OWNED, /* is in the state of zenrelease_instances, and released when it leaves */
};

struct zr_tf_provider {
  struct zr_tf_host host;
  const char *version;
  struct zr_rpc_method methods[ZR_TF_METHODS];
  struct zr_arena arena; /* of the types */
  struct zr_tf_kind_of *kinds;
  struct zr_rpc_bytes *schema;   /* the packed answer of GetProviderSchema */
  struct zr_rpc_bytes *identity; /* and of GetResourceIdentitySchemas */
  struct zr_rpc_bytes *metadata; /* and of GetMetadata */
  struct zr_tf_link *current;    /* gRPC thread; NULL: not configured */
  atomic_uint running;

  pthread_mutex_t lock;
  struct zr_tf_link *links;    /* guarded by lock */
  struct zr_tf_op *ops;        /* guarded by lock */
  struct zr_tf_memory *memory; /* guarded by lock */
};

/* The kind with that role and name; NULL: there is none. */
const struct zr_tf_kind_of *zr_tf_kind_find(const struct zr_tf_provider *p, enum zr_tf_role role,
                                            const char *name);

/* memory.c. Any thread. Best effort: what does not fit in is not remembered. */
void zr_tf_remember(struct zr_tf_provider *p, enum zr_tf_fact fact, enum zr_product product,
                    const char *id);
bool zr_tf_remembers(struct zr_tf_provider *p, enum zr_tf_fact fact, enum zr_product product,
                     const char *id);
void zr_tf_forget_all(struct zr_tf_provider *p);

/* schema_pack.c: the three answers that never change. ZR_ERR_NOMEM. */
enum zr_err zr_tf_pack_schemas(struct zr_tf_provider *p) ZR_MUST_CHECK;

/* The handlers, by file. gRPC thread. */
void zr_tf_handle_schema(void *provider, struct zr_rpc_call *call);
void zr_tf_handle_identity(void *provider, struct zr_rpc_call *call);
void zr_tf_handle_metadata(void *provider, struct zr_rpc_call *call);
void zr_tf_handle_functions(void *provider, struct zr_rpc_call *call);
void zr_tf_handle_validate_provider(void *provider, struct zr_rpc_call *call);
void zr_tf_handle_configure(void *provider, struct zr_rpc_call *call);
void zr_tf_handle_stop(void *provider, struct zr_rpc_call *call);
void zr_tf_handle_validate_resource(void *provider, struct zr_rpc_call *call);
void zr_tf_handle_validate_data(void *provider, struct zr_rpc_call *call);
void zr_tf_handle_validate_list(void *provider, struct zr_rpc_call *call);
void zr_tf_handle_validate_action(void *provider, struct zr_rpc_call *call);
void zr_tf_handle_upgrade_state(void *provider, struct zr_rpc_call *call);
void zr_tf_handle_upgrade_identity(void *provider, struct zr_rpc_call *call);
void zr_tf_handle_move(void *provider, struct zr_rpc_call *call);
void zr_tf_handle_read(void *provider, struct zr_rpc_call *call);
void zr_tf_handle_plan(void *provider, struct zr_rpc_call *call);
void zr_tf_handle_apply(void *provider, struct zr_rpc_call *call);
void zr_tf_handle_import(void *provider, struct zr_rpc_call *call);
void zr_tf_handle_read_data(void *provider, struct zr_rpc_call *call);
void zr_tf_handle_list(void *provider, struct zr_rpc_call *call);
void zr_tf_handle_plan_action(void *provider, struct zr_rpc_call *call);
void zr_tf_handle_invoke(void *provider, struct zr_rpc_call *call);

#endif
