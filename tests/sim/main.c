/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "world.h"

/*
 * zenlayer-sim: a request's way is server.c and conn.c (sockets), http.c (parsing), handler.c
 * (rules, log), dispatch.c (checks), actions_*.c (effects), faults_apply.c (what becomes of the
 * answer), and back through conn.c.
 */
enum { S_EXIT_USAGE = 64, S_EXIT_CANNOT = 69 };

static int s_fail(const char *what, const char *why) {
  fprintf(stderr, "zenlayer-sim: %s: %s\n", what, why);
  return S_EXIT_USAGE;
}

static bool s_read_file(const char *path, struct sim_buf *out) {
  char chunk[65536];
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    return false;
  }
  for (size_t got = 1; got > 0;) {
    got = fread(chunk, 1, sizeof chunk, file);
    sim_buf_append(out, chunk, got);
  }
  bool good = ferror(file) == 0;
  (void)fclose(file);
  return good;
}

/* NULL with a sentence in *why. */
static cJSON *s_read_json(const char *path, const char **why) {
  struct sim_buf text = {0};
  cJSON *json = NULL;
  *why = "cannot be read";
  if (s_read_file(path, &text)) {
    *why = "is not JSON";
    json = cJSON_ParseWithLength(sim_buf_text(&text), text.len);
  }
  sim_buf_clean_up(&text);
  return json;
}

static const char *s_from_file_or_env(const cJSON *file, const char *name, const char *variable) {
  const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(file, name));
  if (value == NULL) {
    value = getenv(variable);
  }
  return value == NULL || *value == '\0' ? NULL : value;
}

static int s_add_default_account(struct sim_world *world, const struct sim_options *options) {
  const char *why = NULL;
  cJSON *file = NULL;
  if (options->credentials_file != NULL) {
    file = s_read_json(options->credentials_file, &why);
    if (file == NULL) {
      return s_fail(options->credentials_file, why);
    }
  }
  (void)sim_accounts_add(
      &world->accounts, s_from_file_or_env(file, "access_key_id", "ZENLAYER_SIM_ACCESS_KEY_ID"),
      s_from_file_or_env(file, "access_key_password", "ZENLAYER_SIM_ACCESS_KEY_PASSWORD"),
      s_from_file_or_env(file, "token", "ZENLAYER_SIM_TOKEN"));
  cJSON_Delete(file);
  return 0;
}

static int s_load_fleet(struct sim_world *world, const char *path) {
  const char *why = NULL;
  cJSON *file = s_read_json(path, &why);
  if (file != NULL) {
    why = sim_fleet_file_apply(world, file, false);
    cJSON_Delete(file);
  }
  return why == NULL ? 0 : s_fail(path, why);
}

static int s_load_faults(struct sim_world *world, const char *path) {
  const char *why = NULL;
  cJSON *file = s_read_json(path, &why);
  if (file != NULL) {
    why = sim_faults_replace(&world->faults, file);
    cJSON_Delete(file);
  }
  return why == NULL ? 0 : s_fail(path, why);
}

static int s_fill(struct sim_world *world, const struct sim_options *options) {
  int failed = s_add_default_account(world, options);
  if (failed == 0 && options->fleet_file != NULL) {
    failed = s_load_fleet(world, options->fleet_file);
  }
  if (failed == 0 && options->faults_file != NULL) {
    failed = s_load_faults(world, options->faults_file);
  }
  for (int i = 0; failed == 0 && i < SIM_PRODUCT_COUNT; i++) {
    sim_fleet_generate(&world->fleet, (enum sim_product)i, 0, options->recycled[i],
                       SIM_STATUS_RECYCLE);
    sim_fleet_generate(&world->fleet, (enum sim_product)i, 0, options->running[i],
                       SIM_STATUS_RUNNING);
  }
  return failed;
}

static int s_open(struct sim_world *world, const struct sim_options *options) {
  struct sim_server *server = &world->server;
  if ((options->tls_cert == NULL) != (options->tls_key == NULL)) {
    return s_fail("--tls-cert and --tls-key", "both or neither");
  }
  if (options->tls_cert != NULL) {
    server->tls = sim_tls_new(options->tls_cert, options->tls_key);
    if (server->tls == NULL) {
      return S_EXIT_CANNOT;
    }
  }
  server->timers = &world->timers;
  server->handler = sim_world_handler(world);
  return sim_server_listen(server, options->listen) ? 0 : S_EXIT_CANNOT;
}

static void s_print_ready(const struct sim_world *world) {
  char address[300] = "";
  struct sim_buf line = {0};
  struct sim_json json = {.out = &line};
  const struct sim_account *account = &world->accounts.list[0];
  (void)sim_server_address(&world->server, address, sizeof address);
  sim_json_open(&json, NULL, '{');
  sim_json_string(&json, "endpoint", address);
  sim_json_string(&json, "scheme", world->server.tls != NULL ? "https" : "http");
  sim_json_string(&json, "access_key_id", account->key_id);
  sim_json_string(&json, "access_key_password", account->key_password);
  sim_json_string(&json, "token", account->token);
  sim_json_close(&json, '}');
  puts(line.data);
  (void)fflush(stdout);
  sim_buf_clean_up(&line);
}

static void s_clean_up(struct sim_world *world) {
  sim_later_clean_up(world);
  sim_fleet_clear(&world->fleet);
  sim_ledger_clean_up(&world->ledger);
  sim_faults_clean_up(&world->faults);
  sim_request_log_clean_up(&world->log);
  sim_accounts_clean_up(&world->accounts);
  sim_timers_clean_up(&world->timers);
  sim_tls_destroy(world->server.tls);
}

/* A closed standard descriptor is the null device, not the next file or socket. */
static void s_open_standard(void) {
  for (int fd = 0; fd < 3; fd++) {
    if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) != fd) {
      abort();
    }
  }
}

int main(int argc, char **argv) {
  s_open_standard();
  struct sim_options options;
  struct sim_world world = {0};
  sim_options_parse(&options, argc, argv);
  (void)signal(SIGPIPE,
               SIG_IGN); /* OpenSSL writes with write(2): a client that left must not end us */
  world.settings = options.settings;
  world.rng.state = options.seed != 0 ? options.seed : sim_entropy();
  sim_fleet_init(&world.fleet, &world.settings, &world.timers, &world.ledger);
  int failed = s_fill(&world, &options);
  if (failed == 0) {
    failed = s_open(&world, &options);
  }
  if (failed == 0) {
    s_print_ready(&world);
    sim_server_run(&world.server);
    sim_server_clean_up(&world.server);
  }
  s_clean_up(&world);
  return failed;
}
