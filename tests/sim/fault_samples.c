/* SPDX-License-Identifier: Apache-2.0 */
#include "fault_samples.h"

#include <stdlib.h>
#include <string.h>

#define S_ID    "\"requestId\":\"{{requestId}}\""
#define S_DEPTH 100000

struct s_sample {
  const char *name;
  const char *text;
  size_t len;
};

#define S_SAMPLE(name, text)                                                                       \
  { name, text, sizeof text - 1 }

static const struct s_sample s_samples[] = {
    S_SAMPLE("empty", ""),
    S_SAMPLE("object", "{}"),
    S_SAMPLE("null", "null"),
    S_SAMPLE("array", "[]"),
    S_SAMPLE("string", "\"ok\""),
    S_SAMPLE("number", "200"),
    S_SAMPLE("text", "OK"),
    S_SAMPLE("spaces", "   \r\n\t "),
    S_SAMPLE("half", "{" S_ID ",\"response\":{\"requestId\":\"T"),
    S_SAMPLE("trailing", "{" S_ID ",\"response\":{" S_ID "}} and more"),
    S_SAMPLE("two_objects", "{" S_ID ",\"response\":{" S_ID "}}{" S_ID "}"),
    S_SAMPLE("nul", "{" S_ID ",\"response\":{" S_ID ",\"x\":\"a\0b\"}}"),
    S_SAMPLE("nul_after", "{" S_ID ",\"response\":{" S_ID "}}\0trailer"),
    S_SAMPLE("invalid_utf8", "{" S_ID ",\"response\":{" S_ID ",\"x\":\"\xff\xfe\xc0\x80\"}}"),
    S_SAMPLE("lone_surrogate", "{" S_ID ",\"response\":{" S_ID ",\"x\":\"\\ud800\"}}"),
    S_SAMPLE("bom", "\xef\xbb\xbf{" S_ID ",\"response\":{" S_ID "}}"),
    S_SAMPLE("duplicate_keys", "{" S_ID ",\"response\":{" S_ID
                               "},\"response\":null,\"requestId\":\"T-other\",\"code\":\"X\"}"),
    S_SAMPLE("duplicate_code",
             "{" S_ID ",\"response\":{" S_ID "},\"code\":null,\"code\":\"INTERNAL_SERVER_ERROR\"}"),
    S_SAMPLE("no_response", "{" S_ID "}"),
    S_SAMPLE("null_response", "{" S_ID ",\"response\":null}"),
    S_SAMPLE("array_response", "{" S_ID ",\"response\":[]}"),
    S_SAMPLE("text_response", "{" S_ID ",\"response\":\"accepted\"}"),
    S_SAMPLE("no_request_id", "{\"response\":{}}"),
    S_SAMPLE("empty_request_id", "{\"requestId\":\"\",\"response\":{\"requestId\":\"\"}}"),
    S_SAMPLE("number_request_id", "{\"requestId\":7,\"response\":{\"requestId\":7}}"),
    S_SAMPLE("other_request_id",
             "{" S_ID ",\"response\":{\"requestId\":\"T00000000-0000-4000-8000-000000000000\"}}"),
    S_SAMPLE("code_beside_response",
             "{" S_ID ",\"code\":\"OPERATION_DENIED_INSTANCE_NOT_RECYCLED\",\"message\":\"no\","
             "\"response\":{" S_ID "}}"),
    S_SAMPLE("wrong_types", "{" S_ID ",\"response\":{" S_ID
                            ",\"totalCount\":\"1\",\"dataSet\":{},\"instanceIds\":\"all\"}}"),
    S_SAMPLE("wrong_rows", "{" S_ID ",\"response\":{" S_ID
                           ",\"totalCount\":3,\"dataSet\":[null,7,{\"instanceId\":1000000000001,"
                           "\"instanceStatus\":null}]}}"),
};

bool sim_fault_sample(const char *name, struct sim_buf *out) {
  for (size_t i = 0; i < sizeof s_samples / sizeof s_samples[0]; i++) {
    if (strcmp(s_samples[i].name, name) == 0) {
      sim_buf_append(out, s_samples[i].text, s_samples[i].len);
      return true;
    }
  }
  if (strcmp(name, "deep") != 0) {
    return false;
  }
  for (int i = 0; i < S_DEPTH; i++) {
    sim_buf_putc(out, '[');
  }
  for (int i = 0; i < S_DEPTH; i++) {
    sim_buf_putc(out, ']');
  }
  return true;
}

const char *sim_fault_sample_names(void) {
  return "the name of a sample (the list is in docs/simulator.md)";
}

void sim_fault_fill_in(struct sim_buf *out, const struct sim_buf *template,
                       const char *request_id) {
  static const char mark[] = "{{requestId}}";
  const char *at = sim_buf_text(template);
  size_t left = template->len;
  while (left > 0) {
    const char *hit = memmem(at, left, mark, sizeof mark - 1);
    size_t plain = hit == NULL ? left : (size_t)(hit - at);
    sim_buf_append(out, at, plain);
    at += plain;
    left -= plain;
    if (hit != NULL) {
      sim_buf_puts(out, request_id);
      at += sizeof mark - 1;
      left -= sizeof mark - 1;
    }
  }
}

/* Bits of a deflate stream, least significant first. */
struct s_bits {
  struct sim_buf *out;
  uint32_t held;
  unsigned count;
};

static void s_put(struct s_bits *bits, uint32_t value, unsigned count) {
  bits->held |= value << bits->count;
  bits->count += count;
  while (bits->count >= 8) {
    sim_buf_putc(bits->out, (char)(bits->held & 0xffU));
    bits->held >>= 8;
    bits->count -= 8;
  }
}

static uint32_t s_crc_of_zeros(uint64_t len) {
  uint32_t table[256];
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t c = i;
    for (int k = 0; k < 8; k++) {
      c = (c & 1U) != 0 ? 0xedb88320U ^ (c >> 1) : c >> 1;
    }
    table[i] = c;
  }
  uint32_t crc = 0xffffffffU;
  for (; len > 0; len--) {
    crc = table[crc & 0xffU] ^ (crc >> 8);
  }
  return crc ^ 0xffffffffU;
}

static void s_put_le32(struct sim_buf *out, uint32_t value) {
  for (int i = 0; i < 4; i++) {
    sim_buf_putc(out, (char)((value >> (8 * i)) & 0xffU));
  }
}

void sim_fault_gzip_zeros(struct sim_buf *out, uint64_t len) {
  static const char head[] = {'\x1f', '\x8b', 8, 0, 0, 0, 0, 0, 0, '\xff'};
  struct s_bits bits = {.out = out};
  sim_buf_append(out, head, sizeof head);
  s_put(&bits, 1, 1); /* last block */
  s_put(&bits, 1, 2); /* fixed codes */
  uint64_t left = len;
  if (left > 0) {
    s_put(&bits, 0x0c, 8); /* literal 0: code 00110000, bits reversed */
    left--;
  }
  for (; left >= 258; left -= 258) {
    s_put(&bits, 0xa3, 8); /* length 258: code 11000101, bits reversed */
    s_put(&bits, 0, 5);    /* distance 1 */
  }
  for (; left > 0; left--) {
    s_put(&bits, 0x0c, 8);
  }
  s_put(&bits, 0, 7); /* end of block */
  s_put(&bits, 0, 7); /* up to a whole byte */
  s_put_le32(out, s_crc_of_zeros(len));
  s_put_le32(out, (uint32_t)len);
}
