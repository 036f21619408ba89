/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "signature.h"
#include "world.h"

/*
 * The order in which the service is taken to look at a request: route, content type, authorization,
 * rate, action and version, parameters, existence, state, effect. The first step that refuses ends
 * it.
 */
#define S_WINDOW_S 300

int64_t sim_world_wall_s(const struct sim_world *world) {
  return sim_clock_wall_ms() / 1000 + world->settings.clock_offset_s;
}

static const char *s_header(const struct sim_call *call, const char *name) {
  return sim_http_header(call->request, name);
}

static bool s_check_route(struct sim_call *call) {
  if (!call->has_product) {
    return sim_refuse(&call->refusal, 404, "NOT_FOUND", "no service at %s", call->request->path);
  }
  if (!sim_text_equal(sim_buf_text(&call->request->method), "POST")) {
    return sim_refuse(&call->refusal, 405, "METHOD_NOT_ALLOWED", "only POST is served");
  }
  return true;
}

static bool s_check_content_type(struct sim_call *call) {
  static const char json[] = "application/json";
  const char *value = s_header(call, "content-type");
  bool is_json = value != NULL && strncasecmp(value, json, sizeof json - 1) == 0;
  if (is_json) {
    const char *rest = value + sizeof json - 1;
    rest += strspn(rest, " ;");
    is_json = *rest == '\0' || strcasecmp(rest, "charset=utf-8") == 0;
  }
  return is_json || sim_refuse(&call->refusal, 415, "UNSUPPORTED_MEDIA_TYPE",
                               "the body must be application/json");
}

static bool s_refuse_auth(struct sim_call *call, const char *code, const char *message) {
  return sim_refuse(&call->refusal, call->world->settings.auth_status == 0 ? 401 : 403, code, "%s",
                    message);
}

static const char *s_signed_header(const void *context, const char *name) {
  return sim_http_header(context, name);
}

static bool s_check_window(struct sim_call *call, const char *timestamp) {
  int64_t age_s = sim_world_wall_s(call->world) - strtoll(timestamp, NULL, 10);
  if (age_s > S_WINDOW_S || age_s < -S_WINDOW_S) {
    return s_refuse_auth(call, "AUTHFAILURE_SIGNATURE_EXPIRED", "the signature has expired");
  }
  return true;
}

static bool s_check_hmac(struct sim_call *call, const struct sim_authorization *authorization) {
  const char *timestamp = s_header(call, "x-zc-timestamp");
  const char *method = s_header(call, "x-zc-signature-method");
  call->auth = "hmac";
  if (timestamp == NULL || *timestamp == '\0' ||
      strspn(timestamp, "0123456789") != strlen(timestamp) || strlen(timestamp) > 12 ||
      !sim_text_equal(method, "ZC2-HMAC-SHA256")) {
    return s_refuse_auth(call, "AUTHFAILURE_INVALID_AUTHORIZATION",
                         "X-ZC-Timestamp or X-ZC-Signature-Method is missing or malformed");
  }
  call->account = sim_accounts_by_key(&call->world->accounts, authorization->key_id);
  struct sim_signed_request request = {
      .header = s_signed_header,
      .context = call->request,
      .body = sim_buf_text(&call->request->body),
      .body_len = call->request->body.len,
      .timestamp = timestamp,
      .password = call->account == NULL ? "" : call->account->key_password,
  };
  if (call->account == NULL || !sim_signature_matches(&request, authorization)) {
    return s_refuse_auth(call, "AUTHFAILURE_SIGNATURE_FAILURE", "the signature does not match");
  }
  return s_check_window(call, timestamp);
}

static bool s_check_bearer(struct sim_call *call, const struct sim_authorization *authorization) {
  call->auth = "bearer";
  call->account = sim_accounts_by_token(&call->world->accounts, authorization->bearer);
  if (call->account == NULL) {
    return s_refuse_auth(call, "AUTHFAILURE_INVALID_AUTHORIZATION", "the token is invalid");
  }
  return true;
}

static bool s_check_authorization(struct sim_call *call) {
  struct sim_authorization authorization;
  const char *value = s_header(call, "authorization");
  call->auth = "none";
  if (value == NULL || !sim_authorization_parse(&authorization, value)) {
    return s_refuse_auth(call, "AUTHFAILURE_INVALID_AUTHORIZATION",
                         "the Authorization header is missing or malformed");
  }
  bool good = authorization.bearer != NULL ? s_check_bearer(call, &authorization)
                                           : s_check_hmac(call, &authorization);
  if (call->account != NULL) {
    call->key_id = call->account->key_id;
    call->account_number = call->account->of;
    if (good && (call->world->settings.revoked || call->account->revoked)) {
      good = s_refuse_auth(call,
                           authorization.bearer != NULL ? "AUTHFAILURE_INVALID_AUTHORIZATION"
                                                        : "AUTHFAILURE_SIGNATURE_FAILURE",
                           "the credential has been revoked");
    }
  }
  sim_authorization_clean_up(&authorization);
  return good;
}

static bool s_check_rate(struct sim_call *call) {
  const struct sim_settings *settings = &call->world->settings;
  if (sim_account_admit(call->account, settings->rate, settings->burst, call->now_ms)) {
    return true;
  }
  call->retry_after = settings->retry_after;
  return sim_refuse(&call->refusal, 429, "REQUEST_LIMIT_EXCEEDED", "too many requests");
}

typedef void(s_action_fn)(struct sim_call *call);

static const struct {
  const char *name;
  unsigned products;
  s_action_fn *run;
} s_actions[] = {
    {"DescribeInstances", 1U << SIM_VM | 1U << SIM_BMC | 1U << SIM_ZEC, sim_action_describe},
    {"DescribeInstancesStatus", 1U << SIM_VM | 1U << SIM_ZEC, sim_action_describe_status},
    {"ReleaseInstances", 1U << SIM_VM | 1U << SIM_BMC | 1U << SIM_ZEC, sim_action_release},
    {"TerminateInstance", 1U << SIM_VM | 1U << SIM_BMC, sim_action_terminate},
};

static s_action_fn *s_find_action(const struct sim_call *call) {
  for (size_t i = 0; i < sizeof s_actions / sizeof s_actions[0]; i++) {
    if ((s_actions[i].products & 1U << call->product) != 0 &&
        strcmp(s_actions[i].name, call->action) == 0) {
      return s_actions[i].run;
    }
  }
  return NULL;
}

static bool s_check_version(struct sim_call *call) {
  static const char *const versions[SIM_PRODUCT_COUNT][2] = {
      [SIM_VM] = {"2023-03-13", "2026-04-01"},
      [SIM_BMC] = {"2022-11-20", "2026-02-01"},
      [SIM_ZEC] = {"2024-04-01", "2025-09-01"},
  };
  const char *version = s_header(call, "x-zc-version");
  if (call->action[0] == '\0' || version == NULL || *version == '\0') {
    return sim_refuse(&call->refusal, 400, "MISSING_PARAMETER",
                      "X-ZC-Action and X-ZC-Version are required");
  }
  call->old_version = strcmp(version, versions[call->product][0]) == 0;
  bool known = call->old_version || strcmp(version, versions[call->product][1]) == 0;
  if (!known || s_find_action(call) == NULL) {
    return s_refuse_auth(call, "AUTHFAILURE_UNAUTHORIZED_OPERATION",
                         "the operation is not allowed, or does not exist");
  }
  return true;
}

static bool s_check_body(struct sim_call *call) {
  if (call->params != NULL) {
    return true;
  }
  call->params =
      sim_params_parse(sim_buf_text(&call->request->body), call->request->body.len, &call->refusal);
  return call->params != NULL;
}

void sim_dispatch(struct sim_call *call) {
  typedef bool(s_check_fn)(struct sim_call *);
  static s_check_fn *const checks[] = {
      s_check_route, s_check_content_type, s_check_authorization,
      s_check_rate,  s_check_version,      s_check_body,
  };
  bool good = true;
  for (size_t i = 0; good && i < sizeof checks / sizeof checks[0]; i++) {
    good = checks[i](call);
  }
  if (good) {
    s_find_action(call)(call);
  }
  if (call->refusal.status == 0) {
    return;
  }
  sim_reply_error(call->reply, call->refusal.status, call->request_id, call->refusal.code,
                  call->refusal.message);
  if (call->retry_after != NULL && call->retry_after[0] != '\0') {
    sim_reply_header(call->reply, "Retry-After", call->retry_after);
  }
}

struct sim_instance *sim_call_find(const struct sim_call *call, const char *id) {
  struct sim_instance *instance = sim_fleet_find(&call->world->fleet, call->product, id);
  return instance != NULL && instance->account == call->account_number ? instance : NULL;
}

void sim_call_open_reply(const struct sim_call *call, struct sim_json *json) {
  sim_reply_start(call->reply, 200);
  json->out = &call->reply->body;
  sim_json_open(json, NULL, '{');
  sim_json_string(json, "requestId", call->request_id);
  sim_json_open(json, "response", '{');
  sim_json_string(json, "requestId", call->request_id);
}

void sim_call_close_reply(struct sim_json *json) {
  sim_json_close(json, '}');
  sim_json_close(json, '}');
}

void sim_call_reply_id_only(const struct sim_call *call) {
  struct sim_json json = {0};
  sim_call_open_reply(call, &json);
  sim_call_close_reply(&json);
}
