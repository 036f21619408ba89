/*
 * The allocation sweep over a whole program: its main runs in a forked child again and again, and
 * in each child another allocation fails. The program is linked here under another name.
 *
 *   sweep_cli    NAME [options] -- arguments of zenrelease
 *   sweep_plugin NAME [options] -- arguments of zenrelease-plugin
 *
 *   --same            with exit code 0, stdout must be what it was without a failure
 *   --ids FILE        each run takes the next line in the place of {id} in an argument; without it,
 *                     the number of the run
 *   --client COMMAND  the program is a server: once it has said that it is ready, the shell command
 * runs with its SERVER_PID (it may fail, but not be killed), and then the server is asked to end
 *   --most N          at most so many runs, spread over the places; 0: no limit
 *
 * A child must exit by itself, with a word on stderr when it failed, and give back every block;
 * without a sanitizer the programs leave some of them to the system on purpose (gRPC takes long to
 * take down). Then no run of the client may leave more than the one without a failure, and a server
 * is not asked; the sanitizer builds ask both. One line for the path, as the sweeps in the unit
 * tests print it; exits 1 when anything was wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "blocks.h"

enum { ARGS_MAX = 64, TEXT_MAX = 1 << 20, PATIENCE_MS = 60000, HASHES_MAX = 1 << 20 };

int zr_program_main(int argc, char **argv);
void __real__exit(int code) __attribute__((noreturn));
void __wrap__exit(int code) __attribute__((noreturn));

/* What a child tells its parent, in memory that both see. */
struct told {
  atomic_bool ended;
  bool failed;
  int64_t counted;
  size_t lost;
  struct place at;
  size_t hash_count;
  uint64_t hashes[HASHES_MAX];
};

struct sweep {
  const char *name;
  bool same;
  FILE *ids;
  const char *client;
  long most;
  char **argv;
  int argc;
  struct told *told;
  char expected[TEXT_MAX]; /* stdout of the run without a failure */
  char said[TEXT_MAX];
  size_t left; /* blocks out at the end of that run: programs leave in a hurry, see below */
  unsigned bad;
  unsigned crashes;
  unsigned leaks;
};

static struct sweep s;
static bool s_is_child;

static void s_die(const char *what) {
  perror(what);
  exit(2);
}

/* ---- the child ---- */

static void s_tell(void) {
  int64_t which[4];
  struct told *t = s.told;
  if (!s_is_child || atomic_exchange(&t->ended, true))
    return;
  blocks_arm(false);
  t->failed = blocks_failed();
  t->counted = blocks_counted();
  t->at = *blocks_failed_at();
  t->lost = blocks_lost(which, 4);
  for (size_t i = 0; i < t->lost && i < 4; i++)
    (void)fprintf(stderr, "lost: allocation %lld\n", (long long)which[i]);
  const struct place *places = blocks_places(&t->hash_count);
  for (size_t i = 0; i < t->hash_count && i < HASHES_MAX; i++)
    t->hashes[i] = places[i].hash;
  if (getenv("ZR_SWEEP_TRACE") && t->lost)
    for (size_t i = 0; i < 4 && i < t->lost; i++)
      if (which[i] >= 0 && (size_t)which[i] < t->hash_count)
        blocks_print_place(&places[which[i]]);
}

void __wrap__exit(int code) {
  s_tell();
  __real__exit(code);
}

static void s_run_program(int64_t fail_at, const char *id, int out, int err) {
  static char copies[ARGS_MAX][1024];
  char *argv[ARGS_MAX + 1];
  for (int i = 0; i < s.argc; i++) {
    const char *at = strstr(s.argv[i], "{id}");
    argv[i] = at ? copies[i] : s.argv[i];
    if (at)
      (void)snprintf(copies[i], sizeof copies[i], "%.*s%s%s", (int)(at - s.argv[i]), s.argv[i], id,
                     at + 4);
  }
  argv[s.argc] = NULL;
  if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
    s_die("dup2");
  s_is_child = true;
  (void)atexit(s_tell);
  blocks_begin(fail_at, fail_at == BLOCKS_NEVER || getenv("ZR_SWEEP_TRACE"));
  blocks_arm(true);
  exit(zr_program_main(s.argc, argv));
}

/* ---- the parent ---- */

static int64_t s_now_ms(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int s_temporary(void) {
  FILE *f = tmpfile();
  if (!f)
    s_die("tmpfile");
  return fileno(f); /* not closed: a child of this process may hold it, and there are few */
}

static size_t s_read_all(int fd, char text[TEXT_MAX]) {
  size_t len = 0;
  ssize_t n;
  while (len < TEXT_MAX - 1 && (n = pread(fd, text + len, TEXT_MAX - 1 - len, (off_t)len)) > 0)
    len += (size_t)n;
  text[len] = '\0';
  return len;
}

static int s_wait_for(pid_t pid) {
  int status = 0;
  for (int64_t end = s_now_ms() + PATIENCE_MS; s_now_ms() < end;) {
    pid_t got = waitpid(pid, &status, WNOHANG);
    if (got == pid)
      return status;
    (void)poll(NULL, 0, 1);
  }
  (void)kill(pid, SIGKILL);
  (void)waitpid(pid, &status, 0);
  (void)fprintf(stderr, "%s: the program did not end\n", s.name);
  return status;
}

static int s_run_client(pid_t server) {
  pid_t client = fork();
  if (client == 0) {
    char number[16];
    (void)snprintf(number, sizeof number, "%d", (int)server);
    (void)setenv("SERVER_PID", number, 1);
    (void)execl("/bin/sh", "sh", "-c", s.client, (char *)NULL);
    _exit(127);
  }
  return s_wait_for(client);
}

/* Waits until the server has said that it is ready, or has ended. */
static void s_use_server(pid_t pid, int out) {
  char byte;
  siginfo_t info = {0};
  for (int64_t end = s_now_ms() + PATIENCE_MS; s_now_ms() < end;) {
    if (pread(out, &byte, 1, 0) == 1)
      break;
    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid)
      return;
    (void)poll(NULL, 0, 2);
  }
  int rc = s_run_client(pid);
  if (!WIFEXITED(rc) || WEXITSTATUS(rc) > 128) {
    (void)fprintf(stderr, "%s: the client crashed\n", s.name);
    s.bad++;
  }
  (void)kill(pid, SIGTERM);
}

static void s_complain(int64_t n, const char *what, int err) {
  (void)s_read_all(err, s.said);
  (void)fprintf(stderr, "%s, allocation %lld: %s; it said: %s\n", s.name, (long long)n, what,
                s.said);
  blocks_print_place(&s.told->at);
  s.bad++;
}

static void s_judge(int64_t n, int status, int out, int err) {
  if (!WIFEXITED(status)) {
    s.crashes++;
    s_complain(n, "killed by a signal", err);
    return;
  }
  if (!atomic_load(&s.told->ended)) {
    s_complain(n, "it did not tell its end", err);
    return;
  }
  if (s.told->lost > s.left && !(s.client && s.left)) {
    s.leaks++;
    s_complain(n, "blocks were lost", err);
  }
  int code = WEXITSTATUS(status);
  if (code > 4)
    s_complain(n, "not an exit code of ours", err);
  if (code == 0 && s.same && n != BLOCKS_NEVER) {
    (void)s_read_all(out, s.said);
    if (strcmp(s.said, s.expected) != 0)
      s_complain(n, "it claims success, but says something else", err);
  }
  if (code != 0 && s_read_all(err, s.said) == 0)
    s_complain(n, "it failed without a word", err);
}

static void s_once(int64_t n) {
  char id[256] = "";
  int out = s_temporary();
  int err = s_temporary();
  static unsigned runs;
  (void)snprintf(id, sizeof id, "%u", runs++);
  if (s.ids && !fgets(id, sizeof id, s.ids))
    s_die("no more ids");
  id[strcspn(id, "\n")] = '\0';
  if (n == BLOCKS_NEVER)
    s.left = SIZE_MAX;
  atomic_store(&s.told->ended, false);
  s.told->failed = false;
  s.told->hash_count = 0;
  pid_t pid = fork();
  if (pid < 0)
    s_die("fork");
  if (pid == 0)
    s_run_program(n, id, out, err);
  if (s.client)
    s_use_server(pid, out);
  int status = s_wait_for(pid);
  s_judge(n, status, out, err);
  if (n == BLOCKS_NEVER) {
    (void)s_read_all(out, s.expected);
    s.left = s.told->lost;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
      s_complain(n, "the run without a failure failed", err);
  }
  (void)close(out);
  (void)close(err);
}

static size_t s_distinct(uint64_t *known, size_t count, const uint64_t *all, int64_t *first) {
  size_t n = 0;
  for (size_t i = 0; i < count; i++) {
    size_t k = 0;
    while (k < n && known[k] != all[i])
      k++;
    if (k < n)
      continue;
    first[n] = (int64_t)i;
    known[n++] = all[i];
  }
  return n;
}

/* The first allocation of each place, or every one when ZR_SWEEP=full. */
static int64_t s_sweep(void) {
  s_once(BLOCKS_NEVER);
  int64_t made = s.told->counted;
  size_t count = s.told->hash_count < HASHES_MAX ? s.told->hash_count : HASHES_MAX;
  uint64_t *known = calloc(count + 1, sizeof *known);
  int64_t *first = calloc(count + 1, sizeof *first);
  if (!known || !first)
    s_die("calloc");
  size_t places = s_distinct(known, count, s.told->hashes, first);
  const char *how = getenv("ZR_SWEEP");
  bool full = how && strcmp(how, "full") == 0;
  size_t runs = full ? count : places;
  size_t step =
      !full && s.most && runs > (size_t)s.most ? (runs + (size_t)s.most - 1) / (size_t)s.most : 1;
  int64_t failed = 0;
  for (size_t i = 0; i < runs && s.bad < 5; i += step) {
    s_once(full ? (int64_t)i : first[i]);
    failed += s.told->failed;
  }
  (void)printf("sweep: %-44s %6lld failed %5zu places %6lld made\n", s.name, (long long)failed,
               places, (long long)made);
  free(known);
  free(first);
  return failed;
}

static int s_option(int argc, char **argv, int i) {
  if (strcmp(argv[i], "--same") == 0) {
    s.same = true;
    return i;
  }
  if (i + 1 >= argc)
    s_die("an option without its value");
  if (strcmp(argv[i], "--ids") == 0 && !(s.ids = fopen(argv[i + 1], "re")))
    s_die(argv[i + 1]);
  if (strcmp(argv[i], "--client") == 0)
    s.client = argv[i + 1];
  if (strcmp(argv[i], "--most") == 0)
    s.most = strtol(argv[i + 1], NULL, 10);
  return i + 1;
}

int main(int argc, char **argv) {
  int i = 2;
  if (argc < 3)
    return 2;
  s.name = argv[1];
  for (; i < argc && strcmp(argv[i], "--") != 0; i++)
    i = s_option(argc, argv, i);
  if (i >= argc || argc - i > ARGS_MAX)
    return 2;
  argv[i] = argv[0];
  s.argv = argv + i;
  s.argc = argc - i;
  s.told = mmap(NULL, sizeof *s.told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (s.told == MAP_FAILED)
    s_die("mmap");
  int64_t failed = s_sweep();
  if (s.bad)
    (void)fprintf(stderr, "sweep: %s: %u wrong, %u crashes, %u leaks\n", s.name, s.bad, s.crashes,
                  s.leaks);
  return s.bad || failed == 0 ? 1 : 0;
}
