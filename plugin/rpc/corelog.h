/* The core's log lines, sent to ours. */
#ifndef ZR_RPC_CORELOG_H
#define ZR_RPC_CORELOG_H

/* Before grpc_init; any number of times. */
void zr_rpc_corelog_install(void);
/* From now on an eventfd is written to when the core's own listener failed to accept, after which
 * it never accepts again. -1: no longer. One listener per process is told. */
void zr_rpc_corelog_watch_accept(int event_fd);

#endif
