#include "client.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/handover.h"
#include "base/mem.h"
#include "base/room.h"
#include "channel.h"
#include "info.h"
#include "options.h"

enum { CONNECT_TIMEOUT_MS = 10 * 1000, CORE_DESCRIPTORS = 10 };

const char *zenrelease_version(void) {
  return ZR_VERSION;
}

static void *s_pump(void *arg) {
  struct zenrelease_client *c = arg;
  for (;;) {
    grpc_event ev = grpc_completion_queue_next(c->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
    if (ev.type == GRPC_QUEUE_SHUTDOWN)
      return NULL;
    if (ev.type != GRPC_OP_COMPLETE)
      continue;
    struct zr_op *op = ev.tag;
    zr_take(op);
    atomic_store_explicit(&op->state, ev.success ? ZR_OP_OK : ZR_OP_FAILED, memory_order_release);
    (void)eventfd_write(c->done_fd, 1); /* op may be gone from here on */
  }
}

/* Signals belong to the caller's threads, not to this one or to those that the core starts. */
static int s_start_pump(struct zenrelease_client *c) {
  return pthread_create(&c->pump, NULL, s_pump, c);
}

static enum zenrelease_status s_set_up(struct zenrelease_client *c,
                                       const struct zenrelease_client_options *o,
                                       struct zenrelease_error **error) {
  c->connect_timeout_ms = o->connect_timeout_ms > 0 ? o->connect_timeout_ms : CONNECT_TIMEOUT_MS;
  c->address = zr_strdup(o->address);
  c->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (!c->address || c->done_fd < 0)
    return zr_error_set(error, ZENRELEASE_RESOURCE_EXHAUSTED, "out of memory or descriptors");
  c->channel = zr_channel_new(o, error);
  if (!c->channel)
    return error && *error ? (*error)->status : ZENRELEASE_INVALID_ARGUMENT;
  c->queue = grpc_completion_queue_create_for_next(NULL);
  if (s_start_pump(c) != 0)
    return zr_error_set(error, ZENRELEASE_RESOURCE_EXHAUSTED, "cannot start a thread");
  c->pumping = true;
  return ZENRELEASE_OK;
}

enum zenrelease_status zenrelease_client_new(const struct zenrelease_client_options *options,
                                             struct zenrelease_client **client,
                                             struct zenrelease_error **error) {
  struct zenrelease_client_options o;
  *client = NULL;
  if (error)
    *error = NULL;
  if (!zr_options_copy(&o, sizeof o, options, options ? options->size : 0) || !o.address ||
      !*o.address)
    return zr_error_set(error, ZENRELEASE_INVALID_ARGUMENT, "no server address");
  if (!zr_room_for(CORE_DESCRIPTORS)) /* the core aborts the process for want of one */
    return zr_error_set(error, ZENRELEASE_RESOURCE_EXHAUSTED,
                        "fewer than %d file descriptors are left; raise the limit (ulimit -n)",
                        CORE_DESCRIPTORS);
  struct zenrelease_client *c = zr_calloc(1, sizeof *c);
  if (!c)
    return zr_error_nomem(error);
  c->done_fd = -1;

  sigset_t all;
  sigset_t before;
  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_SETMASK, &all, &before);
  grpc_init();
  enum zenrelease_status status = s_set_up(c, &o, error);
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (status != ZENRELEASE_OK) {
    zenrelease_client_free(c);
    return status;
  }
  *client = c;
  return ZENRELEASE_OK;
}

void zenrelease_client_free(struct zenrelease_client *client) {
  if (!client)
    return;
  if (client->channel)
    grpc_channel_destroy(client->channel);
  if (client->queue) {
    grpc_completion_queue_shutdown(client->queue);
    if (client->pumping)
      (void)pthread_join(client->pump, NULL);
    else
      (void)grpc_completion_queue_next(client->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
    grpc_completion_queue_destroy(client->queue);
  }
  grpc_shutdown();
  if (client->done_fd >= 0)
    (void)close(client->done_fd);
  zr_free(client->address);
  zr_free(client);
}

enum zr_wake zr_client_wait(struct zenrelease_client *c, const struct zenrelease_cancel *cancel,
                            struct zr_mono until) {
  struct pollfd fds[2] = {{c->done_fd, POLLIN, 0}, {zenrelease_cancel_fd(cancel), POLLIN, 0}};
  for (;;) {
    int64_t left = zr_mono_until(until, zr_mono_now());
    int timeout = until.ms == INT64_MAX ? -1 : left > INT_MAX ? INT_MAX : (int)left;
    int n = poll(fds, 2, timeout);
    if (n < 0 && errno == EINTR)
      continue;
    if (fds[0].revents & POLLIN) {
      eventfd_t rings;
      (void)eventfd_read(c->done_fd, &rings);
      return ZR_WAKE_DONE;
    }
    if (fds[1].revents & POLLIN)
      return ZR_WAKE_CANCEL;
    if (n <= 0 && (n < 0 || zr_mono_until(until, zr_mono_now()) == 0))
      return ZR_WAKE_TIME;
  }
}

/* "unavailable" alone helps nobody: say which address, and that nothing was sent. */
static enum zenrelease_status s_explain(const struct zenrelease_client *c,
                                        struct zenrelease_error *cause,
                                        struct zenrelease_error **error) {
  enum zenrelease_status status = zenrelease_error_status(cause);
  if (status == ZENRELEASE_UNIMPLEMENTED)
    (void)zr_error_set(error, status, "%s is not a zenrelease server: %s", c->address,
                       zenrelease_error_message(cause));
  else if (status == ZENRELEASE_DEADLINE_EXCEEDED)
    (void)zr_error_set(error, status, "no answer from %s in time", c->address);
  else
    (void)zr_error_set(error, status, "cannot reach %s: %s", c->address,
                       zenrelease_error_message(cause));
  zenrelease_error_free(cause);
  return status;
}

enum zenrelease_status zr_client_reach(struct zenrelease_client *c,
                                       const struct zenrelease_cancel *cancel,
                                       struct zr_mono deadline, struct zenrelease_error **error) {
  if (c->reached)
    return ZENRELEASE_OK;
  struct zr_mono own = zr_mono_add(zr_mono_now(), c->connect_timeout_ms);
  struct zenrelease_server_info *info = NULL;
  struct zenrelease_error *cause = NULL;
  enum zenrelease_status status =
      zr_info_fetch(c, zr_mono_min(own, deadline), cancel, &info, &cause);
  zenrelease_server_info_free(info);
  if (status == ZENRELEASE_CANCELLED && zenrelease_cancel_raised(cancel)) {
    zenrelease_error_free(cause);
    return zr_error_set(error, ZENRELEASE_CANCELLED, "cancelled before anything was sent");
  }
  if (status != ZENRELEASE_OK)
    return s_explain(c, cause, error);
  c->reached = true;
  return ZENRELEASE_OK;
}
