/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

#ifndef SIM_VERSION
#define SIM_VERSION "0.0.0"
#endif

enum s_key {
  S_LISTEN = 0x100,
  S_PRODUCT,
  S_RECYCLED,
  S_RUNNING,
  S_FLEET,
  S_FAULTS,
  S_CREDENTIALS,
  S_TLS_CERT,
  S_TLS_KEY,
  S_SEED,
  S_VERSION,
  S_SETTING, /* plus the position in the table of settings */
};

static const struct argp_option s_fixed[] = {
    {"listen", S_LISTEN, "HOST:PORT", 0,
     "Where to listen; port 0 takes a free one (default 127.0.0.1:0)", 1},
    {"product", S_PRODUCT, "vm|bmc|zec", 0,
     "Product of the --recycled and --running that follow (default vm). May be given several times",
     1},
    {"recycled", S_RECYCLED, "N", 0, "Start with N instances in the recycle bin", 1},
    {"running", S_RUNNING, "N", 0, "Start with N instances running", 1},
    {"fleet", S_FLEET, "FILE", 0, "Start with the accounts and instances of a JSON file", 1},
    {"faults", S_FAULTS, "FILE", 0, "Start with the fault list of a JSON file", 1},
    {"seed", S_SEED, "N", 0, "Seed of request ids and message texts", 1},
    {"credentials", S_CREDENTIALS, "FILE", 0,
     "JSON file with access_key_id, access_key_password and token. Without it "
     "ZENLAYER_SIM_ACCESS_KEY_ID, "
     "ZENLAYER_SIM_ACCESS_KEY_PASSWORD and ZENLAYER_SIM_TOKEN are read, and what is missing is "
     "generated",
     2},
    {"tls-cert", S_TLS_CERT, "FILE", 0, "Serve TLS with this certificate chain (PEM)", 2},
    {"tls-key", S_TLS_KEY, "FILE", 0, "Its private key (PEM)", 2},
    {"version", S_VERSION, NULL, 0, "Print the version", -1},
};
#define S_FIXED_COUNT (sizeof s_fixed / sizeof s_fixed[0])

static const char s_doc[] =
    "A local simulator of the Zenlayer Cloud API 2.0 for vm, bmc and zec.\v"
    "Generated ids are 13 digits: 1 for vm, 2 for bmc, 3 for zec, then a number that counts from "
    "1, those in the "
    "bin first. So --recycled 3 --running 2 makes 1000000000001 to 1000000000003 in the bin and "
    "1000000000004 and "
    "1000000000005 running.\n\n"
    "When it is ready it prints one line of JSON on standard output: endpoint, scheme, "
    "access_key_id, "
    "access_key_password, token. It ends with status 0 on SIGTERM and SIGINT.\n\n"
    "Beside the API it serves, without signature: GET and DELETE /_sim/requests (?summary=1, "
    "?since=N, ?action=A), "
    "GET /_sim/ledger, GET, PUT and DELETE /_sim/faults, GET and PUT /_sim/fleet (?merge=1), POST "
    "/_sim/fleet/expire, GET and PUT /_sim/settings (every setting above with _ for -), PUT "
    "/_sim/tls. "
    "docs/simulator.md explains them and the fault list.";

struct s_state {
  struct sim_options *options;
  int product; /* -1 until the first --product */
  size_t early_recycled;
  size_t early_running;
};

static size_t s_number(const struct argp_state *state, const char *name, const char *text) {
  char *end = NULL;
  unsigned long long value = strtoull(text, &end, 10);
  if (end == text || *end != '\0' || text[0] == '-' || value > 10000000) {
    argp_error(state, "%s: \"%s\" is not a number from 0 to 10000000", name, text);
  }
  return (size_t)value;
}

/* Numbers before the first --product belong to that product, so the order of the flags does not
 * matter for one. */
static void s_set_product(struct s_state *own, const struct argp_state *state, const char *text) {
  enum sim_product product = SIM_VM;
  if (!sim_product_parse(text, &product)) {
    argp_error(state, "--product: \"%s\" is none of vm, bmc, zec", text);
  }
  if (own->product < 0) {
    own->options->recycled[product] = own->early_recycled;
    own->options->running[product] = own->early_running;
  }
  own->product = (int)product;
}

static void s_set_setting(struct s_state *own, const struct argp_state *state, size_t index,
                          const char *text) {
  const struct sim_setting *setting = &sim_setting_table[index];
  const char *why =
      sim_settings_set_text(&own->options->settings, setting, text != NULL ? text : setting->bare);
  if (why != NULL) {
    argp_error(state, "%s", why);
  }
}

static error_t s_parse_one(int key, char *text, struct argp_state *state) {
  struct s_state *own = state->input;
  struct sim_options *options = own->options;
  switch (key) {
  case S_LISTEN:
    options->listen = text;
    return 0;
  case S_PRODUCT:
    s_set_product(own, state, text);
    return 0;
  case S_RECYCLED:
    *(own->product < 0 ? &own->early_recycled : &options->recycled[own->product]) =
        s_number(state, "--recycled", text);
    return 0;
  case S_RUNNING:
    *(own->product < 0 ? &own->early_running : &options->running[own->product]) =
        s_number(state, "--running", text);
    return 0;
  case S_FLEET:
    options->fleet_file = text;
    return 0;
  case S_FAULTS:
    options->faults_file = text;
    return 0;
  case S_CREDENTIALS:
    options->credentials_file = text;
    return 0;
  case S_TLS_CERT:
    options->tls_cert = text;
    return 0;
  case S_TLS_KEY:
    options->tls_key = text;
    return 0;
  case S_SEED:
    options->seed = s_number(state, "--seed", text);
    return 0;
  case S_VERSION:
    puts("zenlayer-sim " SIM_VERSION);
    exit(0);
  case ARGP_KEY_ARG:
    argp_error(state, "unexpected argument \"%s\"", text);
    return 0;
  default:
    break;
  }
  if (key >= S_SETTING && key < S_SETTING + (int)sim_setting_count) {
    s_set_setting(own, state, (size_t)(key - S_SETTING), text);
    return 0;
  }
  return ARGP_ERR_UNKNOWN;
}

/* "latency_ms" becomes "latency-ms". */
static char *s_flag_name(const char *name) {
  char *flag = sim_strdup(name);
  for (char *at = flag; *at != '\0'; at++) {
    *at = *at == '_' ? '-' : *at;
  }
  return flag;
}

static const char *s_value_name(const struct sim_setting *setting) {
  switch (setting->type) {
  case SIM_SETTING_BOOL:
    return NULL;
  case SIM_SETTING_TEXT:
    return "TEXT";
  case SIM_SETTING_CHOICE:
    return setting->choices;
  case SIM_SETTING_INT:
  case SIM_SETTING_NUMBER:
    break;
  }
  return "N";
}

void sim_options_parse(struct sim_options *options, int argc, char **argv) {
  struct argp_option *all = sim_alloc((S_FIXED_COUNT + sim_setting_count + 1) * sizeof all[0]);
  char **names = sim_alloc(sim_setting_count * sizeof names[0]);
  struct s_state own = {.options = options, .product = -1};
  struct argp parser = {.options = all, .parser = s_parse_one, .doc = s_doc};

  *options = (struct sim_options){.listen = "127.0.0.1:0"};
  sim_settings_init(&options->settings);
  memcpy(all, s_fixed, sizeof s_fixed);
  for (size_t i = 0; i < sim_setting_count; i++) {
    const struct sim_setting *setting = &sim_setting_table[i];
    names[i] = s_flag_name(setting->name);
    bool bare = setting->bare != NULL && setting->type != SIM_SETTING_BOOL;
    all[S_FIXED_COUNT + i] = (struct argp_option){
        names[i],
        S_SETTING + (int)i,
        s_value_name(setting),
        bare ? OPTION_ARG_OPTIONAL : 0,
        setting->help,
        3,
    };
  }
  (void)argp_parse(&parser, argc, argv, 0, NULL, &own);
  if (own.product < 0) {
    options->recycled[SIM_VM] = own.early_recycled;
    options->running[SIM_VM] = own.early_running;
  }
  for (size_t i = 0; i < sim_setting_count; i++) {
    free(names[i]);
  }
  free(names);
  free(all);
}
