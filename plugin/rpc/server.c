/* The server: made, filled with methods, started. How it ends is in shutdown.c. */
#include <grpc/grpc_security.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/room.h"
#include "rpc/corelog.h"
#include "rpc/private.h"

enum { DEFAULT_SLOTS = 8, CORE_DESCRIPTORS = 16 };

static void s_defaults(struct zr_rpc_options *o) {
  o->listen = NULL;
  o->max_message_bytes = o->max_message_bytes ? o->max_message_bytes : (size_t)4 << 20;
  o->max_queued_bytes = o->max_queued_bytes ? o->max_queued_bytes : (size_t)4 << 20;
  o->max_received_bytes = o->max_received_bytes ? o->max_received_bytes : (size_t)256 << 20;
  o->max_unread_bytes = o->max_unread_bytes ? o->max_unread_bytes : (size_t)256 << 20;
  o->patience_ms = o->patience_ms ? o->patience_ms : 5000;
  o->max_streams = o->max_streams ? o->max_streams : 256;
  o->max_calls = o->max_calls ? o->max_calls : 1024;
  o->max_connections = o->max_connections ? o->max_connections : 512;
  o->handshake_ms = o->handshake_ms ? o->handshake_ms : 10000;
}

static enum zr_err s_check(const struct zr_rpc_server *s, struct zr_buf *problem) {
  if (s->options.max_message_bytes > INT32_MAX) {
    (void)zr_buf_text(problem, "the message limit must be below 2 GiB");
    return ZR_ERR_INVALID;
  }
  if (!s->options.tls && !s->options.allow_plaintext_remote &&
      !zr_rpc_address_is_local(&s->bound)) {
    char text[ZR_ADDRESS_TEXT];
    zr_rpc_address_format(&s->bound, text);
    (void)zr_buf_printf(problem,
                        "%s can be reached from other machines and TLS is off: anybody there could "
                        "release instances. Give a certificate, or listen on loopback or a socket",
                        text);
    return ZR_ERR_DENIED;
  }
  return ZR_ERR_OK;
}

static void s_init_lock(struct zr_rpc_server *s) {
  pthread_condattr_t attr;
  pthread_mutex_init(&s->lock, NULL);
  pthread_mutex_init(&s->tls_lock, NULL);
  pthread_mutex_init(&s->unread_lock, NULL);
  pthread_condattr_init(&attr);
  pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
  pthread_cond_init(&s->idle, &attr);
  pthread_condattr_destroy(&attr);
}

static void s_raise_file_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
  }
}

enum zr_err zr_rpc_server_new(const struct zr_rpc_options *options, struct zr_rpc_server **out,
                              struct zr_buf *problem) {
  s_raise_file_limit();
  if (!zr_room_for(CORE_DESCRIPTORS)) { /* the core aborts the process for want of one */
    (void)zr_buf_printf(problem,
                        "fewer than %d file descriptors are left; raise the limit (ulimit -n)",
                        CORE_DESCRIPTORS);
    return ZR_ERR_IO;
  }
  struct zr_rpc_server *s = zr_calloc(1, sizeof *s);
  if (!s)
    return ZR_ERR_NOMEM;
  s_init_lock(s);
  zr_rpc_corelog_install();
  grpc_init();
  s->options = *options;
  s_defaults(&s->options);
  s->quota = grpc_resource_quota_create("server");
  grpc_resource_quota_resize(s->quota, s->options.max_received_bytes);
  enum zr_err e = zr_rpc_address_parse(options->listen, &s->bound, problem);
  if (e == ZR_ERR_OK)
    e = s_check(s, problem);
  s->mutual = options->tls && options->tls->client_ca.len > 0;
  if (e == ZR_ERR_OK && options->tls &&
      (e = zr_rpc_server_set_tls(s, options->tls)) == ZR_ERR_INVALID)
    (void)zr_buf_text(problem, "TLS needs a certificate and its key");
  if (e != ZR_ERR_OK) {
    zr_rpc_server_destroy(s);
    return e;
  }
  *out = s;
  return ZR_ERR_OK;
}

static bool s_has(const struct zr_rpc_server *s, const char *name) {
  for (size_t i = 0; i < s->method_count; i++)
    if (strcmp(s->methods[i].name, name) == 0)
      return true;
  return false;
}

enum zr_err zr_rpc_server_add_methods(struct zr_rpc_server *s, const struct zr_rpc_method *methods,
                                      size_t count) {
  void *grown = s->methods;
  if (zr_grow(&grown, &s->method_cap, s->method_count + count, sizeof *methods) != 0)
    return ZR_ERR_NOMEM;
  s->methods = grown;
  for (size_t i = 0; i < count; i++) {
    if (s_has(s, methods[i].name))
      return ZR_ERR_EXISTS;
    s->methods[s->method_count] = methods[i];
    if (methods[i].slots == 0)
      s->methods[s->method_count].slots = DEFAULT_SLOTS;
    s->method_count++;
  }
  return ZR_ERR_OK;
}

bool zr_rpc_turn(grpc_completion_queue *queue, gpr_timespec deadline) {
  grpc_event ev = grpc_completion_queue_next(queue, deadline, NULL);
  if (ev.type != GRPC_OP_COMPLETE)
    return false;
  struct zr_rpc_tag *tag = ev.tag;
  zr_take(tag);
  tag->fn(tag, ev.success != 0);
  return true;
}

/* I/O happens inside the call to next: no handler may block. */
static void *s_grpc_thread(void *arg) {
  while (zr_rpc_turn(arg, gpr_inf_future(GPR_CLOCK_MONOTONIC))) {
  }
  return NULL;
}

/* Binds before anything runs, so that a failure leaves nothing to stop. */
static enum zr_err s_listen(struct zr_rpc_server *s, struct zr_rpc_core *core,
                            struct zr_buf *problem) {
  if (s->options.tls)
    return zr_rpc_tls_listen(core, problem);
  return zr_rpc_listener_new(s, &s->listener, problem);
}

static enum zr_err s_run(struct zr_rpc_server *s) {
  if (pthread_create(&s->thread, NULL, s_grpc_thread, s->queue) != 0)
    return ZR_ERR_NOMEM;
  s->running = true;
  if (s->listener)
    return zr_rpc_listener_start(s->listener);
  return zr_rpc_keeper_new(s, &s->keeper);
}

enum zr_err zr_rpc_server_start(struct zr_rpc_server *s, struct zr_buf *problem) {
  s->queue = grpc_completion_queue_create_for_next(NULL);
  struct zr_rpc_core *core = zr_rpc_core_new(s);
  if (!core)
    return ZR_ERR_NOMEM;
  enum zr_err e = s_listen(s, core, problem);
  if (e != ZR_ERR_OK) {
    zr_rpc_core_destroy(core);
    return e;
  }
  zr_rpc_address_format(&s->bound, s->address);
  e = zr_rpc_core_start(core);
  if (e == ZR_ERR_OK)
    e = s_run(s);
  if (e == ZR_ERR_OK)
    zr_log(ZR_LOG_INFO, "rpc", "listening", zr_s("address", s->address),
           zr_s("security", s->options.tls ? (s->mutual ? "mutual TLS" : "TLS") : "none"));
  else
    (void)zr_buf_text(problem, "no memory or no thread for the server");
  return e;
}

const char *zr_rpc_server_address(const struct zr_rpc_server *s) {
  return s->address;
}

unsigned zr_rpc_server_calls(const struct zr_rpc_server *s) {
  return atomic_load(&s->calls);
}
