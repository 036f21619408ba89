/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "account.h"
#include "faults.h"
#include "fleet.h"
#include "http.h"
#include "params.h"
#include "reply.h"
#include "request_log.h"
#include "server.h"
#include "settings.h"

/* Everything that is simulated, and the server that shows it. */
struct sim_world {
  struct sim_settings settings;
  struct sim_timers timers;
  struct sim_accounts accounts;
  struct sim_ledger ledger;
  struct sim_fleet fleet;
  struct sim_faults faults;
  struct sim_request_log log;
  struct sim_server server;
  struct sim_rng rng;
  uint64_t api_connections; /* connections whose first request was a call */
  struct sim_later *later;  /* releases whose effect is still to come */
};

int64_t sim_world_wall_s(const struct sim_world *world);

/* One call of the API on its way through dispatch.c and actions_*.c. */
struct sim_call {
  struct sim_world *world;
  const struct sim_http_request *request;
  uint64_t now_ms;
  uint64_t number;
  char request_id[SIM_REQUEST_ID_SIZE];
  const char *action; /* as received, "" when missing */
  enum sim_product product;
  bool has_product;
  bool old_version;
  struct sim_account *account;
  size_t account_number;
  const char *auth;
  const char *key_id;
  cJSON *params; /* may be there before the call is known to be valid; NULL when the body is no
                    object */
  const struct sim_fault *fault; /* NULL: none */
  struct sim_refusal refusal;
  const char *retry_after; /* of a refusal, NULL or "" for none */
  int64_t depend_resource; /* -1: does not apply */
  struct sim_page page;
  struct sim_reply *reply;
};

/* The whole way of one call: checks, action, refusal. Fills call->reply. */
void sim_dispatch(struct sim_call *call);
/* The handler of the server: pages, faults, log, and sim_dispatch in the middle. */
struct sim_handler sim_world_handler(struct sim_world *world);

/* Each fills the reply, or the refusal. */
void sim_action_describe(struct sim_call *call);
void sim_action_describe_status(struct sim_call *call);
void sim_action_release(struct sim_call *call);
void sim_action_terminate(struct sim_call *call);
/* Forgets the releases that are still to come. */
void sim_later_clean_up(struct sim_world *world);

/* NULL when this caller has no such instance, be it absent, hidden or another account's. */
struct sim_instance *sim_call_find(const struct sim_call *call, const char *id);
/* {"requestId","response":{"requestId" ... leaves the inner object open for more. */
void sim_call_open_reply(const struct sim_call *call, struct sim_json *json);
void sim_call_close_reply(struct sim_json *json);
void sim_call_reply_id_only(const struct sim_call *call);

/* Turns what the action answered into what the rule wants on the wire. Answers the status sent, -1
 * for none. */
int64_t sim_fault_apply(const struct sim_call *call, struct sim_wire *wire);
/* The rule's effect on how much of a release happens. */
bool sim_fault_has_effect(const struct sim_call *call);

/* /_sim/... */
void sim_pages_handle(struct sim_world *world, const struct sim_http_request *request,
                      struct sim_reply *reply);

/* The fleet as JSON, both ways. replace: everything that was there goes, the ledger too. NULL, or
 * what is wrong. */
const char *sim_fleet_file_apply(struct sim_world *world, const cJSON *file, bool replace);
void sim_fleet_file_write(const struct sim_world *world, struct sim_json *json);

#endif
