/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet_parts.h"

#define S_MAX_GENERATED 1e6

/* 0 when it is not there. */
static const char *s_count_member(const cJSON *item, const char *name, size_t *out) {
  const cJSON *number = cJSON_GetObjectItemCaseSensitive(item, name);
  *out = 0;
  if (number == NULL) {
    return NULL;
  }
  if (!cJSON_IsNumber(number) ||
      !(number->valuedouble >= 0 && number->valuedouble <= S_MAX_GENERATED)) {
    return sim_fleet_wrong(name, "a number from 0 to 1000000");
  }
  *out = (size_t)number->valuedouble;
  return NULL;
}

bool sim_fleet_is_one_of(const char *name, const char *const *names, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (sim_text_equal(name, names[i])) {
      return true;
    }
  }
  return false;
}

const char *sim_fleet_apply_generate(struct sim_world *world, const cJSON *item) {
  static const char *const names[] = {"product", "recycled", "running", "account"};
  enum sim_product product = SIM_VM;
  const cJSON *word = cJSON_GetObjectItemCaseSensitive(item, "product");
  size_t account = 0;
  size_t recycled = 0;
  size_t running = 0;
  const cJSON *member = NULL;
  cJSON_ArrayForEach(member, item) {
    if (!sim_fleet_is_one_of(member->string, names, sizeof names / sizeof names[0])) {
      return "generate takes objects with product, recycled, running and account";
    }
  }
  const char *why = s_count_member(item, "account", &account);
  why = why == NULL ? s_count_member(item, "recycled", &recycled) : why;
  why = why == NULL ? s_count_member(item, "running", &running) : why;
  if (why != NULL) {
    return why;
  }
  if (word != NULL && !sim_product_parse(cJSON_GetStringValue(word), &product)) {
    return sim_fleet_wrong("product", "vm, bmc or zec");
  }
  if (account >= world->accounts.count) {
    return sim_fleet_wrong("account", "the number of an account, from 0");
  }
  sim_fleet_generate(&world->fleet, product, account, recycled, SIM_STATUS_RECYCLE);
  sim_fleet_generate(&world->fleet, product, account, running, SIM_STATUS_RUNNING);
  return NULL;
}

static const char *s_text_member(const cJSON *item, const char *name) {
  return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, name));
}

/* Known by its key id, then with other secrets, or new; the first account is the one that the ready
 * line shows. */
const char *sim_fleet_apply_account(struct sim_world *world, const cJSON *item) {
  static const char *const names[] = {"access_key_id", "access_key_password", "token", "of"};
  const char *key_id = s_text_member(item, "access_key_id");
  const cJSON *member = NULL;
  if (key_id == NULL) {
    return sim_fleet_wrong("access_key_id", "there");
  }
  struct sim_account *account = sim_accounts_by_key(&world->accounts, key_id);
  const char *password = s_text_member(item, "access_key_password");
  const char *token = s_text_member(item, "token");
  const cJSON *of = cJSON_GetObjectItemCaseSensitive(item, "of");
  if (of != NULL &&
      (!cJSON_IsNumber(of) || of->valueint < 0 || (size_t)of->valueint >= world->accounts.count)) {
    return sim_fleet_wrong("of", "the number of an account that is there");
  }
  if (account == NULL) {
    size_t number = sim_accounts_add(&world->accounts, key_id, password, token);
    account = &world->accounts.list[number];
  } else {
    sim_account_rotate(account, password, token);
  }
  if (of != NULL) {
    account->of = (size_t)of->valueint;
  }
  cJSON_ArrayForEach(member, item) {
    bool *flag = sim_text_equal(member->string, "zec_bin")   ? &account->zec_bin
                 : sim_text_equal(member->string, "revoked") ? &account->revoked
                                                             : NULL;
    if (flag != NULL && cJSON_IsBool(member)) {
      *flag = cJSON_IsTrue(member) != 0;
    } else if (flag != NULL ||
               !sim_fleet_is_one_of(member->string, names, sizeof names / sizeof names[0])) {
      return "an account takes access_key_id, access_key_password, token, of, zec_bin and revoked";
    }
  }
  return NULL;
}
