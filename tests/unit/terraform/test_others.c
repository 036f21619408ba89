/* The teardown resource, the data source, the action, the list, and the life of calls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "stage.h"

#define TYPE        "zenrelease_teardown"
#define IDS(...)    ((const char *const[]){__VA_ARGS__, NULL})
#define KIND(stage) stage_kind((stage), ZR_TF_RESOURCE, TYPE)

static struct zr_tf_value s_planned(struct stage *s, const char *const *ids) {
  struct zr_tf_value v = stage_object(s, KIND(s), ids);
  stage_set(s, KIND(s), &v, "results", zr_tf_unknown);
  stage_set(s, KIND(s), &v, "pending_ids", zr_tf_unknown);
  return v;
}

static const char *s_outcome(struct stage *s, const struct zr_tf_value *object, const char *id) {
  const struct zr_tf_value *results = zr_tf_get(&KIND(s)->type, object, "results");
  for (size_t i = 0; i < results->count; i++)
    if (strcmp(results->keys[i].ptr, id) == 0)
      return zr_tf_text(zr_tf_get(&zr_tf_result_type, &results->items[i], "outcome"));
  return NULL;
}

static void a_teardown_keeps_what_happened(void **state) {
  (void)state;
  struct stage s;
  stage_open(&s);
  fleet_add(&s.fleet, "a", "RECYCLE");
  fleet_add(&s.fleet, "b", "RECYCLE");
  fleet_find(&s.fleet, "b")->denied = true;
  struct zr_tf_value planned = s_planned(&s, IDS("a", "b", "gone"));
  struct answer first = stage_apply(&s, TYPE, NULL, &planned);
  assert_int_equal(first.errors, 1);
  assert_string_equal(stage_diag(&s, &first, 0),
                      "E instance_ids[1]: Instance b was not released: Refused by the service");
  assert_string_equal(stage_ids(&s, KIND(&s), &first.state, "pending_ids"), "b");
  assert_string_equal(s_outcome(&s, &first.state, "a"), "released");
  assert_string_equal(s_outcome(&s, &first.state, "gone"), "not_found");

  /* Terraform taints it: destroyed, which does nothing, and created again, without its state. */
  assert_int_equal(stage_apply(&s, TYPE, &first.state, NULL).state.is, ZR_TF_NULL);
  fleet_find(&s.fleet, "b")->denied = false;
  struct answer again = stage_apply(&s, TYPE, NULL, &planned);
  assert_int_equal(again.errors, 0);
  assert_string_equal(s_outcome(&s, &again.state, "a"), "already_gone");
  assert_string_equal(s_outcome(&s, &again.state, "b"), "released");
  assert_string_equal(stage_ids(&s, KIND(&s), &again.state, "pending_ids"), "");
  assert_int_equal(s.fleet.releases, 2);
  stage_close(&s);
}

static void a_teardown_ensures_what_is_new_or_pending(void **state) {
  (void)state;
  struct stage s;
  stage_open(&s);
  fleet_add(&s.fleet, "a", "RECYCLE");
  struct zr_tf_value planned = s_planned(&s, IDS("a"));
  struct answer first = stage_apply(&s, TYPE, NULL, &planned);
  struct answer plan = stage_plan(&s, TYPE, &first.state, &first.state);
  assert_true(zr_tf_equal(&KIND(&s)->type, &plan.state, &first.state));

  fleet_find(&s.fleet, "a")->status = "RECYCLE"; /* it is back */
  struct answer read = stage_read(&s, TYPE, &first.state);
  assert_string_equal(stage_ids(&s, KIND(&s), &read.state, "pending_ids"), "a");
  plan = stage_plan(&s, TYPE, &read.state, &read.state);
  assert_string_equal(stage_ids(&s, KIND(&s), &plan.state, "pending_ids"), "unknown");
  struct answer done = stage_apply(&s, TYPE, &read.state, &plan.state);
  assert_string_equal(stage_ids(&s, KIND(&s), &done.state, "pending_ids"), "");

  struct zr_tf_value fewer = stage_object(&s, KIND(&s), (const char *const[]){NULL});
  plan = stage_plan(&s, TYPE, &done.state, &fewer);
  assert_true(zr_tf_wholly_known(&KIND(&s)->type, &plan.state));
  assert_null(s_outcome(&s, &plan.state, "a"));
  unsigned before = s.fleet.releases;
  done = stage_apply(&s, TYPE, &done.state, &plan.state);
  assert_int_equal(done.diag_count, 0);
  assert_int_equal(s.fleet.releases, before);
  stage_close(&s);
}

/* A running id stops a plan; one that a tainted object holds does not, or it could not be left. */
static void a_teardown_that_failed_can_be_planned(void **state) {
  (void)state;
  struct stage s;
  stage_open(&s);
  fleet_add(&s.fleet, "run", "RUNNING");
  struct zr_tf_value config = stage_object(&s, KIND(&s), IDS("run"));
  assert_int_equal(stage_plan(&s, TYPE, NULL, &config).errors, 1);
  struct zr_tf_value planned = s_planned(&s, IDS("run"));
  struct answer failed = stage_apply(&s, TYPE, NULL, &planned);
  assert_int_equal(failed.errors, 1);
  (void)stage_read(&s, TYPE, &failed.state);
  assert_int_equal(stage_plan(&s, TYPE, NULL, &config).errors, 0);
  stage_close(&s);
}

/* The ids of RECYCLE instances, or what is wrong. */
static const char *s_found(struct stage *s) {
  const struct zr_tf_kind_of *kind = stage_kind(s, ZR_TF_DATA_SOURCE, "zenrelease_instances");
  Tfplugin6__ReadDataSource__Request r;
  tfplugin6__read_data_source__request__init(&r);
  r.type_name = zr_tf_pb_text("zenrelease_instances");
  r.config = zr_tf_pack_value(&s->arena, &kind->type, zr_tf_new_object(&s->arena, &kind->type));
  s->fleet.lists = 0;
  const Tfplugin6__ReadDataSource__Response *m =
      (const Tfplugin6__ReadDataSource__Response *)stage_message(
          s, stage_call(s, "ReadDataSource", &r.base),
          &tfplugin6__read_data_source__response__descriptor);
  if (m->n_diagnostics > 0) {
    assert_null(m->state);
    return m->diagnostics[0]->detail;
  }
  struct zr_tf_decoding d = {.arena = &s->arena};
  struct zr_tf_value found;
  assert_true(zr_tf_unpack_value(&d, &kind->type, m->state, &found));
  assert_true(zr_tf_wholly_known(&kind->type, &found));
  return stage_ids(s, kind, &found, "ids");
}

static void s_open_five(struct stage *s) {
  static const char *const ids[] = {"a", "b", "c", "d", "e"};
  stage_open(s);
  for (size_t i = 0; i < ZR_COUNT(ids); i++)
    fleet_add(&s->fleet, ids[i], "RECYCLE");
  fleet_add(&s->fleet, "run", "RUNNING");
}

static void the_data_source_reads_all_pages(void **state) {
  (void)state;
  struct stage s;
  s_open_five(&s);
  assert_string_equal(s_found(&s), "a,b,c,d,e");
  assert_int_equal(s.fleet.lists, 6); /* twice */
  fleet_find(&s.fleet, "a")->status = NULL;
  fleet_find(&s.fleet, "b")->status = NULL;
  fleet_find(&s.fleet, "c")->status = NULL;
  assert_string_equal(s_found(&s), "d,e");
  assert_int_equal(s.fleet.lists, 1); /* one page is whole */
  stage_close(&s);
}

static void s_a_leaves(struct fleet *f, unsigned list) {
  if (list == 2)
    fleet_find(f, "a")->status = NULL;
}

/* One leaves as another comes: the total stays, and c is on no page. */
static void s_a_is_replaced(struct fleet *f, unsigned list) {
  if (list != 2)
    return;
  fleet_find(f, "a")->status = NULL;
  fleet_find(f, "run")->status = "RECYCLE";
}

static void s_never_rests(struct fleet *f, unsigned list) {
  fleet_find(f, "a")->status = list % 2 == 1 ? "RECYCLE" : NULL;
}

static void a_list_that_shifts_is_read_again(void **state) {
  (void)state;
  struct stage s;
  s_open_five(&s);
  s.fleet.on_list = s_a_leaves;
  assert_string_equal(s_found(&s), "b,c,d,e");
  stage_close(&s);
  s_open_five(&s);
  s.fleet.on_list = s_a_is_replaced;
  assert_string_equal(s_found(&s), "b,c,d,e,run");
  assert_int_equal(s.fleet.lists, 9);
  s.fleet.on_list = s_never_rests;
  assert_string_equal(s_found(&s), "The list changed while it was read; run it again.");
  stage_close(&s);
}

static void the_list_streams_identities_up_to_its_limit(void **state) {
  (void)state;
  struct stage s;
  stage_open(&s);
  fleet_add(&s.fleet, "a", "RECYCLE");
  fleet_add(&s.fleet, "b", "RECYCLE");
  fleet_add(&s.fleet, "c", "RECYCLE");
  const struct zr_tf_kind_of *kind = stage_kind(&s, ZR_TF_LIST_RESOURCE, "zenrelease_instances");
  Tfplugin6__ListResource__Request r;
  tfplugin6__list_resource__request__init(&r);
  r.type_name = zr_tf_pb_text("zenrelease_instances");
  r.limit = 2;
  r.include_resource_object = true;
  r.config = zr_tf_pack_value(&s.arena, &kind->type, zr_tf_new_object(&s.arena, &kind->type));
  struct zr_rpc_call *call = stage_call(&s, "ListResource", &r.base);
  assert_int_equal(call->sent_count, 2);
  fake_free(call);
  s.fleet.broken = ZR_CODE_UNREACHABLE;
  call = stage_call(&s, "ListResource", &r.base);
  assert_int_equal(call->sent_count, 1);
  fake_free(call);
  stage_close(&s);
}

static struct zr_rpc_call *s_invoke(struct stage *s, const char *const *ids) {
  const struct zr_tf_kind_of *kind = stage_kind(s, ZR_TF_ACTION, "zenrelease_release");
  struct zr_tf_value config = stage_object(s, kind, ids);
  Tfplugin6__InvokeAction__Request r;
  tfplugin6__invoke_action__request__init(&r);
  r.action_type = zr_tf_pb_text("zenrelease_release");
  r.config = zr_tf_pack_value(&s->arena, &kind->type, &config);
  return stage_start(s, "InvokeAction", &r.base);
}

static void the_action_says_completed_last_and_once(void **state) {
  (void)state;
  struct stage s;
  stage_open(&s);
  fleet_add(&s.fleet, "a", "RECYCLE");
  struct zr_rpc_call *call = s_invoke(&s, IDS("a", "gone"));
  fleet_run(&s.fleet);
  assert_true(call->ended);
  for (size_t i = 0; i < call->sent_count; i++) {
    Tfplugin6__InvokeAction__Event *e = (Tfplugin6__InvokeAction__Event *)protobuf_c_message_unpack(
        &tfplugin6__invoke_action__event__descriptor, NULL, call->sent[i]->len,
        call->sent[i]->data);
    bool last = i + 1 == call->sent_count;
    assert_int_equal(e->type_case, last ? TFPLUGIN6__INVOKE_ACTION__EVENT__TYPE_COMPLETED
                                        : TFPLUGIN6__INVOKE_ACTION__EVENT__TYPE_PROGRESS);
    if (last) {
      assert_int_equal(e->completed->n_diagnostics, 1);
      assert_int_equal(e->completed->diagnostics[0]->severity,
                       TFPLUGIN6__DIAGNOSTIC__SEVERITY__WARNING);
    }
    protobuf_c_message_free_unpacked(&e->base, NULL);
  }
  fake_free(call);
  stage_close(&s);
}

static void one_caller_goes_and_the_other_stays(void **state) {
  (void)state;
  struct stage s;
  stage_open(&s);
  fleet_add(&s.fleet, "a", "RECYCLE");
  fleet_add(&s.fleet, "b", "RECYCLE");
  struct zr_rpc_call *gone = s_invoke(&s, IDS("a"));
  struct zr_rpc_call *stays = s_invoke(&s, IDS("b"));
  fleet_run_tasks(&s.fleet);
  assert_int_equal(s.fleet.job_count, 2);
  fake_cancel(gone);
  fleet_run(&s.fleet);
  assert_true(s.fleet.jobs[0].cancelled);
  assert_false(s.fleet.jobs[1].cancelled);
  assert_int_equal(s.fleet.releases, 1);
  fake_free(gone);
  fake_free(stays);
  stage_close(&s);
}

static void stop_cancels_everything_until_configured_again(void **state) {
  (void)state;
  struct stage s;
  stage_open(&s);
  fleet_add(&s.fleet, "a", "RECYCLE");
  struct zr_rpc_call *call = s_invoke(&s, IDS("a"));
  fleet_run_tasks(&s.fleet);
  zr_tf_provider_stop(s.provider);
  zr_tf_provider_stop(s.provider);
  fleet_run(&s.fleet);
  assert_int_equal(s.fleet.releases, 0);
  fake_free(call);
  call = s_invoke(&s, IDS("a"));
  fleet_run(&s.fleet);
  assert_int_equal(s.fleet.job_count, 1); /* nothing was asked any more */
  fake_free(call);
  stage_close(&s);
}

static void what_waits_at_the_end_is_told(void **state) {
  (void)state;
  struct stage s;
  stage_open(&s);
  fleet_add(&s.fleet, "a", "RECYCLE");
  struct zr_rpc_call *call = s_invoke(&s, IDS("a"));
  fleet_run_tasks(&s.fleet);
  assert_int_equal(zr_tf_provider_running(s.provider), 1);
  zr_tf_provider_close(s.provider);
  assert_int_equal(call->code, ZR_RPC_UNAVAILABLE);
  fake_free(call);
  stage_close(&s);
}

/* Ten at a time, three times: the wave that is complete does not wait, and somebody is told. */
static void waves_are_learnt(void **state) {
  (void)state;
  struct stage s;
  stage_open(&s);
  static const char *const ids[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
  size_t told = 0;
  for (size_t wave = 0; wave < 3; wave++) {
    struct zr_rpc_call *calls[10];
    for (size_t i = 0; i < 10; i++) {
      calls[i] = s_invoke(&s, IDS(ids[i]));
      fleet_run_tasks(&s.fleet);
    }
    int64_t last = s.fleet.jobs[s.fleet.job_count - 1].window_ms;
    int64_t first = s.fleet.jobs[s.fleet.job_count - 10].window_ms;
    assert_int_equal(first, wave == 0 ? 100 : 300);
    assert_int_equal(last, wave == 0 ? 100 : 2);
    fleet_run(&s.fleet);
    for (size_t i = 0; i < 10; i++) {
      const struct zr_rpc_bytes *b = calls[i]->sent[calls[i]->sent_count - 1];
      told += memmem(b->data, b->len, "ten at a time", 13) != NULL;
      fake_free(calls[i]);
    }
  }
  assert_int_equal(told, 1);
  stage_close(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_teardown_keeps_what_happened),
      cmocka_unit_test(a_teardown_ensures_what_is_new_or_pending),
      cmocka_unit_test(a_teardown_that_failed_can_be_planned),
      cmocka_unit_test(the_data_source_reads_all_pages),
      cmocka_unit_test(a_list_that_shifts_is_read_again),
      cmocka_unit_test(the_list_streams_identities_up_to_its_limit),
      cmocka_unit_test(the_action_says_completed_last_and_once),
      cmocka_unit_test(one_caller_goes_and_the_other_stays),
      cmocka_unit_test(stop_cancels_everything_until_configured_again),
      cmocka_unit_test(what_waits_at_the_end_is_told),
      cmocka_unit_test(waves_are_learnt),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
