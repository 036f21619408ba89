/*
 * The account that a loop works for: its credential, the remote that signs with it, and the facts
 * that tell of it; and how another credential takes its place.
 *
 * A new secret of the same key serves the calls to come at once. A key with another fingerprint may
 * be of another account, and nothing that was begun under one goes on under another: it waits until
 * the engine is idle, and no release is taken meanwhile.
 */
#ifndef ZR_APP_ACCOUNT_H
#define ZR_APP_ACCOUNT_H

#include <stdatomic.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/backend.h"
#include "zenlayer/credential.h"
#include "zenlayer/remote.h"

struct zr_loop;

/* One state of the facts, with the text that it points to. Never changed once it was told, and kept
 * until the loop ends, because any thread may hold it; there is one for each credential. */
struct zr_told {
  struct zr_server_facts facts;
  struct zr_told *older;
  char *problem;
  char fingerprint[ZR_FINGERPRINT_CHARS + 1];
  char source[sizeof((struct zr_credential *)0)->source];
};

/* A remote that was replaced, until its calls have ended. */
struct zr_retired {
  struct zr_remote *remote;
  struct zr_retired *next;
};

/* Loop thread, but for `told` and `refused`. */
struct zr_account {
  struct zr_credential credential; /* in use */
  struct zr_credential waiting;    /* of another account, until the engine is idle */
  bool is_waiting;
  struct zr_retired *retired;
  _Atomic(struct zr_told *) told;
  atomic_bool refused; /* the service refused the credential */
};

/* At the loop's start, before its thread: with this credential, which is taken over; or without
 * one, with a sentence that says why. ZR_ERR_NOMEM, ZR_ERR_IO. */
enum zr_err zr_account_begin(struct zr_loop *l, struct zr_credential *credential,
                             const char *problem) ZR_MUST_CHECK;
/* Each turn of the loop: takes up what has waited, and frees what has ended. */
void zr_account_step(struct zr_loop *l);
/* Hands in a credential, which is emptied in any case. Any thread. ZR_ERR_NOMEM, ZR_ERR_CLOSED. */
enum zr_err zr_account_offer(struct zr_loop *l, struct zr_credential *credential) ZR_MUST_CHECK;
/* Before the http is destroyed; after the thread. */
void zr_account_end(struct zr_loop *l);

#endif
