/*
 * What a host of plugins says in the environment, and what is said back in one line. The input:
 * lines with TF_PLUGIN_MAGIC_COOKIE, PLUGIN_PROTOCOL_VERSIONS, an address, the socket's folder and
 * group, the folder for temporary files, then the bytes of a certificate.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "fuzz.h"
#include "terraform/cookie.h"
#include "terraform/goplugin_place.h"
#include "terraform/handshake.h"

enum { COOKIE, VERSIONS, ADDRESS, FOLDER, GROUP, TEMPORARY, LINES };

static void s_versions(const char *text) {
  struct zr_buf problem = ZR_BUF_INIT(8192);
  if (zr_tf_handshake_check(text, &problem) == ZR_ERR_OK)
    FUZZ_CHECK(strchr(text, '6') != NULL && problem.len == 0);
  else
    FUZZ_CHECK(problem.len > 0 || strlen(text) > 8000);
  zr_buf_clean_up(&problem);
}

/* The last part of the line is the certificate, and it is all of it. */
static void s_check_line(const struct zr_buf *line, struct zr_view der) {
  const char *coded = strstr(line->data, "|grpc|");
  FUZZ_CHECK(coded && line->data[line->len - 1] == '\n');
  coded += strlen("|grpc|");
  size_t len = strcspn(coded, "|\n");
  size_t full = (len + 3) / 4 * 4;
  unsigned char *padded = zr_calloc(1, full + 1);
  unsigned char *back = zr_calloc(1, full + 1);
  FUZZ_CHECK(padded && back);
  memcpy(padded, coded, len);
  memset(padded + len, '=', full - len);
  int n = EVP_DecodeBlock(back, padded, (int)full);
  FUZZ_CHECK(full == 0 || (n >= 0 && (size_t)n - (full - len) == der.len));
  FUZZ_CHECK(memcmp(back, der.ptr, der.len) == 0);
  zr_free(padded);
  zr_free(back);
}

static void s_line(const char *address, struct zr_view der) {
  struct zr_buf line = ZR_BUF_INIT((size_t)1024 * 1024);
  char *exact = fuzz_exact(der);
  const struct zr_tf_handshake h = {
      .address = address, .certificate = {exact, der.len}, .multiplexing_asked = der.len % 2 == 1};
  FUZZ_CHECK(zr_tf_handshake_line(&h, &line) == ZR_ERR_OK);
  if (!strchr(address, '|'))
    s_check_line(&line, h.certificate);
  zr_buf_reset(&line);
  static const char *const sources[] = {"registry.example/a/b", "c"};
  FUZZ_CHECK(zr_tf_reattach_value(address, 7, sources, 2, &line) == ZR_ERR_OK);
  FUZZ_CHECK(zr_view_is_utf8(zr_buf_as_view(&line)));
  zr_buf_clean_up(&line);
  zr_free(exact);
}

/* Below our own folder only: the input must not make folders anywhere else. */
static void s_place(char *const lines[LINES]) {
  char dir[600];
  char group[300];
  struct zr_goplugin_place place;
  struct zr_buf problem = ZR_BUF_INIT(8192);
  bool climbs = strstr(lines[FOLDER], "..") || strlen(lines[FOLDER]) > 200;
  (void)snprintf(dir, sizeof dir, "%s/%s", fuzz_folder(), climbs ? "" : lines[FOLDER]);
  (void)snprintf(group, sizeof group, "%.200s", lines[GROUP]);
  const struct zr_goplugin_wish wish = {
      .socket_dir = dir, .socket_group = group, .temp_dir = NULL, .tls = lines[TEMPORARY][0] != 0};
  enum zr_err e = zr_goplugin_place_make(&wish, &place, &problem);
  FUZZ_CHECK(e == ZR_ERR_OK || problem.len > 0);
  if (e == ZR_ERR_OK) {
    struct stat st;
    FUZZ_CHECK(strlen(place.path) < ZR_PLACE_PATH && strlen(place.path) > strlen(place.dir));
    FUZZ_CHECK(stat(place.dir, &st) == 0 && (st.st_mode & 07) == 0);
  }
  zr_goplugin_place_remove(&place);
  zr_goplugin_place_remove(&place);
  zr_buf_clean_up(&problem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input in = {data, size};
  char *lines[LINES];
  for (size_t i = 0; i < LINES; i++)
    lines[i] = fuzz_text(fuzz_until(&in, '\n'));
  struct zr_view der = fuzz_rest(&in);
  bool right = zr_tf_cookie_is_right(lines[COOKIE]);
  FUZZ_CHECK(!right || strlen(lines[COOKIE]) == 64);
  s_versions(lines[VERSIONS]);
  s_line(lines[ADDRESS], der);
  s_place(lines);
  for (size_t i = 0; i < LINES; i++)
    zr_free(lines[i]);
  return 0;
}
