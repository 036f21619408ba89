/*
 * What a person or a program is told beside the outcomes. Codes are stable; summary and hint come
 * from one table; detail is one sentence about this very case.
 */
#ifndef ZR_MODEL_DIAGNOSTIC_H
#define ZR_MODEL_DIAGNOSTIC_H

#include <stdbool.h>
#include <stdint.h>

enum zr_severity { ZR_SEVERITY_NONE, ZR_SEVERITY_ERROR, ZR_SEVERITY_WARNING, ZR_SEVERITY_INFO };

enum zr_code {
  ZR_CODE_NONE,
#define ZR_CODE(name, severity, retry, summary, hint) ZR_CODE_##name,
#include "model/code.def"
#undef ZR_CODE
  ZR_CODE_COUNT_
};

struct zr_code_info {
  const char *name; /* "NOT_RECYCLED" */
  enum zr_severity severity;
  bool retryable;
  const char *summary;
  const char *hint;
};

/* Never NULL; an unknown number gives INTERNAL. Any thread. */
const struct zr_code_info *zr_code_info(enum zr_code c);
/* The code of that name; NONE for any other text. */
enum zr_code zr_code_of_name(const char *name);

/* One diagnostic. All text is borrowed from whoever hands the diagnostic out, or constant;
 * NULL means "none". */
struct zr_diagnostic {
  enum zr_code code;
  const char *detail;
  const char *instance_id;
  int32_t index; /* of the element in instance_ids as the caller sent it; -1: the whole request */
  const char *service_code;
  const char *service_message; /* the service's own words: sanitised, at most 200 bytes */
  int http_status;             /* 0: none */
  const char *request_id;      /* the service's */
  int64_t retry_after_ms;      /* -1: not known */
};

#endif
