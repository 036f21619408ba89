/* SPDX-License-Identifier: Apache-2.0 */
#include "faults_values.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault_samples.h"

static char s_why[300];

const char *sim_fault_wrong(const char *name, const char *expected) {
  (void)snprintf(s_why, sizeof s_why, "\"%.60s\" must be %s", name, expected);
  return s_why;
}

bool sim_fault_is_string_array(const cJSON *list) {
  const cJSON *item = NULL;
  cJSON_ArrayForEach(item, list) {
    if (!cJSON_IsString(item)) {
      return false;
    }
  }
  return cJSON_IsArray(list);
}

static const char *s_set_base64(struct sim_fault *fault, const char *text) {
  size_t len = strlen(text);
  unsigned char *bytes = sim_alloc(len + 4);
  int got = EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)len);
  if (got >= 0) {
    size_t padding = len >= 2 ? (size_t)(text[len - 1] == '=') + (size_t)(text[len - 2] == '=') : 0;
    sim_buf_append(&fault->payload, bytes, (size_t)got - padding);
  }
  free(bytes);
  return got >= 0 ? NULL : sim_fault_wrong("base64", "base64");
}

static const char *s_set_payload(struct sim_fault *fault, const char *name, const cJSON *item) {
  if (fault->payload.data != NULL) {
    return "only one of text, base64, json and sample";
  }
  if (strcmp(name, "json") == 0) {
    char *text = cJSON_PrintUnformatted(item);
    sim_buf_puts(&fault->payload, text == NULL ? "" : text);
    cJSON_free(text);
    return NULL;
  }
  if (!cJSON_IsString(item)) {
    return sim_fault_wrong(name, "a string");
  }
  if (strcmp(name, "base64") == 0) {
    return s_set_base64(fault, item->valuestring);
  }
  if (strcmp(name, "sample") == 0) {
    return sim_fault_sample(item->valuestring, &fault->payload)
               ? NULL
               : sim_fault_wrong(name, sim_fault_sample_names());
  }
  sim_buf_puts(&fault->payload, item->valuestring);
  return NULL;
}

static const char *s_set_effect(struct sim_fault *fault, const char *name, const cJSON *item) {
  if (strcmp(name, "effect") == 0) {
    fault->effect = cJSON_IsTrue(item) ? SIM_EFFECT_ALL : SIM_EFFECT_NONE;
    fault->effect_given = true;
    return cJSON_IsBool(item) ? NULL : sim_fault_wrong(name, "true or false");
  }
  if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > SIM_MAX_FAULT_IDS) {
    return sim_fault_wrong(name, "how many ids are really released");
  }
  fault->effect = strcmp(name, "first") == 0 ? SIM_EFFECT_FIRST : SIM_EFFECT_RANDOM;
  fault->effect_count = (int64_t)item->valuedouble;
  return NULL;
}

static const char *s_set_cut(struct sim_fault *fault, const cJSON *item) {
  static const char *const cuts[] = {
      [SIM_CUT_STATUS] = "status",
      [SIM_CUT_HEADERS] = "headers",
      [SIM_CUT_BODY] = "body",
  };
  for (int i = 0; i < 3; i++) {
    if (sim_text_equal(cJSON_GetStringValue(item), cuts[i])) {
      fault->cut = (enum sim_cut)i;
      return NULL;
    }
  }
  return sim_fault_wrong("of", "status, headers or body");
}

static const char *s_set_retry_after(struct sim_fault *fault, const cJSON *item) {
  char digits[32];
  if (cJSON_IsNumber(item)) {
    (void)snprintf(digits, sizeof digits, "%.15g", item->valuedouble);
    sim_set_string(&fault->retry_after, digits);
    return NULL;
  }
  if (!cJSON_IsString(item) || strpbrk(item->valuestring, "\r\n") != NULL) {
    return sim_fault_wrong("retry_after", "a number or a line of text");
  }
  sim_set_string(&fault->retry_after, item->valuestring);
  return NULL;
}

static const char *s_set_headers(struct sim_fault *fault, const cJSON *item) {
  const cJSON *header = NULL;
  cJSON_ArrayForEach(header, item) {
    if (!cJSON_IsString(header)) {
      return sim_fault_wrong("headers", "an object of strings");
    }
  }
  fault->headers = item;
  return cJSON_IsObject(item) ? NULL : sim_fault_wrong("headers", "an object of strings");
}

static const char *s_set_ids(struct sim_fault *fault, const cJSON *item) {
  const char *word = cJSON_GetStringValue(item);
  fault->ids = item;
  if (sim_fault_is_string_array(item)) {
    return NULL;
  }
  bool known = sim_text_equal(word, "all") || sim_text_equal(word, "unknown");
  return known && fault->kind == SIM_FAULT_failed_ids
             ? NULL
             : sim_fault_wrong("ids",
                               "an array of ids (failed_ids also takes \"all\" and \"unknown\")");
}

const char *sim_fault_set_value(struct sim_fault *fault, const char *name, const cJSON *item) {
  if (strcmp(name, "effect") == 0 || strcmp(name, "first") == 0 || strcmp(name, "random") == 0) {
    return s_set_effect(fault, name, item);
  }
  if (strcmp(name, "of") == 0) {
    return s_set_cut(fault, item);
  }
  if (strcmp(name, "retry_after") == 0) {
    return s_set_retry_after(fault, item);
  }
  if (strcmp(name, "headers") == 0) {
    return s_set_headers(fault, item);
  }
  if (strcmp(name, "ids") == 0) {
    return s_set_ids(fault, item);
  }
  return s_set_payload(fault, name, item);
}
