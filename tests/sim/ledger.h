/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_LEDGER_H
#define SIM_LEDGER_H

#include "map.h"

#include "json.h"

/*
 * The judge: what was really destroyed, by which request, and which ids were ever named in a
 * release. Nothing a fault does to an answer reaches this.
 */
enum sim_cause { SIM_CAUSE_RELEASE, SIM_CAUSE_TERMINATE, SIM_CAUSE_TIMER, SIM_CAUSE_EXTERNAL };

struct sim_ledger_entry {
  char *instance_id;
  const char *product; /* static */
  enum sim_cause cause;
  int64_t time_ms;         /* when the destruction became certain */
  int64_t gone_ms;         /* when the instance was absent, 0 while it is RELEASING */
  uint64_t request_number; /* 0 when no request did it */
  char request_id[SIM_REQUEST_ID_SIZE];
  const char *status_before; /* static */
  bool is_zec;
  bool depend_resource;
};

struct sim_submission {
  char *instance_id;
  uint64_t times;
  uint64_t after_destroyed; /* times it was named again although it was destroyed already */
  bool destroyed;
  UT_hash_handle hh;
};

struct sim_ledger {
  struct sim_ledger_entry *entries;
  size_t count;
  size_t cap;
  struct sim_submission *submissions;
};

void sim_ledger_clean_up(struct sim_ledger *ledger);
/* Copies the entry and its id; answers its index. */
size_t sim_ledger_add(struct sim_ledger *ledger, const struct sim_ledger_entry *entry);
/* A release that names the id has arrived, whatever becomes of it. */
void sim_ledger_submitted(struct sim_ledger *ledger, const char *instance_id);
void sim_ledger_write(const struct sim_ledger *ledger, struct sim_json *json);

#endif
