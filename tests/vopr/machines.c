/* What is true: where each machine is, was, and will be. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"

static const char *const s_places[PLACE_COUNT_] = {"nowhere", "live",  "entering", "in the bin",
                                                   "leaving", "weird", "gone"};

struct machine *machine_find(struct sim *s, enum zr_product product, const char *id) {
  unsigned long n = strtoul(id + 1, NULL, 10);
  if (product >= ZR_PRODUCT_COUNT_ || n >= s->machine_count[product] ||
      strcmp(s->machines[product][n].id, id) != 0)
    return NULL;
  return &s->machines[product][n];
}

unsigned machine_number(struct sim *s, const struct machine *m, enum zr_product product) {
  return (unsigned)(m - s->machines[product]);
}

enum place machine_place(const struct machine *m) {
  return m->past[0].place;
}

struct state machine_seen(const struct sim *s, const struct machine *m, int64_t lag_ms) {
  unsigned i = 0;
  while (i + 1 < m->past_count && m->past[i].at > s->now - lag_ms)
    i++;
  return m->past[i];
}

/* The service's pages disagree on the word for the bin: some of zec's instances have the other. */
void machine_hide(struct machine *m, bool hidden) {
  m->flickered = m->flickered || (m->hidden != hidden && (m->vanished || m->absences > 0));
  m->hidden = hidden;
}

const char *machine_group(unsigned number) {
  static const char *const groups[GROUPS] = {"g0", "g1", "g2"};
  return groups[number % GROUPS];
}

const char *machine_word(enum zr_product product, unsigned number, enum place place) {
  static const char *const words[PLACE_COUNT_] = {"",          "RUNNING",  "RECYCLING", "RECYCLE",
                                                  "RELEASING", "SHUTDOWN", ""};
  return place == BIN && product == ZR_PRODUCT_ZEC && number % 2 ? "RECYCLED" : words[place];
}

void machine_put(struct sim *s, struct machine *m, enum place place, unsigned facts) {
  unsigned keep = m->past_count < PAST_MAX - 1 ? m->past_count : PAST_MAX - 1;
  memmove(m->past + 1, m->past, keep * sizeof *m->past);
  m->past_count = keep + 1;
  m->past[0] = (struct state){s->now, place, facts};
  trace_mix(s, (uint64_t)place << 8 | facts);
  unsigned p = (unsigned)((m - s->machines[0]) / IDS_MAX);
  trace_say(s, "   (%s/%s is now %s%s%s)", zr_product_info((enum zr_product)p)->name, m->id,
            s_places[place], facts & FACT_RENAMED ? ", renamed" : "",
            facts & FACT_KEPT ? ", tagged keep" : "");
}

/* ---- effects ---- */

static void s_doom(struct sim *s, struct machine *m, struct doom d) {
  if (m->doom_count == DOOMS_MAX)
    return; /* so many orders for one machine: one more changes nothing */
  m->dooms[m->doom_count++] = d;
  if (d.at < s->next_doom)
    s->next_doom = d.at;
}

static void s_destroy(struct sim *s, struct machine *m, int32_t sent) {
  if (m->destroyed_at == NEVER) {
    m->destroyed_at = s->now;
    m->destroyed_by = sent;
    if (sent >= 0)
      judge_destroyed(s, m, sent);
  }
  if (!s->weather.leaving) {
    machine_put(s, m, GONE, m->past[0].facts);
    return;
  }
  MARK(RELEASED_THROUGH_LEAVING);
  /* A word that says nothing does not last as long as the shortest watch. */
  bool weird = s->weather.weird_word && !s->weather.slow_calls && vopr_chance(s, 50);
  machine_put(s, m, weird ? WEIRD : LEAVING, m->past[0].facts);
  s_doom(s, m,
         (struct doom){s->now + vopr_between(s, 50, weird ? 4000 - s->weather.lag_ms : 8000), sent,
                       true});
}

/* zec would release a machine that runs; only we insist on the bin. */
static bool s_takes_hold(struct sim *s, const struct machine *m, int32_t sent) {
  enum place p = machine_place(m);
  bool zec = sent >= 0 && s->sent[sent].product == ZR_PRODUCT_ZEC;
  return p == BIN || (zec && (p == LIVE || p == ENTERING));
}

static void s_happen(struct sim *s, struct machine *m, struct doom d) {
  if (d.finishing)
    machine_put(s, m, GONE, m->past[0].facts);
  else if (s_takes_hold(s, m, d.sent))
    s_destroy(s, m, d.sent);
}

void machine_doom(struct sim *s, struct machine *m, int64_t at, int32_t sent) {
  struct doom d = {at, sent, false};
  if (at <= s->now)
    s_happen(s, m, d);
  else
    s_doom(s, m, d);
}

static void s_dooms_pass(struct sim *s) {
  if (s->next_doom > s->now)
    return;
  s->next_doom = NEVER;
  for (int p = 0; p < ZR_PRODUCT_COUNT_; p++) {
    for (unsigned i = 0; i < s->machine_count[p]; i++) {
      struct machine *m = &s->machines[p][i];
      for (unsigned k = 0; k < m->doom_count;) {
        struct doom d = m->dooms[k];
        if (d.at <= s->now) {
          m->dooms[k] = m->dooms[--m->doom_count];
          s_happen(s, m, d);
        } else {
          s->next_doom = d.at < s->next_doom ? d.at : s->next_doom;
          k++;
        }
      }
    }
  }
}

/* ---- people, and the service's own clock ---- */

static struct machine *s_any(struct sim *s) {
  unsigned total = 0;
  for (int p = 0; p < ZR_PRODUCT_COUNT_; p++)
    total += s->machine_count[p];
  unsigned n = vopr_below(s, total);
  for (int p = 0; p < ZR_PRODUCT_COUNT_; p++) {
    if (n < s->machine_count[p])
      return &s->machines[p][n];
    n -= s->machine_count[p];
  }
  return NULL;
}

static void s_move(struct sim *s, struct machine *m) {
  enum place p = machine_place(m);
  unsigned facts = m->past[0].facts;
  if (p == LIVE && vopr_chance(s, 40)) {
    MARK(RESCUED_AND_BACK);
    machine_put(s, m, ENTERING, facts);
  } else if (p == ENTERING) {
    machine_put(s, m, BIN, facts);
  }
  if (p != BIN)
    return;
  switch (vopr_below(s, 6)) {
  case 0:
    MARK(RENAMED);
    machine_put(s, m, BIN, facts ^ FACT_RENAMED);
    break;
  case 1:
    MARK(TAGGED);
    machine_put(s, m, BIN, facts ^ FACT_KEPT);
    break;
  case 2:
    MARK(EXPIRED);
    s_destroy(s, m, -1);
    break;
  case 3:
    MARK(RELEASED_BY_OTHERS);
    machine_put(s, m, LEAVING, facts);
    m->destroyed_at = s->now;
    m->destroyed_by = -1;
    s_doom(s, m, (struct doom){s->now + vopr_between(s, 50, 60000), -1, true});
    break;
  default:
    MARK(RESCUED);
    machine_put(s, m, LIVE, facts);
    break;
  }
}

void machines_pass(struct sim *s) {
  s_dooms_pass(s);
  if (s->next_move <= s->now) {
    struct machine *m = s_any(s);
    if (m)
      s_move(s, m);
    s->next_move = s->now + vopr_between(s, 1, 2 * s->weather.move_every_ms);
  }
  if (s->next_step <= s->now) {
    MARK(CLOCK_STEPPED);
    s->wall_offset += vopr_between(s, -7200000, 7200000);
    trace_say(s, "   (the wall clock steps)");
    s->next_step = s->now + vopr_between(s, 1, 2 * s->weather.step_every_ms);
  }
}
