/* rpc and service, with a backend that runs tasks where they are posted and releases at once. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "bench_rpc_servers.h"
#include "service/service.h"

enum { IDS_MAX = 100 };

/* The one job that was submitted and not answered; everything runs on the gRPC thread. */
struct null_backend {
  struct zr_backend face;
  struct zr_server_facts facts;
  struct zr_job_sink sink;
  bool waiting;
  struct zr_result results[IDS_MAX];
  size_t count;
};

static enum zr_err s_post(void *self, struct zr_task *task) {
  struct null_backend *b = self;
  task->run(task);
  if (!b->waiting)
    return ZR_ERR_OK;
  b->waiting = false;
  struct zr_report report = {.results = b->results, .result_count = b->count};
  report.counts.total = report.counts.by_outcome[ZR_OUTCOME_RELEASED] = (unsigned)b->count;
  b->sink.on_done(b->sink.ctx, &report);
  return ZR_ERR_OK;
}

static enum zr_err s_submit(void *self, const struct zr_release_request *request,
                            struct zr_job_sink sink, uint64_t *job) {
  struct null_backend *b = self;
  b->sink = sink;
  b->waiting = true;
  b->count = request->instance_id_count < IDS_MAX ? request->instance_id_count : IDS_MAX;
  for (size_t i = 0; i < b->count; i++)
    b->results[i] = (struct zr_result){.instance_id = request->instance_ids[i],
                                       .index = (uint32_t)i,
                                       .outcome = ZR_OUTCOME_RELEASED,
                                       .batch = 1,
                                       .attempts = 1};
  *job = 1;
  return ZR_ERR_OK;
}

static void s_cancel(void *self, uint64_t job) {
  (void)self;
  (void)job;
}

static enum zr_err s_list(void *self, const struct zr_list_query *query, struct zr_mono deadline,
                          struct zr_list_sink sink) {
  (void)self;
  (void)query;
  (void)deadline;
  (void)sink;
  return ZR_ERR_STATE;
}

static const struct zr_server_facts *s_facts(void *self) {
  return &((struct null_backend *)self)->facts;
}

static int s_run(struct zr_service *service, struct zr_rpc_server *server,
                 const sigset_t *signals) {
  struct zr_buf problem = ZR_BUF_INIT(4096);
  size_t count;
  const struct zr_rpc_method *methods = zr_service_methods(service, &count);
  if (zr_rpc_server_add_methods(server, methods, count) != ZR_ERR_OK ||
      zr_rpc_server_start(server, &problem) != ZR_ERR_OK)
    return 1;
  (void)printf("%s\n", zr_rpc_server_address(server));
  (void)fflush(stdout);
  int signal;
  (void)sigwait(signals, &signal);
  zr_service_drain(service);
  zr_service_close(service);
  if (!zr_rpc_server_shutdown(server, 1000, 1800))
    _exit(0);
  return 0;
}

int bench_serve_ours(const char *listen) {
  static struct null_backend backend;
  backend.face = (struct zr_backend){.self = &backend,
                                     .post = s_post,
                                     .submit = s_submit,
                                     .cancel = s_cancel,
                                     .list = s_list,
                                     .facts = s_facts};
  sigset_t signals;
  (void)sigemptyset(&signals);
  (void)sigaddset(&signals, SIGTERM);
  (void)sigprocmask(SIG_BLOCK, &signals, NULL);
  zr_log_set_level(ZR_LOG_WARN);
  struct zr_service *service;
  struct zr_rpc_server *server;
  struct zr_buf problem = ZR_BUF_INIT(4096);
  const struct zr_service_options so = {.version = "bench"};
  const struct zr_rpc_options ro = {.listen = listen};
  if (zr_service_new(&backend.face, &so, &service) != ZR_ERR_OK ||
      zr_rpc_server_new(&ro, &server, &problem) != ZR_ERR_OK)
    return 1;
  int rc = s_run(service, server, &signals);
  zr_rpc_server_destroy(server);
  zr_service_destroy(service);
  return rc;
}
