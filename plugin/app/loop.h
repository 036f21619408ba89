/*
 * The loop thread: it owns engine, remote and libcurl, and carries out what the engine decides. The
 * front doors reach it through its zr_backend (model/backend.h).
 */
#ifndef ZR_APP_LOOP_H
#define ZR_APP_LOOP_H

#include "app/config.h"
#include "app/keeper.h"
#include "app/options.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "model/backend.h"

struct zr_loop;

/* Builds everything and starts the thread. Without usable credentials it still starts: its facts
 * say what is wrong, and nothing can be submitted. On an error `problem` has a sentence for people.
 */
enum zr_err zr_loop_new(struct zr_config *config, const struct zr_app_options *options,
                        struct zr_loop **out, struct zr_buf *problem) ZR_MUST_CHECK;
/* Lives as long as the loop. */
const struct zr_backend *zr_loop_backend(struct zr_loop *l);
/* Another credential for calls to come; emptied in any case. One that may be of another account is
 * taken up when nothing is at work, and no release is taken before (app/account.h). Nothing happens
 * when it is the one in use. Any thread. ZR_ERR_NOMEM, ZR_ERR_CLOSED. */
enum zr_err zr_loop_offer_credential(struct zr_loop *l,
                                     struct zr_credential *credential) ZR_MUST_CHECK;
/* Whether the service has refused the credential since this was last asked. Any thread. */
bool zr_loop_take_refused(struct zr_loop *l);
/* Tells `fn` of trouble with the journal, at once and at each change, on any thread, until the loop
 * is stopped. Without a journal it is never called. */
void zr_loop_watch_trouble(struct zr_loop *l, zr_trouble_fn *fn, void *ctx);
/* Takes no more tasks, ends the thread and joins it. Jobs that are not done are never told. */
void zr_loop_stop(struct zr_loop *l);
/* After zr_loop_stop. NULL is fine. */
void zr_loop_destroy(struct zr_loop *l);

#endif
