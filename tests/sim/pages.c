/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "world.h"

/* The pages under /_sim/: what the tests read and turn. They need no signature and never meet a
 * fault. */

static bool s_method_is(const struct sim_http_request *request, const char *method) {
  return sim_text_equal(sim_buf_text(&request->method), method);
}

static void s_refuse(struct sim_reply *reply, int status, const char *why) {
  sim_reply_start(reply, status);
  struct sim_json json = {.out = &reply->body};
  sim_json_open(&json, NULL, '{');
  sim_json_string(&json, "error", why);
  sim_json_close(&json, '}');
}

static bool s_flag(const struct sim_http_request *request, const char *name) {
  char value[16];
  return sim_http_query(request, name, value, sizeof value) && strcmp(value, "0") != 0;
}

/* NULL with a refusal in reply. */
static cJSON *s_parse_body(const struct sim_http_request *request, struct sim_reply *reply) {
  cJSON *body = cJSON_ParseWithLength(sim_buf_text(&request->body), request->body.len);
  if (body == NULL) {
    s_refuse(reply, 400, "the body is not JSON");
  }
  return body;
}

static void s_get_requests(struct sim_world *world, const struct sim_http_request *request,
                           struct sim_json *json) {
  char since[32] = "0";
  char action[64];
  struct sim_log_query query = {
      .summary = s_flag(request, "summary"),
      .connections = world->api_connections,
  };
  (void)sim_http_query(request, "since", since, sizeof since);
  query.since = strtoull(since, NULL, 10);
  query.action = sim_http_query(request, "action", action, sizeof action) ? action : NULL;
  sim_request_log_write(&world->log, &query, json);
}

static void s_requests(struct sim_world *world, const struct sim_http_request *request,
                       struct sim_reply *reply) {
  if (s_method_is(request, "DELETE")) {
    sim_request_log_clean_up(&world->log);
  } else if (!s_method_is(request, "GET")) {
    s_refuse(reply, 405, "GET or DELETE");
    return;
  }
  struct sim_json json = {.out = &reply->body};
  s_get_requests(world, request, &json);
}

static void s_ledger(struct sim_world *world, const struct sim_http_request *request,
                     struct sim_reply *reply) {
  if (!s_method_is(request, "GET")) {
    s_refuse(reply, 405, "GET (a PUT of the fleet starts a new ledger)");
    return;
  }
  struct sim_json json = {.out = &reply->body};
  sim_ledger_write(&world->ledger, &json);
}

static void s_faults(struct sim_world *world, const struct sim_http_request *request,
                     struct sim_reply *reply) {
  if (s_method_is(request, "PUT")) {
    cJSON *body = s_parse_body(request, reply);
    const char *why = body == NULL ? NULL : sim_faults_replace(&world->faults, body);
    cJSON_Delete(body);
    if (why != NULL) {
      s_refuse(reply, 400, why);
    }
    if (reply->status != 200) {
      return;
    }
  } else if (s_method_is(request, "DELETE")) {
    sim_faults_clean_up(&world->faults);
  } else if (!s_method_is(request, "GET")) {
    s_refuse(reply, 405, "GET, PUT or DELETE");
    return;
  }
  struct sim_json json = {.out = &reply->body};
  sim_faults_write(&world->faults, &json);
}

static void s_put_fleet(struct sim_world *world, const struct sim_http_request *request,
                        struct sim_reply *reply) {
  cJSON *body = s_parse_body(request, reply);
  if (body == NULL) {
    return;
  }
  const char *why = sim_fleet_file_apply(world, body, !s_flag(request, "merge"));
  cJSON_Delete(body);
  if (why != NULL) {
    s_refuse(reply, 400, why);
    return;
  }
  sim_buf_puts(&reply->body, "{\"ok\":true}");
}

static void s_fleet(struct sim_world *world, const struct sim_http_request *request,
                    struct sim_reply *reply) {
  if (s_method_is(request, "PUT")) {
    s_put_fleet(world, request, reply);
    return;
  }
  if (!s_method_is(request, "GET")) {
    s_refuse(reply, 405, "GET or PUT");
    return;
  }
  struct sim_json json = {.out = &reply->body};
  sim_fleet_file_write(world, &json);
}

/* The service's own timer strikes now: for the ids given, or for everything in the bin. */
static void s_expire(struct sim_world *world, const struct sim_http_request *request,
                     struct sim_reply *reply) {
  cJSON *body = request->body.len == 0 ? cJSON_CreateObject() : s_parse_body(request, reply);
  if (body == NULL) {
    return;
  }
  const cJSON *ids = cJSON_GetObjectItemCaseSensitive(body, "instanceIds");
  int64_t expired = 0;
  for (int product = 0; product < SIM_PRODUCT_COUNT; product++) {
    struct sim_instance *instance = world->fleet.by_id[product];
    for (; instance != NULL; instance = instance->hh.next) {
      const cJSON *id = NULL;
      bool named = ids == NULL;
      cJSON_ArrayForEach(id, ids) {
        named = named || sim_text_equal(cJSON_GetStringValue(id), instance->id);
      }
      if (named && sim_instance_status(instance) == SIM_STATUS_RECYCLE) {
        struct sim_ledger_entry why = {.cause = SIM_CAUSE_TIMER};
        sim_instance_destroy(instance, &why, sim_clock_mono_ms());
        expired++;
      }
    }
  }
  cJSON_Delete(body);
  struct sim_json json = {.out = &reply->body};
  sim_json_open(&json, NULL, '{');
  sim_json_int(&json, "expired", expired);
  sim_json_close(&json, '}');
}

/* {"tls_cert": FILE, "tls_key": FILE}: what a man in the middle, or a renewal, would do in mid run.
 */
static void s_tls(struct sim_world *world, const struct sim_http_request *request,
                  struct sim_reply *reply) {
  cJSON *body = s_parse_body(request, reply);
  if (body == NULL) {
    return;
  }
  const char *cert = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, "tls_cert"));
  const char *key = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, "tls_key"));
  if (world->server.tls == NULL || cert == NULL || key == NULL ||
      !sim_tls_reload(world->server.tls, cert, key)) {
    s_refuse(reply, 400, "not serving TLS, or no usable tls_cert and tls_key");
  } else {
    world->server.certificate++;
    struct sim_json json = {.out = &reply->body};
    sim_json_open(&json, NULL, '{');
    sim_json_int(&json, "connections_before", (int64_t)world->server.accepted);
    sim_json_close(&json, '}');
  }
  cJSON_Delete(body);
}

static void s_settings(struct sim_world *world, const struct sim_http_request *request,
                       struct sim_reply *reply) {
  if (s_method_is(request, "PUT")) {
    cJSON *body = s_parse_body(request, reply);
    const char *why = NULL;
    if (body != NULL) {
      why = sim_settings_set_json(&world->settings, body);
    }
    cJSON_Delete(body);
    if (why != NULL) {
      s_refuse(reply, 400, why);
    }
    if (reply->status != 200) {
      return;
    }
  } else if (!s_method_is(request, "GET")) {
    s_refuse(reply, 405, "GET or PUT");
    return;
  }
  struct sim_json json = {.out = &reply->body};
  sim_settings_write(&world->settings, &json);
}

void sim_pages_handle(struct sim_world *world, const struct sim_http_request *request,
                      struct sim_reply *reply) {
  typedef void(s_page_fn)(struct sim_world *, const struct sim_http_request *, struct sim_reply *);
  static const struct {
    const char *path;
    s_page_fn *handle;
  } pages[] = {
      {"/_sim/requests", s_requests}, {"/_sim/ledger", s_ledger},
      {"/_sim/faults", s_faults},     {"/_sim/fleet", s_fleet},
      {"/_sim/settings", s_settings}, {"/_sim/fleet/expire", s_expire},
      {"/_sim/tls", s_tls},
  };
  sim_reply_start(reply, 200);
  for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
    if (strcmp(pages[i].path, request->path) == 0) {
      pages[i].handle(world, request, reply);
      return;
    }
  }
  s_refuse(reply, 404,
           "no such page: requests, ledger, faults, fleet, fleet/expire, settings, tls");
}
