#include <poll.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "zenrelease/zenrelease.h"

/* The flag answers "was it raised", the descriptor wakes a poll; both are async-signal-safe. */
struct zenrelease_cancel {
  atomic_int raised;
  int fd;
};
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "a signal handler may only touch lock-free atomics");

struct zenrelease_cancel *zenrelease_cancel_new(void) {
  struct zenrelease_cancel *c = zr_calloc(1, sizeof *c);
  if (!c)
    return NULL;
  atomic_init(&c->raised, 0);
  c->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (c->fd < 0) {
    zr_free(c);
    return NULL;
  }
  return c;
}

void zenrelease_cancel_free(struct zenrelease_cancel *cancel) {
  if (!cancel)
    return;
  (void)close(cancel->fd);
  zr_free(cancel);
}

void zenrelease_cancel_raise(struct zenrelease_cancel *cancel) {
  const uint64_t one = 1;
  atomic_store(&cancel->raised, 1);
  /* Cannot fail in a way that matters: a full counter is readable already. */
  ssize_t written = write(cancel->fd, &one, sizeof one);
  (void)written;
}

int zenrelease_cancel_raised(const struct zenrelease_cancel *cancel) {
  return cancel ? atomic_load(&cancel->raised) : 0;
}

int zenrelease_cancel_fd(const struct zenrelease_cancel *cancel) {
  return cancel ? cancel->fd : -1;
}
