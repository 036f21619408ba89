/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include <cjson/cJSON.h>

#include "fleet.h"

/*
 * The fault list: rules that say which requests are hit, and what happens to them.
 * docs/simulator.md explains every word; the table in faults_parse.c is the authority. A rule
 * counts every request that it matches; the first rule in the list that fires has the request.
 */
#define SIM_FAULT_LIST(X)                                                                          \
  X(drop_before)                                                                                   \
  X(drop_after)                                                                                    \
  X(reset)                                                                                         \
  X(close_idle)                                                                                    \
  X(hang)                                                                                          \
  X(accept_reset)                                                                                  \
  X(status)                                                                                        \
  X(error)                                                                                         \
  X(throttle)                                                                                      \
  X(error_in_200)                                                                                  \
  X(html)                                                                                          \
  X(redirect)                                                                                      \
  X(body)                                                                                          \
  X(raw)                                                                                           \
  X(truncate)                                                                                      \
  X(drip)                                                                                          \
  X(delay)                                                                                         \
  X(early_103)                                                                                     \
  X(endless_headers)                                                                               \
  X(huge_body)                                                                                     \
  X(gzip_bomb)                                                                                     \
  X(partial)                                                                                       \
  X(effect_later)                                                                                  \
  X(failed_ids)                                                                                    \
  X(twice)                                                                                         \
  X(hide_group)                                                                                    \
  X(rows)

enum sim_fault_kind {
#define X(name) SIM_FAULT_##name,
  SIM_FAULT_LIST(X)
#undef X
};

#define SIM_MAX_FAULT_IDS 100

/* How much of a release really happens. */
enum sim_effect { SIM_EFFECT_ALL, SIM_EFFECT_NONE, SIM_EFFECT_FIRST, SIM_EFFECT_RANDOM };

/* Where a cut is counted from. */
enum sim_cut { SIM_CUT_STATUS, SIM_CUT_HEADERS, SIM_CUT_BODY };

enum sim_moment { SIM_MOMENT_ACCEPT, SIM_MOMENT_HEADERS, SIM_MOMENT_REQUEST };

struct sim_fault {
  enum sim_fault_kind kind;
  enum sim_moment moment;
  cJSON *source; /* as given, for GET; owns the texts below */

  struct {
    const char *action;
    const char *key_id;
    int64_t product; /* enum sim_product, -1: any */
    const cJSON *containing;
    int64_t nth;
    int64_t from;
    int64_t every;
    int64_t count;
    double probability;
  } match;
  uint64_t seen;
  uint64_t fired;

  enum sim_effect effect;
  bool effect_given; /* the rule itself says true or false */
  int64_t effect_count;
  int64_t effect_later_ms; /* -1: at once */
  int64_t delay_ms;
  int64_t after_bytes;
  int64_t bytes;
  int64_t interval_ms;
  int64_t lines;
  int64_t status;
  int64_t total;
  int64_t total_delta;
  int64_t repeat;
  int64_t drop;
  int64_t stale_ms;
  int64_t page_size; /* 0: as asked for */
  enum sim_cut cut;
  bool reset;
  bool keep;
  bool close;
  bool no_length;
  const char *shape; /* of a status: json, html or empty; of a page: its kind */
  const char *code;
  const char *message;
  const char *location;
  const char *group;
  const char *content_type;
  char *retry_after;
  const cJSON *headers;
  const cJSON *ids;       /* an array, or the string "all" or "unknown" */
  struct sim_buf payload; /* of body and raw */
};

struct sim_faults {
  struct sim_fault *rules;
  size_t count;
  uint64_t seed;
  struct sim_rng rng;
};

/* What a rule can look at. */
struct sim_fault_facts {
  enum sim_moment moment;
  const char *action;
  const char *key_id;
  int product; /* -1: none */
  const cJSON *ids;
  uint64_t number_on_connection;
};

void sim_faults_clean_up(struct sim_faults *faults);
/*
 * Replaces the whole list, or leaves it as it was and answers a sentence (valid until the next
 * call). Takes a list of rules, or {"seed": n, "rules": [...]}.
 */
const char *sim_faults_replace(struct sim_faults *faults, const cJSON *list);
/* One rule, for the former. */
const char *sim_fault_parse(struct sim_fault *fault, const cJSON *rule);
void sim_fault_clean_up(struct sim_fault *fault);
/* NULL: no rule fires. */
struct sim_fault *sim_faults_pick(struct sim_faults *faults, const struct sim_fault_facts *facts);
void sim_faults_write(const struct sim_faults *faults, struct sim_json *json);
const char *sim_fault_name(const struct sim_fault *fault);

#endif
