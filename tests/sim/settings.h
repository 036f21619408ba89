/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_SETTINGS_H
#define SIM_SETTINGS_H

#include <cjson/cJSON.h>

#include "json.h"

/*
 * Everything about the simulated service that can be changed while it runs. One table gives each
 * setting its flag
 * (--latency-ms), its name in /_sim/settings (latency_ms), its limits and its line in the help.
 */
enum sim_partial {
  SIM_PARTIAL_OFF,   /* one bad id refuses the batch: the default */
  SIM_PARTIAL_ERROR, /* the good ids are released, the error is answered */
  SIM_PARTIAL_OK,    /* the good ids are released, 200 is answered */
};

struct sim_settings {
  int64_t latency_ms;
  int64_t release_ms;
  int64_t recycling_ms;
  int64_t stopping_ms;
  int64_t bin_ms;
  int64_t read_lag_ms;
  double rate;
  double burst;
  char retry_after[64];
  int64_t partial;          /* enum sim_partial */
  int64_t describe_missing; /* 0: 404, 1: empty */
  int64_t status_word;      /* 0: RECYCLE, 1: RECYCLED */
  int64_t auth_status;      /* 0: 401, 1: 403 */
  int64_t zec_unknown;      /* 0: in the list of a 200, 1: 404 */
  int64_t duplicates;       /* 0: refused, 1: collapsed */
  int64_t ids;              /* 0: any text is looked up, 1: odd forms are refused with 400 */
  int64_t prepaid;          /* bmc: 0: cancels the subscription, 1: refused */
  bool zec_bin;
  bool revoked;
  int64_t clock_offset_s;
  int64_t log_limit;
};

enum sim_setting_type {
  SIM_SETTING_INT,
  SIM_SETTING_NUMBER,
  SIM_SETTING_TEXT,
  SIM_SETTING_CHOICE,
  SIM_SETTING_BOOL
};

struct sim_setting {
  const char *name;
  enum sim_setting_type type;
  size_t offset;
  double min;
  double max;
  const char *choices; /* "404|empty"; the value is the position */
  const char *bare;    /* what the flag means without a value, NULL when it needs one */
  const char *help;
};

extern const struct sim_setting sim_setting_table[];
extern const size_t sim_setting_count;

void sim_settings_init(struct sim_settings *settings);
/* Both answer NULL, or a sentence saying what is wrong (valid until the next call). */
const char *sim_settings_set_text(struct sim_settings *settings, const struct sim_setting *setting,
                                  const char *text);
/* All or nothing. */
const char *sim_settings_set_json(struct sim_settings *settings, const cJSON *object);
void sim_settings_write(const struct sim_settings *settings, struct sim_json *json);

#endif
