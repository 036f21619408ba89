/* What an upstream call that failed means to a caller of ours: one table by class. */
#ifndef ZR_SERVICE_UPSTREAM_H
#define ZR_SERVICE_UPSTREAM_H

#include "model/call.h"
#include "rpc/call.h"

/* Ends the call with the status of end->class_, which is not OK. Loop thread. */
void zr_upstream_fail(struct zr_rpc_call *call, const struct zr_call_end *end);
/* The status of a class; http_status tells "who are you" from "you may not". */
enum zr_rpc_code zr_upstream_code(enum zr_class c, int http_status);

#endif
