#include "service/hash.h"

#include <string.h>

static uint64_t s_rotate(uint64_t x, unsigned by) {
  return x << by | x >> (64 - by);
}

static void s_round(uint64_t v[4]) {
  v[0] += v[1];
  v[1] = s_rotate(v[1], 13) ^ v[0];
  v[0] = s_rotate(v[0], 32);
  v[2] += v[3];
  v[3] = s_rotate(v[3], 16) ^ v[2];
  v[0] += v[3];
  v[3] = s_rotate(v[3], 21) ^ v[0];
  v[2] += v[1];
  v[1] = s_rotate(v[1], 17) ^ v[2];
  v[2] = s_rotate(v[2], 32);
}

static void s_word(struct zr_hash *h, uint64_t m) {
  h->v[3] ^= m;
  s_round(h->v);
  s_round(h->v);
  h->v[0] ^= m;
}

static void s_bytes(struct zr_hash *h, const char *at, size_t len) {
  while (len > 0 && (h->len & 7 || len < 8)) {
    h->word |= (uint64_t)(uint8_t)*at++ << 8 * (h->len++ & 7);
    len--;
    if ((h->len & 7) == 0) {
      s_word(h, h->word);
      h->word = 0;
    }
  }
  if (len >= 8) {
    uint64_t m;
    for (; len >= 8; len -= 8, at += 8, h->len += 8) {
      memcpy(&m, at, 8);
      s_word(h, m);
    }
    s_bytes(h, at, len);
  }
}

void zr_hash_begin(struct zr_hash *h, const uint64_t key[2]) {
  *h = (struct zr_hash){.v = {key[0] ^ 0x736F6D6570736575ULL, key[1] ^ 0x646F72616E646F6DULL,
                              key[0] ^ 0x6C7967656E657261ULL, key[1] ^ 0x7465646279746573ULL}};
}

void zr_hash_number(struct zr_hash *h, uint64_t n) {
  char bytes[8];
  for (unsigned i = 0; i < 8; i++)
    bytes[i] = (char)(n >> 8 * i & 0xFF);
  s_bytes(h, bytes, sizeof bytes);
}

void zr_hash_text(struct zr_hash *h, struct zr_view text) {
  zr_hash_number(h, text.len);
  s_bytes(h, text.ptr, text.len);
}

uint64_t zr_hash_end(struct zr_hash *h) {
  s_word(h, h->word | h->len << 56);
  h->v[2] ^= 0xFF;
  for (int i = 0; i < 4; i++)
    s_round(h->v);
  return h->v[0] ^ h->v[1] ^ h->v[2] ^ h->v[3];
}
