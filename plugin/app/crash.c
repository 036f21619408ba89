#include "app/crash.h"

#ifdef ZR_SANITIZED
void zr_crash_install(const char *program, const char *version) {
  (void)program;
  (void)version;
}
#else

#include <execinfo.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"

enum { FRAMES = 48, STACK = 65536 };

static const char *s_program = "";
static const char *s_version = "";
static char s_stack[STACK];

static void s_say(const char *text) {
  if (write(STDERR_FILENO, text, strlen(text)) < 0) {
    /* Nobody is left to hear it. */
  }
}

/* Async-signal-safe: no allocation, no lock, no stdio. The handler is reset on entry, so that a
 * fault in here ends the process at once. */
static void s_on_fatal(int number) {
  const char *name = sigabbrev_np(number);
  s_say("panic: ");
  s_say(s_program);
  s_say(" ");
  s_say(s_version);
  s_say(" crashed with SIG");
  s_say(name ? name : "?");
  s_say("\n\nThis is a bug in the provider. What it had sent before may have taken effect: run the "
        "same command again,\nwhich reads the true state of every instance before it sends "
        "anything.\n\n");
  void *frames[FRAMES];
  int count = backtrace(frames, FRAMES);
  backtrace_symbols_fd(frames, count, STDERR_FILENO);
  (void)raise(number); /* blocked until the handler returns, then fatal */
}

void zr_crash_install(const char *program, const char *version) {
  static const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
  s_program = program;
  s_version = version;
  void *warm[1];
  (void)backtrace(warm, 1); /* loads what it needs while that is allowed */
  const stack_t stack = {.ss_sp = s_stack, .ss_size = sizeof s_stack};
  (void)sigaltstack(&stack, NULL);
  struct sigaction action = {.sa_handler = s_on_fatal, .sa_flags = (int)SA_RESETHAND | SA_ONSTACK};
  (void)sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < ZR_COUNT(fatal); i++)
    (void)sigaction(fatal[i], &action, NULL);
}

#endif
