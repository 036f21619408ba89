#include "agree.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/interrupt.h"
#include "cli/out.h"

enum { ANSWER_ROOM = 16 };

/* Something to read on standard input. False when interrupted first, or when it cannot be told. */
static bool s_wait(const struct zenrelease_cancel *cancel) {
  struct pollfd fds[2] = {{.fd = zenrelease_cancel_fd(cancel), .events = POLLIN},
                          {.fd = STDIN_FILENO, .events = POLLIN}};
  int rc = 0;
  do
    rc = poll(fds, 2, -1);
  while (rc < 0 && errno == EINTR);
  return rc > 0 && !fds[0].revents && !zr_interrupted();
}

/* One line without its newline; what does not fit is no answer that we know. */
static bool s_line(const struct zenrelease_cancel *cancel, char answer[ANSWER_ROOM]) {
  for (size_t len = 0; len < ANSWER_ROOM - 1;) {
    if (!s_wait(cancel))
      return false;
    ssize_t n = read(STDIN_FILENO, answer + len, ANSWER_ROOM - 1 - len);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return false;
    len += (size_t)n;
    answer[len] = '\0';
    if (answer[len - 1] == '\n') {
      answer[len - 1] = '\0';
      return true;
    }
  }
  return false;
}

bool zr_agreed(const struct zr_plan *plan, const struct zenrelease_cancel *cancel) {
  char answer[ANSWER_ROOM] = "";
  (void)tcflush(STDIN_FILENO, TCIFLUSH); /* what was typed before the plan was there is no answer */
  (void)fprintf(stderr,
                "Release %llu instance%s of account %s at %s for good? Only \"yes\" goes on: ",
                (unsigned long long)plan->instances, plan->instances == 1 ? "" : "s",
                plan->head.account, plan->head.endpoint);
  (void)fflush(stderr);
  bool yes = s_line(cancel, answer) && strcmp(answer, "yes") == 0;
  if (zr_interrupted())
    zr_note("\nzenrelease: interrupted; nothing was sent");
  else if (!yes)
    zr_note("zenrelease: not agreed to; nothing was sent");
  return yes && !zr_interrupted();
}
