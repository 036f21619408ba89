/* SPDX-License-Identifier: Apache-2.0 */
#include "params.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define S_MAX_ID_LEN 64

bool sim_refuse(struct sim_refusal *refusal, int status, const char *code, const char *format,
                ...) {
  va_list args;
  refusal->status = status;
  refusal->code = code;
  va_start(args, format);
  (void)vsnprintf(refusal->message, sizeof refusal->message, format, args);
  va_end(args);
  return false;
}

static bool s_wrong_type(struct sim_refusal *refusal, const char *name, const char *expected) {
  return sim_refuse(refusal, 400, "INVALID_PARAMETER_TYPE", "parameter %s must be %s", name,
                    expected);
}

cJSON *sim_params_parse(const char *body, size_t len, struct sim_refusal *refusal) {
  const char *end = NULL;
  cJSON *params = cJSON_ParseWithLengthOpts(body, len, &end, false);
  size_t left = params == NULL ? 0 : len - (size_t)(end - body);
  while (left > 0 && strchr(" \t\r\n", *end) != NULL && *end != '\0') {
    end++;
    left--;
  }
  if (!cJSON_IsObject(params) || left > 0) {
    cJSON_Delete(params);
    (void)sim_refuse(refusal, 400, "INVALID_PARAMETER_TYPE", "the body must be a JSON object");
    return NULL;
  }
  return params;
}

static const cJSON *s_given(const cJSON *params, const char *name) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(params, name);
  return cJSON_IsNull(item) ? NULL : item;
}

bool sim_params_string(const cJSON *params, const char *name, const cJSON **out,
                       struct sim_refusal *refusal) {
  *out = s_given(params, name);
  return *out == NULL || cJSON_IsString(*out) || s_wrong_type(refusal, name, "a string");
}

bool sim_params_bool(const cJSON *params, const char *name, bool fallback, bool *out,
                     struct sim_refusal *refusal) {
  const cJSON *item = s_given(params, name);
  *out = item == NULL ? fallback : cJSON_IsTrue(item) != 0;
  return item == NULL || cJSON_IsBool(item) || s_wrong_type(refusal, name, "a boolean");
}

static bool s_array(const cJSON *params, const char *name, int max, const cJSON **out,
                    struct sim_refusal *refusal) {
  *out = s_given(params, name);
  if (*out == NULL) {
    return true;
  }
  if (!cJSON_IsArray(*out)) {
    return s_wrong_type(refusal, name, "an array");
  }
  int count = cJSON_GetArraySize(*out);
  if (count > max) {
    return sim_refuse(refusal, 400, "INVALID_PARAMETER_EXCEED_LENGTH",
                      "parameter %s has %d elements, at most %d are allowed", name, count, max);
  }
  if (count == 0) {
    *out = NULL;
  }
  return true;
}

bool sim_params_strings(const cJSON *params, const char *name, int max, const cJSON **out,
                        struct sim_refusal *refusal) {
  const cJSON *item = NULL;
  if (!s_array(params, name, max, out, refusal)) {
    return false;
  }
  cJSON_ArrayForEach(item, *out) {
    if (!cJSON_IsString(item)) {
      return s_wrong_type(refusal, name, "an array of strings");
    }
  }
  return true;
}

bool sim_params_tags(const cJSON *params, const char *name, const cJSON **out,
                     struct sim_refusal *refusal) {
  const cJSON *item = NULL;
  if (!s_array(params, name, SIM_MAX_TAGS, out, refusal)) {
    return false;
  }
  cJSON_ArrayForEach(item, *out) {
    const cJSON *value = s_given(item, "value");
    if (!cJSON_IsString(s_given(item, "key")) || (value != NULL && !cJSON_IsString(value))) {
      return s_wrong_type(refusal, name, "an array of {key, value}");
    }
  }
  return true;
}

bool sim_params_int(const cJSON *params, const char *name, int64_t fallback, int64_t min,
                    int64_t max, int64_t *out, struct sim_refusal *refusal) {
  const cJSON *item = s_given(params, name);
  *out = fallback;
  if (item == NULL) {
    return true;
  }
  if (!cJSON_IsNumber(item) || item->valuedouble != floor(item->valuedouble)) {
    return s_wrong_type(refusal, name, "an integer");
  }
  if (item->valuedouble < (double)min) {
    return sim_refuse(refusal, 400, "INVALID_PARAMETER_LESS_MINIMUM",
                      "parameter %s is below the minimum", name);
  }
  if (item->valuedouble > (double)max) {
    return sim_refuse(refusal, 400, "INVALID_PARAMETER_EXCEED_MAXIMUM",
                      "parameter %s is above the maximum", name);
  }
  *out = (int64_t)item->valuedouble;
  return true;
}

static bool s_is_plain_id(const char *id) {
  size_t len = strlen(id);
  return len > 0 && len <= S_MAX_ID_LEN &&
         strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

bool sim_params_release_ids(const cJSON *params, bool strict, const cJSON **out,
                            struct sim_refusal *refusal) {
  const cJSON *item = NULL;
  if (!sim_params_strings(params, "instanceIds", SIM_MAX_IDS, out, refusal)) {
    return false;
  }
  if (*out == NULL) {
    return sim_refuse(refusal, 400, "MISSING_PARAMETER", "parameter instanceIds is required");
  }
  cJSON_ArrayForEach(item, *out) {
    if (strict && !s_is_plain_id(item->valuestring)) {
      return sim_refuse(refusal, 400, "INVALID_PARAMETER_PATTERN_ERROR",
                        "parameter instanceIds is malformed");
    }
  }
  return true;
}

bool sim_params_page(const cJSON *params, struct sim_page *page, struct sim_refusal *refusal) {
  return sim_params_int(params, "pageNum", 1, 1, INT32_MAX, &page->number, refusal) &&
         sim_params_int(params, "pageSize", SIM_DEFAULT_PAGE_SIZE, 1, SIM_MAX_PAGE_SIZE,
                        &page->size, refusal);
}
