#include "args.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "args_check.h"
#include "base/view.h"
#include "beside.h"
#include "duration.h"
#include "out.h"

enum {
  KEY_CONFIG = 0x100,
  KEY_PROFILE,
  KEY_ENDPOINT,
  KEY_JOURNAL,
  KEY_SERVER,
  KEY_TLS_CA,
  KEY_TLS_CERT,
  KEY_TLS_KEY,
  KEY_TLS_SERVER_NAME,
  KEY_JSON,
  KEY_VERBOSE
};

/* The group of the common flags in --help; argp wants numbers. */
enum { GROUP_PLUGIN = 10, GROUP_SERVER, GROUP_OUTPUT };

static const struct argp_option s_options[] = {
    {0, 0, 0, 0, "The plugin that is started (without --server):", GROUP_PLUGIN},
    {"config", KEY_CONFIG, "FILE", 0, "Configuration file", GROUP_PLUGIN},
    {"profile", KEY_PROFILE, "NAME", 0, "Profile of the vendor's command line", GROUP_PLUGIN},
    {"endpoint", KEY_ENDPOINT, "HOST[:PORT]", 0, "Address of the cloud API", GROUP_PLUGIN},
    {"journal", KEY_JOURNAL, "FILE", 0, "Where it records each release call before it leaves",
     GROUP_PLUGIN},
    {0, 0, 0, 0, "A server that runs already:", GROUP_SERVER},
    {"server", KEY_SERVER, "ADDR", 0, "HOST:PORT or unix:PATH", GROUP_SERVER},
    {"tls-ca", KEY_TLS_CA, "FILE", 0, "Trust these authorities (PEM)", GROUP_SERVER},
    {"tls-cert", KEY_TLS_CERT, "FILE", 0, "Client certificate (PEM)", GROUP_SERVER},
    {"tls-key", KEY_TLS_KEY, "FILE", 0, "File with its key (PEM)", GROUP_SERVER},
    {"tls-server-name", KEY_TLS_SERVER_NAME, "NAME", 0, "Name in the server's certificate",
     GROUP_SERVER},
    {0, 0, 0, 0, "Output:", GROUP_OUTPUT},
    {"json", KEY_JSON, 0, 0, "One JSON object a line on stdout", GROUP_OUTPUT},
    {"verbose", KEY_VERBOSE, 0, 0, "Show the plugin's warnings", GROUP_OUTPUT},
    {0},
};

int zr_args_fail(struct zr_common_args *args, const char *format, ...) {
  va_list list;
  if (args->error[0])
    return EINVAL;
  va_start(list, format);
  (void)vsnprintf(args->error, sizeof args->error, format, list);
  va_end(list);
  return EINVAL;
}

int zr_args_once(struct zr_common_args *args, const char **slot, const char *flag,
                 const char *value) {
  if (*slot)
    return zr_args_fail(args, "--%s is given twice", flag);
  if (!*value)
    return zr_args_fail(args, "--%s is empty", flag);
  *slot = value;
  return 0;
}

int zr_args_product(struct zr_common_args *args, const char *value, enum zenrelease_product *out) {
  if (*out != ZENRELEASE_PRODUCT_NONE)
    return zr_args_fail(args, "--product is given twice");
  for (int p = ZENRELEASE_PRODUCT_VM; p <= ZENRELEASE_PRODUCT_ZEC; p++) {
    if (strcmp(value, zenrelease_product_name((enum zenrelease_product)p)) == 0) {
      *out = (enum zenrelease_product)p;
      return 0;
    }
  }
  return zr_args_fail(args, "--product must be vm, bmc or zec, not %s", value);
}

int zr_args_duration(struct zr_common_args *args, const char **slot, const char *flag,
                     const char *value, int64_t *ms) {
  int rc = zr_args_once(args, slot, flag, value);
  if (rc == 0 && !zr_duration_parse(value, ms))
    rc = zr_args_fail(args, "--%s must be a time like 500ms, 60s, 10m or 1h30m, not %s", flag,
                      value);
  return rc;
}

int zr_args_limit(struct zr_common_args *args, const char **slot, const char *value,
                  unsigned long long *limit) {
  int rc = zr_args_once(args, slot, "limit", value);
  if (rc == 0 && (!zr_view_to_u64(zr_view_of(value), limit) || *limit == 0))
    rc = zr_args_fail(args, "--limit must be a number from 1, not %s", value);
  return rc;
}

/* An address of a browser is what people try first. */
static bool s_is_url(const char *server) {
  return strncmp(server, "http://", 7) == 0 || strncmp(server, "https://", 8) == 0;
}

static int s_check_common(struct zr_common_args *a) {
  if (a->server && s_is_url(a->server))
    return zr_args_fail(a,
                        "--server must be HOST:PORT or unix:PATH, without http://, not %s; TLS is "
                        "switched on by any --tls-… flag",
                        a->server);
  bool tls = a->tls_ca || a->tls_cert || a->tls_key || a->tls_server_name;
  if (tls && !a->server)
    return zr_args_fail(a, "the --tls-… flags are for --server");
  if (a->server && (a->config || a->profile || a->endpoint || a->journal))
    return zr_args_fail(a,
                        "--config, --profile, --endpoint and --journal are for the plugin that is "
                        "started; the server at --server has its own");
  if (!a->tls_cert != !a->tls_key)
    return zr_args_fail(a, "--tls-cert and --tls-key come together");
  return 0;
}

static error_t s_parse(int key, char *arg, struct argp_state *state) {
  struct zr_common_args *a = state->input;
  switch (key) {
  case KEY_CONFIG:
    return zr_args_once(a, &a->config, "config", arg);
  case KEY_PROFILE:
    return zr_args_once(a, &a->profile, "profile", arg);
  case KEY_ENDPOINT:
    return zr_args_once(a, &a->endpoint, "endpoint", arg);
  case KEY_JOURNAL:
    return zr_args_once(a, &a->journal, "journal", arg);
  case KEY_SERVER:
    return zr_args_once(a, &a->server, "server", arg);
  case KEY_TLS_CA:
    return zr_args_once(a, &a->tls_ca, "tls-ca", arg);
  case KEY_TLS_CERT:
    return zr_args_once(a, &a->tls_cert, "tls-cert", arg);
  case KEY_TLS_KEY:
    return zr_args_once(a, &a->tls_key, "tls-key", arg);
  case KEY_TLS_SERVER_NAME:
    return zr_args_once(a, &a->tls_server_name, "tls-server-name", arg);
  case KEY_JSON:
    a->json = true;
    return 0;
  case KEY_VERBOSE:
    a->verbose = true;
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp s_common_argp = {.options = s_options, .parser = s_parse};

const struct argp_child zr_common_children[] = {{&s_common_argp, 0, 0, 0}, {0}};

error_t zr_args_parse_none(int key, char *arg, struct argp_state *state) {
  struct zr_common_args *a = state->input;
  if (key == ARGP_KEY_INIT) {
    state->child_inputs[0] = a;
    return 0;
  }
  if (key == ARGP_KEY_ARG)
    return zr_args_fail(a, "%s takes no arguments, and got %s", a->command, arg);
  return ARGP_ERR_UNKNOWN;
}

/* ---- before the command ---- */

static error_t s_parse_top(int key, char *arg, struct argp_state *state) {
  struct zr_common_args *a = state->input;
  if (key == ARGP_KEY_INIT) {
    state->child_inputs[0] = a;
    return 0;
  }
  if (key != ARGP_KEY_ARG)
    return ARGP_ERR_UNKNOWN;
  a->command = arg;
  a->command_index = state->next - 1;
  state->next = state->argc; /* the rest belongs to the command */
  return 0;
}

static const struct argp s_top = {
    .parser = s_parse_top,
    .args_doc = "COMMAND [FLAG...] [ARG...]",
    .doc =
        "Releases Zenlayer Cloud instances that sit in the recycle bin, for good, and says how it "
        "ended for every single one.\n\n"
        "Commands:\n"
        "  release   release instances\n"
        "  list      show what is in the recycle bin, or any instances\n"
        "  info      show the server and the account it works for\n"
        "  validate  check a teardown file, offline\n"
        "  plan      show what a teardown file would release, and save it\n"
        "  apply     release what a teardown file, or a saved plan, says\n"
        "  explain   show one instance, and what a release would do to it\n"
        "  history   show what the journal says\n"
        "  resume    settle what an earlier release left open\n"
        "  doctor    look at what a release needs\n\n"
        "`zenrelease COMMAND --help` explains a command.\v"
        "Exit codes: 0 done; 1 nothing was; 2 usage, nothing sent; 3 some were, some not; "
        "4 some outcomes unknown; 130 interrupted.",
    .children = zr_common_children,
};

bool zr_args_parse_top(struct zr_common_args *args, int argc, char **argv) {
  if (!zr_args_check(&s_top, argc, argv, true, args->error, sizeof args->error))
    return false;
  if (argp_parse(&s_top, argc, argv, ARGP_IN_ORDER, NULL, args) != 0 || args->error[0])
    return false;
  if (!args->command)
    (void)zr_args_fail(
        args, "no command; plan shows what a teardown file would release and apply releases it, "
              "list shows the recycle bin, release releases instances by their id");
  return args->command != NULL;
}

bool zr_args_parse(const struct argp *argp, struct zr_common_args *common, void *input, int argc,
                   char **argv) {
  if (!zr_args_check(argp, argc, argv, false, common->error, sizeof common->error))
    return false;
  if (argp_parse(argp, argc, argv, 0, NULL, input) != 0 && !common->error[0])
    (void)zr_args_fail(common, "wrong usage");
  if (!common->error[0])
    (void)s_check_common(common);
  return !common->error[0];
}

enum zr_exit zr_args_usage(const struct zr_common_args *args, const char *command) {
  zr_complain(args->json, "invalid_argument", "%s", args->error);
  zr_note("zenrelease: nothing was sent; try: zenrelease %s%s--help", command ? command : "",
          command ? " " : "");
  return ZR_EXIT_USAGE;
}

bool zr_output_is_free(const struct zr_common_args *args, const char *flag, const char *path,
                       const char *input) {
  const char *const inputs[] = {input,        args->config,   args->journal,
                                args->tls_ca, args->tls_cert, args->tls_key};
  for (size_t i = 0; i < ZR_COUNT(inputs); i++) {
    if (!zr_same_file(path, inputs[i]))
      continue;
    zr_complain(args->json, "invalid_argument", "--%s %s would overwrite %s, which is read", flag,
                path, inputs[i]);
    zr_note("zenrelease: nothing was sent");
    return false;
  }
  return true;
}

bool zr_args_want_json(int argc, char *const *argv) {
  for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
    if (strcmp(argv[i], "--json") == 0)
      return true;
  return false;
}
