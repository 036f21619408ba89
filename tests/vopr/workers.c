#include "workers.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

enum { CHUNK = 50, TELL_MS = 5000, CENSUS_FROM = 10000 };

/* What the processes share. */
struct shared {
  atomic_uint_fast64_t next;
  atomic_bool stop;
  struct {
    _Atomic uint64_t seed; /* that it is at; 0: none */
    struct census census;
  } worker[WORKERS_MAX];
};

struct message {
  uint64_t done;
  uint64_t failed; /* a seed; 0: all held */
  double at;
  char problem[320];
};

/* ---- a worker ---- */

static void s_tell(int pipe, const struct message *m) {
  while (write(pipe, m, sizeof *m) < 0 && errno == EINTR) {
  }
}

static void s_work(const struct work *w, struct shared *shared, unsigned self, int pipe) {
  static struct sim sim;
  for (;;) {
    uint64_t first = atomic_fetch_add(&shared->next, CHUNK);
    struct message m = {0};
    for (uint64_t seed = first; seed < first + CHUNK && seed <= w->to; seed++) {
      if (atomic_load(&shared->stop))
        break;
      atomic_store(&shared->worker[self].seed, seed);
      m.done++;
      if (vopr_run(&sim, seed, NULL))
        continue;
      m.failed = seed;
      m.at = (double)sim.problem_at / 1000;
      memcpy(m.problem, sim.problem, sizeof m.problem);
      s_tell(pipe, &m);
      m = (struct message){0};
    }
    atomic_store(&shared->worker[self].seed, 0);
    shared->worker[self].census = census;
    if (m.done > 0)
      s_tell(pipe, &m);
    if (first + CHUNK > w->to || atomic_load(&shared->stop))
      break;
  }
  vopr_clean_up(&sim);
}

/* ---- the parent ---- */

struct tally {
  uint64_t done;
  uint64_t violations;
  struct zr_mono began;
  int64_t told_at;
};

static double s_rate(const struct tally *t) {
  int64_t ms = zr_mono_now().ms - t->began.ms;
  return (double)t->done * 1000 / (double)(ms > 0 ? ms : 1);
}

static void s_violation(const struct work *w, struct tally *t, uint64_t seed, const char *what) {
  t->violations++;
  printf("seed %llu: VIOLATION: %s\n  replay: %s --seed %llu\n", (unsigned long long)seed, what,
         w->program, (unsigned long long)seed);
  (void)fflush(stdout);
}

static void s_hear(const struct work *w, struct shared *shared, struct tally *t,
                   const struct message *m) {
  t->done += m->done;
  if (m->failed) {
    char what[400];
    (void)snprintf(what, sizeof what, "at %.3f s: %s", m->at, m->problem);
    s_violation(w, t, m->failed, what);
  }
  if (t->violations >= w->most)
    atomic_store(&shared->stop, true);
  int64_t elapsed = zr_mono_now().ms - t->began.ms;
  if (w->quiet || elapsed - t->told_at < TELL_MS)
    return;
  t->told_at = elapsed;
  printf("%llu of %llu seeds, %llu violations, %.0f seeds/s\n", (unsigned long long)t->done,
         (unsigned long long)(w->to - w->from + 1), (unsigned long long)t->violations, s_rate(t));
  (void)fflush(stdout);
}

static void s_listen(const struct work *w, struct shared *shared, struct tally *t, int pipe) {
  struct message m;
  ssize_t n;
  while ((n = read(pipe, &m, sizeof m)) != 0) {
    if (n == (ssize_t)sizeof m)
      s_hear(w, shared, t, &m);
    else if (n > 0 || errno != EINTR)
      abort(); /* a message is written whole: it is shorter than PIPE_BUF */
  }
}

/* A process that did not end by itself did so in a seed. */
static void s_reap(const struct work *w, struct shared *shared, struct tally *t,
                   const pid_t *pids) {
  for (unsigned i = 0; i < w->jobs; i++) {
    int status = 0;
    while (waitpid(pids[i], &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
      continue;
    char what[64];
    (void)snprintf(what, sizeof what, "the process died (status %d)", status);
    s_violation(w, t, atomic_load(&shared->worker[i].seed), what);
  }
}

static int s_close(const struct work *w, const struct shared *shared, const struct tally *t) {
  struct census sum;
  memset(&sum, 0, sizeof sum);
  for (unsigned i = 0; i < w->jobs; i++)
    census_add(&sum, &shared->worker[i].census);
  unsigned zeros = 0;
  bool judged = t->done >= CENSUS_FROM && t->violations == 0;
  if (judged || !w->quiet)
    zeros = census_print(&sum, !w->quiet, judged);
  printf("%llu seeds, %llu violations, %.0f seeds/s, %.0f simulated days\n",
         (unsigned long long)t->done, (unsigned long long)t->violations, s_rate(t),
         (double)sum.virtual_ms / 86400000.0);
  if (judged && zeros > 0)
    printf("%u things that ought to happen never did\n", zeros);
  return t->violations > 0 || (judged && zeros > 0) || t->done == 0 ? 1 : 0;
}

int workers_run(const struct work *w) {
  struct shared *shared =
      mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int ends[2];
  pid_t pids[WORKERS_MAX];
  if (shared == MAP_FAILED || pipe(ends) != 0)
    abort();
  atomic_store(&shared->next, w->from);
  struct tally t = {.began = zr_mono_now()};
  (void)fflush(stdout);
  for (unsigned i = 0; i < w->jobs; i++) {
    pids[i] = fork();
    if (pids[i] < 0)
      abort();
    if (pids[i] == 0) {
      (void)close(ends[0]);
      s_work(w, shared, i, ends[1]);
      exit(0);
    }
  }
  (void)close(ends[1]);
  s_listen(w, shared, &t, ends[0]);
  (void)close(ends[0]);
  s_reap(w, shared, &t, pids);
  int code = s_close(w, shared, &t);
  (void)munmap(shared, sizeof *shared);
  return code;
}
