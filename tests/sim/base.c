/* SPDX-License-Identifier: Apache-2.0 */
#include "base.h"

#include <openssl/rand.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static void *s_checked(void *memory) {
  if (memory == NULL) {
    fputs("zenlayer-sim: out of memory\n", stderr);
    exit(70);
  }
  return memory;
}

void *sim_alloc(size_t bytes) {
  return s_checked(calloc(1, bytes == 0 ? 1 : bytes));
}

void *sim_realloc(void *old, size_t bytes) {
  return s_checked(realloc(old, bytes == 0 ? 1 : bytes));
}

char *sim_strndup(const char *text, size_t len) {
  char *copy = sim_alloc(len + 1);
  memcpy(copy, text, len);
  return copy;
}

char *sim_strdup(const char *text) {
  return sim_strndup(text, strlen(text));
}

void sim_set_string(char **slot, const char *text) {
  char *copy = text == NULL ? NULL : sim_strdup(text);
  free(*slot);
  *slot = copy;
}

void sim_buf_clean_up(struct sim_buf *buf) {
  free(buf->data);
  *buf = (struct sim_buf){0};
}

void sim_buf_reset(struct sim_buf *buf) {
  buf->len = 0;
  if (buf->data != NULL) {
    buf->data[0] = '\0';
  }
}

static void s_reserve(struct sim_buf *buf, size_t extra) {
  size_t need = buf->len + extra + 1;
  if (need <= buf->cap) {
    return;
  }
  size_t cap = buf->cap < 256 ? 256 : buf->cap;
  while (cap < need) {
    cap *= 2;
  }
  buf->data = sim_realloc(buf->data, cap);
  buf->cap = cap;
}

void sim_buf_append(struct sim_buf *buf, const void *data, size_t len) {
  s_reserve(buf, len);
  if (len > 0) {
    memcpy(buf->data + buf->len, data, len);
  }
  buf->len += len;
  buf->data[buf->len] = '\0';
}

void sim_buf_puts(struct sim_buf *buf, const char *text) {
  sim_buf_append(buf, text, strlen(text));
}

void sim_buf_putc(struct sim_buf *buf, char c) {
  sim_buf_append(buf, &c, 1);
}

void sim_buf_printf(struct sim_buf *buf, const char *format, ...) {
  va_list args;
  va_list again;
  va_start(args, format);
  va_copy(again, args);
  int len = vsnprintf(NULL, 0, format, args);
  if (len > 0) {
    s_reserve(buf, (size_t)len);
    (void)vsnprintf(buf->data + buf->len, (size_t)len + 1, format, again);
    buf->len += (size_t)len;
  }
  va_end(again);
  va_end(args);
}

void sim_buf_consume(struct sim_buf *buf, size_t len) {
  if (len == 0) {
    return;
  }
  memmove(buf->data, buf->data + len, buf->len - len + 1);
  buf->len -= len;
}

const char *sim_buf_text(const struct sim_buf *buf) {
  return buf->data == NULL ? "" : buf->data;
}

static int64_t s_clock_ms(clockid_t which) {
  struct timespec now;
  (void)clock_gettime(which, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

uint64_t sim_clock_mono_ms(void) {
  return (uint64_t)s_clock_ms(CLOCK_MONOTONIC);
}

int64_t sim_clock_wall_ms(void) {
  return s_clock_ms(CLOCK_REALTIME);
}

void sim_format_utc(char *out, size_t size, int64_t wall_s) {
  struct tm parts;
  time_t when = (time_t)wall_s;
  (void)gmtime_r(&when, &parts);
  (void)strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

void sim_format_http_date(char *out, size_t size, int64_t wall_s) {
  static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  struct tm t;
  time_t when = (time_t)wall_s;
  (void)gmtime_r(&when, &t);
  (void)snprintf(out, size, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[t.tm_wday % 7], t.tm_mday,
                 months[t.tm_mon % 12], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

uint64_t sim_rng_next(struct sim_rng *rng) {
  rng->state += UINT64_C(0x9e3779b97f4a7c15);
  uint64_t z = rng->state;
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

double sim_rng_unit(struct sim_rng *rng) {
  return (double)(sim_rng_next(rng) >> 11) / 9007199254740992.0;
}

size_t sim_rng_below(struct sim_rng *rng, size_t bound) {
  return (size_t)(sim_rng_next(rng) % bound);
}

uint64_t sim_entropy(void) {
  uint64_t seed = 0;
  if (RAND_bytes((unsigned char *)&seed, (int)sizeof seed) != 1) {
    seed = (uint64_t)sim_clock_wall_ms();
  }
  return seed;
}

void sim_request_id(struct sim_rng *rng, char out[SIM_REQUEST_ID_SIZE]) {
  uint64_t high = sim_rng_next(rng);
  uint64_t low = sim_rng_next(rng);
  (void)snprintf(out, SIM_REQUEST_ID_SIZE, "T%08X-%04X-4%03X-%04X-%012llX", (unsigned)(high >> 32),
                 (unsigned)(high >> 16) & 0xffffU, (unsigned)high & 0xfffU,
                 ((unsigned)(low >> 48) & 0x3fffU) | 0x8000U,
                 (unsigned long long)(low & 0xffffffffffffULL));
}

bool sim_text_equal(const char *a, const char *b) {
  return a != NULL && b != NULL && strcmp(a, b) == 0;
}

bool sim_text_equal_nocase(const char *a, const char *b) {
  return a != NULL && b != NULL && strcasecmp(a, b) == 0;
}

bool sim_text_starts(const char *text, const char *prefix) {
  return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool sim_text_contains(const char *haystack, const char *needle) {
  return strstr(haystack, needle) != NULL;
}

void sim_strcpy(char *out, const char *text, size_t size) {
  (void)snprintf(out, size, "%s", text);
}
