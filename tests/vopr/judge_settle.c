/* Open calls are given to the engine while it has calls of its own under way. */
#include "judge.h"

static bool s_in_flight(const struct sim *s, const struct machine *m) {
  if (m->send_count == 0)
    return false;
  const struct sent *x = &s->sent[m->sends[m->send_count - 1]];
  return x->life == s->life && x->answered_at == NEVER;
}

void judge_forgets(const struct sim *s, struct machine *m) {
  if (m->waiting == 0 && !s_in_flight(s, m))
    m->known_from = m->send_count;
}

static void s_note(struct machine *m, uint32_t batch) {
  if (batch > m->asked_in)
    m->asked_in = batch;
}

void judge_asks(struct sim *s) {
  for (int p = 0; p < ZR_PRODUCT_COUNT_; p++) {
    for (unsigned i = 0; i < s->machine_count[p]; i++) {
      struct machine *m = &s->machines[p][i];
      m->asked_in = 0;
      if (s_in_flight(s, m))
        s_note(m, s->sent[m->sends[m->send_count - 1]].batch);
    }
  }
  for (size_t i = 0; i < s->record_count; i++) {
    const struct record *r = &s->records[i];
    for (uint32_t k = 0; r->kind == RECORD_INTENT && !r->acked && k < r->count; k++)
      s_note(&s->machines[r->product][s->ids.at[r->first_id + k]], r->batch);
  }
}

bool judge_outdated(const struct sim *s, const struct machine *m) {
  for (unsigned k = m->known_from; k < m->send_count; k++) {
    const struct sent *x = &s->sent[m->sends[k]];
    if (x->life == s->life && !judge_never_left(x))
      return m->asked_in > 0 && x->batch > m->asked_in;
  }
  return m->asked_in > 0;
}

void judge_settles(struct sim *s, struct machine *m) {
  if (m->send_count > 0 && s->sent[m->sends[m->send_count - 1]].life == s->life)
    MARK(SETTLE_OWN_CALL);
  if (m->waiting > 0 || s_in_flight(s, m))
    return;
  m->left_open = false;
  m->spell_began = s->now;
  m->spell_first = m->send_count;
  m->open_intents = 0;
}
