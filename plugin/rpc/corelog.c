#include "rpc/corelog.h"

#include <grpc/support/log.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

static atomic_int s_accept_fd = -1;

static enum zr_log_level s_level(gpr_log_severity severity) {
  switch (severity) {
  case GPR_LOG_SEVERITY_ERROR:
    return ZR_LOG_WARN; /* any peer can cause one, by failing a handshake */
  case GPR_LOG_SEVERITY_INFO:
    return ZR_LOG_DEBUG;
  case GPR_LOG_SEVERITY_DEBUG:
  default:
    return ZR_LOG_TRACE;
  }
}

/* Any thread of the core. Takes no lock and does not call the core. */
static void s_line(gpr_log_func_args *args) {
  const char *slash = strrchr(args->file, '/');
  zr_log(s_level(args->severity), "grpc-core", args->message,
         zr_s("source", slash ? slash + 1 : args->file), zr_i("line", args->line));
  int fd = atomic_load(&s_accept_fd);
  if (fd >= 0 && strstr(args->message, "Failed accept4")) {
    uint64_t one = 1;
    if (write(fd, &one, sizeof one) < 0) {
      /* The counter is full: it has been told. */
    }
  }
}

void zr_rpc_corelog_install(void) {
  gpr_set_log_function(s_line);
  gpr_set_log_verbosity(zr_log_enabled(ZR_LOG_TRACE)   ? GPR_LOG_SEVERITY_DEBUG
                        : zr_log_enabled(ZR_LOG_DEBUG) ? GPR_LOG_SEVERITY_INFO
                                                       : GPR_LOG_SEVERITY_ERROR);
}

void zr_rpc_corelog_watch_accept(int event_fd) {
  atomic_store(&s_accept_fd, event_fd);
}
