/*
 * What the simulator is told by files and pages: rules of faults, fleets, settings. The first byte
 * chooses. What was accepted is written, and the written form is accepted and the same.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "fuzz_sim.h"

static char *s_printed(void (*write)(const struct sim_world *, struct sim_json *),
                       const struct sim_world *world) {
  struct sim_buf text = {0};
  struct sim_json json = {.out = &text};
  write(world, &json);
  return text.data ? text.data : sim_strdup("");
}

static void s_write_faults(const struct sim_world *world, struct sim_json *json) {
  sim_faults_write(&world->faults, json);
}

static void s_write_settings(const struct sim_world *world, struct sim_json *json) {
  sim_settings_write(&world->settings, json);
}

static const char *s_faults(struct sim_world *world, const cJSON *file) {
  return sim_faults_replace(&world->faults, file);
}

static const char *s_fleet(struct sim_world *world, const cJSON *file) {
  return sim_fleet_file_apply(world, file, true);
}

static const char *s_settings(struct sim_world *world, const cJSON *file) {
  return sim_settings_set_json(&world->settings, file);
}

struct s_kind {
  const char *(*apply)(struct sim_world *world, const cJSON *file);
  void (*write)(const struct sim_world *world, struct sim_json *json);
  bool returns; /* what is written can be applied */
};

static const struct s_kind s_kinds[] = {
    {s_faults, s_write_faults, false},
    {s_fleet, sim_fleet_file_write, true},
    {s_settings, s_write_settings, true},
};

static void s_again(const struct s_kind *kind, struct sim_world *world) {
  char *first = s_printed(kind->write, world);
  cJSON *back = cJSON_Parse(first);
  FUZZ_CHECK(back != NULL);
  if (kind->returns) {
    FUZZ_CHECK(!kind->apply(world, back));
    char *second = s_printed(kind->write, world);
    FUZZ_CHECK(strcmp(first, second) == 0);
    free(second);
  }
  cJSON_Delete(back);
  free(first);
}

/* A fleet of a million is allowed, and would take all the time there is. */
static bool s_is_large(const cJSON *file) {
  const cJSON *item = NULL;
  double total = 0;
  cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(file, "generate")) {
    const cJSON *member = NULL;
    cJSON_ArrayForEach(member, item) {
      if (cJSON_IsNumber(member) && member->valuedouble > 0 && member->valuedouble <= 1e6)
        total += member->valuedouble;
    }
  }
  return total > 1000;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input in = {data, size};
  const struct s_kind *kind = &s_kinds[fuzz_byte(&in) % (sizeof s_kinds / sizeof s_kinds[0])];
  cJSON *file = cJSON_ParseWithLength((const char *)in.at, in.left);
  struct sim_world world;
  if (!file || s_is_large(file)) {
    cJSON_Delete(file);
    return 0;
  }
  fuzz_sim_open(&world);
  const char *why = kind->apply(&world, file);
  FUZZ_CHECK(!why || why[0]);
  if (!why)
    s_again(kind, &world);
  cJSON_Delete(file);
  fuzz_sim_close(&world);
  return 0;
}
