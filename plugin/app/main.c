/*
 * One program, two ways to be started: by a plugin host, which sets a cookie and gives no
 * arguments, or by zenrelease or a person. The cookie is looked at before anything else.
 */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/options.h"
#include "app/provider_mode.h"
#include "app/serve.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/stdfd.h"

/* Before any library starts a thread. */
static void s_block_signals(void) {
  sigset_t set;
  (void)sigemptyset(&set);
  (void)sigaddset(&set, SIGTERM);
  (void)sigaddset(&set, SIGINT);
  (void)sigaddset(&set, SIGHUP);
  (void)sigaddset(&set, SIGPIPE);
  (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
  (void)signal(SIGPIPE, SIG_IGN);
}

static bool s_set_log_level(const struct zr_app_options *o) {
  const char *word = o->log_level ? o->log_level : getenv("ZENRELEASE_LOG");
  enum zr_log_level level = ZR_LOG_INFO;
  if (word && *word && zr_log_parse_level(word, &level) != ZR_ERR_OK) {
    (void)fprintf(stderr,
                  "zenrelease-plugin: unknown log level \"%s\"; use trace, debug, info, warn, "
                  "error or off\n",
                  word);
    return false;
  }
  zr_log_set_level(level);
  return true;
}

static int s_explain_name(void) {
  (void)fputs("This is a plugin: Terraform and OpenTofu start it by themselves. Name it in "
              "required_providers, or run zenrelease-plugin --help.\n",
              stderr);
  return 1;
}

ZR_STDFD_FIRST

int main(int argc, char **argv) {
  zr_stdfd_open();
  zr_secret_close_process(); /* libcurl's buffers will have held an Authorization header */
  (void)umask(0077);
  (void)setlocale(LC_CTYPE, "C.UTF-8"); /* else: zr_pattern_is_unsure */
  if (zr_provider_mode_is_wanted())
    return zr_provider_mode_run();
  if (argc <= 1 && zr_provider_mode_is_name(argv[0]))
    return s_explain_name();
  struct zr_app_options options;
  zr_app_options_parse(argc, argv, &options);
  if (!s_set_log_level(&options))
    return 2;
  if (options.reattach)
    return zr_provider_mode_run_reattach();
  if (!options.listen) {
    (void)fputs("zenrelease-plugin: say where to serve, e.g. --listen unix:/run/zenrelease.sock or "
                "--listen 127.0.0.1:0; most people want the zenrelease command, which starts this "
                "program by itself\n",
                stderr);
    return 2;
  }
  s_block_signals();
  return zr_serve(&options);
}
