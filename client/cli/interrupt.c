#include "interrupt.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exit_code.h"

enum { PATH_ROOM = 128 };

/* Written before the pid is set, read by the handler after it saw the pid. */
static char s_dir[PATH_ROOM];
static char s_socket[PATH_ROOM];
static atomic_int s_pid;
static const char *_Atomic s_file;
static atomic_int s_signals; /* SIGINT and SIGTERM */
static atomic_bool s_hung_up;
static const char *_Atomic s_advice = "Run it again with --dry-run to see the state.";
static struct zenrelease_cancel *_Atomic s_cancel;

static void s_say(const char *words) {
  ssize_t written = write(STDERR_FILENO, words, strlen(words));
  (void)written;
}

static void s_leave(void) {
  static const char words[] =
      "\nzenrelease: interrupted twice; the outcome of what is in flight is unknown. ";
  const char *advice = atomic_load(&s_advice);
  pid_t pid = atomic_load(&s_pid);
  const char *file = atomic_load(&s_file);
  s_say(words);
  s_say(advice);
  s_say("\n");
  if (file)
    (void)unlink(file);
  if (pid > 0) {
    (void)kill(pid, SIGTERM);
    (void)unlink(s_socket);
    (void)rmdir(s_dir);
  }
  _exit(ZR_EXIT_STOPPED);
}

static void s_on_signal(int number) {
  if (number == SIGHUP)
    atomic_store(&s_hung_up, true);
  else if (atomic_fetch_add(&s_signals, 1) > 0)
    s_leave();
  zenrelease_cancel_raise(atomic_load(&s_cancel));
}

/* nohup means what it says. */
static void s_install_hangup(const struct sigaction *action) {
  struct sigaction before;
  if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
    (void)sigaction(SIGHUP, action, NULL);
}

void zr_interrupt_install(struct zenrelease_cancel *cancel) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  (void)sigemptyset(&action.sa_mask);
  atomic_store(&s_cancel, cancel);
  action.sa_handler = s_on_signal;
  action.sa_flags = SA_RESTART;
  (void)sigaction(SIGINT, &action, NULL);
  (void)sigaction(SIGTERM, &action, NULL);
  s_install_hangup(&action);
  action.sa_handler = SIG_IGN;
  (void)sigaction(SIGPIPE, &action, NULL);
  (void)sigaction(SIGXFSZ, &action, NULL);
}

bool zr_interrupted(void) {
  return atomic_load(&s_signals) > 0 || atomic_load(&s_hung_up);
}

void zr_interrupt_advice(const char *words) {
  atomic_store(&s_advice, words);
}

void zr_interrupt_removes(const char *path) {
  atomic_store(&s_file, path);
}

void zr_interrupt_owns(pid_t pid, const char *dir, const char *socket) {
  atomic_store(&s_pid, 0);
  (void)snprintf(s_dir, sizeof s_dir, "%s", dir ? dir : "");
  (void)snprintf(s_socket, sizeof s_socket, "%s", socket ? socket : "");
  atomic_store(&s_pid, (int)pid);
}
