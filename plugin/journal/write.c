/* Records become rows. */
#include "journal/private.h"

#include <string.h>

static const char *s_product(enum zr_product p) {
  const struct zr_product_info *info = zr_product_info(p);
  return info ? info->name : "";
}

/* ---- an intent ---- */

/* One more caller of an id whose intent is there. */
static int s_caller(struct zr_journal *j, uint32_t batch, const char *id, const char *request_id) {
  struct zr_use u = zr_db_use(&j->db, ZR_SQL_ADD_CALLER);
  zr_put_text(&u, request_id);
  zr_put_int(&u, batch);
  zr_put_text(&u, id);
  zr_put_int(&u, j->owner);
  return zr_db_run(&u);
}

/* The row of the intent is the first caller's; each further one has a row of his own. */
static int s_open_id(struct zr_journal *j, const struct zr_record *r, size_t i, size_t *caller) {
  const struct zr_record_caller *c = r->callers + *caller;
  const struct zr_record_caller *end = r->callers + r->caller_count;
  bool any = c < end && c->index == i;
  struct zr_use u = zr_db_use(&j->db, ZR_SQL_ADD_OPEN);
  zr_put_int(&u, j->owner);
  zr_put_text(&u, s_product(r->product));
  zr_put_text(&u, r->ids[i]);
  zr_put_int(&u, r->batch);
  zr_put_int(&u, r->at.ms);
  zr_put_text(&u, any ? c->request_id : "");
  int rc = zr_db_run(&u);
  for (c += any; rc == SQLITE_OK && c < end && c->index == i; c++)
    rc = s_caller(j, r->batch, r->ids[i], c->request_id);
  *caller = (size_t)(c - r->callers);
  return rc;
}

static int s_intent(struct zr_journal *j, const struct zr_record *r) {
  size_t caller = 0;
  struct zr_use u = zr_db_use(&j->db, ZR_SQL_ADD_CALL);
  zr_put_int(&u, r->batch);
  zr_put_int(&u, j->owner);
  zr_put_text(&u, s_product(r->product));
  zr_put_int(&u, r->depend_resource);
  zr_put_int(&u, r->at.ms);
  zr_put_int(&u, (int64_t)r->id_count);
  int rc = zr_db_run(&u);
  for (size_t i = 0; rc == SQLITE_OK && i < r->id_count; i++)
    rc = s_open_id(j, r, i, &caller);
  return rc;
}

/* Of an id that nobody has put his name to, the row of the intent becomes his. */
static int s_join(struct zr_journal *j, const struct zr_record *r, const struct zr_result *one) {
  struct zr_use u = zr_db_use(&j->db, ZR_SQL_LABEL);
  zr_put_text(&u, r->request_id);
  zr_put_int(&u, one->batch);
  zr_put_text(&u, one->instance_id);
  zr_put_int(&u, j->owner);
  int rc = zr_db_run(&u);
  if (rc == SQLITE_OK && zr_db_changed(&j->db) == 0)
    rc = s_caller(j, one->batch, one->instance_id, r->request_id);
  return rc;
}

static int s_joined(struct zr_journal *j, const struct zr_record *r) {
  int rc = SQLITE_OK;
  for (size_t i = 0; rc == SQLITE_OK && i < r->result_count; i++)
    rc = s_join(j, r, &r->results[i]);
  return rc;
}

/* ---- an answer ---- */

static int s_listed(struct zr_journal *j, const struct zr_record *r) {
  int rc = SQLITE_OK;
  for (size_t i = 0; rc == SQLITE_OK && i < r->end->failed_count; i++) {
    struct zr_use u = zr_db_use(&j->db, ZR_SQL_ANSWER_LISTED);
    zr_put_int(&u, r->batch);
    zr_put_text(&u, r->end->failed_ids[i]);
    zr_put_int(&u, j->owner);
    rc = zr_db_run(&u);
  }
  return rc;
}

static int s_never_left(struct zr_journal *j, const struct zr_record *r) {
  struct zr_use u = zr_db_use(&j->db, ZR_SQL_CLOSE_CALL);
  zr_put_int(&u, r->at.ms);
  zr_put_int(&u, r->batch);
  zr_put_int(&u, j->owner);
  return zr_db_run(&u);
}

static int s_answer(struct zr_journal *j, const struct zr_record *r) {
  const struct zr_call_end *end = &r->end->call;
  struct zr_use u = zr_db_use(&j->db, ZR_SQL_ANSWER);
  zr_put_int(&u, r->at.ms);
  zr_put_text(&u, zr_class_name(end->class_));
  zr_put_int(&u, end->http_status);
  zr_put_text(&u, end->code);
  zr_put_text(&u, end->message);
  zr_put_text(&u, end->request_id);
  zr_put_text(&u, end->reason);
  zr_put_int(&u, end->retry_after_ms);
  zr_put_int(&u, end->late_effect);
  zr_put_int(&u, r->batch);
  zr_put_int(&u, j->owner);
  int rc = zr_db_run(&u);
  if (rc == SQLITE_OK)
    rc = s_listed(j, r);
  if (rc == SQLITE_OK && zr_record_never_left(end->class_))
    rc = s_never_left(j, r);
  return rc;
}

/* ---- outcomes ---- */

static const char *s_code(enum zr_code c) {
  return c == ZR_CODE_NONE ? "" : zr_code_info(c)->name;
}

static struct zr_use s_use_result(struct zr_journal *j, enum zr_sql which,
                                  const struct zr_record *r, const struct zr_result *one) {
  struct zr_use u = zr_db_use(&j->db, which);
  zr_put_text(&u, zr_outcome_name(one->outcome));
  zr_put_text(&u, s_code(one->code));
  zr_put_int(&u, one->decided_at.ms ? one->decided_at.ms : r->at.ms);
  zr_put_text(&u, one->name);
  zr_put_text(&u, one->zone_id);
  zr_put_text(&u, r->request_id);
  zr_put_int(&u, one->batch);
  zr_put_text(&u, one->instance_id);
  zr_put_int(&u, j->owner);
  return u;
}

static int s_close(struct zr_journal *j, const struct zr_record *r, const struct zr_result *one) {
  struct zr_use u = zr_db_use(&j->db, ZR_SQL_CLOSE_ID);
  zr_put_int(&u, r->at.ms);
  zr_put_text(&u, zr_outcome_name(one->outcome));
  zr_put_int(&u, j->owner);
  zr_put_text(&u, s_product(r->product));
  zr_put_text(&u, one->instance_id);
  zr_put_int(&u, one->batch);
  zr_put_text(&u, s_code(one->code));
  zr_put_text(&u, r->request_id);
  zr_put_int(&u, zr_record_closes_from(one));
  return zr_db_run(&u);
}

static int s_outcome(struct zr_journal *j, const struct zr_record *r, const struct zr_result *one) {
  int changed = 0;
  int rc = SQLITE_OK;
  if (one->batch > 0) {
    struct zr_use u = s_use_result(j, ZR_SQL_DECIDE, r, one);
    rc = zr_db_run(&u);
    changed = rc == SQLITE_OK ? zr_db_changed(&j->db) : 0;
  }
  if (rc == SQLITE_OK && changed == 0) {
    struct zr_use u = s_use_result(j, ZR_SQL_ADD_OUTCOME, r, one);
    zr_put_text(&u, s_product(r->product));
    rc = zr_db_run(&u);
  }
  if (rc == SQLITE_OK && zr_record_closes_from(one) > 0)
    rc = s_close(j, r, one);
  return rc;
}

static int s_outcomes(struct zr_journal *j, const struct zr_record *r) {
  int rc = SQLITE_OK;
  for (size_t i = 0; rc == SQLITE_OK && i < r->result_count; i++)
    rc = s_outcome(j, r, &r->results[i]);
  return rc;
}

/* ---- sightings ---- */

static int s_sight(struct zr_journal *j, const struct zr_entry *i) {
  int rc = SQLITE_OK;
  for (size_t n = 0; rc == SQLITE_OK && n < i->id_count; n++) {
    struct zr_use u = zr_db_use(&j->db, i->left ? ZR_SQL_FORGET : ZR_SQL_SIGHT);
    zr_put_int(&u, j->owner);
    zr_put_text(&u, s_product(i->product));
    zr_put_text(&u, i->ids[n]);
    zr_put_int(&u, i->now.ms);
    rc = zr_db_run(&u);
  }
  return rc;
}

int zr_journal_write(struct zr_journal *j, const struct zr_entry *i) {
  if (i->kind == ZR_ENTRY_SIGHT)
    return s_sight(j, i);
  switch (i->record.kind) {
  case ZR_RECORD_INTENT:
    return s_intent(j, &i->record);
  case ZR_RECORD_ANSWER:
    return s_answer(j, &i->record);
  case ZR_RECORD_OUTCOMES:
    return s_outcomes(j, &i->record);
  case ZR_RECORD_JOINED:
    return s_joined(j, &i->record);
  }
  return SQLITE_MISUSE;
}

/* ---- what is old ---- */

static int s_step(struct zr_journal *j, enum zr_sql which, bool *more) {
  struct zr_use u = zr_db_use(&j->db, which);
  zr_put_int(&u, j->prune_before.ms);
  zr_put_int(&u, ZR_JOURNAL_PRUNE_STEP);
  int rc = zr_db_run(&u);
  *more = *more || (rc == SQLITE_OK && zr_db_changed(&j->db) == ZR_JOURNAL_PRUNE_STEP);
  return rc;
}

int zr_journal_prune(struct zr_journal *j, bool *more) {
  *more = false;
  int rc = s_step(j, ZR_SQL_PRUNE_ENTRIES, more);
  if (rc == SQLITE_OK)
    rc = s_step(j, ZR_SQL_PRUNE_CALLS, more);
  if (rc == SQLITE_OK)
    rc = s_step(j, ZR_SQL_PRUNE_SIGHTINGS, more);
  return rc;
}
