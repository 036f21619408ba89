/*
 * A saved plan: JSON Lines, docs/schemas/plan-v1.json. A header, the lines of each step in the
 * header's order, a trailer with the count of those lines and the SHA-256 of every byte before it.
 * Written and read in a stream: memory does not grow with the number of instances.
 */
#ifndef ZR_CLIENT_PLAN_PLAN_FILE_H
#define ZR_CLIENT_PLAN_PLAN_FILE_H

#include <stdio.h>

#include <openssl/evp.h>

#include "base/clock.h"
#include "teardown.h"

enum { ZR_DIGEST_ROOM = 65, ZR_STAMP_ROOM = 32 };

/* What a plan holds; more is neither written nor read. */
enum {
  ZR_PLAN_LINE_MAX = 1024 * 1024, /* bytes of a line, also of the header */
  ZR_PLAN_TAGS_MAX = 100,         /* of an instance, as a release request */
  ZR_PLAN_ADDRESSES_MAX = 100,
  ZR_PLAN_DISKS_MAX = 100000,
  ZR_PLAN_TEXT_MAX = 1024 /* bytes of one fact */
};

/* ---- SHA-256 of what goes by ---- */
struct zr_digest {
  EVP_MD_CTX *ctx;
  bool failed;
};
bool zr_digest_begin(struct zr_digest *d);
void zr_digest_add(struct zr_digest *d, const void *bytes, size_t len);
/* Lower-case hexadecimal of what was added so far; more may be added afterwards. */
bool zr_digest_text(const struct zr_digest *d, char out[ZR_DIGEST_ROOM]);
void zr_digest_clean_up(struct zr_digest *d);

/* ---- writing ---- */
struct zr_plan_head {
  int64_t created_ms;
  int64_t expires_ms;
  const char *account;
  const char *endpoint;
  int32_t max_drift_percent;
  struct zr_steps steps;
};

struct zr_plan_writer {
  FILE *file;
  struct zr_digest digest;
  struct zr_buf line;
  uint64_t lines; /* of instances, blocked ones included */
  bool failed;
  bool too_long; /* a line would have been longer than ZR_PLAN_LINE_MAX */
};

/* Writes to `file`, which stays the caller's. Clean up in any case. */
bool zr_plan_write_head(struct zr_plan_writer *w, FILE *file, const struct zr_plan_head *head);
void zr_plan_write_instance(struct zr_plan_writer *w, const char *step,
                            const struct zenrelease_instance *i);
/* An id that a person named and that is not to be released as things are. */
void zr_plan_write_blocked(struct zr_plan_writer *w, const char *step, const char *id,
                           const char *code, const char *detail);
/* The trailer; `digest` gets the plan's. False when anything could not be written. */
bool zr_plan_write_end(struct zr_plan_writer *w, char digest[ZR_DIGEST_ROOM]);
void zr_plan_writer_clean_up(struct zr_plan_writer *w);
/* One line as written, without its newline. */
void zr_plan_instance_line(struct zr_buf *b, const char *step, const struct zenrelease_instance *i);

/* ---- reading ---- */
struct zr_plan_step_span {
  long start; /* of its first line, in the copy */
  uint64_t instances;
  uint64_t blocked;
};

/* A plan whose every byte was checked. It is a private copy: what happens to the file afterwards
 * does not matter. */
struct zr_plan {
  struct zr_arena arena;
  FILE *copy;
  struct zr_plan_head head;
  struct zr_plan_step_span spans[ZR_STEPS_MAX];
  char digest[ZR_DIGEST_ROOM];
  uint64_t instances; /* to be released */
  uint64_t blocked;
};

/* Reads and checks the plan at `path`, all of it, before anything is done with it. False with
 * problems. Clean up in any case. */
bool zr_plan_open(struct zr_plan *plan, const char *path, struct zr_problems *p);
bool zr_plan_open_file(struct zr_plan *plan, FILE *file, struct zr_problems *p);
void zr_plan_clean_up(struct zr_plan *plan);

struct zr_plan_entry {
  bool blocked;
  const char *code; /* blocked only */
  const char *detail;
  struct zenrelease_instance instance; /* instance_id alone where blocked */
};

/* The lines of one step, in order; several may be read at once, by different threads. */
struct zr_plan_cursor {
  const struct zr_plan *plan;
  off_t at;
  uint64_t left;
  struct zr_buf block; /* read ahead */
  size_t used;
};
void zr_plan_cursor_begin(struct zr_plan_cursor *c, const struct zr_plan *plan, size_t step);
/* 1: *out has the next one, in the arena; 0: there is none; -1: it cannot be read. */
int zr_plan_next(struct zr_plan_cursor *c, struct zr_arena *arena, struct zr_plan_entry *out);
void zr_plan_cursor_clean_up(struct zr_plan_cursor *c);

/* Whether the facts of an instance are within the limits above; if not, or if memory is out, `why`
 * has words. */
bool zr_plan_holds(const struct zenrelease_instance *i, struct zr_buf *why);
/* plan_line.c: one line of a step, parsed. False with problems. */
bool zr_plan_entry_read(const struct zr_jnode *n, struct zr_arena *arena, struct zr_plan_entry *out,
                        const char **step, struct zr_problems *p);
bool zr_plan_head_read(const struct zr_jnode *n, struct zr_arena *arena, struct zr_plan_head *out,
                       struct zr_problems *p);
/* "2026-01-31T12:34:56.789Z" as milliseconds. */
bool zr_stamp_read(const char *text, int64_t *ms);

#endif
