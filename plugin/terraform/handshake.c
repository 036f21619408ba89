#include "terraform/handshake.h"

#include <openssl/evp.h>

#include "base/mem.h"

enum { CORE_PROTOCOL = 1 };

enum zr_err zr_tf_handshake_check(const char *versions, struct zr_buf *problem) {
  struct zr_view left = zr_view_of(versions);
  while (left.len) {
    unsigned long long number = 0;
    struct zr_view one = zr_view_trim(zr_view_split(&left, ','));
    if (zr_view_to_u64(one, &number) && number == ZR_TF_PROTOCOL)
      return ZR_ERR_OK;
  }
  (void)zr_buf_printf(problem,
                      "this provider speaks plugin protocol %d, and the host offers %s%s; it needs "
                      "Terraform 1.0 or OpenTofu 1.6, or a later one",
                      ZR_TF_PROTOCOL, versions && *versions ? "only " : "none",
                      versions ? versions : "");
  return ZR_ERR_INVALID;
}

/* The host takes the standard alphabet, and no padding. */
static enum zr_err s_base64(struct zr_buf *out, struct zr_view der) {
  unsigned char *text = zr_alloc(der.len / 3 * 4 + 8);
  if (!text)
    return ZR_ERR_NOMEM;
  int len = EVP_EncodeBlock(text, (const unsigned char *)der.ptr, (int)der.len);
  while (len > 0 && text[len - 1] == '=')
    len--;
  enum zr_err e = zr_buf_append(out, text, (size_t)len);
  zr_free(text);
  return e;
}

/* What the host gives to its dialer. */
static void s_network(const char *address, const char **network, const char **place) {
  bool is_unix = zr_view_starts(zr_view_of(address), "unix:");
  *network = is_unix ? "unix" : "tcp";
  *place = is_unix ? address + 5 : address;
}

enum zr_err zr_tf_handshake_line(const struct zr_tf_handshake *h, struct zr_buf *out) {
  const char *network;
  const char *place;
  s_network(h->address, &network, &place);
  (void)zr_buf_printf(out, "%d|%d|%s|%s|grpc|", CORE_PROTOCOL, ZR_TF_PROTOCOL, network, place);
  if (h->certificate.len && s_base64(out, h->certificate) == ZR_ERR_NOMEM)
    return ZR_ERR_NOMEM;
  if (h->multiplexing_asked)
    (void)zr_buf_text(out, "|false");
  (void)zr_buf_char(out, '\n');
  return zr_buf_failed(out);
}

/* "Test": true, since hosts of every age read the version only then. */
enum zr_err zr_tf_reattach_value(const char *address, int64_t pid, const char *const *sources,
                                 size_t count, struct zr_buf *out) {
  const char *network;
  const char *place;
  s_network(address, &network, &place);
  for (size_t i = 0; i < count; i++) {
    (void)zr_buf_char(out, i ? ',' : '{');
    (void)zr_buf_json(out, zr_view_of(sources[i]));
    (void)zr_buf_printf(out,
                        ":{\"Protocol\":\"grpc\",\"ProtocolVersion\":%d,\"Pid\":%lld,"
                        "\"Test\":true,\"Addr\":{\"Network\":\"%s\",\"String\":",
                        ZR_TF_PROTOCOL, (long long)pid, network);
    (void)zr_buf_json(out, zr_view_of(place));
    (void)zr_buf_text(out, "}}");
  }
  (void)zr_buf_char(out, '}');
  return zr_buf_failed(out);
}
