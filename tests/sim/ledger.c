/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger.h"

#include <stdlib.h>

void sim_ledger_clean_up(struct sim_ledger *ledger) {
  struct sim_submission *submission = NULL;
  struct sim_submission *next = NULL;
  HASH_ITER(hh, ledger->submissions, submission, next) {
    HASH_DEL(ledger->submissions, submission);
    free(submission->instance_id);
    free(submission);
  }
  for (size_t i = 0; i < ledger->count; i++) {
    free(ledger->entries[i].instance_id);
  }
  free(ledger->entries);
  *ledger = (struct sim_ledger){0};
}

static struct sim_submission *s_submission(struct sim_ledger *ledger, const char *instance_id) {
  struct sim_submission *submission = NULL;
  HASH_FIND_STR(ledger->submissions, instance_id, submission);
  if (submission == NULL) {
    submission = sim_alloc(sizeof *submission);
    submission->instance_id = sim_strdup(instance_id);
    HASH_ADD_KEYPTR(hh, ledger->submissions, submission->instance_id,
                    strlen(submission->instance_id), submission);
  }
  return submission;
}

size_t sim_ledger_add(struct sim_ledger *ledger, const struct sim_ledger_entry *entry) {
  if (ledger->count == ledger->cap) {
    ledger->cap = ledger->cap == 0 ? 64 : ledger->cap * 2;
    ledger->entries = sim_realloc(ledger->entries, ledger->cap * sizeof ledger->entries[0]);
  }
  struct sim_ledger_entry *copy = &ledger->entries[ledger->count];
  *copy = *entry;
  copy->instance_id = sim_strdup(entry->instance_id);
  s_submission(ledger, entry->instance_id)->destroyed = true;
  return ledger->count++;
}

void sim_ledger_submitted(struct sim_ledger *ledger, const char *instance_id) {
  struct sim_submission *submission = s_submission(ledger, instance_id);
  submission->times++;
  if (submission->destroyed) {
    submission->after_destroyed++;
  }
}

static void s_write_entry(const struct sim_ledger_entry *entry, struct sim_json *json) {
  static const char *const causes[] = {
      [SIM_CAUSE_RELEASE] = "release",
      [SIM_CAUSE_TERMINATE] = "terminate",
      [SIM_CAUSE_TIMER] = "timer",
      [SIM_CAUSE_EXTERNAL] = "external",
  };
  sim_json_open(json, NULL, '{');
  sim_json_string(json, "instance_id", entry->instance_id);
  sim_json_string(json, "product", entry->product);
  sim_json_string(json, "cause", causes[entry->cause]);
  sim_json_int(json, "time_ms", entry->time_ms);
  if (entry->gone_ms != 0) {
    sim_json_int(json, "gone_ms", entry->gone_ms);
  } else {
    sim_json_null(json, "gone_ms");
  }
  sim_json_string(json, "status_before", entry->status_before);
  if (entry->request_number != 0) {
    sim_json_int(json, "request", (int64_t)entry->request_number);
    sim_json_string(json, "request_id", entry->request_id);
  }
  if (entry->is_zec) {
    sim_json_bool(json, "depend_resource", entry->depend_resource);
  }
  sim_json_close(json, '}');
}

void sim_ledger_write(const struct sim_ledger *ledger, struct sim_json *json) {
  const struct sim_submission *submission = NULL;
  sim_json_open(json, NULL, '{');
  sim_json_int(json, "destroyed", (int64_t)ledger->count);
  sim_json_open(json, "entries", '[');
  for (size_t i = 0; i < ledger->count; i++) {
    s_write_entry(&ledger->entries[i], json);
  }
  sim_json_close(json, ']');
  sim_json_open(json, "submissions", '{');
  for (submission = ledger->submissions; submission != NULL; submission = submission->hh.next) {
    if (submission->times > 0) {
      sim_json_int(json, submission->instance_id, (int64_t)submission->times);
    }
  }
  sim_json_close(json, '}');
  sim_json_open(json, "resubmitted", '[');
  for (submission = ledger->submissions; submission != NULL; submission = submission->hh.next) {
    if (submission->after_destroyed > 0) {
      sim_json_open(json, NULL, '{');
      sim_json_string(json, "instance_id", submission->instance_id);
      sim_json_int(json, "times", (int64_t)submission->after_destroyed);
      sim_json_close(json, '}');
    }
  }
  sim_json_close(json, ']');
  sim_json_close(json, '}');
}
