/* Where a server listens, and what becomes of it: socket files, refusals, exhaustion, shutdown. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "raw_h2.h"

static void s_tcp_port_is_reported(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  fixture_open(&f, &(struct zr_rpc_options){.listen = "127.0.0.1:0"});
  assert_int_equal(strncmp(f.address, "127.0.0.1:", 10), 0);
  assert_true(strtol(f.address + 10, NULL, 10) > 0);
  assert_true(fixture_echo_works(&f, 1));
  char problem[512];
  struct zr_rpc_options again = {.listen = f.address};
  assert_int_equal(fixture_try(&again, problem), ZR_ERR_EXISTS);
  assert_non_null(strstr(problem, f.address));
  fixture_close(&f);
}

static void s_plaintext_stays_inside(void **state) {
  (void)state;
  char problem[512];
  struct zr_rpc_options o = {.listen = "0.0.0.0:0"};
  assert_int_equal(fixture_try(&o, problem), ZR_ERR_DENIED);
  assert_non_null(strstr(problem, "TLS"));
  o.allow_plaintext_remote = true;
  assert_int_equal(fixture_try(&o, problem), ZR_ERR_OK);
}

static void s_socket_file(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  mode_t before = umask(0);
  fixture_open(&f, &(struct zr_rpc_options){.listen = NULL});
  (void)umask(before);
  struct stat st;
  char problem[512];
  assert_int_equal(stat(f.address + 5, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0600);
  struct zr_rpc_options o = {.listen = f.address};
  assert_int_equal(fixture_try(&o, problem), ZR_ERR_EXISTS);
  assert_non_null(strstr(problem, "another server"));
  assert_true(fixture_echo_works(&f, 1)); /* the first one is unharmed */
  fixture_close(&f);                      /* checks that the file is gone */
}

static void s_stale_socket_is_replaced(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  struct sockaddr_un un = {.sun_family = AF_UNIX};
  (void)snprintf(un.sun_path, sizeof un.sun_path, "%s", fixture_socket(&f) + 5);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
  close(fd);
  fixture_open(&f, &(struct zr_rpc_options){.listen = NULL});
  assert_true(fixture_echo_works(&f, 1));
  fixture_close(&f);
}

static void s_other_files_are_left_alone(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  const char *path = fixture_socket(&f) + 5;
  char problem[512];
  close(open(path, O_CREAT | O_WRONLY, 0600));
  struct zr_rpc_options o = {.listen = f.address};
  assert_int_equal(fixture_try(&o, problem), ZR_ERR_EXISTS);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(rmdir(f.dir), 0);
}

static void s_silent_connections_are_closed(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  fixture_open(&f, &(struct zr_rpc_options){.handshake_ms = 50});
  int fd = raw_socket(f.address);
  char byte;
  assert_true(raw_connect(fd, f.address));
  assert_int_equal(recv(fd, &byte, 1, 0), 0); /* blocks until the server closes */
  close(fd);
  fixture_close(&f);
}

static void s_connection_limit(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  fixture_open(&f, &(struct zr_rpc_options){.max_connections = 2});
  int fd[3];
  char byte;
  for (int i = 0; i < 3; i++) {
    fd[i] = raw_socket(f.address);
    assert_true(raw_connect(fd[i], f.address));
    bool spoke = raw_preface(fd[i]); /* the third is closed at its first byte */
    if (i < 2)
      assert_true(spoke && raw_wait_settings(fd[i], 5000));
  }
  ssize_t n = recv(fd[2], &byte, 1, 0);
  assert_true(n == 0 || (n < 0 && errno == ECONNRESET));
  for (int i = 0; i < 3; i++)
    close(fd[i]);
  assert_true(fixture_echo_works(&f, 1000)); /* there is room again */
  fixture_close(&f);
}

/* Takes every descriptor that is left; the first of them is returned. */
static int s_exhaust(struct rlimit *before) {
  struct rlimit low;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, before), 0);
  int first = open("/dev/null", O_RDONLY | O_CLOEXEC);
  low = (struct rlimit){(rlim_t)first + 8, before->rlim_max};
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
  while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0) {
  }
  assert_int_equal(errno, EMFILE);
  return first;
}

static void s_recover(int first, const struct rlimit *before) {
  for (int fd = first; fd < first + 8; fd++)
    close(fd);
  assert_int_equal(setrlimit(RLIMIT_NOFILE, before), 0);
}

static void s_exhaustion(const char *listen) {
  struct fixture f = {.server = NULL};
  fixture_open(&f, &(struct zr_rpc_options){.listen = listen});
  assert_true(fixture_echo_works(&f, 1));
  int waiting = raw_socket(f.address);
  struct rlimit before;
  int first = s_exhaust(&before);
  assert_true(raw_connect(waiting, f.address));
  assert_true(raw_preface(waiting));
  assert_false(raw_wait_settings(waiting, 200)); /* it waits in the kernel */
  assert_true(fixture_echo_works(&f, 1));        /* the connection that is there goes on */
  s_recover(first, &before);
  assert_true(raw_wait_settings(waiting, 5000));
  close(waiting);
  struct client other;
  struct client_call left;
  char out[4];
  client_open(&other, f.address, NULL);
  assert_int_equal(call_unary(&other, "/t.T/Echo", "x", 1, out, sizeof out, 5000, &left), 1);
  client_close(&other);
  fixture_close(&f);
}

static void s_exhaustion_unix(void **state) {
  (void)state;
  s_exhaustion(NULL);
}

static void s_exhaustion_tcp(void **state) {
  (void)state;
  s_exhaustion("127.0.0.1:0");
}

/* After a second of it, waiting peers are told by closing them. */
static void s_long_exhaustion(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  fixture_open(&f, &(struct zr_rpc_options){.listen = NULL});
  int waiting = raw_socket(f.address);
  struct rlimit before;
  char byte;
  int first = s_exhaust(&before);
  assert_true(raw_connect(waiting, f.address));
  assert_int_equal(recv(waiting, &byte, 1, 0), 0);
  s_recover(first, &before);
  close(waiting);
  assert_true(fixture_echo_works(&f, 1));
  fixture_close(&f);
}

static int64_t s_now_ms(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A peer that takes nothing of 8 MiB holds the core's shutdown; ours is bounded. */
static void s_stalled_peer(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  fixture_open(&f, &(struct zr_rpc_options){.listen = NULL});
  int stalled = raw_socket(f.address);
  assert_true(raw_connect(stalled, f.address));
  assert_true(raw_preface(stalled));
  assert_true(raw_wait_settings(stalled, 5000));
  assert_true(raw_call(stalled, "/t.T/Big", "x", 1));
  while (zr_rpc_server_calls(f.server) == 0) {
  }
  int64_t start = s_now_ms();
  bool clean = zr_rpc_server_shutdown(f.server, 100, 400);
  int64_t took = s_now_ms() - start;
  assert_true(took < 400 + 300);
  print_message("stalled peer: clean %d after %d ms\n", clean, (int)took);
  close(stalled);
  fixture_close(&f); /* shutdown again: now it gets there */
}

static void s_shutdown_cancels_held_calls(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  fixture_open(&f, &(struct zr_rpc_options){.listen = NULL});
  struct client_call c;
  call_start(&c, &f.client, "/t.T/Hold", 0);
  assert_true(call_send(&c, "q", 1));
  assert_true(call_half_close(&c));
  struct zr_rpc_call *held = fixture_wait_held(&f, 1);
  assert_false(zr_rpc_server_shutdown(f.server, 50, 200)); /* nobody ends the call */
  fixture_wait_ends(&f, 1);
  assert_true(f.end_cancelled);
  (void)call_finish(&c);
  zr_rpc_reply(held, NULL);
  fixture_close(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(s_tcp_port_is_reported),
      cmocka_unit_test(s_plaintext_stays_inside),
      cmocka_unit_test(s_socket_file),
      cmocka_unit_test(s_stale_socket_is_replaced),
      cmocka_unit_test(s_other_files_are_left_alone),
      cmocka_unit_test(s_silent_connections_are_closed),
      cmocka_unit_test(s_connection_limit),
      cmocka_unit_test(s_exhaustion_unix),
      cmocka_unit_test(s_exhaustion_tcp),
      cmocka_unit_test(s_long_exhaustion),
      cmocka_unit_test(s_stalled_peer),
      cmocka_unit_test(s_shutdown_cancels_held_calls),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
