#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/temp_file.h"
#include "plan_file.h"
#include "seen.h"

enum { BLOCK_BYTES = 256 * 1024, READ_BYTES = 64 * 1024 };

/* The first pass over a plan. */
struct pass {
  struct zr_plan *plan;
  struct zr_problems *problems;
  struct zr_digest digest;
  struct zr_arena scratch; /* of one line */
  struct zr_seen seen;     /* the instances so far */
  unsigned line;
  size_t step; /* whose lines are being read */
  uint64_t entries;
  long offset;
  bool ended;
};

/* ---- the trailer ---- */

/* The only line that the digest does not cover has one form only. */
static bool s_end(struct pass *s, const char *line, size_t len) {
  char expected[256];
  struct zr_plan *plan = s->plan;
  if (!zr_digest_text(&s->digest, plan->digest)) {
    s->problems->nomem = true;
    return false;
  }
  int n = snprintf(expected, sizeof expected, "{\"type\":\"end\",\"count\":%llu,\"sha256\":\"%s\"}",
                   (unsigned long long)s->entries, plan->digest);
  s->ended = true;
  if (n > 0 && (size_t)n == len && memcmp(expected, line, len) == 0)
    return true;
  zr_problem_plain(s->problems,
                   "the plan is not as it was made: it has %llu instances and the SHA-256 %s, and "
                   "its last line says otherwise",
                   (unsigned long long)s->entries, plan->digest);
  return false;
}

/* ---- the lines before it ---- */

static bool s_belongs(struct pass *s, const char *step, const struct zr_plan_entry *entry) {
  struct zr_steps *steps = &s->plan->head.steps;
  size_t i = s->step;
  while (i < steps->count && strcmp(steps->items[i].name, step) != 0)
    i++;
  if (i == steps->count) {
    zr_problem_plain(s->problems, "line %u is of no step, or out of order", s->line);
    return false;
  }
  s->step = i;
  struct zr_plan_step_span *span = &s->plan->spans[i];
  if (span->instances + span->blocked == 0)
    span->start = s->offset;
  span->instances += !entry->blocked;
  span->blocked += entry->blocked;
  s->plan->instances += !entry->blocked;
  s->plan->blocked += entry->blocked;
  return true;
}

static void s_no_room(struct zr_problems *p) {
  zr_problem_plain(p, "no room for a copy in %s: %s", zr_temp_folder(), strerror(errno));
  p->no_room = true;
}

/* An instance has one line. */
static bool s_is_new(struct pass *s, const struct zr_plan_entry *entry) {
  size_t other = 0;
  const char *id = entry->instance.instance_id;
  switch (zr_seen_add(&s->seen, s->plan->head.steps.items[s->step].product, id, s->step, &other)) {
  case ZR_SEEN_NOWHERE:
    return true;
  case ZR_SEEN_HERE:
  case ZR_SEEN_ELSEWHERE:
    zr_problem_plain(s->problems, "line %u: the instance %s is there twice", s->line, id);
    return false;
  case ZR_SEEN_FAILED:
    break;
  }
  s_no_room(s->problems);
  return false;
}

static bool s_entry(struct pass *s, struct zr_view line) {
  struct zr_plan_entry entry;
  const char *step = NULL;
  zr_arena_clean_up(&s->scratch);
  zr_arena_init(&s->scratch, NULL, 0);
  const struct zr_jnode *n = zr_json_tree(line, s->line, &s->scratch, s->problems);
  s->entries++;
  return n && zr_plan_entry_read(n, &s->scratch, &entry, &step, s->problems) &&
         s_belongs(s, step, &entry) && s_is_new(s, &entry);
}

static bool s_head(struct pass *s, struct zr_view line) {
  const struct zr_jnode *n = zr_json_tree(line, s->line, &s->plan->arena, s->problems);
  return n && zr_plan_head_read(n, &s->plan->arena, &s->plan->head, s->problems);
}

static bool s_is_end(struct zr_view line) {
  return zr_view_starts(line, "{\"type\":\"end\"");
}

/* One line with its newline. */
static bool s_line(struct pass *s, const char *text, size_t len) {
  s->line++;
  if (s->ended) {
    zr_problem_plain(s->problems, "line %u stands behind the end of the plan", s->line);
    return false;
  }
  if (text[len - 1] != '\n') {
    zr_problem_plain(s->problems, "the plan is cut short in line %u", s->line);
    return false;
  }
  struct zr_view line = {text, len - 1};
  if (s->line > 1 && s_is_end(line))
    return s_end(s, line.ptr, line.len);
  zr_digest_add(&s->digest, text, len);
  if (fwrite(text, 1, len, s->plan->copy) != len) {
    s_no_room(s->problems);
    return false;
  }
  bool fine = s->line == 1 ? s_head(s, line) : s_entry(s, line);
  s->offset += (long)len;
  return fine;
}

/* Adds to the line; false when that is too much. */
static bool s_more(struct pass *s, struct zr_buf *line, const char *bytes, size_t len) {
  enum zr_err e = zr_buf_append(line, bytes, len);
  if (e == ZR_ERR_LIMIT)
    zr_problem_plain(s->problems, "line %u is longer than 1 MiB", s->line + 1);
  else if (e != ZR_ERR_OK)
    s->problems->nomem = true;
  return e == ZR_ERR_OK;
}

/* The lines that end in a block; what follows them begins the next one. */
static bool s_block(struct pass *s, struct zr_buf *line, const char *block, size_t len) {
  while (len > 0) {
    const char *end = memchr(block, '\n', len);
    size_t n = end ? (size_t)(end - block) + 1 : len;
    if (!s_more(s, line, block, n))
      return false;
    if (end && !s_line(s, line->data, line->len))
      return false;
    if (end)
      zr_buf_reset(line);
    block += n;
    len -= n;
  }
  return true;
}

static bool s_lines(struct pass *s, FILE *file) {
  struct zr_buf line = ZR_BUF_INIT(ZR_PLAN_LINE_MAX);
  char *block = zr_alloc(READ_BYTES);
  bool fine = block != NULL;
  size_t n = 0;
  s->problems->nomem = s->problems->nomem || !block;
  while (fine && (n = fread(block, 1, READ_BYTES, file)) > 0)
    fine = s_block(s, &line, block, n);
  if (fine && ferror(file)) {
    zr_problem_plain(s->problems, "%s", strerror(errno));
    fine = false;
  }
  if (fine && line.len) /* the last one, without its end */
    fine = s_line(s, line.data, line.len);
  if (fine && !s->ended) {
    zr_problem_plain(s->problems,
                     s->line ? "the plan is cut short: its last line is missing" : "is empty");
    fine = false;
  }
  zr_buf_clean_up(&line);
  zr_free(block);
  return fine && fflush(s->plan->copy) == 0;
}

bool zr_plan_open_file(struct zr_plan *plan, FILE *file, struct zr_problems *p) {
  struct pass s = {.plan = plan, .problems = p};
  *plan = (struct zr_plan){.copy = zr_temp_file()};
  zr_arena_init(&plan->arena, NULL, 0);
  zr_arena_init(&s.scratch, NULL, 0);
  bool fine = plan->copy && zr_seen_begin(&s.seen) && zr_digest_begin(&s.digest);
  if (!fine)
    s_no_room(p);
  fine = fine && s_lines(&s, file);
  zr_arena_clean_up(&s.scratch);
  zr_digest_clean_up(&s.digest);
  zr_seen_clean_up(&s.seen);
  return fine && p->count == 0 && !p->nomem;
}

bool zr_plan_open(struct zr_plan *plan, const char *path, struct zr_problems *p) {
  FILE *file = fopen(path, "re");
  *plan = (struct zr_plan){0};
  if (!file) {
    zr_problem_plain(p, "%s", strerror(errno));
    return false;
  }
  bool fine = zr_plan_open_file(plan, file, p);
  (void)fclose(file);
  return fine;
}

void zr_plan_clean_up(struct zr_plan *plan) {
  if (plan->copy)
    (void)fclose(plan->copy);
  zr_arena_clean_up(&plan->arena);
  *plan = (struct zr_plan){0};
}

/* ---- the second pass ---- */

void zr_plan_cursor_begin(struct zr_plan_cursor *c, const struct zr_plan *plan, size_t step) {
  const struct zr_plan_step_span *span = &plan->spans[step];
  *c = (struct zr_plan_cursor){.plan = plan,
                               .at = span->start,
                               .left = span->instances + span->blocked,
                               .block = ZR_BUF_INIT(ZR_PLAN_LINE_MAX + 2 * BLOCK_BYTES)};
}

/* Drops what was used and reads on. False at the end of the file, or when it cannot be read. */
static bool s_refill(struct zr_plan_cursor *c) {
  char more[BLOCK_BYTES];
  size_t left = c->block.len - c->used;
  if (c->used && c->block.data)
    memmove(c->block.data, c->block.data + c->used, left);
  c->block.len = left;
  c->used = 0;
  ssize_t n = pread(fileno(c->plan->copy), more, sizeof more, c->at);
  if (n <= 0)
    return false;
  c->at += n;
  return zr_buf_append(&c->block, more, (size_t)n) == ZR_ERR_OK;
}

static bool s_take_line(struct zr_plan_cursor *c, struct zr_view *line) {
  for (;;) {
    const char *from = c->block.data ? c->block.data + c->used : NULL;
    const char *end = from ? memchr(from, '\n', c->block.len - c->used) : NULL;
    if (end) {
      *line = (struct zr_view){from, (size_t)(end - from)};
      c->used += line->len + 1;
      return true;
    }
    if (!s_refill(c))
      return false;
  }
}

int zr_plan_next(struct zr_plan_cursor *c, struct zr_arena *arena, struct zr_plan_entry *out) {
  struct zr_problems p;
  struct zr_view line;
  const char *step = NULL;
  if (c->left == 0)
    return 0;
  if (!s_take_line(c, &line))
    return -1;
  zr_problems_init(&p, "plan");
  const struct zr_jnode *n = zr_json_tree(line, 1, arena, &p);
  bool fine = n && zr_plan_entry_read(n, arena, out, &step, &p);
  zr_problems_clean_up(&p);
  c->left--;
  return fine ? 1 : -1;
}

void zr_plan_cursor_clean_up(struct zr_plan_cursor *c) {
  zr_buf_clean_up(&c->block);
}
