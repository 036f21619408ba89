/* HTTP/2 by hand, for peers that no library would be: silent, stalled, cut off. */
#ifndef ZR_TEST_RAW_H2_H
#define ZR_TEST_RAW_H2_H

#include <stdbool.h>
#include <stddef.h>

/* A socket that is not connected yet, so that connecting needs no descriptor later. */
int raw_socket(const char *address);
bool raw_connect(int fd, const char *address);
/* The client's preface, with flow control windows that never fill. */
bool raw_preface(int fd);
/* A unary gRPC call on stream 1 with `len` bytes of message. */
bool raw_call(int fd, const char *path, const void *message, size_t len);
/* True once the server's first frame is there. */
bool raw_wait_settings(int fd, int timeout_ms);

#endif
