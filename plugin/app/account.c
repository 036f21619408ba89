#include "app/account.h"

#include <stdio.h>
#include <string.h>

#include "app/calls.h"
#include "app/version.h"
#include "base/log.h"
#include "base/mem.h"

/* ---- facts ---- */

static struct zr_told *s_told_new(const struct zr_loop *l, const struct zr_credential *c,
                                  const char *problem) {
  struct zr_told *t = zr_calloc(1, sizeof *t);
  char *copy = problem ? zr_strdup(problem) : NULL;
  if (!t || (problem && !copy)) {
    zr_free(t);
    zr_free(copy);
    return NULL;
  }
  t->facts = l->facts; /* what never changes */
  t->problem = copy;
  (void)snprintf(t->fingerprint, sizeof t->fingerprint, "%s", c->fingerprint);
  (void)snprintf(t->source, sizeof t->source, "%s", c->source);
  t->facts.account_fingerprint = t->fingerprint;
  t->facts.credential_source = t->source;
  t->facts.credential_problem = t->problem;
  return t;
}

static void s_tell(struct zr_account *a, struct zr_told *t) {
  t->older = atomic_load(&a->told);
  atomic_store(&a->told, t);
}

/* ---- changing it ---- */

static void s_move(struct zr_credential *to, struct zr_credential *from) {
  zr_credential_clean_up(to);
  *to = *from;
  *from = (struct zr_credential){.source = ""};
}

static bool s_is_same(const struct zr_credential *a, const struct zr_credential *b) {
  return zr_secret_equal(&a->key_id, &b->key_id) && zr_secret_equal(&a->password, &b->password) &&
         zr_secret_equal(&a->token, &b->token);
}

static bool s_is_same_account(const struct zr_credential *a, const struct zr_credential *b) {
  return zr_view_eq_text(zr_view_of(a->fingerprint), b->fingerprint);
}

/* What is made for a credential before it is taken up, so that a failure changes nothing. */
struct s_parts {
  struct zr_remote *remote;
  struct zr_retired *retired;
  struct zr_told *told;
};

static enum zr_err s_make(struct zr_loop *l, const struct zr_credential *c, struct s_parts *out) {
  const struct zr_remote_options o = {
      .http = l->http,
      .endpoint = &l->endpoint,
      .credential = c,
      .client = "zenrelease-" ZR_VERSION,
      .clock_offset_ms = l->remote ? zr_remote_clock_offset_ms(l->remote) : 0,
  };
  *out = (struct s_parts){.told = s_told_new(l, c, NULL)};
  out->retired = zr_calloc(1, sizeof *out->retired);
  if (!out->told || !out->retired)
    return ZR_ERR_NOMEM;
  return zr_remote_new(&o, &out->remote);
}

/* Calls under way end with the remote that they began with. */
static enum zr_err s_take_up(struct zr_loop *l, struct zr_credential *c) {
  struct zr_account *a = &l->account;
  struct s_parts p;
  enum zr_err e = s_make(l, c, &p);
  if (e != ZR_ERR_OK) {
    zr_free(p.told);
    zr_free(p.retired);
    return e;
  }
  if (l->remote) {
    *p.retired = (struct zr_retired){l->remote, a->retired};
    a->retired = p.retired;
  } else {
    zr_free(p.retired);
  }
  l->remote = p.remote;
  l->refused = false;
  s_move(&a->credential, c);
  s_tell(a, p.told);
  return ZR_ERR_OK;
}

static void s_replace(struct zr_loop *l, struct zr_credential *c) {
  char before[ZR_FINGERPRINT_CHARS + 1];
  (void)snprintf(before, sizeof before, "%s", l->account.credential.fingerprint);
  enum zr_err e = s_take_up(l, c);
  if (e == ZR_ERR_OK && l->keeper && strcmp(before, l->account.credential.fingerprint) != 0)
    zr_keeper_change_account(l->keeper);
  if (e == ZR_ERR_OK)
    zr_log(ZR_LOG_INFO, "app", "credential replaced", zr_s("source", l->account.credential.source),
           zr_s("account_before", before), zr_s("account", l->account.credential.fingerprint));
  else
    zr_log(ZR_LOG_ERROR, "app", "the new credential cannot be used; the old one stays",
           zr_s("reason", zr_err_text(e)));
}

/* Nothing is under way under the key in use; also no ids that the journal's thread still copies. */
static bool s_is_free(const struct zr_loop *l) {
  return zr_engine_is_idle(l->engine) && !zr_settling_runs(l->keeper);
}

/* Loop thread. */
static void s_consider(struct zr_loop *l, struct zr_credential *c) {
  struct zr_account *a = &l->account;
  bool known = l->remote && s_is_same(c, &a->credential);
  if (a->is_waiting && (known || !s_is_same(c, &a->waiting))) {
    zr_log(ZR_LOG_INFO, "app", "the credential that waited is not wanted any more",
           zr_s("account", a->waiting.fingerprint));
    zr_credential_clean_up(&a->waiting);
    a->is_waiting = false;
  }
  if (known || a->is_waiting)
    return;
  if (!l->remote || s_is_same_account(c, &a->credential)) {
    s_replace(l, c);
    return;
  }
  s_move(&a->waiting, c);
  a->is_waiting = true;
  if (!s_is_free(l))
    zr_log(ZR_LOG_WARN, "app",
           "a key of another fingerprint waits for the running releases to end; no new one is "
           "taken until then",
           zr_s("account", a->waiting.fingerprint), zr_s("in_use", a->credential.fingerprint),
           zr_i("releases", (int64_t)zr_engine_jobs(l->engine)));
}

static void s_free_retired(struct zr_account *a, bool all) {
  struct zr_retired **at = &a->retired;
  while (*at) {
    struct zr_retired *r = *at;
    if (!all && !zr_remote_is_idle(r->remote)) {
      at = &r->next;
      continue;
    }
    *at = r->next;
    zr_remote_destroy(r->remote);
    zr_free(r);
  }
}

void zr_account_step(struct zr_loop *l) {
  struct zr_account *a = &l->account;
  if (a->is_waiting && s_is_free(l)) {
    s_replace(l, &a->waiting);
    zr_credential_clean_up(&a->waiting);
    a->is_waiting = false;
  }
  s_free_retired(a, false);
}

/* ---- from outside ---- */

struct s_offer {
  struct zr_loop *loop;
  struct zr_credential credential;
  struct zr_task task;
};

static void s_free_offer(struct s_offer *o) {
  zr_credential_clean_up(&o->credential);
  zr_free(o);
}

static void s_run_offer(struct zr_task *task) {
  struct s_offer *o = ZR_OWNER(task, struct s_offer, task);
  s_consider(o->loop, &o->credential);
  s_free_offer(o);
}

enum zr_err zr_account_offer(struct zr_loop *l, struct zr_credential *credential) {
  struct s_offer *o = zr_calloc(1, sizeof *o);
  if (!o) {
    zr_credential_clean_up(credential);
    return ZR_ERR_NOMEM;
  }
  o->loop = l;
  o->task.run = s_run_offer;
  s_move(&o->credential, credential);
  enum zr_err e = l->backend.post(l, &o->task);
  if (e != ZR_ERR_OK)
    s_free_offer(o);
  return e;
}

enum zr_err zr_account_begin(struct zr_loop *l, struct zr_credential *credential,
                             const char *problem) {
  if (!problem)
    return s_take_up(l, credential);
  struct zr_told *t = s_told_new(l, &l->account.credential, problem);
  if (!t)
    return ZR_ERR_NOMEM;
  s_tell(&l->account, t);
  return ZR_ERR_OK;
}

void zr_account_end(struct zr_loop *l) {
  struct zr_account *a = &l->account;
  zr_remote_destroy(l->remote);
  s_free_retired(a, true);
  zr_credential_clean_up(&a->credential);
  zr_credential_clean_up(&a->waiting);
  for (struct zr_told *t = atomic_load(&a->told), *older; t; t = older) {
    older = t->older;
    zr_free(t->problem);
    zr_free(t);
  }
}
