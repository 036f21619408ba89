/* Teardown files. */
#include <string.h>

#include "base/mem.h"
#include "base/pattern.h"
#include "fuzz.h"
#include "lib/chunk.h"
#include "plan/teardown.h"

static void s_keep(const struct zenrelease_policy *p) {
  FUZZ_CHECK(p->keep_count <= ZR_KEEP_RULES_MAX);
  for (size_t i = 0; i < p->keep_count; i++) {
    const struct zenrelease_keep *k = &p->keep[i];
    FUZZ_CHECK(!!k->name_pattern + !!k->tag + !!k->resource_group_id + !!k->zone_id == 1);
    if (k->name_pattern)
      FUZZ_CHECK(!zr_pattern_fault(zr_view_of(k->name_pattern)));
  }
}

static void s_step(const struct zr_steps *steps, size_t i) {
  const struct zr_step *s = &steps->items[i];
  FUZZ_CHECK(s->name && s->name[0] && strlen(s->name) <= ZR_STEP_NAME_MAX);
  for (size_t k = 0; k < i; k++)
    FUZZ_CHECK(strcmp(steps->items[k].name, s->name) != 0);
  FUZZ_CHECK(s->product >= ZENRELEASE_PRODUCT_VM && s->product <= ZENRELEASE_PRODUCT_ZEC);
  FUZZ_CHECK(s->selected == !s->ids);
  FUZZ_CHECK(s->selected || s->id_count > 0);
  for (size_t k = 0; s->ids && k < s->id_count; k++)
    FUZZ_CHECK(!zr_id_fault(zr_view_of(s->ids[k])));
  for (size_t k = 0; k < s->need_count; k++)
    FUZZ_CHECK(s->needs[k] < steps->count && s->needs[k] != i);
  FUZZ_CHECK(!s->depend_resource || s->product == ZENRELEASE_PRODUCT_ZEC);
  FUZZ_CHECK(s->policy.max_bin_percent >= 0 && s->policy.max_bin_percent <= 100);
  FUZZ_CHECK(s->policy.max_instances >= 0 && s->policy.min_bin_time_ms >= 0);
  FUZZ_CHECK(!s->selected || (s->policy.max_instances > 0 && s->policy.max_bin_percent > 0));
  FUZZ_CHECK(s->wait_ms >= -1);
  s_keep(&s->policy);
}

/* Steps can be taken in an order in which each comes behind those that it needs. */
static void s_order(const struct zr_steps *steps) {
  bool taken[ZR_STEPS_MAX] = {false};
  for (size_t round = 0; round < steps->count; round++) {
    size_t i = 0;
    for (; i < steps->count; i++) {
      bool ready = !taken[i];
      for (size_t k = 0; k < steps->items[i].need_count; k++)
        ready = ready && taken[steps->items[i].needs[k]];
      if (ready)
        break;
    }
    FUZZ_CHECK(i < steps->count);
    taken[i] = true;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct zr_teardown t;
  struct zr_problems p;
  char *exact = fuzz_exact((struct zr_view){(const char *)data, size});
  zr_problems_init(&p, "teardown.json");
  if (zr_teardown_parse(&t, (struct zr_view){exact, size}, &p)) {
    FUZZ_CHECK(t.steps.count >= 1 && t.steps.count <= ZR_STEPS_MAX);
    FUZZ_CHECK(t.max_drift_percent >= 0 && t.max_drift_percent <= 100);
    for (size_t i = 0; i < t.steps.count; i++)
      s_step(&t.steps, i);
    s_order(&t.steps);
  } else {
    FUZZ_CHECK(p.text.len > 0);
  }
  zr_teardown_clean_up(&t);
  zr_problems_clean_up(&p);
  zr_free(exact);
  return 0;
}
