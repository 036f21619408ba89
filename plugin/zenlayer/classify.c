#include "zenlayer/classify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "zenlayer/sanitize.h"

enum { LONGEST_RETRY_MS = 3600 * 1000, SKEW_MS = 240 * 1000, CORRECTION_INTERVAL_MS = 600 * 1000 };

/* ---- the class ---- */

static enum zr_class s_of_transport(const struct zr_http_result *r) {
  if (r->phase != ZR_HTTP_NOT_SENT)
    return ZR_CLASS_UNKNOWN;
  bool hopeless = r->trouble == ZR_HTTP_TROUBLE_CERTIFICATE || r->trouble == ZR_HTTP_TROUBLE_PROXY;
  return hopeless ? ZR_CLASS_NO_CHANNEL : ZR_CLASS_NOT_SENT;
}

/* 4xx, in the service's own form. 401 and 429 speak for codes that are new. */
static enum zr_class s_of_refusal(int status, const char *code) {
  enum zr_class c = zr_service_code_class(zr_view_of(code));
  if (status == 429 || c != ZR_CLASS_DENIED)
    return status == 429 ? ZR_CLASS_THROTTLED : c;
  return status == 401 ? ZR_CLASS_UNAUTHORIZED : c;
}

/* 4xx that something else than the service wrote. */
static enum zr_class s_of_stranger(const struct zr_http_result *r) {
  if (r->cf_mitigated[0] || r->status == 451)
    return ZR_CLASS_BLOCKED;
  return r->status == 429 ? ZR_CLASS_THROTTLED : ZR_CLASS_UNKNOWN;
}

/* JSON, or not said: a page of something in between may look like a reply. */
static bool s_is_json(const char *content_type) {
  struct zr_view type = {content_type, strcspn(content_type, "; \t")};
  static const char suffix[] = "+json";
  size_t n = sizeof suffix - 1;
  return type.len == 0 || zr_view_eq_nocase(type, ZR_VIEW("application/json")) ||
         zr_view_eq_nocase(type, ZR_VIEW("text/json")) ||
         (type.len > n && strncasecmp(type.ptr + type.len - n, suffix, n) == 0);
}

static enum zr_class s_decide(const struct zr_http_result *r, const struct zr_reply *reply) {
  if (r->phase != ZR_HTTP_ANSWERED)
    return s_of_transport(r);
  if (r->status == 200)
    return reply->fault || !s_is_json(r->content_type) ? ZR_CLASS_UNKNOWN : ZR_CLASS_OK;
  if (r->status >= 300 && r->status < 400)
    return ZR_CLASS_REDIRECTED;
  if (r->status == 407)
    return ZR_CLASS_BLOCKED; /* an answer to the request itself, so its bytes have left */
  bool coded = reply->recognised && reply->code[0];
  if (r->status >= 400 && r->status < 500)
    return coded ? s_of_refusal(r->status, reply->code) : s_of_stranger(r);
  bool throttled = coded && r->status >= 500 &&
                   zr_service_code_class(zr_view_of(reply->code)) == ZR_CLASS_THROTTLED;
  return throttled ? ZR_CLASS_THROTTLED : ZR_CLASS_UNKNOWN;
}

/* A gateway gave up waiting, or the order was taken without being answered (202). */
static bool s_is_late_status(int status) {
  return (status > 200 && status < 300) || status == 408 || status == 502 || status == 504 ||
         (status >= 520 && status <= 529);
}

static bool s_is_late_code(const char *code) {
  const struct zr_service_code *known = zr_service_code_find(zr_view_of(code));
  return known && (strcmp(known->name, "REQUEST_TIMED_OUT") == 0 ||
                   strcmp(known->name, "INVALID_OPERATION_TIMEOUT") == 0);
}

static bool s_late(const struct zr_http_result *r, const struct zr_reply *reply, enum zr_class c) {
  if (c != ZR_CLASS_UNKNOWN)
    return false;
  if (r->phase != ZR_HTTP_ANSWERED || s_is_late_status(r->status))
    return true;
  return !reply->recognised || s_is_late_code(reply->code);
}

/* ---- texts ---- */

/* The host that a Location names; never the URL, which may carry what was meant for us. */
static void s_redirect(const struct zr_http_result *r, char *out, size_t cap) {
  struct zr_view rest = zr_view_of(r->location);
  const char *authority = strstr(r->location, "//");
  if (authority && (authority == r->location || authority[-1] == ':')) {
    rest = zr_view_of(authority + 2);
    rest.len = strcspn(rest.ptr, "/?#\\");
    const char *at = rest.len ? memrchr(rest.ptr, '@', rest.len) : NULL;
    if (at)
      rest = (struct zr_view){at + 1, rest.len - (size_t)(at + 1 - rest.ptr)};
    if (rest.len > 200)
      rest.len = 200;
    (void)snprintf(out, cap, "HTTP %d redirects to %.*s; not followed", r->status,
                   ZR_VIEW_ARG(rest));
  } else {
    (void)snprintf(out, cap, "HTTP %d redirects %s; not followed", r->status,
                   rest.len ? "to another path of the same host" : "without saying where to");
  }
}

static void s_reason(const struct zr_http_result *r, const struct zr_reply *reply, enum zr_class c,
                     struct zr_finding *v) {
  size_t cap = sizeof v->reason;
  if (c == ZR_CLASS_OK)
    return;
  if (r->phase != ZR_HTTP_ANSWERED)
    (void)snprintf(v->reason, cap, "%s (%s)", r->reason, zr_http_phase_name(r->phase));
  else if (c == ZR_CLASS_REDIRECTED)
    s_redirect(r, v->reason, cap);
  else if (r->status == 407)
    (void)snprintf(v->reason, cap, "HTTP 407: the proxy asks for authentication");
  else if (c == ZR_CLASS_BLOCKED)
    (void)snprintf(v->reason, cap, "HTTP %d: a security page answered in the service's place",
                   r->status);
  else if (v->code[0])
    (void)snprintf(v->reason, cap, "HTTP %d with code %s", r->status, v->code);
  else
    (void)snprintf(v->reason, cap, "HTTP %d with a body that is no reply of the service: %s",
                   r->status,
                   reply->fault       ? reply->fault
                   : r->status == 200 ? "its content type is not JSON"
                                      : "unexpected status");
  zr_sanitize_ascii(v->reason);
}

static bool s_repeats_secret(const char *text, const struct zr_credential *c) {
  const struct zr_secret *secrets[] = {&c->key_id, &c->password, &c->token};
  for (size_t i = 0; i < ZR_COUNT(secrets); i++) {
    if (secrets[i]->len >= 4 && memmem(text, strlen(text), secrets[i]->bytes, secrets[i]->len))
      return true;
  }
  return false;
}

/* `text`, or what stands in its place when it would tell a secret on. */
static const char *s_safe(const char *text, const struct zr_credential *credential,
                          const char *instead) {
  return credential && s_repeats_secret(text, credential) ? instead : text;
}

static void s_texts(const struct zr_reply *reply, const struct zr_credential *credential,
                    struct zr_finding *v) {
  zr_sanitize_text(s_safe(reply->message, credential, "(withheld: it repeats a credential)"),
                   v->message, sizeof v->message);
  const char *code = s_safe(reply->code, credential, "WITHHELD");
  const char *id = s_safe(reply->request_id, credential, "withheld");
  memcpy(v->code, code, strnlen(code, sizeof v->code - 1));
  memcpy(v->request_id, id, strnlen(id, sizeof v->request_id - 1));
}

int64_t zr_retry_after_ms(const char *value, const char *date, struct zr_wall now) {
  unsigned long long seconds = 0;
  struct zr_wall until, from = now;
  int64_t ms = -1;
  if (zr_view_to_u64(zr_view_of(value), &seconds)) {
    ms = seconds <= LONGEST_RETRY_MS / 1000 ? (int64_t)seconds * 1000 : -1;
  } else if (value[0] && zr_wall_parse_http(value, &until) == 0) {
    if (!date[0] || zr_wall_parse_http(date, &from) != 0)
      from = now;
    ms = until.ms > from.ms ? until.ms - from.ms : 0;
  }
  return ms <= LONGEST_RETRY_MS ? ms : -1;
}

void zr_classify(const struct zr_http_result *result, const struct zr_reply *reply,
                 const struct zr_credential *credential, struct zr_wall now,
                 struct zr_finding *out) {
  memset(out, 0, sizeof *out);
  enum zr_class c = s_decide(result, reply);
  if (result->phase == ZR_HTTP_ANSWERED)
    s_texts(reply, credential, out);
  struct zr_http_result shown = *result;
  shown.location = s_safe(result->location, credential, "");
  s_reason(&shown, reply, c, out);
  out->end = (struct zr_call_end){
      .class_ = c,
      .http_status = result->status,
      .code = out->code,
      .message = out->message,
      .request_id = out->request_id,
      .reason = out->reason,
      .retry_after_ms = result->phase == ZR_HTTP_ANSWERED
                            ? zr_retry_after_ms(result->retry_after, result->date, now)
                            : -1,
      .late_effect = s_late(result, reply, c),
  };
}

void zr_finding_spoil(struct zr_finding *v, const char *fault) {
  v->end.class_ = ZR_CLASS_UNKNOWN;
  v->end.late_effect = true;
  (void)snprintf(v->reason, sizeof v->reason,
                 "HTTP %d with a body that is no reply of the service: %s", v->end.http_status,
                 fault);
}

/* ---- the clock ---- */

bool zr_skew_is_code(const char *code) {
  const struct zr_service_code *known = zr_service_code_find(zr_view_of(code));
  return known && (strcmp(known->name, "AUTHFAILURE_SIGNATURE_EXPIRED") == 0 ||
                   strcmp(known->name, "AUTHFAILURE_SIGNATURE_FAILURE") == 0);
}

bool zr_skew_explains(struct zr_skew *s, int64_t signed_offset_ms, const char *date,
                      struct zr_wall now, struct zr_mono mono) {
  struct zr_wall theirs;
  if (llabs(s->offset_ms - signed_offset_ms) > SKEW_MS)
    return true;
  if (zr_wall_parse_http(date, &theirs) != 0 ||
      llabs(theirs.ms - (now.ms + signed_offset_ms)) <= SKEW_MS)
    return false;
  if (s->corrected && mono.ms - s->corrected_at.ms < CORRECTION_INTERVAL_MS)
    return false;
  s->offset_ms = theirs.ms - now.ms;
  s->corrected = true;
  s->corrected_at = mono;
  return true;
}
