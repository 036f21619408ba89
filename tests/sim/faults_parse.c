/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "faults_values.h"

/*
 * Reading one rule. Strict on purpose: a misspelt field that was read over would turn a fault test
 * into a test of nothing, and it would pass.
 */
struct s_kind {
  const char *name;
  enum sim_effect effect; /* unless the rule says otherwise */
  const char *fields;     /* the names it takes, each between blanks */
  const char *needs;      /* one that must be there, or NULL */
};

#define S_COMMON " effect first random effect_later_ms delay_ms "
#define S_REPLY  S_COMMON "headers close "

static const struct s_kind s_kinds[] = {
    [SIM_FAULT_drop_before] = {"drop_before", SIM_EFFECT_NONE, " delay_ms reset after_bytes ",
                               NULL},
    [SIM_FAULT_drop_after] = {"drop_after", SIM_EFFECT_ALL, S_COMMON "reset ", NULL},
    [SIM_FAULT_reset] = {"reset", SIM_EFFECT_NONE, S_COMMON, NULL},
    [SIM_FAULT_close_idle] = {"close_idle", SIM_EFFECT_NONE, S_COMMON "reset ", NULL},
    [SIM_FAULT_hang] = {"hang", SIM_EFFECT_NONE, S_COMMON, NULL},
    [SIM_FAULT_accept_reset] = {"accept_reset", SIM_EFFECT_NONE, " ", NULL},
    [SIM_FAULT_status] = {"status", SIM_EFFECT_NONE,
                          S_REPLY "status body code message retry_after ", "status"},
    [SIM_FAULT_error] = {"error", SIM_EFFECT_NONE, S_REPLY "status code message retry_after ",
                         "code"},
    [SIM_FAULT_throttle] = {"throttle", SIM_EFFECT_NONE, S_REPLY "retry_after message ", NULL},
    [SIM_FAULT_error_in_200] = {"error_in_200", SIM_EFFECT_NONE, S_REPLY "status code message ",
                                NULL},
    [SIM_FAULT_html] = {"html", SIM_EFFECT_NONE, S_REPLY "status page text ", NULL},
    [SIM_FAULT_redirect] = {"redirect", SIM_EFFECT_NONE, S_REPLY "status location ", NULL},
    [SIM_FAULT_body] = {"body", SIM_EFFECT_NONE,
                        S_REPLY "status text base64 json sample content_type ", NULL},
    [SIM_FAULT_raw] = {"raw", SIM_EFFECT_NONE, S_COMMON "text base64 keep reset ", NULL},
    [SIM_FAULT_truncate] = {"truncate", SIM_EFFECT_ALL, S_COMMON "bytes of reset ", "bytes"},
    [SIM_FAULT_drip] = {"drip", SIM_EFFECT_ALL, S_COMMON "bytes interval_ms ", "interval_ms"},
    [SIM_FAULT_delay] = {"delay", SIM_EFFECT_ALL, S_COMMON, "delay_ms"},
    [SIM_FAULT_early_103] = {"early_103", SIM_EFFECT_ALL, S_COMMON "count headers ", NULL},
    [SIM_FAULT_endless_headers] = {"endless_headers", SIM_EFFECT_ALL, S_COMMON "lines ", NULL},
    [SIM_FAULT_huge_body] = {"huge_body", SIM_EFFECT_ALL, S_COMMON "bytes status no_length ",
                             "bytes"},
    [SIM_FAULT_gzip_bomb] = {"gzip_bomb", SIM_EFFECT_ALL, S_COMMON "bytes status ", NULL},
    [SIM_FAULT_partial] = {"partial", SIM_EFFECT_FIRST, S_COMMON "status code message ", NULL},
    [SIM_FAULT_effect_later] = {"effect_later", SIM_EFFECT_ALL, S_COMMON, "effect_later_ms"},
    [SIM_FAULT_failed_ids] = {"failed_ids", SIM_EFFECT_ALL, S_COMMON "ids ", "ids"},
    [SIM_FAULT_twice] = {"twice", SIM_EFFECT_ALL, " delay_ms ", NULL},
    [SIM_FAULT_hide_group] = {"hide_group", SIM_EFFECT_ALL, " delay_ms group ", "group"},
    [SIM_FAULT_rows] = {"rows", SIM_EFFECT_ALL,
                        " delay_ms ids total total_delta repeat drop stale_ms page_size ", NULL},
};
#define S_KIND_COUNT (sizeof s_kinds / sizeof s_kinds[0])

enum s_type { S_INT, S_BOOL, S_TEXT, S_OWN };

struct s_field {
  const char *name;
  enum s_type type;
  size_t offset;
  int64_t min;
  int64_t max;
};

#define S_AT(member)  offsetof(struct sim_fault, member)
#define S_LONG_MS     INT64_C(86400000)
#define S_LARGE_BYTES (INT64_C(1) << 40)

static const struct s_field s_match_fields[] = {
    {"action", S_TEXT, S_AT(match.action), 0, 0},
    {"key_id", S_TEXT, S_AT(match.key_id), 0, 0},
    {"nth", S_INT, S_AT(match.nth), 1, INT32_MAX},
    {"from", S_INT, S_AT(match.from), 1, INT32_MAX},
    {"every", S_INT, S_AT(match.every), 1, INT32_MAX},
    {"count", S_INT, S_AT(match.count), 1, INT32_MAX},
    {"product", S_OWN, 0, 0, 0},
    {"containing", S_OWN, 0, 0, 0},
    {"probability", S_OWN, 0, 0, 0},
    {NULL, S_OWN, 0, 0, 0},
};

static const struct s_field s_do_fields[] = {
    {"effect", S_OWN, 0, 0, 0},
    {"first", S_OWN, 0, 0, 0},
    {"random", S_OWN, 0, 0, 0},
    {"effect_later_ms", S_INT, S_AT(effect_later_ms), 0, S_LONG_MS},
    {"delay_ms", S_INT, S_AT(delay_ms), 0, S_LONG_MS},
    {"after_bytes", S_INT, S_AT(after_bytes), 0, INT32_MAX},
    {"bytes", S_INT, S_AT(bytes), 0, S_LARGE_BYTES},
    {"interval_ms", S_INT, S_AT(interval_ms), 1, S_LONG_MS},
    {"lines", S_INT, S_AT(lines), 0, INT32_MAX},
    {"count", S_INT, S_AT(lines), 1, 1000},
    {"status", S_INT, S_AT(status), 200, 999},
    {"total", S_INT, S_AT(total), 0, INT32_MAX},
    {"total_delta", S_INT, S_AT(total_delta), INT32_MIN, INT32_MAX},
    {"repeat", S_INT, S_AT(repeat), 0, 1000},
    {"drop", S_INT, S_AT(drop), 0, 1000},
    {"stale_ms", S_INT, S_AT(stale_ms), 0, S_LONG_MS},
    {"page_size", S_INT, S_AT(page_size), 1, 1000},
    {"reset", S_BOOL, S_AT(reset), 0, 0},
    {"keep", S_BOOL, S_AT(keep), 0, 0},
    {"close", S_BOOL, S_AT(close), 0, 0},
    {"no_length", S_BOOL, S_AT(no_length), 0, 0},
    {"body", S_TEXT, S_AT(shape), 0, 0},
    {"page", S_TEXT, S_AT(shape), 0, 0},
    {"code", S_TEXT, S_AT(code), 0, 0},
    {"message", S_TEXT, S_AT(message), 0, 0},
    {"location", S_TEXT, S_AT(location), 0, 0},
    {"group", S_TEXT, S_AT(group), 0, 0},
    {"content_type", S_TEXT, S_AT(content_type), 0, 0},
    {"of", S_OWN, 0, 0, 0},
    {"retry_after", S_OWN, 0, 0, 0},
    {"headers", S_OWN, 0, 0, 0},
    {"ids", S_OWN, 0, 0, 0},
    {"text", S_OWN, 0, 0, 0},
    {"base64", S_OWN, 0, 0, 0},
    {"json", S_OWN, 0, 0, 0},
    {"sample", S_OWN, 0, 0, 0},
    {NULL, S_OWN, 0, 0, 0},
};

static char s_why[300];

static const struct s_field *s_find(const struct s_field *table, const char *name) {
  for (; table->name != NULL; table++) {
    if (strcmp(table->name, name) == 0) {
      return table;
    }
  }
  return NULL;
}

static const char *s_set_plain(struct sim_fault *fault, const struct s_field *field,
                               const cJSON *item) {
  void *at = (char *)fault + field->offset;
  char expected[80];
  switch (field->type) {
  case S_INT:
    if (!cJSON_IsNumber(item) || item->valuedouble != floor(item->valuedouble) ||
        item->valuedouble < (double)field->min || item->valuedouble > (double)field->max) {
      (void)snprintf(expected, sizeof expected, "a whole number from %lld to %lld",
                     (long long)field->min, (long long)field->max);
      return sim_fault_wrong(field->name, expected);
    }
    *(int64_t *)at = (int64_t)item->valuedouble;
    return NULL;
  case S_BOOL:
    *(bool *)at = cJSON_IsTrue(item) != 0;
    return cJSON_IsBool(item) ? NULL : sim_fault_wrong(field->name, "true or false");
  case S_TEXT:
    *(const char **)at = cJSON_GetStringValue(item);
    return cJSON_IsString(item) ? NULL : sim_fault_wrong(field->name, "a string");
  case S_OWN:
    break;
  }
  return NULL;
}

static const char *s_set_match(struct sim_fault *fault, const char *name, cJSON *item) {
  enum sim_product product;
  if (strcmp(name, "product") == 0) {
    if (!cJSON_IsString(item) || !sim_product_parse(item->valuestring, &product)) {
      return sim_fault_wrong(name, "vm, bmc or zec");
    }
    fault->match.product = product;
  } else if (strcmp(name, "containing") == 0) {
    if (!sim_fault_is_string_array(item) || cJSON_GetArraySize(item) == 0) {
      return sim_fault_wrong(name, "an array of instance ids");
    }
    fault->match.containing = item;
  } else {
    if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > 1) {
      return sim_fault_wrong(name, "a number from 0 to 1");
    }
    fault->match.probability = item->valuedouble;
  }
  return NULL;
}

static const char *s_parse_match(struct sim_fault *fault, const cJSON *match) {
  cJSON *item = NULL;
  if (match != NULL && !cJSON_IsObject(match)) {
    return sim_fault_wrong("match", "an object");
  }
  cJSON_ArrayForEach(item, match) {
    const struct s_field *field = s_find(s_match_fields, item->string);
    if (field == NULL) {
      (void)snprintf(s_why, sizeof s_why, "unknown field \"%.60s\" in match", item->string);
      return s_why;
    }
    const char *why = field->type == S_OWN ? s_set_match(fault, item->string, item)
                                           : s_set_plain(fault, field, item);
    if (why != NULL) {
      return why;
    }
  }
  return NULL;
}

static bool s_takes(const struct s_kind *kind, const char *name) {
  char padded[64];
  (void)snprintf(padded, sizeof padded, " %.60s ", name);
  return strstr(kind->fields, padded) != NULL;
}

static const char *s_parse_fields(struct sim_fault *fault, const struct s_kind *kind,
                                  const cJSON *rule) {
  const cJSON *item = NULL;
  cJSON_ArrayForEach(item, rule) {
    const char *name = item->string;
    if (strcmp(name, "do") == 0 || strcmp(name, "match") == 0 || strcmp(name, "note") == 0) {
      continue;
    }
    const struct s_field *field = s_takes(kind, name) ? s_find(s_do_fields, name) : NULL;
    if (field == NULL) {
      (void)snprintf(s_why, sizeof s_why, "%s does not take \"%.60s\"; it takes:%s", kind->name,
                     name, kind->fields);
      return s_why;
    }
    const char *why = field->type == S_OWN ? sim_fault_set_value(fault, name, item)
                                           : s_set_plain(fault, field, item);
    if (why != NULL) {
      return why;
    }
  }
  if (kind->needs != NULL && cJSON_GetObjectItemCaseSensitive(rule, kind->needs) == NULL) {
    (void)snprintf(s_why, sizeof s_why, "%s needs \"%s\"", kind->name, kind->needs);
    return s_why;
  }
  return NULL;
}

static const char *s_one_of(const char *name, const char *word, const char *words) {
  char padded[64];
  (void)snprintf(padded, sizeof padded, " %.60s ", word == NULL ? "" : word);
  return word == NULL || strstr(words, padded) != NULL ? NULL : sim_fault_wrong(name, words);
}

/* What no single field can say. */
static const char *s_check_whole(struct sim_fault *fault) {
  if (fault->kind == SIM_FAULT_accept_reset) {
    fault->moment = SIM_MOMENT_ACCEPT;
  } else if (fault->after_bytes >= 0) {
    fault->moment = SIM_MOMENT_HEADERS;
  }
  if (fault->moment != SIM_MOMENT_REQUEST && fault->match.containing != NULL) {
    return "\"containing\" needs the whole request, this fault strikes before";
  }
  if (fault->kind == SIM_FAULT_accept_reset &&
      (fault->match.action != NULL || fault->match.product >= 0)) {
    return "accept_reset strikes before any request: only nth, from, every, count and probability";
  }
  if (fault->kind == SIM_FAULT_partial && fault->effect == SIM_EFFECT_FIRST &&
      fault->effect_count < 0) {
    return "partial needs \"first\" or \"random\": how many are really released";
  }
  if (fault->kind == SIM_FAULT_status) {
    return s_one_of("body", fault->shape, " json html empty ");
  }
  if (fault->kind == SIM_FAULT_html) {
    return s_one_of("page", fault->shape, " gateway challenge block captive proxy ");
  }
  return NULL;
}

static const struct s_kind *s_find_kind(const cJSON *rule, enum sim_fault_kind *kind) {
  const char *word = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(rule, "do"));
  for (size_t i = 0; i < S_KIND_COUNT; i++) {
    if (sim_text_equal(s_kinds[i].name, word)) {
      *kind = (enum sim_fault_kind)i;
      return &s_kinds[i];
    }
  }
  struct sim_buf names = {0};
  for (size_t i = 0; i < S_KIND_COUNT; i++) {
    sim_buf_printf(&names, " %s", s_kinds[i].name);
  }
  (void)snprintf(s_why, sizeof s_why, "\"do\" must be one of:%.270s", sim_buf_text(&names));
  sim_buf_clean_up(&names);
  return NULL;
}

const char *sim_fault_parse(struct sim_fault *fault, const cJSON *rule) {
  enum sim_fault_kind which = SIM_FAULT_drop_before;
  *fault = (struct sim_fault){0};
  if (!cJSON_IsObject(rule)) {
    return "a rule must be an object";
  }
  const struct s_kind *kind = s_find_kind(rule, &which);
  if (kind == NULL) {
    return s_why;
  }
  fault->kind = which;
  fault->moment = SIM_MOMENT_REQUEST;
  fault->effect = kind->effect;
  fault->effect_count = -1;
  fault->effect_later_ms = -1;
  fault->after_bytes = -1;
  fault->total = -1;
  fault->match.product = -1;
  fault->match.probability = 1;
  fault->source = cJSON_Duplicate(rule, true);
  const char *why = s_parse_match(fault, cJSON_GetObjectItemCaseSensitive(fault->source, "match"));
  if (why == NULL) {
    why = s_parse_fields(fault, kind, fault->source);
  }
  if (why == NULL) {
    why = s_check_whole(fault);
  }
  if (why != NULL) {
    sim_fault_clean_up(fault);
  }
  return why;
}

void sim_fault_clean_up(struct sim_fault *fault) {
  cJSON_Delete(fault->source);
  free(fault->retry_after);
  sim_buf_clean_up(&fault->payload);
  *fault = (struct sim_fault){0};
}
