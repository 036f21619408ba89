/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_ACCOUNT_H
#define SIM_ACCOUNT_H

#include "base.h"

/* Who may call: each account sees and releases only its own instances. */
struct sim_account {
  char *key_id;
  char *key_password;
  char *token;
  size_t of; /* the account whose instances it sees; its own, or that of an earlier key */
  bool zec_bin;
  bool revoked;
  double tokens; /* of the rate limit's bucket */
  uint64_t refilled_ms;
};

struct sim_accounts {
  struct sim_account *list;
  size_t count;
};

void sim_accounts_clean_up(struct sim_accounts *accounts);
/* Copies the texts; generates those that are NULL. Answers the new account's number. */
size_t sim_accounts_add(struct sim_accounts *accounts, const char *key_id, const char *password,
                        const char *token);
/* Other secrets for the same key; NULL leaves one as it is. */
void sim_account_rotate(struct sim_account *account, const char *password, const char *token);
/* NULL when there is none. */
struct sim_account *sim_accounts_by_key(const struct sim_accounts *accounts, const char *key_id);
/* Compares every token, each in constant time. */
struct sim_account *sim_accounts_by_token(const struct sim_accounts *accounts, const char *token);
/* Takes one call out of the bucket; false: too many. rate 0 never refuses. */
bool sim_account_admit(struct sim_account *account, double rate, double burst, uint64_t now_ms);

#endif
