/* The contract between a plugin process and its host, from the outside. */
#include <grpc/grpc_security.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "host.h"

#define HEALTH "/grpc.health.v1.Health/Check"

static const struct host_options s_plain = {.plaintext = true};
static const struct host_options s_tls = {.plaintext = false};

/* "plugin" serves, as go-plugin's own health check asks it. */
static void s_assert_healthy(struct host *h) {
  char out[16];
  int status = -1;
  assert_int_equal(host_call(h, HEALTH, "\x0a\x06plugin", 8, out, sizeof out, &status), 2);
  assert_int_equal(status, GRPC_STATUS_OK);
  assert_memory_equal(out, "\x08\x01", 2);
}

static bool s_exists(const char *path) {
  struct stat st;
  return lstat(path, &st) == 0;
}

/* The folder of a unix address. */
static void s_folder(const struct host_line *line, char out[128]) {
  (void)snprintf(out, 128, "%s", line->address + 5);
  *strrchr(out, '/') = '\0';
}

static void s_assert_left_nothing(const struct host_line *line) {
  char folder[128];
  s_folder(line, folder);
  assert_false(s_exists(folder));
}

static void s_handshake(const struct host_options *options) {
  struct host h;
  host_start(&h, options);
  assert_int_equal(h.line.core, 1);
  assert_int_equal(h.line.app, 6);
  assert_string_equal(h.line.network, "unix");
  assert_string_equal(h.line.protocol, "grpc");
  assert_string_equal(h.line.seventh, "");
  assert_int_equal(h.line.server[0] != '\0', !options->plaintext);
  char folder[128];
  struct stat st;
  s_folder(&h.line, folder);
  assert_int_equal(stat(folder, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0700);
  host_connect(&h); /* at once: it accepts before it says so */
  s_assert_healthy(&h);
  host_disconnect(&h);
  host_connect(&h); /* a host may dial again */
  s_assert_healthy(&h);
  double took = host_shut_down(&h);
  assert_true(took < 1500 * child_slow());
  print_message("gone %.1f ms after Shutdown was called\n", took);
  s_assert_left_nothing(&h.line);
  assert_string_equal(child_said(&h.child), ""); /* no log was asked for */
  host_close(&h);
}

static void s_handshake_tls(void **state) {
  (void)state;
  s_handshake(&s_tls);
}

static void s_handshake_plain(void **state) {
  (void)state;
  s_handshake(&s_plain);
}

/* Runs to its end; the line and the status. */
static int s_refused(struct child *c, const struct child_setting *settings) {
  child_start(c, "zenrelease-plugin", settings, NULL);
  (void)child_read_line(c);
  return child_wait(c, 10000);
}

static void s_without_cookie(void **state) {
  (void)state;
  const char *const cookies[] = {NULL, "", "d602bf8f470bc67c", HOST_COOKIE "0"};
  for (size_t i = 0; i < sizeof cookies / sizeof *cookies; i++) {
    struct child c;
    const struct child_setting settings[] = {
        {"TF_PLUGIN_MAGIC_COOKIE", cookies[i]}, {"PLUGIN_PROTOCOL_VERSIONS", "6,5"}, {NULL, NULL}};
    assert_int_equal(s_refused(&c, settings), 2); /* its own usage error */
    assert_string_equal(c.line, "");
    assert_non_null(strstr(child_said(&c), "--listen"));
    child_close(&c);
  }
}

static void s_versions(void **state) {
  (void)state;
  const char *const bad[] = {NULL, "", "5", "4,5", "66", "6.0"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct child c;
    const struct child_setting settings[] = {{"TF_PLUGIN_MAGIC_COOKIE", HOST_COOKIE},
                                             {"PLUGIN_PROTOCOL_VERSIONS", bad[i]},
                                             {NULL, NULL}};
    assert_int_equal(s_refused(&c, settings), 1);
    assert_non_null(strstr(c.line, "protocol 6"));
    assert_null(strchr(c.line, '|'));
    child_close(&c);
  }
  const char *const good[] = {"6", "5,6", "7,6,5"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    struct host h;
    const struct child_setting settings[] = {{"PLUGIN_PROTOCOL_VERSIONS", good[i]}, {NULL, NULL}};
    host_start(&h, &(struct host_options){.plaintext = true, .settings = settings});
    assert_int_equal(h.line.app, 6);
    host_close(&h);
  }
}

static void s_strangers(void **state) {
  (void)state;
  struct host h;
  host_start(&h, &s_tls);
  char own[HOST_PEM];
  char key[HOST_PEM];
  char out[16];
  host_make_certificate("P-256", own, key);
  grpc_ssl_pem_key_cert_pair pair = {.private_key = key, .cert_chain = own};
  for (int i = 0; i < 3; i++) {
    grpc_channel_credentials *c =
        i == 2 ? NULL : grpc_ssl_credentials_create_ex(h.line.server, i ? &pair : NULL, NULL, NULL);
    struct client_call left;
    client_open(&h.client, h.line.address, c);
    (void)call_unary(&h.client, HEALTH, "", 0, out, sizeof out, 10000, &left);
    assert_int_equal(left.status, GRPC_STATUS_UNAVAILABLE);
    client_close(&h.client);
  }
  host_connect(&h);
  s_assert_healthy(&h);
  (void)host_shut_down(&h);
  host_close(&h);
}

static void s_signals(void **state) {
  (void)state;
  struct host h;
  host_start(&h, &s_tls);
  host_connect(&h);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(kill(h.child.pid, SIGINT), 0);
    s_assert_healthy(&h);
  }
  assert_int_equal(kill(h.child.pid, SIGTERM), 0);
  assert_int_equal(child_wait(&h.child, 2000), 0);
  s_assert_left_nothing(&h.line);
  host_close(&h);
}

/* Every host opens both streams right after it connects, and leaves them open. */
static void s_streams(void **state) {
  (void)state;
  struct host h;
  host_start(&h, &s_tls);
  host_connect(&h);
  struct client_call stdio;
  struct client_call broker;
  struct client_call second;
  call_start(&stdio, &h.client, "/plugin.GRPCStdio/StreamStdio", 0);
  assert_true(call_send(&stdio, "", 0) && call_half_close(&stdio));
  call_start(&broker, &h.client, "/plugin.GRPCBroker/StartStream", 0);
  call_start(&second, &h.client, "/plugin.GRPCBroker/StartStream", 0);
  assert_true(call_send(&broker, "\x08\x07", 2)); /* a message that nobody waits for */
  assert_true(call_send(&broker, "\xff", 1));     /* and one that is none */
  s_assert_healthy(&h);
  assert_true(call_half_close(&second));
  assert_int_equal(call_finish(&second), GRPC_STATUS_OK);
  double from = child_now_ms();
  struct client_call left;
  char out[8];
  (void)call_unary(&h.client, "/plugin.GRPCController/Shutdown", "", 0, out, sizeof out, 5000,
                   &left);
  assert_int_equal(left.status, GRPC_STATUS_OK);
  assert_int_equal(child_wait(&h.child, 2000), 0);
  assert_true(child_now_ms() - from < 1500 * child_slow());
  (void)call_finish(&stdio);
  (void)call_finish(&broker);
  host_close(&h);
}

static void s_sizes_and_names(void **state) {
  (void)state;
  struct host h;
  host_start(&h, &s_plain);
  host_connect(&h);
  int status = -1;
  char out[16];
  (void)host_call(&h, "/tfplugin6.Provider/NoSuchMethod", "", 0, out, sizeof out, &status);
  assert_int_equal(status, GRPC_STATUS_UNIMPLEMENTED);
  (void)host_call(&h, HEALTH, "\x0a\x02no", 4, out, sizeof out, &status);
  assert_int_equal(status, GRPC_STATUS_NOT_FOUND);
  (void)host_call(&h, HEALTH, "\x0a\xff", 2, out, sizeof out, &status);
  assert_int_equal(status, GRPC_STATUS_INVALID_ARGUMENT);
  size_t len = (size_t)48 << 20; /* an unknown field of 48 MiB, in front of "plugin" */
  unsigned char *big = calloc(len + 16, 1);
  assert_non_null(big);
  const unsigned char unknown[] = {0x7a, 0x80, 0x80, 0x80, 0x18};
  const unsigned char name[] = {0x0a, 6, 'p', 'l', 'u', 'g', 'i', 'n'};
  memcpy(big, unknown, sizeof unknown);
  memcpy(big + sizeof unknown + len, name, sizeof name);
  assert_int_equal(
      host_call(&h, HEALTH, big, sizeof unknown + len + sizeof name, out, sizeof out, &status), 2);
  assert_int_equal(status, GRPC_STATUS_OK);
  free(big);
  host_close(&h);
}

static void s_places(void **state) {
  (void)state;
  char dir[] = "/tmp/tfhost-XXXXXX";
  char deep[512];
  assert_non_null(mkdtemp(dir));
  (void)snprintf(deep, sizeof deep, "%s/%0100d", dir, 0);
  assert_int_equal(mkdir(deep, 0700), 0);
  struct host h;
  const struct child_setting given[] = {{"PLUGIN_UNIX_SOCKET_DIR", dir},
                                        {"PLUGIN_UNIX_SOCKET_GROUP", "0"},
                                        {"PLUGIN_MULTIPLEX_GRPC", "true"},
                                        {NULL, NULL}};
  if (getuid() == 0) { /* others may not give files away */
    host_start(&h, &(struct host_options){.settings = given});
    assert_int_equal(strncmp(h.line.address + 5, dir, strlen(dir)), 0);
    assert_string_equal(h.line.seventh, "false");
    struct stat st;
    assert_int_equal(stat(h.line.address + 5, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
    host_close(&h);
  }
  const struct child_setting long_one[] = {{"TMPDIR", deep}, {NULL, NULL}};
  host_start(&h, &(struct host_options){.settings = long_one});
  host_connect(&h);
  s_assert_healthy(&h);
  (void)host_shut_down(&h);
  host_close(&h);
  struct child c;
  const struct child_setting bad[] = {{"TF_PLUGIN_MAGIC_COOKIE", HOST_COOKIE},
                                      {"PLUGIN_PROTOCOL_VERSIONS", "6"},
                                      {"PLUGIN_UNIX_SOCKET_DIR", deep},
                                      {NULL, NULL}};
  assert_int_equal(s_refused(&c, bad), 1);
  assert_non_null(strstr(c.line, deep));
  child_close(&c);
  (void)rmdir(deep);
  assert_int_equal(rmdir(dir), 0);
}

/* A host that was killed never says Shutdown. */
static void s_orphan(void **state) {
  (void)state;
  int line[2];
  assert_int_equal(pipe(line), 0);
  pid_t middle = fork();
  assert_true(middle >= 0);
  if (middle == 0) {
    struct host h;
    host_start(&h, &s_plain);
    (void)!write(line[1], h.line.address, sizeof h.line.address);
    for (;;)
      (void)pause();
  }
  struct host_line got = {.core = 0};
  assert_int_equal(read(line[0], got.address, sizeof got.address), sizeof got.address);
  assert_true(s_exists(got.address + 5));
  assert_int_equal(kill(middle, SIGKILL), 0);
  assert_int_equal(waitpid(middle, NULL, 0), middle);
  char folder[128];
  s_folder(&got, folder);
  double until = child_now_ms() + 5000 * child_slow();
  while (s_exists(folder) && child_now_ms() < until) {
    const struct timespec turn = {.tv_nsec = 2000000};
    (void)nanosleep(&turn, NULL);
  }
  s_assert_left_nothing(&got);
  (void)close(line[0]);
  (void)close(line[1]);
}

static void s_last_words(void **state) {
  (void)state;
#ifdef ZR_SANITIZED
  skip(); /* the sanitizer has its own */
#else
  const int fatal[] = {SIGSEGV, SIGABRT, SIGFPE};
  for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) {
    struct host h;
    host_start(&h, &s_plain);
    assert_int_equal(kill(h.child.pid, fatal[i]), 0);
    assert_int_equal(child_wait(&h.child, 5000), -2);
    const char *said = child_said(&h.child);
    assert_int_equal(strncmp(said, "panic: terraform-provider-zenrelease", 36), 0);
    assert_non_null(strstr(said, "zenrelease-plugin("));
    host_close(&h);
  }
#endif
}

static void s_reattach(void **state) {
  (void)state;
  struct host h = {.connected = false};
  const struct child_setting none[] = {{"TF_PLUGIN_MAGIC_COOKIE", NULL}, {NULL, NULL}};
  const char *const words[] = {"--reattach", NULL};
  child_start(&h.child, "zenrelease-plugin", none, words);
  assert_true(child_read_line(&h.child));
  const char *line = h.child.line;
  assert_int_equal(strncmp(line, "TF_REATTACH_PROVIDERS='{", 24), 0);
  assert_non_null(strstr(line, "\"registry.terraform.io/zenrelease/zenrelease\":{"));
  assert_non_null(strstr(line, "\"Protocol\":\"grpc\",\"ProtocolVersion\":6"));
  assert_non_null(strstr(line, "\"Test\":true"));
  const char *path = strstr(line, "\"String\":\"");
  assert_non_null(path);
  (void)snprintf(h.line.address, sizeof h.line.address, "unix:%.*s", (int)strcspn(path + 10, "\""),
                 path + 10);
  for (int i = 0; i < 3; i++) { /* each walk of a host is a connection of its own */
    host_connect(&h);
    s_assert_healthy(&h);
    host_disconnect(&h);
  }
  assert_int_equal(kill(h.child.pid, SIGINT), 0);
  assert_int_equal(child_wait(&h.child, 5000), 0);
  s_assert_left_nothing(&h.line);
  host_close(&h);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(s_orphan), /* forks: before any thread is there */
      cmocka_unit_test(s_handshake_tls),  cmocka_unit_test(s_handshake_plain),
      cmocka_unit_test(s_without_cookie), cmocka_unit_test(s_versions),
      cmocka_unit_test(s_strangers),      cmocka_unit_test(s_signals),
      cmocka_unit_test(s_streams),        cmocka_unit_test(s_sizes_and_names),
      cmocka_unit_test(s_places),         cmocka_unit_test(s_last_words),
      cmocka_unit_test(s_reattach),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
