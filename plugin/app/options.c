#include "app/options.h"

#include <argp.h>
#include <stdlib.h>

#include "app/version.h"
#include "base/view.h"

enum {
  KEY_CONFIG = 256,
  KEY_PROFILE,
  KEY_ENDPOINT,
  KEY_TLS_CERT,
  KEY_TLS_KEY,
  KEY_TLS_CLIENT_CA,
  KEY_LOG_LEVEL,
  KEY_PLAINTEXT,
  KEY_PARENT,
  KEY_CONNECTIONS,
  KEY_DRAIN,
  KEY_REATTACH,
  KEY_JOURNAL,
};

static const struct argp_option s_options[] = {
    {"listen", 'l', "ADDRESS", 0,
     "serve at unix:PATH, HOST:PORT or [V6]:PORT; port 0 picks one. When ready, one line on "
     "standard "
     "output tells the address",
     1},
    {"config", KEY_CONFIG, "FILE", 0, "read settings from this JSON file (docs/configuration.md)",
     1},
    {"profile", KEY_PROFILE, "NAME", 0, "use this profile of ~/.zenlayer/credentials.json", 1},
    {"endpoint", KEY_ENDPOINT, "HOST[:PORT]", 0, "talk to this API endpoint", 1},
    {"journal", KEY_JOURNAL, "FILE", 0,
     "record every release call in this file before it leaves, and settle at the start what is "
     "open in "
     "it (docs/journal.md)",
     1},
    {"tls-cert", KEY_TLS_CERT, "FILE", 0, "serve over TLS with this certificate chain (PEM)", 2},
    {"tls-key", KEY_TLS_KEY, "FILE", 0, "its private key (PEM, readable by its owner alone)", 2},
    {"tls-client-ca", KEY_TLS_CLIENT_CA, "FILE", 0,
     "require of every client a certificate that this authority signed (PEM); what each may do is "
     "in "
     "\"clients\" of --config",
     2},
    {"allow-plaintext-remote", KEY_PLAINTEXT, NULL, 0,
     "serve without TLS on an address that other machines can reach: anyone there can destroy "
     "instances",
     2},
    {"max-connections", KEY_CONNECTIONS, "N", 0, "plaintext connections at once (default 512)", 3},
    {"drain-timeout", KEY_DRAIN, "SECONDS", 0,
     "on SIGTERM, how long to settle what has been sent (default 20)", 3},
    {"reattach", KEY_REATTACH, NULL, 0,
     "serve as a Terraform provider started by hand, for a debugger; prints what to put into the "
     "environment of Terraform or OpenTofu",
     3},
    {"exit-with-parent", KEY_PARENT, NULL, 0, "stop when standard input ends", 3},
    {"log-level", KEY_LOG_LEVEL, "LEVEL", 0,
     "trace, debug, info, warn, error or off (default info; also $ZENRELEASE_LOG)", 3},
    {0},
};

static unsigned s_number(const char *text, unsigned most, struct argp_state *state,
                         const char *flag) {
  unsigned long long n = 0;
  if (!zr_view_to_u64(zr_view_of(text), &n) || n == 0 || n > most)
    argp_error(state, "%s takes a whole number from 1 to %u, not \"%s\"", flag, most, text);
  return (unsigned)n;
}

static error_t s_set(int key, char *arg, struct argp_state *state) {
  struct zr_app_options *o = state->input;
  switch (key) {
  case 'l':
    o->listen = arg;
    return 0;
  case KEY_CONFIG:
    o->config = arg;
    return 0;
  case KEY_PROFILE:
    o->profile = arg;
    return 0;
  case KEY_ENDPOINT:
    o->endpoint = arg;
    return 0;
  case KEY_TLS_CERT:
    o->tls_cert = arg;
    return 0;
  case KEY_TLS_KEY:
    o->tls_key = arg;
    return 0;
  case KEY_TLS_CLIENT_CA:
    o->tls_client_ca = arg;
    return 0;
  case KEY_JOURNAL:
    o->journal = arg;
    return 0;
  case KEY_LOG_LEVEL:
    o->log_level = arg;
    return 0;
  case KEY_PLAINTEXT:
    o->allow_plaintext_remote = true;
    return 0;
  case KEY_PARENT:
    o->exit_with_parent = true;
    return 0;
  case KEY_CONNECTIONS:
    o->max_connections = s_number(arg, 100000, state, "--max-connections");
    return 0;
  case KEY_REATTACH:
    o->reattach = true;
    return 0;
  case KEY_DRAIN:
    o->drain_ms = (int64_t)s_number(arg, 3600, state, "--drain-timeout") * 1000;
    return 0;
  case ARGP_KEY_ARG:
    argp_error(state, "unexpected argument \"%s\"", arg);
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static void s_check(const struct zr_app_options *o, struct argp_state *state) {
  if (!o->tls_cert != !o->tls_key)
    argp_error(state, "--tls-cert and --tls-key go together");
  if (o->reattach && o->listen)
    argp_error(state, "--reattach finds its own place to listen");
  if (o->tls_client_ca && !o->tls_cert)
    argp_error(state, "--tls-client-ca needs --tls-cert and --tls-key");
}

static error_t s_parse(int key, char *arg, struct argp_state *state) {
  if (key == ARGP_KEY_END) {
    s_check(state->input, state);
    return 0;
  }
  return s_set(key, arg, state);
}

void zr_app_options_parse(int argc, char **argv, struct zr_app_options *out) {
  static const struct argp parser = {
      .options = s_options,
      .parser = s_parse,
      .doc =
          "Releases Zenlayer Cloud instances from the recycle bin, as a gRPC service.\v"
          "Credentials come from the configuration file, the environment "
          "(ZENLAYERCLOUD_ACCESS_KEY_ID and ZENLAYERCLOUD_ACCESS_KEY_PASSWORD, or ZENLAYER_*), or "
          "~/.zenlayer/credentials.json; never from a flag.",
  };
  *out = (struct zr_app_options){.drain_ms = 20000};
  argp_program_version = "zenrelease-plugin " ZR_VERSION;
  argp_err_exit_status = 2;
  (void)argp_parse(&parser, argc, argv, 0, NULL, out);
}
