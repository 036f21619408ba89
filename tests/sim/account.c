/* SPDX-License-Identifier: Apache-2.0 */
#include "account.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

static void s_wipe(char *secret) {
  if (secret != NULL) {
    OPENSSL_cleanse(secret, strlen(secret));
    free(secret);
  }
}

void sim_accounts_clean_up(struct sim_accounts *accounts) {
  for (size_t i = 0; i < accounts->count; i++) {
    free(accounts->list[i].key_id);
    s_wipe(accounts->list[i].key_password);
    s_wipe(accounts->list[i].token);
  }
  free(accounts->list);
  *accounts = (struct sim_accounts){0};
}

static char *s_generate(const char *prefix, size_t len) {
  static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
  struct sim_rng rng = {.state = sim_entropy()};
  struct sim_buf text = {0};
  sim_buf_puts(&text, prefix);
  for (size_t i = 0; i < len; i++) {
    sim_buf_putc(&text, letters[sim_rng_below(&rng, sizeof letters - 1)]);
  }
  return text.data;
}

size_t sim_accounts_add(struct sim_accounts *accounts, const char *key_id, const char *password,
                        const char *token) {
  accounts->list = sim_realloc(accounts->list, (accounts->count + 1) * sizeof accounts->list[0]);
  accounts->list[accounts->count] = (struct sim_account){
      .key_id = key_id != NULL ? sim_strdup(key_id) : s_generate("SIM", 26),
      .key_password = password != NULL ? sim_strdup(password) : s_generate("", 24),
      .token = token != NULL ? sim_strdup(token) : s_generate("simtok-", 32),
      .of = accounts->count,
  };
  return accounts->count++;
}

static void s_rotate(char **slot, const char *secret) {
  if (secret != NULL) {
    s_wipe(*slot);
    *slot = sim_strdup(secret);
  }
}

void sim_account_rotate(struct sim_account *account, const char *password, const char *token) {
  s_rotate(&account->key_password, password);
  s_rotate(&account->token, token);
}

struct sim_account *sim_accounts_by_key(const struct sim_accounts *accounts, const char *key_id) {
  for (size_t i = 0; i < accounts->count; i++) {
    if (strcmp(accounts->list[i].key_id, key_id) == 0) {
      return &accounts->list[i];
    }
  }
  return NULL;
}

static bool s_same_secret(const char *a, const char *b) {
  size_t len = strlen(a);
  return len == strlen(b) && CRYPTO_memcmp(a, b, len) == 0;
}

struct sim_account *sim_accounts_by_token(const struct sim_accounts *accounts, const char *token) {
  struct sim_account *found = NULL;
  for (size_t i = 0; i < accounts->count; i++) {
    if (s_same_secret(accounts->list[i].token, token)) {
      found = &accounts->list[i];
    }
  }
  return found;
}

bool sim_account_admit(struct sim_account *account, double rate, double burst, uint64_t now_ms) {
  if (rate <= 0) {
    return true;
  }
  double size = burst > 0 ? burst : (rate < 1 ? 1 : rate);
  if (account->refilled_ms == 0) {
    account->tokens = size;
  } else {
    account->tokens += (double)(now_ms - account->refilled_ms) * rate / 1000.0;
  }
  account->refilled_ms = now_ms;
  if (account->tokens > size) {
    account->tokens = size;
  }
  if (account->tokens < 1) {
    return false;
  }
  account->tokens -= 1;
  return true;
}
