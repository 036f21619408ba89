/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "world.h"

/*
 * Between the sockets and the API: decides whether a request is for the pages or for the service,
 * whether a rule has it, and writes it down.
 */
static bool s_is_page(const struct sim_http_request *request) {
  return sim_text_starts(request->path, "/_sim/");
}

static void s_find_product(struct sim_call *call) {
  static const char prefix[] = "/api/v2/";
  if (sim_text_starts(call->request->path, prefix)) {
    call->has_product = sim_product_parse(call->request->path + sizeof prefix - 1, &call->product);
  }
}

static const char *s_action(const struct sim_http_request *request) {
  const char *action = sim_http_header(request, "x-zc-action");
  return action == NULL ? "" : action;
}

/* What a rule may look at before anything is checked: the id that the caller claims, not one that
 * was verified. */
static void s_claimed_key(const struct sim_http_request *request, char *out, size_t size) {
  const char *value = sim_http_header(request, "authorization");
  const char *at = value == NULL ? NULL : strstr(value, "Credential=");
  out[0] = '\0';
  if (at != NULL) {
    at += strlen("Credential=");
    size_t len = strcspn(at, ", ");
    sim_strcpy(out, at, len + 1 < size ? len + 1 : size);
  }
}

static void s_start_call(struct sim_call *call, struct sim_world *world,
                         const struct sim_http_request *request, struct sim_reply *reply) {
  *call = (struct sim_call){
      .world = world,
      .request = request,
      .now_ms = sim_clock_mono_ms(),
      .action = s_action(request),
      .depend_resource = -1,
      .page = {.number = -1, .size = -1},
      .reply = reply,
  };
  sim_request_id(&world->rng, call->request_id);
  s_find_product(call);
}

static const struct sim_fault *s_pick(struct sim_call *call, enum sim_moment moment) {
  char key_id[128];
  s_claimed_key(call->request, key_id, sizeof key_id);
  struct sim_fault_facts facts = {
      .moment = moment,
      .action = call->action,
      .key_id = key_id,
      .product = call->has_product ? (int)call->product : -1,
      .ids = cJSON_GetObjectItemCaseSensitive(call->params, "instanceIds"),
      .number_on_connection = call->request->number_on_connection,
  };
  if (facts.ids == NULL) {
    facts.ids = cJSON_GetObjectItemCaseSensitive(call->params, "instanceId");
  }
  return sim_faults_pick(&call->world->faults, &facts);
}

static void s_note_submissions(struct sim_call *call) {
  const cJSON *id = NULL;
  if (!call->has_product || !sim_text_equal(call->action, "ReleaseInstances")) {
    return;
  }
  cJSON_ArrayForEach(id, cJSON_GetObjectItemCaseSensitive(call->params, "instanceIds")) {
    if (cJSON_IsString(id)) {
      sim_ledger_submitted(&call->world->ledger, id->valuestring);
    }
  }
}

static const char *s_sent_code(const struct sim_call *call, int64_t status) {
  const struct sim_fault *fault = call->fault;
  if (status < 0) {
    return NULL;
  }
  if (fault != NULL && fault->code != NULL) {
    return fault->code;
  }
  return status == call->refusal.status ? call->refusal.code : NULL;
}

static void s_log(const struct sim_call *call, int64_t status) {
  const cJSON *ids = cJSON_GetObjectItemCaseSensitive(call->params, "instanceIds");
  char *ids_json = ids == NULL ? NULL : cJSON_PrintUnformatted(ids);
  struct sim_log_entry entry = {
      .number = call->number,
      .time_ms = sim_clock_wall_ms(),
      .request = call->request,
      .product = call->has_product ? sim_product_name(call->product) : NULL,
      .action = call->action[0] == '\0' ? NULL : call->action,
      .auth = call->auth == NULL ? "none" : call->auth,
      .key_id = call->key_id,
      .ids_json = ids_json,
      .ids_count = cJSON_IsArray(ids) ? cJSON_GetArraySize(ids) : -1,
      .page_num = call->page.number,
      .page_size = call->page.size,
      .depend_resource = call->depend_resource,
      .request_id = call->request_id,
      .status = status,
      .code = s_sent_code(call, status),
      .fault = call->fault == NULL ? NULL : sim_fault_name(call->fault),
  };
  sim_request_log_add(&call->world->log, &entry, (size_t)call->world->settings.log_limit);
  cJSON_free(ids_json);
}

static void s_count_connection(struct sim_world *world, const struct sim_http_request *request) {
  if (request->number_on_connection == 1) {
    world->api_connections++;
  }
}

/* The same request arrives once more, as a proxy or a careless client would send it: the second
 * answer counts. */
static void s_deliver_again(struct sim_call *call) {
  call->refusal = (struct sim_refusal){0};
  call->retry_after = NULL;
  s_note_submissions(call);
  sim_request_id(&call->world->rng, call->request_id);
  sim_dispatch(call);
}

static void s_on_api(struct sim_world *world, const struct sim_http_request *request,
                     struct sim_wire *wire) {
  struct sim_call call;
  struct sim_reply reply = {0};
  struct sim_refusal unread;
  s_start_call(&call, world, request, &reply);
  s_count_connection(world, request);
  call.number = sim_request_log_next(&world->log);
  call.params = sim_params_parse(sim_buf_text(&request->body), request->body.len, &unread);
  s_note_submissions(&call);
  call.fault = s_pick(&call, SIM_MOMENT_REQUEST);
  sim_dispatch(&call);
  if (call.fault != NULL && call.fault->kind == SIM_FAULT_twice) {
    s_deliver_again(&call);
  }
  int64_t status = sim_fault_apply(&call, wire);
  s_log(&call, status);
  cJSON_Delete(call.params);
  sim_reply_clean_up(&reply);
}

static void s_on_page(struct sim_world *world, const struct sim_http_request *request,
                      struct sim_wire *wire) {
  struct sim_reply reply = {0};
  sim_pages_handle(world, request, &reply);
  sim_wire_add_reply(wire, &reply, request->keep_alive, sim_world_wall_s(world));
  sim_reply_clean_up(&reply);
}

static void s_on_request(void *context, const struct sim_http_request *request,
                         struct sim_wire *wire) {
  struct sim_world *world = context;
  if (s_is_page(request)) {
    s_on_page(world, request, wire);
  } else {
    s_on_api(world, request, wire);
  }
}

/* Only rules with after_bytes strike before the body is there. */
static bool s_on_headers(void *context, const struct sim_http_request *request,
                         struct sim_wire *wire, size_t *body_bytes) {
  struct sim_world *world = context;
  struct sim_call call;
  struct sim_reply reply = {0};
  if (s_is_page(request)) {
    return false;
  }
  s_start_call(&call, world, request, &reply);
  call.fault = s_pick(&call, SIM_MOMENT_HEADERS);
  if (call.fault == NULL) {
    return false;
  }
  call.number = sim_request_log_next(&world->log);
  *body_bytes = (size_t)call.fault->after_bytes;
  s_log(&call, sim_fault_apply(&call, wire));
  return true;
}

static bool s_on_accept(void *context) {
  struct sim_world *world = context;
  struct sim_fault_facts facts = {.moment = SIM_MOMENT_ACCEPT, .product = -1};
  return sim_faults_pick(&world->faults, &facts) == NULL;
}

struct sim_handler sim_world_handler(struct sim_world *world) {
  return (struct sim_handler){
      .context = world,
      .accepted = s_on_accept,
      .headers = s_on_headers,
      .request = s_on_request,
  };
}
