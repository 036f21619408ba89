/* The two servers that bench_rpc compares; each prints its address and runs until SIGTERM. */
#ifndef BENCH_RPC_SERVERS_H
#define BENCH_RPC_SERVERS_H

#include <stddef.h>

#define BENCH_METHOD "/zenrelease.v1.ReleaseService/Release"

/* rpc and service over a backend that answers every release at once. */
int bench_serve_ours(const char *listen);
/* The C core alone: any request is answered with `answer_len` bytes. */
int bench_serve_bare(const char *listen, size_t answer_len);

#endif
