#include "error.h"

#include <stdarg.h>

#include "base/buf.h"
#include "base/mem.h"

enum { MESSAGE_MAX = 16 * 1024 };

static const char *const s_status_names[] = {
    [ZENRELEASE_OK] = "ok",
    [ZENRELEASE_CANCELLED] = "cancelled",
    [ZENRELEASE_UNKNOWN] = "unknown",
    [ZENRELEASE_INVALID_ARGUMENT] = "invalid_argument",
    [ZENRELEASE_DEADLINE_EXCEEDED] = "deadline_exceeded",
    [ZENRELEASE_NOT_FOUND] = "not_found",
    [ZENRELEASE_ALREADY_EXISTS] = "already_exists",
    [ZENRELEASE_PERMISSION_DENIED] = "permission_denied",
    [ZENRELEASE_RESOURCE_EXHAUSTED] = "resource_exhausted",
    [ZENRELEASE_FAILED_PRECONDITION] = "failed_precondition",
    [ZENRELEASE_ABORTED] = "aborted",
    [ZENRELEASE_OUT_OF_RANGE] = "out_of_range",
    [ZENRELEASE_UNIMPLEMENTED] = "unimplemented",
    [ZENRELEASE_INTERNAL] = "internal",
    [ZENRELEASE_UNAVAILABLE] = "unavailable",
    [ZENRELEASE_DATA_LOSS] = "data_loss",
    [ZENRELEASE_UNAUTHENTICATED] = "unauthenticated",
};
_Static_assert(ZR_COUNT(s_status_names) == 17, "one name for each gRPC status");

const char *zenrelease_status_name(enum zenrelease_status status) {
  return (size_t)status < ZR_COUNT(s_status_names) ? s_status_names[status] : "unknown";
}

enum zenrelease_status zr_status_from_number(long number) {
  if (number < 0 || (size_t)number >= ZR_COUNT(s_status_names))
    return ZENRELEASE_UNKNOWN;
  return (enum zenrelease_status)number;
}

enum zenrelease_status zr_error_set(struct zenrelease_error **slot, enum zenrelease_status status,
                                    const char *format, ...) {
  if (!slot || *slot)
    return status;
  struct zr_buf text = ZR_BUF_INIT(MESSAGE_MAX);
  va_list args;
  va_start(args, format);
  (void)zr_buf_vprintf(&text, format, args);
  va_end(args);
  struct zenrelease_error *e = zr_calloc(1, sizeof *e);
  char *message = zr_buf_take(&text);
  if (!e || !message) {
    zr_free(e);
    zr_free(message);
    return ZENRELEASE_RESOURCE_EXHAUSTED;
  }
  e->status = status;
  e->message = message;
  e->retry_delay_ms = -1;
  *slot = e;
  return status;
}

enum zenrelease_status zr_error_nomem(struct zenrelease_error **slot) {
  return zr_error_set(slot, ZENRELEASE_RESOURCE_EXHAUSTED, "out of memory");
}

int zr_error_add_violation(struct zenrelease_error *e, struct zr_view field,
                           struct zr_view description) {
  void *array = e->violations;
  if (zr_grow(&array, &e->violation_cap, e->violation_count + 1, sizeof *e->violations) != 0)
    return -1;
  e->violations = array;
  struct zr_violation v = {zr_strndup(field.ptr, field.len),
                           zr_strndup(description.ptr, description.len)};
  if (!v.field || !v.description) {
    zr_free(v.field);
    zr_free(v.description);
    return -1;
  }
  e->violations[e->violation_count++] = v;
  return 0;
}

void zenrelease_error_free(struct zenrelease_error *error) {
  if (!error)
    return;
  for (size_t i = 0; i < error->violation_count; i++) {
    zr_free(error->violations[i].field);
    zr_free(error->violations[i].description);
  }
  zr_free(error->violations);
  zr_free(error->message);
  zr_free(error);
}

enum zenrelease_status zenrelease_error_status(const struct zenrelease_error *error) {
  return error ? error->status : ZENRELEASE_RESOURCE_EXHAUSTED;
}

const char *zenrelease_error_message(const struct zenrelease_error *error) {
  return error ? error->message : "out of memory";
}

size_t zenrelease_error_violation_count(const struct zenrelease_error *error) {
  return error ? error->violation_count : 0;
}

const char *zenrelease_error_violation_field(const struct zenrelease_error *error, size_t index) {
  return error && index < error->violation_count ? error->violations[index].field : "";
}

const char *zenrelease_error_violation_description(const struct zenrelease_error *error,
                                                   size_t index) {
  return error && index < error->violation_count ? error->violations[index].description : "";
}

int64_t zenrelease_error_retry_delay_ms(const struct zenrelease_error *error) {
  return error ? error->retry_delay_ms : -1;
}
