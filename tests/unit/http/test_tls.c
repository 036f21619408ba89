/* TLS: what is not trusted gets no byte of a request. */
#include "fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct files {
  char folder[64];
  char ours[96];  /* the certificate the server shows */
  char other[96]; /* one that it does not */
};

static int set_up(void **state) {
  struct files *f = calloc(1, sizeof *f);
  if (!f)
    return -1;
  (void)snprintf(f->folder, sizeof f->folder, "/tmp/zr-test-tls-XXXXXX");
  if (!mkdtemp(f->folder))
    return -1;
  (void)snprintf(f->ours, sizeof f->ours, "%s/ours.pem", f->folder);
  (void)snprintf(f->other, sizeof f->other, "%s/other.pem", f->folder);
  *state = f;
  return 0;
}

static int tear_down(void **state) {
  struct files *f = *state;
  (void)unlink(f->ours);
  (void)unlink(f->other);
  (void)rmdir(f->folder);
  free(f);
  return 0;
}

/* One POST to a server with a certificate for `san`, trusting the file `trusted`. */
static void tls_post(const struct files *f, const char *san, const char *trusted,
                     const struct script_step *step, unsigned requests, struct seen *seen) {
  struct script_server s;
  char url[128];
  SSL_CTX *tls = script_tls_new(san, f->ours);
  SSL_CTX *unused = script_tls_new("IP:127.0.0.1", f->other);
  script_server_start(&s, step, step ? 1 : 0, tls);
  script_server_url(&s, "/", url);
  struct zr_http *h = client_new(&(struct zr_http_options){.proxy = "none", .ca_file = trusted});
  (void)post(h, url, 10000, seen);
  wait_for(h, seen);
  zr_http_destroy(h);
  script_server_stop(&s);
  SSL_CTX_free(tls);
  SSL_CTX_free(unused);
  assert_int_equal(atomic_load(&s.requests), requests);
}

static void a_trusted_server_answers(void **state) {
  struct files *f = *state;
  struct seen seen;
  tls_post(f, "IP:127.0.0.1", f->ours, NULL, 1, &seen);
  assert_int_equal(seen.phase, ZR_HTTP_ANSWERED);
  assert_int_equal(seen.status, 200);
}

static void a_wrong_name_gets_nothing(void **state) {
  struct files *f = *state;
  struct seen seen;
  tls_post(f, "DNS:other.test", f->ours, NULL, 0, &seen);
  assert_int_equal(seen.phase, ZR_HTTP_NOT_SENT);
  assert_int_equal(seen.trouble, ZR_HTTP_TROUBLE_CERTIFICATE);
}

static void an_unknown_authority_gets_nothing(void **state) {
  struct files *f = *state;
  struct seen seen;
  tls_post(f, "IP:127.0.0.1", f->other, NULL, 0, &seen);
  assert_int_equal(seen.phase, ZR_HTTP_NOT_SENT);
  assert_int_equal(seen.trouble, ZR_HTTP_TROUBLE_CERTIFICATE);
}

static void ssl_cert_file_is_honoured(void **state) {
  struct files *f = *state;
  struct seen seen;
  assert_int_equal(setenv("SSL_CERT_FILE", f->ours, 1), 0);
  SSL_CTX *tls = script_tls_new("IP:127.0.0.1", f->ours);
  SSL_CTX_free(tls);
  tls_post(f, "IP:127.0.0.1", NULL, NULL, 1, &seen);
  assert_int_equal(unsetenv("SSL_CERT_FILE"), 0);
  assert_int_equal(seen.phase, ZR_HTTP_ANSWERED);
}

static void a_broken_handshake_is_not_sent(void **state) {
  const struct script_step close_at_once = {.unread = true, .then = SCRIPT_CLOSE};
  const struct script_step speaks_http = {
      .unread = true, .send = "HTTP/1.1 400 Bad\r\n\r\n", .then = SCRIPT_CLOSE};
  struct files *f = *state;
  struct seen seen;
  tls_post(f, "IP:127.0.0.1", f->ours, &close_at_once, 0, &seen);
  assert_int_equal(seen.phase, ZR_HTTP_NOT_SENT);
  assert_true(seen.trouble == ZR_HTTP_TROUBLE_TLS || seen.trouble == ZR_HTTP_TROUBLE_CONNECT);
  tls_post(f, "IP:127.0.0.1", f->ours, &speaks_http, 0, &seen);
  assert_int_equal(seen.phase, ZR_HTTP_NOT_SENT);
  assert_true(seen.trouble == ZR_HTTP_TROUBLE_TLS || seen.trouble == ZR_HTTP_TROUBLE_CONNECT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_trusted_server_answers, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_wrong_name_gets_nothing, set_up, tear_down),
      cmocka_unit_test_setup_teardown(an_unknown_authority_gets_nothing, set_up, tear_down),
      cmocka_unit_test_setup_teardown(ssl_cert_file_is_honoured, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_broken_handshake_is_not_sent, set_up, tear_down),
  };
  (void)signal(SIGPIPE, SIG_IGN);
  return cmocka_run_group_tests_name("http.tls", tests, NULL, NULL);
}
