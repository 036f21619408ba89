#include "app/provider_mode.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/crash.h"
#include "app/provider_life.h"
#include "app/version.h"
#include "base/log.h"
#include "terraform/certificate.h"
#include "terraform/cookie.h"
#include "terraform/handshake.h"

#define PROGRAM "terraform-provider-zenrelease"

enum { LONGEST_LINE = 8192 };

bool zr_provider_mode_is_wanted(void) {
  return zr_tf_cookie_is_right(getenv(ZR_TF_COOKIE_NAME));
}

bool zr_provider_mode_is_name(const char *program) {
  const char *slash = program ? strrchr(program, '/') : NULL;
  return zr_view_starts(zr_view_of(slash ? slash + 1 : program), "terraform-provider-");
}

static const char *s_env(const char *name) {
  const char *value = getenv(name);
  return value && *value ? value : NULL;
}

/* The nearest of the three variables decides, as in providers built with the SDK. Terraform drops
 * what nobody asked for; so it is not even written. */
static void s_set_log_level(void) {
  const char *word = s_env("TF_LOG_PROVIDER_ZENRELEASE");
  word = word ? word : s_env("TF_LOG_PROVIDER");
  word = word ? word : s_env("TF_LOG");
  enum zr_log_level level = ZR_LOG_OFF;
  if (word) {
    char lower[16] = "";
    for (size_t i = 0; i + 1 < sizeof lower && word[i]; i++)
      lower[i] = (char)(word[i] | 0x20);
    if (zr_log_parse_level(lower, &level) != ZR_ERR_OK)
      level = ZR_LOG_TRACE; /* "JSON", and whatever else a host takes for a yes */
  }
  zr_log_set_level(level);
}

/* The host's end of fd 1, on a descriptor that no library prints to; -1 when there is none. */
static int s_keep_stdout(void) {
  if (fcntl(STDERR_FILENO, F_GETFD) < 0) {
    int null = open("/dev/null", O_WRONLY); /* takes the lowest free number */
    if (null >= 0 && null != STDERR_FILENO) {
      (void)dup2(null, STDERR_FILENO);
      (void)close(null);
    }
  }
  int kept = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  (void)dup2(STDERR_FILENO, STDOUT_FILENO);
  return kept;
}

static bool s_print(int fd, const struct zr_buf *line) {
  size_t done = 0;
  while (done < line->len) {
    ssize_t n = write(fd, line->data + done, line->len - done);
    if (n < 0 && errno != EINTR)
      return false;
    done += n > 0 ? (size_t)n : 0;
  }
  return line->len > 0;
}

/* The host shows the first line that is no handshake. */
static void s_print_problem(int fd, struct zr_buf *problem, enum zr_err e) {
  struct zr_buf line = ZR_BUF_INIT(LONGEST_LINE);
  (void)zr_buf_printf(&line, PROGRAM " " ZR_VERSION " cannot start: %s",
                      problem->len ? problem->data : zr_err_text(e));
  for (size_t i = 0; i < line.len; i++)
    line.data[i] = line.data[i] == '\n' ? ' ' : line.data[i];
  (void)zr_buf_char(&line, '\n');
  (void)s_print(fd, &line);
  zr_buf_clean_up(&line);
}

/* Makes the certificate and takes the host's away from the environment, which children inherit. */
static enum zr_err s_certificate(struct zr_tf_certificate *own, char **client,
                                 struct zr_buf *problem) {
  const char *pem = s_env("PLUGIN_CLIENT_CERT");
  *client = NULL;
  if (!pem)
    return ZR_ERR_OK;
  *client = strdup(pem);
  (void)unsetenv("PLUGIN_CLIENT_CERT");
  if (!*client)
    return ZR_ERR_NOMEM;
  enum zr_err e = zr_tf_certificate_make(own);
  if (e != ZR_ERR_OK)
    (void)zr_buf_text(problem, "OpenSSL cannot make a key and a certificate (is its configuration "
                               "sound?); TF_DISABLE_PLUGIN_TLS=1 goes without");
  return e;
}

static enum zr_err s_announce(const struct zr_provider_life *life,
                              const struct zr_tf_certificate *own, int fd) {
  const struct zr_tf_handshake handshake = {
      .address = zr_provider_life_address(life),
      .certificate = zr_tf_certificate_der(own),
      .multiplexing_asked = s_env("PLUGIN_MULTIPLEX_GRPC") != NULL,
  };
  struct zr_buf line = ZR_BUF_INIT(LONGEST_LINE);
  enum zr_err e = zr_tf_handshake_line(&handshake, &line);
  if (e == ZR_ERR_OK && !s_print(fd, &line))
    e = ZR_ERR_IO;
  zr_buf_clean_up(&line);
  return e;
}

static enum zr_err s_open(struct zr_provider_life *life, int fd, struct zr_buf *problem) {
  enum zr_err e = zr_tf_handshake_check(getenv("PLUGIN_PROTOCOL_VERSIONS"), problem);
  if (e != ZR_ERR_OK)
    return e;
  struct zr_tf_certificate own = {.der_len = 0};
  char *client = NULL;
  e = s_certificate(&own, &client, problem);
  if (e == ZR_ERR_OK) {
    const struct zr_rpc_tls tls = {.certificate_chain = zr_view_of(own.pem),
                                   .private_key = zr_view_of(own.key_pem),
                                   .client_ca = zr_view_of(client)};
    e = zr_provider_life_open(life, client ? &tls : NULL, problem);
  }
  if (e == ZR_ERR_OK)
    e = s_announce(life, &own, fd);
  zr_tf_certificate_clean_up(&own);
  free(client);
  return e;
}

/* SIGINT comes from the terminal to the whole group and means the host, not us. */
static void s_prepare(bool reattach) {
  sigset_t set;
  (void)sigemptyset(&set);
  (void)sigaddset(&set, SIGTERM);
  (void)sigaddset(&set, SIGHUP);
  (void)sigaddset(&set, SIGPIPE);
  if (reattach)
    (void)sigaddset(&set, SIGINT);
  else
    (void)signal(SIGINT, SIG_IGN);
  (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
  (void)signal(SIGPIPE, SIG_IGN);
  zr_crash_install(PROGRAM, ZR_VERSION);
}

static int s_run(bool reattach, int fd,
                 enum zr_err (*open_fn)(struct zr_provider_life *, int, struct zr_buf *)) {
  struct zr_provider_life life;
  struct zr_buf problem = ZR_BUF_INIT(4096);
  zr_provider_life_init(&life, reattach);
  enum zr_err e = open_fn(&life, fd, &problem);
  if (e != ZR_ERR_OK)
    s_print_problem(fd, &problem, e);
  zr_buf_clean_up(&problem);
  enum zr_life_end end = e == ZR_ERR_OK ? zr_provider_life_wait(&life) : ZR_LIFE_NOT_STARTED;
  return zr_provider_life_close(&life, end);
}

int zr_provider_mode_run(void) {
  int fd = s_keep_stdout();
  s_set_log_level();
  s_prepare(false);
  return s_run(false, fd, s_open);
}

static enum zr_err s_open_reattach(struct zr_provider_life *life, int fd, struct zr_buf *problem) {
  static const char *const sources[] = {
      "registry.terraform.io/" ZR_TF_SOURCE,
      "registry.opentofu.org/" ZR_TF_SOURCE,
  };
  enum zr_err e = zr_provider_life_open(life, NULL, problem);
  if (e != ZR_ERR_OK)
    return e;
  struct zr_buf line = ZR_BUF_INIT(LONGEST_LINE);
  (void)zr_buf_text(&line, "TF_REATTACH_PROVIDERS='");
  e = zr_tf_reattach_value(zr_provider_life_address(life), (int64_t)getpid(), sources,
                           ZR_COUNT(sources), &line);
  if (e == ZR_ERR_OK)
    e = zr_buf_text(&line, "'\n");
  if (e == ZR_ERR_OK && !s_print(fd, &line))
    e = ZR_ERR_IO;
  zr_buf_clean_up(&line);
  return e;
}

int zr_provider_mode_run_reattach(void) {
  s_prepare(true);
  return s_run(true, s_keep_stdout(), s_open_reattach);
}
