/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "filters.h"
#include "rows.h"
#include "world.h"

/* The rows of one describe before the page is cut out of them. */
struct s_rows {
  const struct sim_instance **list;
  size_t count;
  size_t cap;
};

static void s_push(struct s_rows *rows, const struct sim_instance *instance) {
  if (rows->count == rows->cap) {
    rows->cap = rows->cap == 0 ? 128 : rows->cap * 2;
    rows->list = sim_realloc(rows->list, rows->cap * sizeof(struct sim_instance *));
  }
  rows->list[rows->count++] = instance;
}

/* The moment that a read sees. */
static uint64_t s_view_ms(const struct sim_call *call) {
  uint64_t lag_ms = (uint64_t)call->world->settings.read_lag_ms;
  if (call->fault != NULL) {
    lag_ms += (uint64_t)call->fault->stale_ms;
  }
  return call->now_ms > lag_ms ? call->now_ms - lag_ms : 0;
}

static bool s_is_listed(const cJSON *ids, const char *id) {
  const cJSON *item = NULL;
  cJSON_ArrayForEach(item, ids) {
    if (sim_text_equal(cJSON_GetStringValue(item), id)) {
      return true;
    }
  }
  return false;
}

static bool s_fault_hides(const struct sim_fault *fault, const struct sim_instance *instance) {
  if (fault == NULL) {
    return false;
  }
  if (fault->kind == SIM_FAULT_hide_group) {
    return sim_text_equal(fault->group, sim_instance_text(instance, SIM_TEXT_GROUP));
  }
  return fault->kind == SIM_FAULT_rows && s_is_listed(fault->ids, instance->id);
}

static bool s_visible(const struct sim_call *call, const struct sim_instance *instance) {
  return instance->account == call->account_number && instance->hidden == SIM_HIDDEN_NO &&
         sim_instance_status_at(instance, s_view_ms(call)) != SIM_STATUS_ABSENT &&
         !s_fault_hides(call->fault, instance);
}

static void s_consider(const struct sim_call *call, const struct sim_filters *filters,
                       const struct sim_instance *instance, struct s_rows *rows) {
  if (s_visible(call, instance) &&
      sim_filters_accept(filters, instance, sim_instance_status_at(instance, s_view_ms(call)))) {
    s_push(rows, instance);
  }
}

static bool s_seen_before(const cJSON *ids, const cJSON *item) {
  const cJSON *earlier = NULL;
  for (earlier = ids->child; earlier != item; earlier = earlier->next) {
    if (sim_text_equal(earlier->valuestring, item->valuestring)) {
      return true;
    }
  }
  return false;
}

static bool s_collect_ids(struct sim_call *call, const struct sim_filters *filters,
                          struct s_rows *rows) {
  const cJSON *item = NULL;
  cJSON_ArrayForEach(item, filters->ids) {
    const struct sim_instance *instance = sim_call_find(call, item->valuestring);
    bool visible = instance != NULL && s_visible(call, instance);
    if (!visible && call->world->settings.describe_missing == 0) {
      return sim_refuse(&call->refusal, 404, "INVALID_INSTANCE_NOT_FOUND",
                        "the instance was not found");
    }
    if (visible && !s_seen_before(filters->ids, item)) {
      s_consider(call, filters, instance, rows);
    }
  }
  return true;
}

static bool s_collect(struct sim_call *call, const struct sim_filters *filters,
                      struct s_rows *rows) {
  if (filters->ids != NULL) {
    return s_collect_ids(call, filters, rows);
  }
  const struct sim_instance *instance = call->world->fleet.by_id[call->product];
  for (; instance != NULL; instance = instance->hh.next) {
    s_consider(call, filters, instance, rows);
  }
  return true;
}

static int64_t s_total(const struct sim_call *call, const struct s_rows *rows) {
  int64_t total = (int64_t)rows->count;
  if (call->fault != NULL && call->fault->kind == SIM_FAULT_rows) {
    total = call->fault->total >= 0 ? call->fault->total : total + call->fault->total_delta;
  }
  return total < 0 ? 0 : total;
}

typedef void(s_row_fn)(struct sim_json *json, const struct sim_instance *instance,
                       enum sim_status status);

/* The page, as a rule about rows bends it: the first ones left out, the last one repeated. */
static void s_write_rows(const struct sim_call *call, const struct s_rows *rows,
                         s_row_fn *write_row, struct sim_json *json) {
  bool bent = call->fault != NULL && call->fault->kind == SIM_FAULT_rows;
  int64_t size = call->page.size;
  if (bent && call->fault->page_size > 0 && call->fault->page_size < size) {
    size = call->fault->page_size;
  }
  size_t first = (size_t)((call->page.number - 1) * size);
  size_t end = first + (size_t)size;
  end = end > rows->count ? rows->count : end;
  size_t skip = bent ? (size_t)call->fault->drop : 0;
  for (size_t i = first + skip; i < end; i++) {
    size_t times = bent && i + 1 == end ? (size_t)call->fault->repeat + 1 : 1;
    for (; times > 0; times--) {
      write_row(json, rows->list[i], sim_instance_status_at(rows->list[i], s_view_ms(call)));
    }
  }
}

static void s_answer(const struct sim_call *call, const struct s_rows *rows, s_row_fn *write_row) {
  struct sim_json json = {0};
  sim_call_open_reply(call, &json);
  sim_json_int(&json, "totalCount", s_total(call, rows));
  sim_json_open(&json, "dataSet", '[');
  s_write_rows(call, rows, write_row, &json);
  sim_json_close(&json, ']');
  sim_call_close_reply(&json);
}

static void s_describe(struct sim_call *call, const struct sim_filters *filters,
                       s_row_fn *write_row) {
  struct s_rows rows = {0};
  if (s_collect(call, filters, &rows)) {
    s_answer(call, &rows, write_row);
  }
  free(rows.list);
}

void sim_action_describe(struct sim_call *call) {
  struct sim_filters filters;
  if (sim_filters_read(&filters, call->product, call->old_version, call->params, &call->refusal) &&
      sim_params_page(call->params, &call->page, &call->refusal)) {
    s_describe(call, &filters, sim_row_write);
  }
}

/* Knows ids and, for zec, the resource group; other filters of DescribeInstances are read over. */
void sim_action_describe_status(struct sim_call *call) {
  struct sim_filters filters;
  cJSON *narrowed = cJSON_CreateObject();
  const char *const names[] = {"instanceIds",
                               call->product == SIM_ZEC ? "resourceGroupId" : "instanceIds"};
  for (size_t i = 0; i < 2; i++) {
    cJSON *item = cJSON_GetObjectItemCaseSensitive(call->params, names[i]);
    if (item != NULL && cJSON_GetObjectItemCaseSensitive(narrowed, names[i]) == NULL) {
      cJSON_AddItemReferenceToObject(narrowed, names[i], item);
    }
  }
  if (sim_filters_read(&filters, call->product, call->old_version, narrowed, &call->refusal) &&
      sim_params_page(call->params, &call->page, &call->refusal)) {
    s_describe(call, &filters, sim_row_write_status);
  }
  cJSON_Delete(narrowed);
}
