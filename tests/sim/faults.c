/* SPDX-License-Identifier: Apache-2.0 */
#include "faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const s_names[] = {
#define X(name) [SIM_FAULT_##name] = #name,
    SIM_FAULT_LIST(X)
#undef X
};

const char *sim_fault_name(const struct sim_fault *fault) {
  return s_names[fault->kind];
}

void sim_faults_clean_up(struct sim_faults *faults) {
  for (size_t i = 0; i < faults->count; i++) {
    sim_fault_clean_up(&faults->rules[i]);
  }
  free(faults->rules);
  *faults = (struct sim_faults){0};
}

static const char *s_parse_rules(struct sim_faults *faults, const cJSON *rules) {
  static char why[400];
  const cJSON *rule = NULL;
  if (!cJSON_IsArray(rules)) {
    return "the fault list must be an array of rules, or {\"seed\": n, \"rules\": [...]}";
  }
  cJSON_ArrayForEach(rule, rules) {
    faults->rules = sim_realloc(faults->rules, (faults->count + 1) * sizeof faults->rules[0]);
    const char *reason = sim_fault_parse(&faults->rules[faults->count], rule);
    if (reason != NULL) {
      (void)snprintf(why, sizeof why, "rule %zu: %s", faults->count, reason);
      return why;
    }
    faults->count++;
  }
  return NULL;
}

/* The outer object: seed and rules; what GET adds to it is read over. */
static const char *s_read_envelope(const cJSON *list, struct sim_faults *next,
                                   const cJSON **rules) {
  const cJSON *item = NULL;
  *rules = list;
  if (!cJSON_IsObject(list)) {
    return NULL;
  }
  *rules = NULL;
  cJSON_ArrayForEach(item, list) {
    if (sim_text_equal(item->string, "rules")) {
      *rules = item;
    } else if (sim_text_equal(item->string, "seed") && cJSON_IsNumber(item) &&
               item->valuedouble >= 0) {
      next->seed = (uint64_t)item->valuedouble;
    } else if (!sim_text_equal(item->string, "counters")) {
      return "only \"seed\" (a number) and \"rules\" are known beside each other";
    }
  }
  return NULL;
}

const char *sim_faults_replace(struct sim_faults *faults, const cJSON *list) {
  struct sim_faults next = {.seed = 1};
  const cJSON *rules = NULL;
  const char *why = s_read_envelope(list, &next, &rules);
  if (why == NULL) {
    why = s_parse_rules(&next, rules);
  }
  if (why != NULL) {
    sim_faults_clean_up(&next);
    return why;
  }
  next.rng.state = next.seed;
  sim_faults_clean_up(faults);
  *faults = next;
  return NULL;
}

static bool s_names_one_of(const cJSON *wanted, const cJSON *ids) {
  const cJSON *want = NULL;
  const cJSON *id = NULL;
  cJSON_ArrayForEach(want, wanted) {
    cJSON_ArrayForEach(id, ids) {
      if (sim_text_equal(cJSON_GetStringValue(want), cJSON_GetStringValue(id))) {
        return true;
      }
    }
  }
  return false;
}

static bool s_matches(const struct sim_fault *fault, const struct sim_fault_facts *facts) {
  if (fault->moment != facts->moment) {
    return false;
  }
  if (fault->match.action != NULL && !sim_text_equal(fault->match.action, facts->action)) {
    return false;
  }
  if (fault->match.key_id != NULL && !sim_text_equal(fault->match.key_id, facts->key_id)) {
    return false;
  }
  if (fault->match.product >= 0 && fault->match.product != facts->product) {
    return false;
  }
  if (fault->kind == SIM_FAULT_close_idle && facts->number_on_connection < 2) {
    return false; /* a fresh connection cannot have gone stale */
  }
  return fault->match.containing == NULL || s_names_one_of(fault->match.containing, facts->ids);
}

/* Has seen the request as its seen-th. */
static bool s_fires(const struct sim_fault *fault, struct sim_rng *rng) {
  int64_t seen = (int64_t)fault->seen;
  if (fault->match.nth > 0 && seen != fault->match.nth) {
    return false;
  }
  if (seen < fault->match.from || (fault->match.every > 1 && seen % fault->match.every != 0)) {
    return false;
  }
  if (fault->match.count > 0 && (int64_t)fault->fired >= fault->match.count) {
    return false;
  }
  return fault->match.probability >= 1 || sim_rng_unit(rng) < fault->match.probability;
}

struct sim_fault *sim_faults_pick(struct sim_faults *faults, const struct sim_fault_facts *facts) {
  struct sim_fault *chosen = NULL;
  for (size_t i = 0; i < faults->count; i++) {
    struct sim_fault *fault = &faults->rules[i];
    if (!s_matches(fault, facts)) {
      continue;
    }
    fault->seen++;
    if (chosen == NULL && s_fires(fault, &faults->rng)) {
      fault->fired++;
      chosen = fault;
    }
  }
  return chosen;
}

void sim_faults_write(const struct sim_faults *faults, struct sim_json *json) {
  sim_json_open(json, NULL, '{');
  sim_json_int(json, "seed", (int64_t)faults->seed);
  sim_json_open(json, "rules", '[');
  for (size_t i = 0; i < faults->count; i++) {
    char *text = cJSON_PrintUnformatted(faults->rules[i].source);
    sim_json_raw(json, NULL, text == NULL ? "null" : text);
    cJSON_free(text);
  }
  sim_json_close(json, ']');
  sim_json_open(json, "counters", '[');
  for (size_t i = 0; i < faults->count; i++) {
    sim_json_open(json, NULL, '{');
    sim_json_string(json, "do", sim_fault_name(&faults->rules[i]));
    sim_json_int(json, "seen", (int64_t)faults->rules[i].seen);
    sim_json_int(json, "fired", (int64_t)faults->rules[i].fired);
    sim_json_close(json, '}');
  }
  sim_json_close(json, ']');
  sim_json_close(json, '}');
}
