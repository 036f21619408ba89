/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_PARAMS_H
#define SIM_PARAMS_H

#include <cjson/cJSON.h>

#include "fleet.h"

/* Checks the parameters of a call against the tables of the documentation. */
struct sim_refusal {
  int status; /* 0: no refusal */
  const char *code;
  char message[256];
};

/* Sets it, printf-like, and answers false. */
bool sim_refuse(struct sim_refusal *refusal, int status, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#define SIM_MAX_IDS           100
#define SIM_MAX_TAGS          20
#define SIM_MAX_PAGE_SIZE     1000
#define SIM_DEFAULT_PAGE_SIZE 20

/* The body must be one JSON object. Answers the tree, which the caller deletes, or NULL with a
 * refusal. */
cJSON *sim_params_parse(const char *body, size_t len, struct sim_refusal *refusal);

/* A member that is missing or null counts as not given: *out is NULL then. */
bool sim_params_string(const cJSON *params, const char *name, const cJSON **out,
                       struct sim_refusal *refusal);
bool sim_params_bool(const cJSON *params, const char *name, bool fallback, bool *out,
                     struct sim_refusal *refusal);
/* Strings only, at most max of them. An empty array counts as not given. */
bool sim_params_strings(const cJSON *params, const char *name, int max, const cJSON **out,
                        struct sim_refusal *refusal);
/* Objects {key, value}, at most SIM_MAX_TAGS. */
bool sim_params_tags(const cJSON *params, const char *name, const cJSON **out,
                     struct sim_refusal *refusal);
bool sim_params_int(const cJSON *params, const char *name, int64_t fallback, int64_t min,
                    int64_t max, int64_t *out, struct sim_refusal *refusal);

/* instanceIds of a release: required, 1 to 100 strings. */
bool sim_params_release_ids(const cJSON *params, bool strict, const cJSON **out,
                            struct sim_refusal *refusal);

struct sim_page {
  int64_t number;
  int64_t size;
};

bool sim_params_page(const cJSON *params, struct sim_page *page, struct sim_refusal *refusal);

#endif
