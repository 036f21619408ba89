/*
 * Mutations that keep the form of an input, for targets whose inputs hold protobuf: a field is left
 * out, repeated, moved or changed, at any depth, and the lengths around it are put right; msgpack
 * inside changes value by value. Left to itself libFuzzer breaks a length with nearly every
 * mutation, and nothing behind the decoder is reached. For builds with libFuzzer only.
 *
 * FUZZ_HEAD: bytes before the first message. FUZZ_STEP: bytes before the length of each record (see
 * fuzz_record); -1: no records, the rest is one message.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum { FIELDS = 64, SPANS = 256, DEPTH = 8, ROOM = 1 << 16 };

#if FUZZ_STEP < 0
static const size_t s_step = 0;
#else
static const size_t s_step = FUZZ_STEP;
#endif

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

static uint64_t s_state;

static size_t s_below(size_t n) {
  s_state = s_state * 6364136223846793005U + 1442695040888963407U;
  return n ? (size_t)(s_state >> 33) % n : 0;
}

struct bytes {
  uint8_t *at;
  size_t len;
};

/* Puts `with` in the place of data[from..to). False: no room. */
static bool s_replace(uint8_t *data, size_t *size, size_t max, size_t from, size_t to,
                      struct bytes with) {
  if (*size - (to - from) + with.len > max)
    return false;
  memmove(data + from + with.len, data + to, *size - to);
  if (with.len)
    memcpy(data + from, with.at, with.len);
  *size = *size - (to - from) + with.len;
  return true;
}

static size_t s_plain(uint8_t *data, size_t size, size_t max) {
  return LLVMFuzzerMutate(data, size, max);
}

/* ---- msgpack ---- */

struct spans {
  size_t from[SPANS];
  size_t to[SPANS];
  size_t count;
};

static bool s_value(const uint8_t *p, size_t len, size_t *at, struct spans *s, unsigned depth);

static bool s_values(const uint8_t *p, size_t len, size_t *at, size_t n, struct spans *s,
                     unsigned depth) {
  while (n-- > 0)
    if (!s_value(p, len, at, s, depth))
      return false;
  return true;
}

static bool s_skip(size_t len, size_t *at, size_t n) {
  *at += n;
  return *at <= len;
}

/* Steps over one value, whose forms are those that Terraform writes. */
static bool s_value(const uint8_t *p, size_t len, size_t *at, struct spans *s, unsigned depth) {
  size_t from = *at;
  if (from >= len || depth > DEPTH)
    return false;
  unsigned tag = p[(*at)++];
  bool fine = true;
  if (tag >= 0x80 && tag < 0x90)
    fine = s_values(p, len, at, (size_t)(tag & 15) * 2, s, depth + 1);
  else if (tag >= 0x90 && tag < 0xA0)
    fine = s_values(p, len, at, tag & 15, s, depth + 1);
  else if (tag >= 0xA0 && tag < 0xC0)
    fine = s_skip(len, at, tag & 31);
  else if (tag == 0xDE && *at + 2 <= len)
    fine = s_skip(len, at, 2) &&
           s_values(p, len, at, ((size_t)p[*at - 2] << 8 | p[*at - 1]) * 2, s, depth + 1);
  else if (tag == 0xDA && *at + 2 <= len)
    fine = s_skip(len, at, 2) && s_skip(len, at, (size_t)p[*at - 2] << 8 | p[*at - 1]);
  else if (tag == 0xCB || tag == 0xD3)
    fine = s_skip(len, at, 8);
  else if (tag == 0xD4)
    fine = s_skip(len, at, 2);
  else
    fine = tag < 0x80 || tag == 0xC0 || tag == 0xC2 || tag == 0xC3;
  if (fine && s->count < SPANS) {
    s->from[s->count] = from;
    s->to[s->count++] = *at;
  }
  return fine;
}

static bool s_spans(const uint8_t *p, size_t len, struct spans *s) {
  size_t at = 0;
  s->count = 0;
  return len > 1 && s_value(p, len, &at, s, 0) && at == len && s->count > 1;
}

static size_t s_text_value(const uint8_t *p, size_t len, uint8_t out[64]) {
  size_t n = len > 1 ? len - 1 : 0;
  n = n > 24 ? 24 : n;
  memcpy(out + 1, p + 1, n);
  n = s_plain(out + 1, n, 31);
  out[0] = (uint8_t)(0xA0 | n);
  return n + 1;
}

static size_t s_msgpack(uint8_t *data, size_t size, size_t max, const struct spans *s) {
  static const uint8_t words[][9] = {{0xC0}, {0xC2}, {0xC3}, {0xD4, 0, 0},       {0},
                                     {0x7F}, {0x80}, {0x90}, {0xCB, 0x7F, 0xF8}, {0xD3, 0x80},
                                     {0xA0}};
  static const size_t lengths[] = {1, 1, 1, 3, 1, 1, 1, 1, 9, 9, 1};
  uint8_t made[ROOM];
  size_t i = s_below(s->count);
  size_t other = s_below(s->count);
  struct bytes with = {made, 0};
  size_t choice = s_below(4);
  if (choice == 0) {
    size_t w = s_below(sizeof lengths / sizeof lengths[0]);
    with.len = lengths[w];
    memcpy(made, words[w], with.len);
  } else if (choice == 1 && s->to[other] - s->from[other] < ROOM) {
    with.len = s->to[other] - s->from[other];
    memcpy(made, data + s->from[other], with.len);
  } else {
    with.len = s_text_value(data + s->from[i], s->to[i] - s->from[i], made);
  }
  (void)s_replace(data, &size, max, s->from[i], s->to[i], with);
  return size;
}

/* ---- protobuf ---- */

struct field {
  size_t from; /* of the key */
  size_t body; /* behind key and length */
  size_t to;
  uint64_t key;
};

static bool s_varint(const uint8_t *p, size_t len, size_t *at, uint64_t *out) {
  *out = 0;
  for (unsigned shift = 0; shift < 64 && *at < len; shift += 7) {
    uint8_t b = p[(*at)++];
    *out |= (uint64_t)(b & 0x7F) << shift;
    if (b < 0x80)
      return true;
  }
  return false;
}

static size_t s_put(uint8_t *to, uint64_t n) {
  size_t len = 0;
  for (; n > 0x7F; n >>= 7)
    to[len++] = (uint8_t)(n | 0x80);
  to[len++] = (uint8_t)n;
  return len;
}

/* The fields of a message; 0 when it is none. */
static size_t s_fields(const uint8_t *p, size_t len, struct field *out) {
  size_t at = 0;
  size_t n = 0;
  while (at < len && n < FIELDS) {
    struct field *f = &out[n];
    uint64_t size = 0;
    f->from = at;
    if (!s_varint(p, len, &at, &f->key) || f->key >> 3 == 0 || f->key >> 3 > 64)
      return 0;
    unsigned type = f->key & 7;
    f->body = at;
    bool fine = type == 0   ? s_varint(p, len, &at, &size)
                : type == 2 ? s_varint(p, len, &at, &size)
                            : type == 1 || type == 5;
    if (type == 2)
      f->body = at;
    at += type == 2 ? size : type == 1 ? 8 : type == 5 ? 4 : 0;
    if (!fine || size > len || at > len)
      return 0;
    f->to = at;
    n++;
  }
  return n;
}

static size_t s_message(uint8_t *data, size_t size, size_t max, unsigned depth);

static size_t s_body(uint8_t *data, size_t size, size_t max, unsigned depth) {
  struct field inner[FIELDS];
  struct spans spans;
  if (s_spans(data, size, &spans) && s_below(8) != 0)
    return s_msgpack(data, size, max, &spans);
  if (depth < DEPTH && s_fields(data, size, inner) > 0 && s_below(8) != 0)
    return s_message(data, size, max, depth + 1);
  return s_plain(data, size, max);
}

/* Changes the value of one field, and its length. */
static size_t s_change(uint8_t *data, size_t size, size_t max, struct field f, unsigned depth) {
  static const uint64_t numbers[] = {0, 1, 2, 3, 9, 100, 1001, 2147483647, UINT64_MAX, 1ULL << 63};
  uint8_t *made = malloc(ROOM + 32);
  size_t len = 0;
  if (!made || f.to - f.body > ROOM / 2) {
    free(made);
    return size;
  }
  if ((f.key & 7) == 2) {
    uint8_t *body = made + 32;
    memcpy(body, data + f.body, f.to - f.body);
    size_t n = s_body(body, f.to - f.body, ROOM / 2, depth);
    len = s_put(made, f.key);
    len += s_put(made + len, n);
    memmove(made + len, body, n);
    len += n;
  } else {
    len = s_put(made, f.key & ~7ULL);
    len += s_put(made + len, numbers[s_below(sizeof numbers / sizeof numbers[0])]);
  }
  (void)s_replace(data, &size, max, f.from, f.to, (struct bytes){made, len});
  free(made);
  return size;
}

static size_t s_message(uint8_t *data, size_t size, size_t max, unsigned depth) {
  struct field fields[FIELDS];
  size_t n = s_fields(data, size, fields);
  if (n == 0)
    return s_plain(data, size, max);
  struct field f = fields[s_below(n)];
  size_t choice = s_below(10);
  if (choice == 0) {
    (void)s_replace(data, &size, max, f.from, f.to, (struct bytes){NULL, 0});
  } else if (choice == 1) { /* once more, behind some other */
    uint8_t copy[4096];
    size_t len = f.to - f.from;
    size_t where = fields[s_below(n)].to;
    if (len <= sizeof copy) {
      memcpy(copy, data + f.from, len);
      (void)s_replace(data, &size, max, where, where, (struct bytes){copy, len});
    }
  } else if (choice == 2) {
    return s_plain(data, size, max);
  } else {
    return s_change(data, size, max, f, depth);
  }
  return size;
}

/* ---- records ---- */

/* Where the records begin; the last is where they end. */
static size_t s_records(const uint8_t *p, size_t size, size_t *starts) {
  size_t at = FUZZ_HEAD;
  size_t n = 0;
  while (at + s_step + 2 <= size && n + 1 < FIELDS) {
    starts[n++] = at;
    size_t len = (size_t)p[at + s_step] | (size_t)p[at + s_step + 1] << 8;
    at += s_step + 2 + len;
    at = at > size ? size : at;
  }
  starts[n] = at;
  return n;
}

static size_t s_in_record(uint8_t *data, size_t size, size_t max, size_t from, size_t to) {
  size_t body = from + s_step + 2;
  uint8_t *made = malloc(ROOM);
  if (!made || to - body > ROOM / 2) {
    free(made);
    return size;
  }
  memcpy(made, data + body, to - body);
  size_t n = s_message(made, to - body, ROOM / 2, 0);
  if (s_replace(data, &size, max, body, to, (struct bytes){made, n})) {
    data[body - 2] = (uint8_t)n;
    data[body - 1] = (uint8_t)(n >> 8);
  }
  free(made);
  return size;
}

static size_t s_among_records(uint8_t *data, size_t size, size_t max) {
  size_t starts[FIELDS];
  size_t n = s_records(data, size, starts);
  if (n == 0)
    return s_plain(data, size, max);
  size_t i = s_below(n);
  size_t choice = s_below(12);
  if (choice > 2)
    return s_in_record(data, size, max, starts[i], starts[i + 1]);
  if (choice == 0) {
    (void)s_replace(data, &size, max, starts[i], starts[i + 1], (struct bytes){NULL, 0});
  } else if (choice == 1) {
    uint8_t copy[4096];
    size_t len = starts[i + 1] - starts[i];
    size_t where = starts[s_below(n + 1)];
    if (len <= sizeof copy) {
      memcpy(copy, data + starts[i], len);
      (void)s_replace(data, &size, max, where, where, (struct bytes){copy, len});
    }
  } else { /* the step itself, or what is before all of them */
    size_t at = s_below(2) ? starts[i] + s_below(2) : s_below(FUZZ_HEAD);
    data[at] = (uint8_t)s_below(256);
  }
  return size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed) {
  s_state = seed;
  (void)s_below(1);
  if (size <= FUZZ_HEAD || s_below(8) == 0)
    return s_plain(data, size, max);
  if (FUZZ_STEP >= 0)
    return s_among_records(data, size, max);
  size_t body = s_body(data + FUZZ_HEAD, size - FUZZ_HEAD, max - FUZZ_HEAD, 0);
  return FUZZ_HEAD + body;
}
