/*
 * What the end of a call means: the code first, then headers, then the status (model/call.h has the
 * classes, service_codes.def the codes).
 */
#ifndef ZR_ZENLAYER_CLASSIFY_H
#define ZR_ZENLAYER_CLASSIFY_H

#include "base/clock.h"
#include "http/http.h"
#include "model/call.h"
#include "zenlayer/credential.h"
#include "zenlayer/reply.h"
#include "zenlayer/service_code.h"

/* A classified end with the memory that its texts are in. It must not be copied or moved. */
struct zr_finding {
  struct zr_call_end end;
  char code[ZR_SERVICE_CODE_MAX + 1];
  char message[201];
  char request_id[129];
  char reason[600];
};

/* `now` is for a Retry-After that is a date in a reply without one; a text of the reply (message,
 * code, request id, where it redirects to) is withheld when it repeats a secret of `credential`. */
void zr_classify(const struct zr_http_result *result, const struct zr_reply *reply,
                 const struct zr_credential *credential, struct zr_wall now,
                 struct zr_finding *out);
/* A complete reply whose payload cannot be trusted after all. */
void zr_finding_spoil(struct zr_finding *v, const char *fault);

/* Milliseconds from a Retry-After in seconds or as a date: 0 for one that has passed, -1 when it is
 * absent, malformed, or more than an hour away. */
int64_t zr_retry_after_ms(const char *value, const char *date, struct zr_wall now);

/* What is known of the service's clock. */
struct zr_skew {
  int64_t offset_ms;           /* added to our clock before signing */
  bool corrected;              /* at least once, */
  struct zr_mono corrected_at; /* last then */
};

/* Whether a refused signature is the fault of our clock, so that signing again can help: the call
 * was signed before a correction, or the reply's Date shows more than 240 s and *s now has the
 * offset. One correction in ten minutes. */
bool zr_skew_explains(struct zr_skew *s, int64_t signed_offset_ms, const char *date,
                      struct zr_wall now, struct zr_mono mono);
/* Whether `code` is one that a wrong clock causes. */
bool zr_skew_is_code(const char *code);

#endif
