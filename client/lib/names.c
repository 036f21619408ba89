#include "names.h"

#include "base/attr.h"

static const char *const s_outcomes[] = {
    [ZENRELEASE_OUTCOME_NONE] = "none",
    [ZENRELEASE_OUTCOME_RELEASED] = "released",
    [ZENRELEASE_OUTCOME_ACCEPTED] = "accepted",
    [ZENRELEASE_OUTCOME_ALREADY_GONE] = "already_gone",
    [ZENRELEASE_OUTCOME_NOT_FOUND] = "not_found",
    [ZENRELEASE_OUTCOME_NOT_RECYCLED] = "not_recycled",
    [ZENRELEASE_OUTCOME_REFUSED] = "refused",
    [ZENRELEASE_OUTCOME_INVALID] = "invalid",
    [ZENRELEASE_OUTCOME_NOT_ATTEMPTED] = "not_attempted",
    [ZENRELEASE_OUTCOME_UNKNOWN] = "unknown",
};
_Static_assert(ZR_COUNT(s_outcomes) == ZENRELEASE_OUTCOME_COUNT, "one name for each outcome");

static const char *const s_products[] = {
    [ZENRELEASE_PRODUCT_NONE] = "none",
    [ZENRELEASE_PRODUCT_VM] = "vm",
    [ZENRELEASE_PRODUCT_BMC] = "bmc",
    [ZENRELEASE_PRODUCT_ZEC] = "zec",
};

static const char *const s_severities[] = {
    [ZENRELEASE_SEVERITY_NONE] = "none",
    [ZENRELEASE_SEVERITY_ERROR] = "error",
    [ZENRELEASE_SEVERITY_WARNING] = "warning",
    [ZENRELEASE_SEVERITY_INFO] = "info",
};

static const char *const s_events[] = {
    [0] = "none",
    [ZENRELEASE_EVENT_STARTED] = "started",
    [ZENRELEASE_EVENT_TICK] = "tick",
    [ZENRELEASE_EVENT_RECONNECTING] = "reconnecting",
    [ZENRELEASE_EVENT_STOPPING] = "stopping",
    [ZENRELEASE_EVENT_PREFLIGHT_DONE] = "preflight_done",
    [ZENRELEASE_EVENT_BATCH_SENT] = "batch_sent",
    [ZENRELEASE_EVENT_BATCH_ANSWERED] = "batch_answered",
    [ZENRELEASE_EVENT_THROTTLED] = "throttled",
    [ZENRELEASE_EVENT_BATCH_SPLIT] = "batch_split",
    [ZENRELEASE_EVENT_VERIFIED] = "verified",
    [ZENRELEASE_EVENT_OUTCOMES_DECIDED] = "outcomes_decided",
    [ZENRELEASE_EVENT_RESULT] = "result",
};

static const char *s_name(const char *const *table, size_t count, size_t index) {
  return index < count && table[index] ? table[index] : table[0];
}

const char *zenrelease_outcome_name(enum zenrelease_outcome outcome) {
  return s_name(s_outcomes, ZR_COUNT(s_outcomes), (size_t)outcome);
}

const char *zenrelease_product_name(enum zenrelease_product product) {
  return s_name(s_products, ZR_COUNT(s_products), (size_t)product);
}

const char *zenrelease_severity_name(enum zenrelease_severity severity) {
  return s_name(s_severities, ZR_COUNT(s_severities), (size_t)severity);
}

const char *zenrelease_event_type_name(enum zenrelease_event_type type) {
  return s_name(s_events, ZR_COUNT(s_events), (size_t)type);
}

enum zenrelease_outcome zr_outcome_from_number(int number) {
  if (number <= ZENRELEASE_OUTCOME_NONE || number >= ZENRELEASE_OUTCOME_COUNT)
    return ZENRELEASE_OUTCOME_UNKNOWN;
  return (enum zenrelease_outcome)number;
}

enum zenrelease_severity zr_severity_from_number(int number) {
  if (number < 0 || (size_t)number >= ZR_COUNT(s_severities))
    return ZENRELEASE_SEVERITY_NONE;
  return (enum zenrelease_severity)number;
}

enum zenrelease_product zr_product_from_number(int number) {
  if (number < 0 || (size_t)number >= ZR_COUNT(s_products))
    return ZENRELEASE_PRODUCT_NONE;
  return (enum zenrelease_product)number;
}
