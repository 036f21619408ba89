/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "world.h"

/*
 * ReleaseInstances: the one call that cannot be taken back. vm and bmc refuse a batch whole, for
 * the first reason that holds for any id; zec takes what it can and lists what it did not.
 */
enum s_verdict { S_GOOD, S_MISSING, S_DENIED, S_NOT_RECYCLED };

struct s_batch {
  struct sim_instance *good[SIM_MAX_IDS];
  size_t good_count;
  const char *failed[SIM_MAX_IDS + 1];
  size_t failed_count;
  bool missing;
  bool denied;
  bool not_recycled;
};

/* Part of the batch's effect that is to come later: ids, because instances may go in the meantime.
 */
struct sim_later {
  struct sim_world *world;
  struct sim_timer timer;
  enum sim_product product;
  struct sim_ledger_entry why;
  bool zec_bin;
  char **ids;
  size_t count;
  struct sim_later *next;
};

/* zec, and only zec, releases what is alive. */
static bool s_is_stable(enum sim_status status) {
  return status == SIM_STATUS_RUNNING || status == SIM_STATUS_STOPPED ||
         status == SIM_STATUS_RECYCLE || status == SIM_STATUS_CREATE_FAILED ||
         status == SIM_STATUS_REINSTALL_FAILED;
}

static enum s_verdict s_judge(const struct sim_call *call, const struct sim_instance *instance) {
  if (instance == NULL || instance->hidden == SIM_HIDDEN_MISSING) {
    return S_MISSING;
  }
  enum sim_status status = sim_instance_status(instance);
  if (status == SIM_STATUS_ABSENT) {
    return S_MISSING;
  }
  if (instance->hidden == SIM_HIDDEN_DENIED) {
    return S_DENIED;
  }
  bool ready = call->product == SIM_ZEC ? s_is_stable(status) : status == SIM_STATUS_RECYCLE;
  return ready ? S_GOOD : S_NOT_RECYCLED;
}

/* Collapsed duplicates are released once. */
static bool s_already_in(const struct s_batch *batch, const struct sim_instance *instance) {
  for (size_t i = 0; i < batch->good_count; i++) {
    if (batch->good[i] == instance) {
      return true;
    }
  }
  return false;
}

static bool s_fault_fails(const struct sim_call *call, const char *id) {
  const struct sim_fault *fault = call->fault;
  const cJSON *item = NULL;
  if (fault == NULL || fault->kind != SIM_FAULT_failed_ids) {
    return false;
  }
  if (cJSON_IsString(fault->ids)) {
    return sim_text_equal(fault->ids->valuestring, "all");
  }
  cJSON_ArrayForEach(item, fault->ids) {
    if (sim_text_equal(item->valuestring, id)) {
      return true;
    }
  }
  return false;
}

static void s_sort_one(const struct sim_call *call, struct s_batch *batch, const char *id) {
  struct sim_instance *instance = sim_call_find(call, id);
  enum s_verdict verdict = s_judge(call, instance);
  bool listed = s_fault_fails(call, id);
  batch->missing = batch->missing || verdict == S_MISSING;
  batch->denied = batch->denied || verdict == S_DENIED;
  batch->not_recycled = batch->not_recycled || verdict == S_NOT_RECYCLED;
  if (verdict != S_GOOD || listed) {
    batch->failed[batch->failed_count++] = id;
  }
  /* A rule that lists an id as failed leaves it alone, unless it says that the list is a lie. */
  if (verdict == S_GOOD && (!listed || call->fault->effect_given) &&
      !s_already_in(batch, instance)) {
    batch->good[batch->good_count++] = instance;
  }
}

static bool s_has_duplicates(const cJSON *ids) {
  const cJSON *a = NULL;
  cJSON_ArrayForEach(a, ids) {
    for (const cJSON *b = a->next; b != NULL; b = b->next) {
      if (sim_text_equal(a->valuestring, b->valuestring)) {
        return true;
      }
    }
  }
  return false;
}

/* The first-k or a random subset, as the rule says; everything without a rule. */
static void s_apply_subset(const struct sim_call *call, struct s_batch *batch) {
  const struct sim_fault *fault = call->fault;
  if (fault == NULL || fault->effect == SIM_EFFECT_ALL) {
    return;
  }
  if (fault->effect == SIM_EFFECT_RANDOM) {
    for (size_t i = batch->good_count; i > 1; i--) {
      size_t j = sim_rng_below(&call->world->faults.rng, i);
      struct sim_instance *swap = batch->good[i - 1];
      batch->good[i - 1] = batch->good[j];
      batch->good[j] = swap;
    }
  }
  size_t keep = fault->effect == SIM_EFFECT_NONE ? 0 : (size_t)fault->effect_count;
  batch->good_count = batch->good_count < keep ? batch->good_count : keep;
}

static void s_release_one(struct sim_instance *instance, bool zec_bin,
                          const struct sim_ledger_entry *why, uint64_t now_ms) {
  bool parks = zec_bin && instance->product == SIM_ZEC &&
               sim_instance_status(instance) != SIM_STATUS_RECYCLE;
  if (parks) {
    sim_instance_terminate(instance, now_ms);
  } else {
    sim_instance_destroy(instance, why, now_ms);
  }
}

static void s_free_later(struct sim_later *later) {
  sim_timer_disarm(&later->world->timers, &later->timer);
  for (size_t i = 0; i < later->count; i++) {
    free(later->ids[i]);
  }
  free(later->ids);
  free(later);
}

void sim_later_clean_up(struct sim_world *world) {
  while (world->later != NULL) {
    struct sim_later *next = world->later->next;
    s_free_later(world->later);
    world->later = next;
  }
}

static void s_unlink_later(struct sim_later *later) {
  struct sim_later **at = &later->world->later;
  while (*at != later) {
    at = &(*at)->next;
  }
  *at = later->next;
}

static void s_on_later(void *context, uint64_t now_ms) {
  struct sim_later *later = context;
  for (size_t i = 0; i < later->count; i++) {
    struct sim_instance *instance =
        sim_fleet_find(&later->world->fleet, later->product, later->ids[i]);
    if (instance != NULL && !instance->destroyed &&
        (later->product == SIM_ZEC || sim_instance_status(instance) == SIM_STATUS_RECYCLE)) {
      s_release_one(instance, later->zec_bin, &later->why, now_ms);
    }
  }
  s_unlink_later(later);
  s_free_later(later);
}

static void s_postpone(const struct sim_call *call, const struct s_batch *batch, bool zec_bin,
                       const struct sim_ledger_entry *why) {
  struct sim_later *later = sim_alloc(sizeof *later);
  later->world = call->world;
  later->product = call->product;
  later->why = *why;
  later->zec_bin = zec_bin;
  later->ids = sim_alloc(batch->good_count * sizeof later->ids[0]);
  for (size_t i = 0; i < batch->good_count; i++) {
    later->ids[later->count++] = sim_strdup(batch->good[i]->id);
  }
  later->timer = (struct sim_timer){.fire = s_on_later, .context = later};
  later->next = call->world->later;
  call->world->later = later;
  sim_timer_arm(&call->world->timers, &later->timer,
                call->now_ms + (uint64_t)call->fault->effect_later_ms);
}

static void s_execute(const struct sim_call *call, struct s_batch *batch) {
  struct sim_ledger_entry why = {
      .cause = SIM_CAUSE_RELEASE,
      .request_number = call->number,
      .depend_resource = call->depend_resource > 0,
  };
  bool zec_bin =
      call->account->zec_bin || (call->account_number == 0 && call->world->settings.zec_bin);
  sim_strcpy(why.request_id, call->request_id, sizeof why.request_id);
  s_apply_subset(call, batch);
  if (call->fault != NULL && call->fault->effect_later_ms >= 0) {
    s_postpone(call, batch, zec_bin, &why);
    return;
  }
  for (size_t i = 0; i < batch->good_count; i++) {
    s_release_one(batch->good[i], zec_bin, &why, call->now_ms);
  }
}

/* The text varies and names no id: nobody may rely on it. */
static bool s_refuse_varied(struct sim_call *call, int status, const char *code) {
  static const char *const missing[] = {"The instance does not exist.", "Instance not found.",
                                        "instance not exist or has been released",
                                        "Some of the specified instances cannot be found."};
  static const char *const not_recycled[] = {
      "The instance is not in the recycle bin.",
      "Operation denied: instance status is not RECYCLE.", "instance not recycled",
      "This operation is only supported for recycled instances."};
  const char *const *texts = status == 404 ? missing : not_recycled;
  return sim_refuse(&call->refusal, status, code, "%s", texts[sim_rng_below(&call->world->rng, 4)]);
}

static bool s_refuse_batch(struct sim_call *call, const struct s_batch *batch) {
  if (batch->denied) {
    return sim_refuse(&call->refusal, call->world->settings.auth_status == 0 ? 401 : 403,
                      "AUTHFAILURE_UNAUTHORIZED_OPERATION", "no permission for this operation");
  }
  if (batch->missing) {
    return s_refuse_varied(call, 404, "INVALID_INSTANCE_NOT_FOUND");
  }
  if (batch->not_recycled) {
    return s_refuse_varied(call, 403, "OPERATION_DENIED_INSTANCE_NOT_RECYCLED");
  }
  return true;
}

static void s_answer(const struct sim_call *call, const struct s_batch *batch) {
  struct sim_json json = {0};
  bool lists = call->product == SIM_ZEC ||
               (call->fault != NULL && call->fault->kind == SIM_FAULT_failed_ids);
  sim_call_open_reply(call, &json);
  if (lists) {
    sim_json_open(&json, "instanceIds", '[');
    for (size_t i = 0; i < batch->failed_count; i++) {
      sim_json_string(&json, NULL, batch->failed[i]);
    }
    sim_json_close(&json, ']');
  }
  sim_call_close_reply(&json);
}

static void s_release(struct sim_call *call, struct s_batch *batch) {
  bool all_or_nothing = call->product != SIM_ZEC;
  int64_t partial = call->world->settings.partial;
  bool good = true;
  if (all_or_nothing) {
    good = s_refuse_batch(call, batch);
  } else if (call->world->settings.zec_unknown == 1 && batch->missing) {
    good = s_refuse_varied(call, 404, "INVALID_INSTANCE_NOT_FOUND");
  }
  if (good || (all_or_nothing && partial != SIM_PARTIAL_OFF)) {
    s_execute(call, batch);
  }
  if (!good && all_or_nothing && partial == SIM_PARTIAL_OK) {
    call->refusal = (struct sim_refusal){0};
    good = true;
  }
  if (good) {
    s_answer(call, batch);
  }
}

void sim_action_release(struct sim_call *call) {
  const cJSON *ids = NULL;
  const cJSON *id = NULL;
  bool depend = true;
  struct s_batch batch = {.good_count = 0};
  if (!sim_params_release_ids(call->params, call->world->settings.ids == 1, &ids, &call->refusal)) {
    return;
  }
  if (call->product == SIM_ZEC) {
    /* The older version does not know the parameter, so its default holds there. */
    if (!call->old_version &&
        !sim_params_bool(call->params, "dependResource", true, &depend, &call->refusal)) {
      return;
    }
    call->depend_resource = depend ? 1 : 0;
  }
  if (call->world->settings.duplicates == 0 && s_has_duplicates(ids)) {
    (void)sim_refuse(&call->refusal, 400, "INVALID_PARAMETER_VALUE",
                     "parameter instanceIds has duplicates");
    return;
  }
  cJSON_ArrayForEach(id, ids) {
    s_sort_one(call, &batch, id->valuestring);
  }
  if (call->fault != NULL && call->fault->kind == SIM_FAULT_failed_ids &&
      sim_text_equal(cJSON_GetStringValue(call->fault->ids), "unknown")) {
    batch.failed[batch.failed_count++] = "9999999999999";
  }
  s_release(call, &batch);
}
