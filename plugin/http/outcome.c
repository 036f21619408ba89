/* How a transfer ended, told in our own terms. */
#include <stdio.h>

#include "http/transfer.h"

const char *zr_http_phase_name(enum zr_http_phase phase) {
  static const char *const names[] = {
      [ZR_HTTP_NOT_SENT] = "not sent",
      [ZR_HTTP_SENT_NO_ANSWER] = "sent, no answer",
      [ZR_HTTP_PARTIAL_ANSWER] = "answered in part",
      [ZR_HTTP_ANSWERED] = "answered",
  };
  return (unsigned)phase < sizeof names / sizeof names[0] ? names[phase] : "unknown";
}

static enum zr_http_phase s_phase(const struct zr_transfer *t) {
  if (!t->left)
    return ZR_HTTP_NOT_SENT;
  if (!zr_head_is_final(&t->head))
    return ZR_HTTP_SENT_NO_ANSWER;
  bool whole = t->stop == ZR_STOP_NONE && t->code == CURLE_OK && t->head.done;
  return whole ? ZR_HTTP_ANSWERED : ZR_HTTP_PARTIAL_ANSWER;
}

/* A proxy that answers CONNECT with 5xx could not reach the host: that may pass. */
static bool s_proxy_refused(const struct zr_transfer *t) {
  return t->connect_code >= 300 && t->connect_code < 500;
}

static enum zr_http_trouble s_trouble_unsent(const struct zr_transfer *t) {
  if (s_proxy_refused(t))
    return ZR_HTTP_TROUBLE_PROXY;
  if (t->no_descriptors) /* also when it looks like a bad certificate file: that will pass */
    return ZR_HTTP_TROUBLE_CONNECT;
  /* NOLINTNEXTLINE(clang-diagnostic-switch-enum): a hundred codes, and the rest has a default */
  switch ((int)t->code) {
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_RESOLVE_PROXY:
    return ZR_HTTP_TROUBLE_RESOLVE;
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_ISSUER_ERROR:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_SSL_INVALIDCERTSTATUS:
    return ZR_HTTP_TROUBLE_CERTIFICATE;
  case CURLE_SSL_CONNECT_ERROR:
    return ZR_HTTP_TROUBLE_TLS;
  case CURLE_UNSUPPORTED_PROTOCOL:
  case CURLE_URL_MALFORMAT:
  case CURLE_FAILED_INIT:
  case CURLE_OUT_OF_MEMORY:
  case CURLE_BAD_FUNCTION_ARGUMENT:
  case CURLE_SSL_CIPHER:
  case CURLE_SSL_ENGINE_NOTFOUND:
    return ZR_HTTP_TROUBLE_LOCAL;
  default:
    return ZR_HTTP_TROUBLE_CONNECT;
  }
}

static enum zr_http_trouble s_trouble(const struct zr_transfer *t, enum zr_http_phase phase) {
  if (phase == ZR_HTTP_ANSWERED)
    return ZR_HTTP_TROUBLE_NONE;
  if (t->stop == ZR_STOP_CANCELLED)
    return ZR_HTTP_TROUBLE_CANCELLED;
  if (phase != ZR_HTTP_NOT_SENT)
    return ZR_HTTP_TROUBLE_TRANSFER;
  return t->stop == ZR_STOP_NONE ? s_trouble_unsent(t) : ZR_HTTP_TROUBLE_CONNECT;
}

static const char *s_cause(const struct zr_transfer *t, enum zr_http_phase phase) {
  switch (t->stop) {
  case ZR_STOP_CANCELLED:
    return "cancelled";
  case ZR_STOP_DEADLINE:
    return phase == ZR_HTTP_NOT_SENT         ? "no connection in time"
           : phase == ZR_HTTP_SENT_NO_ANSWER ? "no answer in time"
                                             : "the answer did not end in time";
  case ZR_STOP_TOO_SLOW:
    return "the answer comes too slowly";
  case ZR_STOP_HEAD_TOO_LARGE:
    return "the head of the answer is too large";
  case ZR_STOP_BODY_TOO_LARGE:
    return "the answer is too large";
  case ZR_STOP_NO_MEMORY:
    return "out of memory while reading the answer";
  case ZR_STOP_NONE:
    break;
  }
  if (t->no_descriptors && phase == ZR_HTTP_NOT_SENT)
    return "no file descriptors are left";
  if (t->code == CURLE_SEND_FAIL_REWIND)
    return "the kept-alive connection closed without an answer";
  if (t->code == CURLE_OK)
    return "the connection closed within the head of the answer";
  return t->error[0] ? t->error : curl_easy_strerror(t->code);
}

static void s_reason(const struct zr_transfer *t, enum zr_http_phase phase,
                     char reason[ZR_HTTP_REASON_BYTES]) {
  char where[160];
  reason[0] = '\0';
  if (phase == ZR_HTTP_ANSWERED)
    return;
  zr_transfer_where(t, where);
  if (t->connect_code >= 300)
    (void)snprintf(reason, ZR_HTTP_REASON_BYTES, "%s: the proxy answered %ld to CONNECT", where,
                   t->connect_code);
  else
    (void)snprintf(reason, ZR_HTTP_REASON_BYTES, "%s: %s", where, s_cause(t, phase));
  for (char *c = reason; *c; c++) {
    if (*c < 0x20 || *c > 0x7E)
      *c = '?';
  }
}

void zr_transfer_result(const struct zr_transfer *t, char reason[ZR_HTTP_REASON_BYTES],
                        struct zr_http_result *out) {
  enum zr_http_phase phase = s_phase(t);
  bool final = phase >= ZR_HTTP_PARTIAL_ANSWER;
  const struct zr_head *head = &t->head;
  s_reason(t, phase, reason);
  *out = (struct zr_http_result){
      .phase = phase,
      .trouble = s_trouble(t, phase),
      .timed_out = t->stop == ZR_STOP_DEADLINE || t->stop == ZR_STOP_TOO_SLOW ||
                   (t->stop == ZR_STOP_NONE && t->code == CURLE_OPERATION_TIMEDOUT),
      .status = final ? head->status : 0,
      .version = final ? head->version : 0,
      .body = final ? zr_buf_as_view(&t->reply) : ZR_VIEW(""),
      .date = final ? head->date : "",
      .retry_after = final ? head->retry_after : "",
      .cf_mitigated = final ? head->cf_mitigated : "",
      .content_type = final ? head->content_type : "",
      .content_encoding = final ? head->content_encoding : "",
      .location = final ? head->location : "",
      .reason = reason,
  };
}
