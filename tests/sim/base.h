/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_BASE_H
#define SIM_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The few things every file of the simulator needs: memory that cannot fail, growing text, clocks,
 * chance.
 *
 * Out of memory ends the program. The simulator is a tool of tests: a test that ran on with half a
 * fleet would prove nothing, so stopping loudly is the honest answer here (the plugin must not do
 * this).
 */

void *sim_alloc(size_t bytes);
void *sim_realloc(void *old, size_t bytes);
char *sim_strdup(const char *text);
char *sim_strndup(const char *text, size_t len);

/* Replaces *slot by a copy of text (NULL clears it). */
void sim_set_string(char **slot, const char *text);

/* Growing bytes, always followed by a NUL that does not count. All zero is an empty buffer. */
struct sim_buf {
  char *data;
  size_t len;
  size_t cap;
};

void sim_buf_clean_up(struct sim_buf *buf);
void sim_buf_reset(struct sim_buf *buf);
void sim_buf_append(struct sim_buf *buf, const void *data, size_t len);
void sim_buf_puts(struct sim_buf *buf, const char *text);
void sim_buf_putc(struct sim_buf *buf, char c);
void sim_buf_printf(struct sim_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Drops the first len bytes. */
void sim_buf_consume(struct sim_buf *buf, size_t len);
/* Never NULL. */
const char *sim_buf_text(const struct sim_buf *buf);

/* Milliseconds of the monotonic clock: for waiting. */
uint64_t sim_clock_mono_ms(void);
/* Milliseconds since 1970: for dates and signatures. */
int64_t sim_clock_wall_ms(void);

/* "2026-11-23T08:00:00Z". out needs 32 bytes. */
void sim_format_utc(char *out, size_t size, int64_t wall_s);
/* "Mon, 23 Nov 2026 08:00:00 GMT", whatever the locale says. out needs 40 bytes. */
void sim_format_http_date(char *out, size_t size, int64_t wall_s);

/* splitmix64: the same seed gives the same run. */
struct sim_rng {
  uint64_t state;
};

uint64_t sim_rng_next(struct sim_rng *rng);
/* 0 <= result < 1 */
double sim_rng_unit(struct sim_rng *rng);
/* 0 <= result < bound; bound > 0 */
size_t sim_rng_below(struct sim_rng *rng, size_t bound);
/* A seed from the system. */
uint64_t sim_entropy(void);

/* "T" and an upper-case UUID, as every documented example shows. */
#define SIM_REQUEST_ID_SIZE 38
void sim_request_id(struct sim_rng *rng, char out[SIM_REQUEST_ID_SIZE]);

/* Copies as much as fits. */
void sim_strcpy(char *out, const char *text, size_t size);

bool sim_text_equal(const char *a, const char *b);
/* ASCII only: header names. */
bool sim_text_equal_nocase(const char *a, const char *b);
bool sim_text_starts(const char *text, const char *prefix);
bool sim_text_contains(const char *haystack, const char *needle);

#endif
