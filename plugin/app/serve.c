#include "app/serve.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/config.h"
#include "app/loop.h"
#include "app/reload.h"
#include "app/tls_check.h"
#include "app/tls_files.h"
#include "app/version.h"
#include "base/log.h"
#include "rpc/server.h"
#include "service/service.h"

enum { GRACE_MS = 1000, HARD_MS = 1800, POLL_MS = 20, LOOK_S = 1 };

struct parts {
  struct zr_reload reload;
  struct zr_config config;
  struct zr_loop *loop;
  struct zr_service *service;
  struct zr_rpc_server *server;
};

static int s_fail(struct zr_buf *problem, enum zr_err e) {
  (void)fprintf(stderr, "zenrelease-plugin: %s\n", problem->len ? problem->data : zr_err_text(e));
  zr_buf_clean_up(problem);
  return 1;
}

/* Of the journal; any thread. */
static void s_on_trouble(void *ctx, enum zr_code code, const char *why) {
  struct parts *p = ctx;
  zr_service_set_trouble(p->service, code, why);
}

static enum zr_err s_build(struct parts *p, const struct zr_app_options *o,
                           struct zr_buf *problem) {
  zr_reload_init(&p->reload, o);
  enum zr_err e = zr_config_read(o, &p->config, problem);
  if (e == ZR_ERR_OK && p->config.clients && !o->tls_client_ca) {
    (void)zr_buf_printf(problem,
                        "%s: \"clients\" gives rights to the names in client certificates, so "
                        "--tls-client-ca is needed with it",
                        o->config);
    e = ZR_ERR_INVALID;
  }
  if (e == ZR_ERR_OK)
    e = zr_loop_new(&p->config, o, &p->loop, problem);
  if (e != ZR_ERR_OK)
    return e;
  const struct zr_service_options service = {
      .version = ZR_VERSION,
      .max_concurrent_releases = p->config.max_concurrent_releases,
      .window_ms = p->config.window_ms,
      .identify = o->tls_client_ca != NULL,
      .clients = p->config.clients,
      .client_count = p->config.client_count,
  };
  e = zr_service_new(zr_loop_backend(p->loop), &service, &p->service);
  if (e == ZR_ERR_OK)
    zr_loop_watch_trouble(p->loop, s_on_trouble, p);
  return e;
}

static enum zr_err s_listen(struct parts *p, const struct zr_app_options *o,
                            struct zr_buf *problem) {
  struct zr_tls_files files = {0};
  enum zr_err e = zr_tls_files_read(o, &files, problem);
  if (e == ZR_ERR_OK && o->tls_cert)
    e = zr_tls_check(o, &files, problem);
  if (e == ZR_ERR_OK) {
    const struct zr_rpc_options rpc = {
        .listen = o->listen,
        .tls = o->tls_cert ? &files.tls : NULL,
        .allow_plaintext_remote = o->allow_plaintext_remote,
        .max_connections = o->max_connections,
    };
    e = zr_rpc_server_new(&rpc, &p->server, problem);
  }
  zr_tls_files_clean_up(&files);
  if (e != ZR_ERR_OK)
    return e;
  size_t count = 0;
  const struct zr_rpc_method *methods = zr_service_methods(p->service, &count);
  e = zr_rpc_server_add_methods(p->server, methods, count);
  return e == ZR_ERR_OK ? zr_rpc_server_start(p->server, problem) : e;
}

/* One line, whole, before anybody can be waiting for it. */
static bool s_say_ready(const struct zr_rpc_server *server) {
  struct zr_buf line = ZR_BUF_INIT(1024);
  (void)zr_buf_text(&line, "{\"address\":");
  (void)zr_buf_json(&line, zr_view_of(zr_rpc_server_address(server)));
  (void)zr_buf_text(&line, "}\n");
  bool said = zr_buf_failed(&line) == ZR_ERR_OK &&
              write(STDOUT_FILENO, line.data, line.len) == (ssize_t)line.len;
  zr_buf_clean_up(&line);
  return said;
}

/* Standard input is the parent's life line: its end is taken for SIGTERM. */
static void *s_watch_parent(void *unused) {
  (void)unused;
  char drop[256];
  for (;;) {
    ssize_t n = read(STDIN_FILENO, drop, sizeof drop);
    if (n > 0 || (n < 0 && errno == EINTR))
      continue;
    (void)kill(getpid(), SIGTERM);
    return NULL;
  }
}

static void s_end_signals(sigset_t *set) {
  (void)sigemptyset(set);
  (void)sigaddset(set, SIGTERM);
  (void)sigaddset(set, SIGINT);
}

/* Serves until a signal ends it, and looks after the files meanwhile. */
static void s_stay(struct parts *p, const sigset_t *end) {
  const struct zr_reload_parts parts = {.has_clients = p->config.clients != NULL,
                                        .loop = p->loop,
                                        .service = p->service,
                                        .server = p->server};
  zr_reload_begin(&p->reload, &parts);
  sigset_t set = *end;
  (void)sigaddset(&set, SIGHUP);
  const struct timespec turn = {.tv_sec = LOOK_S};
  for (;;) {
    int caught = sigtimedwait(&set, NULL, &turn);
    if (caught > 0 && caught != SIGHUP)
      return;
    zr_reload_turn(&p->reload, caught == SIGHUP);
  }
}

/* Settles what has been sent, for at most drain_ms; a second signal ends the waiting. */
static void s_drain(struct parts *p, const struct zr_app_options *o, const sigset_t *set) {
  zr_service_drain(p->service);
  zr_service_cancel_all(p->service);
  struct zr_mono until = zr_mono_add(zr_mono_now(), o->drain_ms);
  const struct timespec turn = {.tv_nsec = POLL_MS * 1000000L};
  while (zr_service_running(p->service) > 0 && zr_mono_until(until, zr_mono_now()) > 0) {
    if (sigtimedwait(set, NULL, &turn) > 0)
      break;
  }
  unsigned left = zr_service_running(p->service);
  zr_log(left ? ZR_LOG_WARN : ZR_LOG_INFO, "app", "drained", zr_i("unfinished_releases", left));
}

static bool s_stop(struct parts *p) {
  if (p->loop)
    zr_loop_stop(p->loop);
  if (p->service)
    zr_service_close(p->service);
  bool clean = !p->server || zr_rpc_server_shutdown(p->server, GRACE_MS, HARD_MS);
  return clean;
}

/* Destroying the server may block for ten seconds in the core, and the process is about to end:
 * only builds that look for leaks go all the way. */
static void s_tear_down(struct parts *p, bool clean, int status) {
#ifndef ZR_SANITIZED
  clean = false;
#endif
  if (!clean) {
    zr_config_clean_up(&p->config);
    (void)fflush(NULL);
    _exit(status);
  }
  zr_rpc_server_destroy(p->server);
  zr_service_destroy(p->service);
  zr_loop_destroy(p->loop);
  zr_config_clean_up(&p->config);
}

int zr_serve(const struct zr_app_options *options) {
  struct parts p = {0};
  struct zr_buf problem = ZR_BUF_INIT(4096);
  enum zr_err e = s_build(&p, options, &problem);
  if (e == ZR_ERR_OK)
    e = s_listen(&p, options, &problem);
  int status = e == ZR_ERR_OK ? 0 : s_fail(&problem, e);
  if (status == 0 && !s_say_ready(p.server))
    status = 1;
  if (status == 0) {
    const struct zr_server_facts *facts = zr_loop_backend(p.loop)->facts(p.loop);
    zr_log(ZR_LOG_INFO, "app", "serving", zr_s("address", zr_rpc_server_address(p.server)),
           zr_s("endpoint", facts->endpoint), zr_s("account", facts->account_fingerprint),
           zr_s("credential_source", facts->credential_source),
           zr_s("credential_problem", facts->credential_problem));
    pthread_t watcher;
    if (options->exit_with_parent && pthread_create(&watcher, NULL, s_watch_parent, NULL) == 0)
      (void)pthread_detach(watcher);
    sigset_t set;
    s_end_signals(&set);
    s_stay(&p, &set);
    s_drain(&p, options, &set);
  }
  zr_buf_clean_up(&problem);
  bool clean = s_stop(&p);
  s_tear_down(&p, clean, status);
  return status;
}
