/* What the files of this room share. */
#ifndef ZR_SERVICE_PRIVATE_H
#define ZR_SERVICE_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "service/access.h"
#include "service/operation.h"
#include "service/reflection.h"
#include "service/service.h"

enum { ZR_SERVICE_METHODS = 11, ZR_RETRY_MS = 1000 };

struct zr_settling;

/* A call of Health.Watch, in its call's arena. */
struct zr_health_watch {
  struct zr_service *service;
  struct zr_rpc_call *call;
  struct zr_health_watch *prev;
  struct zr_health_watch *next;
  bool known; /* the name */
  bool listed;
  unsigned round; /* that it was told in */
};

/* The user of a registered method: what runs once the caller is known to have the right. */
struct zr_gated {
  struct zr_service *service;
  void (*handle)(void *service, struct zr_rpc_call *call);
  enum zr_right needs;
};

struct zr_service {
  const struct zr_backend *backend;
  struct zr_service_options options; /* with defaults filled in */
  struct zr_rpc_method methods[ZR_SERVICE_METHODS];
  struct zr_gated gated[ZR_SERVICE_METHODS];
  struct zr_access access;
  struct zr_reflection *reflection;

  atomic_bool draining;
  atomic_uint running; /* operations; changed by the loop thread only */
  atomic_bool cancelling;
  struct zr_task cancel_all;

  pthread_mutex_t health_lock;
  struct zr_health_watch *watches; /* guarded by health_lock, and so is what follows */
  char *trouble;                   /* why nothing can be sent; NULL: it can */
  enum zr_code trouble_code;       /* NOT_RECORDED, or UNSETTLED */
  bool troubled;
  unsigned round; /* of telling the watches */

  struct zr_registry registry;  /* loop thread */
  struct zr_settling *settling; /* callers of SettleReleases that wait; loop thread */
};

/* The handlers, by file. gRPC thread. */
void zr_handle_release(void *service, struct zr_rpc_call *call);
void zr_handle_watch(void *service, struct zr_rpc_call *call);
void zr_handle_cancel(void *service, struct zr_rpc_call *call);
void zr_handle_list(void *service, struct zr_rpc_call *call);
void zr_handle_info(void *service, struct zr_rpc_call *call);
void zr_handle_records(void *service, struct zr_rpc_call *call);
void zr_handle_settle(void *service, struct zr_rpc_call *call);
void zr_handle_health_check(void *service, struct zr_rpc_call *call);
void zr_handle_health_watch(void *service, struct zr_rpc_call *call);
void zr_handle_reflection(void *service, struct zr_rpc_call *call);

/* health.c: says NOT_SERVING and ends the watches. Any thread. */
void zr_health_drain(struct zr_service *s);
/* Copies why nothing can be sent into the arena; NULL: it can, or no memory. Any thread. */
const char *zr_health_trouble(struct zr_service *s, struct zr_arena *a, enum zr_code *code);

/* settle_rpc.c: whoever waits gets UNAVAILABLE. When there is no loop thread any more. */
void zr_settling_close(struct zr_service *s);
/* records_rpc.c: FAILED_PRECONDITION, and what to do about it. */
void zr_fail_no_journal(struct zr_rpc_call *call);
/* list_rpc.c: FAILED_PRECONDITION: the server has no usable credentials. */
void zr_fail_no_credentials(const struct zr_service *s, struct zr_rpc_call *call);

/* Runs `task` on the loop thread; false when there is no loop any more. */
static inline bool zr_service_post(const struct zr_service *s, struct zr_task *task) {
  return s->backend->post(s->backend->self, task) == ZR_ERR_OK;
}

#endif
