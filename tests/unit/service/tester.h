/* A service over a fake backend, and calls of its release methods. */
#ifndef ZR_TEST_TESTER_H
#define ZR_TEST_TESTER_H

#include "fake_backend.h"
#include "fake_call.h"
#include "service/private.h"
#include "zenrelease/v1/release_service.pb-c.h"

struct tester {
  struct fake_backend backend;
  struct zr_service *service;
};

void tester_open(struct tester *t);
void tester_open_with(struct tester *t, struct zr_service_options options);
/* Everything has been freed then. */
void tester_close(struct tester *t);

/* A call with the packed request for the instances "1" and "2"; not handed over yet. The request is
 * valid until the next call of this function. */
struct zr_rpc_call *tester_call(const char *request_id, bool validate_only, int64_t after);
/* The same, handed to Release or WatchRelease, and run. */
struct zr_rpc_call *tester_release(struct tester *t, const char *request_id);
struct zr_rpc_call *tester_watch(struct tester *t, const char *request_id, int64_t after);
/* The caller leaves, and the test lets go of the call. */
void tester_gone(struct tester *t, struct zr_rpc_call *c);
/* The call was ended by us, and the test lets go of it. */
void tester_over(struct tester *t, struct zr_rpc_call *c);
/* A watcher takes everything that there is for it. */
void tester_take_all(struct tester *t, struct zr_rpc_call *c);

/* What a call was answered; the caller frees it. */
Zenrelease__V1__ReleaseResponse *tester_response(const struct zr_rpc_call *c);
Zenrelease__V1__ReleaseEvent *tester_event(const struct zr_rpc_call *c, size_t i);

/* A batch that was sent. */
extern const struct zr_event tester_sent;

#endif
