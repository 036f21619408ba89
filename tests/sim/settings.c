/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S_DAY_MS    86400000.0
#define S_AT(field) offsetof(struct sim_settings, field)

const struct sim_setting sim_setting_table[] = {
    {"latency_ms", SIM_SETTING_INT, S_AT(latency_ms), 0, S_DAY_MS, NULL, NULL,
     "Wait before every answer"},
    {"release_ms", SIM_SETTING_INT, S_AT(release_ms), 0, S_DAY_MS, NULL, NULL,
     "Time in RELEASING before an instance is absent (0: gone when answered)"},
    {"recycling_ms", SIM_SETTING_INT, S_AT(recycling_ms), 0, S_DAY_MS, NULL, NULL,
     "Time in RECYCLING before an instance is in the bin"},
    {"stopping_ms", SIM_SETTING_INT, S_AT(stopping_ms), 0, S_DAY_MS, NULL, NULL,
     "Time in STOPPING before RECYCLING, after a terminate"},
    {"bin_ms", SIM_SETTING_INT, S_AT(bin_ms), 0, 400 * S_DAY_MS, NULL, NULL,
     "The service itself releases what has been in the bin so long (0: never)"},
    {"read_lag_ms", SIM_SETTING_INT, S_AT(read_lag_ms), 0, S_DAY_MS, NULL, NULL,
     "Describe shows the world as it was so long ago"},
    {"rate", SIM_SETTING_NUMBER, S_AT(rate), 0, 1e6, NULL, NULL,
     "Calls a second and account, \"10/s\" or 10; more are answered 429 (0: no limit)"},
    {"burst", SIM_SETTING_NUMBER, S_AT(burst), 0, 1e6, NULL, NULL,
     "Size of the bucket behind --rate (0: one second's worth)"},
    {"retry_after", SIM_SETTING_TEXT, S_AT(retry_after), 0, 0, NULL, NULL,
     "Retry-After of every 429, verbatim, so also a malformed one"},
    {"partial", SIM_SETTING_CHOICE, S_AT(partial), 0, 0, "off|error|ok", "error",
     "A batch with a bad id is not refused whole: the good ones go, and the answer is the error or "
     "200"},
    {"describe_missing", SIM_SETTING_CHOICE, S_AT(describe_missing), 0, 0, "404|empty", NULL,
     "Describing an unknown id: 404 for the whole call, or no row (default)"},
    {"status_word", SIM_SETTING_CHOICE, S_AT(status_word), 0, 0, "RECYCLE|RECYCLED", NULL,
     "The word for being in the bin"},
    {"auth_status", SIM_SETTING_CHOICE, S_AT(auth_status), 0, 0, "401|403", NULL,
     "Status of AUTHFAILURE codes"},
    {"zec_unknown", SIM_SETTING_CHOICE, S_AT(zec_unknown), 0, 0, "list|404", NULL,
     "zec release of an unknown id: in the failed list of a 200, or 404"},
    {"duplicates", SIM_SETTING_CHOICE, S_AT(duplicates), 0, 0, "refuse|collapse", NULL,
     "The same id twice in one release"},
    {"ids", SIM_SETTING_CHOICE, S_AT(ids), 0, 0, "any|strict", NULL,
     "strict: ids of an odd form are refused with 400 INVALID_PARAMETER_PATTERN_ERROR"},
    {"prepaid", SIM_SETTING_CHOICE, S_AT(prepaid), 0, 0, "cancel|refuse", NULL,
     "bmc terminate of a prepaid server: cancels the subscription, or 403"},
    {"zec_bin", SIM_SETTING_BOOL, S_AT(zec_bin), 0, 0, NULL, "true",
     "The default account is of the recycle-bin kind: the first zec release parks in the bin"},
    {"revoked", SIM_SETTING_BOOL, S_AT(revoked), 0, 0, NULL, "true", "All credentials are refused"},
    {"clock_offset_s", SIM_SETTING_INT, S_AT(clock_offset_s), -4e9, 4e9, NULL, NULL,
     "The service's clock is so many seconds ahead"},
    {"log_limit", SIM_SETTING_INT, S_AT(log_limit), 1, 10e6, NULL, NULL,
     "Requests kept for /_sim/requests; counts go on beyond it"},
};
const size_t sim_setting_count = sizeof sim_setting_table / sizeof sim_setting_table[0];

static char s_why[256];

void sim_settings_init(struct sim_settings *settings) {
  *settings = (struct sim_settings){.describe_missing = 1, .log_limit = 20000};
}

/* The table's offsets are those of the declared types, so reading through void is sound. */
static void *s_field(struct sim_settings *settings, const struct sim_setting *setting) {
  return (char *)settings + setting->offset;
}

static const char *s_set_number(struct sim_settings *settings, const struct sim_setting *setting,
                                double value) {
  bool whole = value == floor(value);
  if (!(value >= setting->min && value <= setting->max) ||
      (setting->type == SIM_SETTING_INT && !whole)) {
    (void)snprintf(s_why, sizeof s_why, "%s: %.15g is not %s from %.15g to %.15g", setting->name,
                   value, setting->type == SIM_SETTING_INT ? "a whole number" : "a number",
                   setting->min, setting->max);
    return s_why;
  }
  if (setting->type == SIM_SETTING_INT) {
    *(int64_t *)s_field(settings, setting) = (int64_t)value;
  } else {
    *(double *)s_field(settings, setting) = value;
  }
  return NULL;
}

static const char *s_set_choice(struct sim_settings *settings, const struct sim_setting *setting,
                                const char *text) {
  size_t len = strlen(text);
  int64_t position = 0;
  for (const char *at = setting->choices; len > 0; position++) {
    size_t span = strcspn(at, "|");
    if (span == len && strncmp(at, text, len) == 0) {
      *(int64_t *)s_field(settings, setting) = position;
      return NULL;
    }
    if (at[span] == '\0') {
      break;
    }
    at += span + 1;
  }
  (void)snprintf(s_why, sizeof s_why, "%s: \"%.40s\" is none of %s", setting->name, text,
                 setting->choices);
  return s_why;
}

static const char *s_set_plain_text(struct sim_settings *settings,
                                    const struct sim_setting *setting, const char *text) {
  if (strlen(text) >= sizeof settings->retry_after || strpbrk(text, "\r\n") != NULL) {
    (void)snprintf(s_why, sizeof s_why, "%s: too long, or more than one line", setting->name);
    return s_why;
  }
  (void)snprintf(s_field(settings, setting), sizeof settings->retry_after, "%s", text);
  return NULL;
}

static const char *s_parse_number(struct sim_settings *settings, const struct sim_setting *setting,
                                  const char *text) {
  char *end = NULL;
  errno = 0;
  double value = strtod(text, &end);
  bool rest_ok = *end == '\0' || (setting->type == SIM_SETTING_NUMBER && strcmp(end, "/s") == 0);
  if (end == text || !rest_ok || errno != 0) {
    (void)snprintf(s_why, sizeof s_why, "%s: \"%.40s\" is not a number", setting->name, text);
    return s_why;
  }
  return s_set_number(settings, setting, value);
}

const char *sim_settings_set_text(struct sim_settings *settings, const struct sim_setting *setting,
                                  const char *text) {
  switch (setting->type) {
  case SIM_SETTING_INT:
  case SIM_SETTING_NUMBER:
    return s_parse_number(settings, setting, text);
  case SIM_SETTING_TEXT:
    return s_set_plain_text(settings, setting, text);
  case SIM_SETTING_CHOICE:
    return s_set_choice(settings, setting, text);
  case SIM_SETTING_BOOL:
    *(bool *)s_field(settings, setting) = strcmp(text, "true") == 0;
    return NULL;
  }
  return NULL;
}

static const struct sim_setting *s_find(const char *name) {
  for (size_t i = 0; i < sim_setting_count; i++) {
    if (strcmp(sim_setting_table[i].name, name) == 0) {
      return &sim_setting_table[i];
    }
  }
  return NULL;
}

static const char *s_set_one(struct sim_settings *settings, const cJSON *item) {
  const struct sim_setting *setting = s_find(item->string);
  if (setting == NULL) {
    (void)snprintf(s_why, sizeof s_why, "unknown setting \"%.60s\"", item->string);
    return s_why;
  }
  bool numeric = setting->type == SIM_SETTING_INT || setting->type == SIM_SETTING_NUMBER;
  if (cJSON_IsNumber(item) && numeric) {
    return s_set_number(settings, setting, item->valuedouble);
  }
  if (cJSON_IsNumber(item) &&
      setting->type != SIM_SETTING_BOOL) { /* 401, 404, a Retry-After in seconds */
    char digits[32];
    (void)snprintf(digits, sizeof digits, "%.15g", item->valuedouble);
    return sim_settings_set_text(settings, setting, digits);
  }
  if (cJSON_IsBool(item) && setting->type == SIM_SETTING_BOOL) {
    return sim_settings_set_text(settings, setting, cJSON_IsTrue(item) ? "true" : "false");
  }
  if (cJSON_IsString(item) && setting->type != SIM_SETTING_BOOL &&
      setting->type != SIM_SETTING_INT) {
    return sim_settings_set_text(settings, setting, item->valuestring);
  }
  (void)snprintf(s_why, sizeof s_why, "%s: wrong type", setting->name);
  return s_why;
}

const char *sim_settings_set_json(struct sim_settings *settings, const cJSON *object) {
  struct sim_settings next = *settings;
  const cJSON *item = NULL;
  if (!cJSON_IsObject(object)) {
    return "the settings must be an object";
  }
  cJSON_ArrayForEach(item, object) {
    const char *why = s_set_one(&next, item);
    if (why != NULL) {
      return why;
    }
  }
  *settings = next;
  return NULL;
}

static void s_write_choice(struct sim_json *json, const struct sim_setting *setting,
                           int64_t position) {
  const char *at = setting->choices;
  for (; position > 0; position--) {
    at += strcspn(at, "|") + 1;
  }
  char *word = sim_strndup(at, strcspn(at, "|"));
  sim_json_string(json, setting->name, word);
  free(word);
}

void sim_settings_write(const struct sim_settings *settings, struct sim_json *json) {
  struct sim_settings copy = *settings;
  sim_json_open(json, NULL, '{');
  for (size_t i = 0; i < sim_setting_count; i++) {
    const struct sim_setting *setting = &sim_setting_table[i];
    void *field = s_field(&copy, setting);
    switch (setting->type) {
    case SIM_SETTING_INT:
      sim_json_int(json, setting->name, *(int64_t *)field);
      break;
    case SIM_SETTING_NUMBER:
      sim_json_double(json, setting->name, *(double *)field);
      break;
    case SIM_SETTING_TEXT:
      sim_json_string(json, setting->name, field);
      break;
    case SIM_SETTING_CHOICE:
      s_write_choice(json, setting, *(int64_t *)field);
      break;
    case SIM_SETTING_BOOL:
      sim_json_bool(json, setting->name, *(bool *)field);
      break;
    }
  }
  sim_json_close(json, '}');
}
