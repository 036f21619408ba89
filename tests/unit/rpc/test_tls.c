/* TLS and mutual TLS from PEM in memory: who may call, who is named, and a listener that died. */
#include <errno.h>
#include <fcntl.h>
#include <grpc/grpc_security.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cert.h"
#include "fixture.h"
#include "raw_h2.h"

static struct cert s_ca;
static struct cert s_server;
static struct cert s_client;
static struct cert s_stranger;

static int s_set_up(void **state) {
  (void)state;
  cert_make(&s_ca, "test authority", NULL, NULL);
  cert_make(&s_server, "server", "DNS:localhost", &s_ca);
  cert_make(&s_client, "alice", "DNS:alice.example", &s_ca);
  cert_make(&s_stranger, "mallory", "DNS:alice.example", NULL);
  return 0;
}

static int s_tear_down(void **state) {
  (void)state;
  cert_free(&s_ca);
  cert_free(&s_server);
  cert_free(&s_client);
  cert_free(&s_stranger);
  return 0;
}

static struct zr_rpc_tls s_tls(bool mutual) {
  struct zr_rpc_tls tls = {.certificate_chain = zr_view_of(s_server.pem),
                           .private_key = zr_view_of(s_server.key_pem)};
  if (mutual)
    tls.client_ca = zr_view_of(s_ca.pem);
  return tls;
}

static void s_dial(struct fixture *f, const struct cert *who) {
  grpc_ssl_pem_key_cert_pair pair = {0};
  if (who) {
    pair.private_key = who->key_pem;
    pair.cert_chain = who->pem;
  }
  client_open(&f->client, f->address,
              grpc_ssl_credentials_create_ex(s_ca.pem, who ? &pair : NULL, NULL, NULL));
}

static void s_one_sided(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  struct zr_rpc_tls tls = s_tls(false);
  fixture_open(&f, &(struct zr_rpc_options){.listen = "127.0.0.1:0", .tls = &tls});
  s_dial(&f, NULL);
  assert_true(fixture_echo_works(&f, 1));
  fixture_close(&f);
}

/* Calls as `who` and leaves what the server saw of it in the fixture. */
static void s_call_as(struct fixture *f, const struct cert *who, const char *listen) {
  struct zr_rpc_tls tls = s_tls(true);
  fixture_open(f, &(struct zr_rpc_options){.listen = listen, .tls = &tls});
  s_dial(f, who);
  struct client_call c;
  call_start(&c, &f->client, "/t.T/Hold", 0);
  assert_true(call_send(&c, "q", 1));
  assert_true(call_half_close(&c));
  zr_rpc_reply(fixture_wait_held(f, 1), NULL);
  assert_int_equal(call_finish(&c), GRPC_STATUS_OK);
  fixture_close(f);
}

static void s_mutual(const char *listen) {
  struct fixture f = {.server = NULL};
  s_call_as(&f, &s_client, listen);
  assert_true(f.peer_verified);
  assert_string_equal(f.peer_name, "alice");
  assert_string_equal(f.peer_alternative, "alice.example");
  assert_string_equal(f.peer_uri, "");
}

static void s_names_by_kind(void **state) {
  (void)state;
  struct cert c;
  struct fixture f = {.server = NULL};
  cert_make(&c, "bob", "URI:spiffe://corp/bob,DNS:bob.example,DNS:b.example,IP:127.0.0.1", &s_ca);
  s_call_as(&f, &c, "127.0.0.1:0");
  assert_string_equal(f.peer_name, "bob");
  assert_string_equal(f.peer_uri, "spiffe://corp/bob");
  assert_string_equal(f.peer_alternative, "bob.example");
  assert_int_equal(f.peer_dns_names, 2);
  assert_true(f.peer_has_alternative);
  cert_free(&c);
}

static void s_no_alternative_name(void **state) {
  (void)state;
  struct cert c;
  struct fixture f = {.server = NULL};
  cert_make(&c, "carol", NULL, &s_ca);
  s_call_as(&f, &c, "127.0.0.1:0");
  assert_string_equal(f.peer_name, "carol");
  assert_false(f.peer_has_alternative);
  cert_free(&c);
}

/* "admin" NUL "evil" must not become "admin". */
static void s_name_with_a_nul(void **state) {
  (void)state;
  struct cert c;
  struct fixture f = {.server = NULL};
  cert_make_with_nul(&c, "admin", "evil.example", &s_ca);
  s_call_as(&f, &c, "127.0.0.1:0");
  assert_true(f.peer_verified);
  assert_string_equal(f.peer_name, "");
  assert_int_equal(f.peer_dns_names, 0);
  assert_true(f.peer_has_alternative);
  cert_free(&c);
}

static void s_mutual_tcp(void **state) {
  (void)state;
  s_mutual("127.0.0.1:0");
}

static void s_mutual_unix(void **state) {
  (void)state;
  s_mutual(NULL);
}

static void s_strangers_are_refused(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  struct zr_rpc_tls tls = s_tls(true);
  fixture_open(&f, &(struct zr_rpc_options){.listen = "127.0.0.1:0", .tls = &tls});
  const struct cert *const who[] = {NULL, &s_stranger};
  for (int i = 0; i < 2; i++) {
    struct client_call left;
    char out[4];
    s_dial(&f, who[i]);
    (void)call_unary(&f.client, "/t.T/Echo", "x", 1, out, sizeof out, 5000, &left);
    assert_int_equal(left.status, GRPC_STATUS_UNAVAILABLE);
    client_close(&f.client);
    f.client.channel = NULL;
  }
  fixture_close(&f);
}

static grpc_status_code s_echo_as(const struct fixture *f, const struct cert *who,
                                  const struct cert *authority) {
  struct client other = {.channel = NULL};
  struct client_call left;
  char out[4];
  grpc_ssl_pem_key_cert_pair pair = {.private_key = who->key_pem, .cert_chain = who->pem};
  client_open(&other, f->address,
              grpc_ssl_credentials_create_ex(authority->pem, &pair, NULL, NULL));
  (void)call_unary(&other, "/t.T/Echo", "x", 1, out, sizeof out, 10000, &left);
  client_close(&other);
  return left.status;
}

/* Another authority signs the server and the clients from now on. */
static void s_certificates_are_replaced(void **state) {
  (void)state;
  struct cert ca;
  struct cert server;
  struct cert client;
  struct fixture f = {.server = NULL};
  struct zr_rpc_tls tls = s_tls(true);
  cert_make(&ca, "second authority", NULL, NULL);
  cert_make(&server, "server", "DNS:localhost", &ca);
  cert_make(&client, "bob", "DNS:bob.example", &ca);
  fixture_open(&f, &(struct zr_rpc_options){.listen = "127.0.0.1:0", .tls = &tls});
  s_dial(&f, &s_client);
  assert_true(fixture_echo_works(&f, 1));
  const struct zr_rpc_tls second = {zr_view_of(server.pem), zr_view_of(server.key_pem),
                                    zr_view_of(ca.pem)};
  assert_int_equal(zr_rpc_server_set_tls(f.server, &second), ZR_ERR_OK);
  assert_int_equal(s_echo_as(&f, &client, &ca), GRPC_STATUS_OK);
  assert_int_equal(s_echo_as(&f, &s_client, &ca), GRPC_STATUS_UNAVAILABLE);
  assert_int_equal(s_echo_as(&f, &client, &s_ca), GRPC_STATUS_UNAVAILABLE);
  assert_true(fixture_echo_works(&f, 1)); /* the old connection goes on */
  fixture_close(&f);
  cert_free(&client);
  cert_free(&server);
  cert_free(&ca);
}

static void s_unusable_replacement(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  struct zr_rpc_tls tls = s_tls(true);
  fixture_open(&f, &(struct zr_rpc_options){.listen = "127.0.0.1:0", .tls = &tls});
  struct zr_rpc_tls other = tls;
  other.private_key = (struct zr_view){"", 0};
  assert_int_equal(zr_rpc_server_set_tls(f.server, &other), ZR_ERR_INVALID);
  other = s_tls(false);
  assert_int_equal(zr_rpc_server_set_tls(f.server, &other), ZR_ERR_STATE);
  other = tls;
  other.private_key = zr_view_of(s_client.key_pem); /* the core finds out that it does not fit */
  assert_int_equal(zr_rpc_server_set_tls(f.server, &other), ZR_ERR_OK);
  for (int i = 0; i < 2; i++)
    assert_int_equal(s_echo_as(&f, &s_client, &s_ca), GRPC_STATUS_OK);
  fixture_close(&f);
}

static void s_no_tls_to_replace(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  fixture_open(&f, &(struct zr_rpc_options){.listen = "127.0.0.1:0"});
  struct zr_rpc_tls tls = s_tls(false);
  assert_int_equal(zr_rpc_server_set_tls(f.server, &tls), ZR_ERR_STATE);
  fixture_close(&f);
}

static void s_unusable_pem(void **state) {
  (void)state;
  char problem[512];
  struct zr_rpc_tls tls = s_tls(false);
  struct zr_rpc_options o = {.listen = "127.0.0.1:0", .tls = &tls};
  tls.private_key = ZR_VIEW("no key");
  assert_int_not_equal(fixture_try(&o, problem), ZR_ERR_OK);
  assert_non_null(strstr(problem, "key"));
  tls.private_key = (struct zr_view){"", 0};
  assert_int_equal(fixture_try(&o, problem), ZR_ERR_INVALID);
}

/* The core's listener dies of one failed accept; a new one takes its place at the same address. */
static void s_listener_is_rebuilt(const char *listen) {
  struct fixture f = {.server = NULL};
  struct zr_rpc_tls tls = s_tls(false);
  fixture_open(&f, &(struct zr_rpc_options){.listen = listen, .tls = &tls});
  s_dial(&f, NULL);
  assert_true(fixture_echo_works(&f, 1));
  int waiting = raw_socket(f.address);
  struct rlimit before;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
  int first = open("/dev/null", O_RDONLY | O_CLOEXEC);
  struct rlimit low = {(rlim_t)first + 8, before.rlim_max};
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
  while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0) {
  }
  assert_true(raw_connect(waiting, f.address));
  char byte;
  ssize_t n = recv(waiting, &byte, 1, 0); /* the dying listener takes it along */
  assert_true(n == 0 || (n < 0 && errno == ECONNRESET));
  for (int fd = first; fd < first + 8; fd++)
    close(fd); /* some may be the server's by now: not below `first` */
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
  close(waiting);
  client_close(&f.client);
  s_dial(&f, NULL);
  assert_true(fixture_echo_works(&f, 10));
  fixture_close(&f);
}

static void s_rebuilt_tcp(void **state) {
  (void)state;
  s_listener_is_rebuilt("127.0.0.1:0");
}

static void s_rebuilt_unix(void **state) {
  (void)state;
  s_listener_is_rebuilt(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(s_one_sided),
      cmocka_unit_test(s_mutual_tcp),
      cmocka_unit_test(s_mutual_unix),
      cmocka_unit_test(s_names_by_kind),
      cmocka_unit_test(s_no_alternative_name),
      cmocka_unit_test(s_name_with_a_nul),
      cmocka_unit_test(s_strangers_are_refused),
      cmocka_unit_test(s_certificates_are_replaced),
      cmocka_unit_test(s_unusable_replacement),
      cmocka_unit_test(s_no_tls_to_replace),
      cmocka_unit_test(s_unusable_pem),
      cmocka_unit_test(s_rebuilt_tcp),
      cmocka_unit_test(s_rebuilt_unix),
  };
  return cmocka_run_group_tests(tests, s_set_up, s_tear_down);
}
