/*
 * Saved plans. A plan's last line holds the digest of the lines before, which no mutation keeps
 * right: an input is read as it is, and once more with the last line that belongs to it. A plan
 * that is accepted and written again is accepted, and writing that gives the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fuzz.h"
#include "plan/plan_file.h"

struct s_plan {
  struct zr_plan plan;
  struct zr_problems problems;
  bool fine;
};

static void s_open(struct s_plan *s, struct zr_view text) {
  FILE *file = fmemopen((void *)(uintptr_t)text.ptr, text.len, "re");
  zr_problems_init(&s->problems, "plan");
  FUZZ_CHECK(file != NULL);
  s->fine = zr_plan_open_file(&s->plan, file, &s->problems);
  FUZZ_CHECK(s->fine || s->problems.text.len > 0);
  (void)fclose(file);
}

static void s_close(struct s_plan *s) {
  zr_plan_clean_up(&s->plan);
  zr_problems_clean_up(&s->problems);
}

static void s_copy_step(const struct zr_plan *plan, size_t i, struct zr_plan_writer *w) {
  struct zr_plan_cursor c;
  struct zr_plan_entry entry;
  uint64_t lines = 0;
  int more = 1;
  zr_plan_cursor_begin(&c, plan, i);
  while (more > 0) {
    struct zr_arena arena;
    zr_arena_init(&arena, NULL, 0);
    more = zr_plan_next(&c, &arena, &entry);
    FUZZ_CHECK(more >= 0); /* every byte was checked before */
    const char *step = plan->head.steps.items[i].name;
    if (more > 0 && entry.blocked)
      zr_plan_write_blocked(w, step, entry.instance.instance_id, entry.code, entry.detail);
    else if (more > 0)
      zr_plan_write_instance(w, step, &entry.instance);
    lines += more > 0;
    zr_arena_clean_up(&arena);
  }
  FUZZ_CHECK(lines == plan->spans[i].instances + plan->spans[i].blocked);
  zr_plan_cursor_clean_up(&c);
}

/* The plan's text as our writer has it; for free. */
static char *s_write(const struct zr_plan *plan, size_t *len, char digest[ZR_DIGEST_ROOM]) {
  struct zr_plan_writer w;
  char *text = NULL;
  FILE *file = open_memstream(&text, len);
  FUZZ_CHECK(file && zr_plan_write_head(&w, file, &plan->head));
  for (size_t i = 0; i < plan->head.steps.count; i++)
    s_copy_step(plan, i, &w);
  FUZZ_CHECK(zr_plan_write_end(&w, digest));
  zr_plan_writer_clean_up(&w);
  (void)fclose(file);
  return text;
}

static void s_again(const struct s_plan *first) {
  struct s_plan second;
  char digest[ZR_DIGEST_ROOM];
  char digest2[ZR_DIGEST_ROOM];
  size_t len = 0;
  size_t len2 = 0;
  char *text = s_write(&first->plan, &len, digest);
  s_open(&second, (struct zr_view){text, len});
  FUZZ_CHECK(second.fine);
  FUZZ_CHECK(strcmp(second.plan.digest, digest) == 0);
  FUZZ_CHECK(second.plan.instances == first->plan.instances);
  FUZZ_CHECK(second.plan.blocked == first->plan.blocked);
  char *text2 = s_write(&second.plan, &len2, digest2);
  FUZZ_CHECK(len == len2 && memcmp(text, text2, len) == 0 && strcmp(digest, digest2) == 0);
  free(text2);
  s_close(&second);
  free(text);
}

static bool s_run(struct zr_view text) {
  struct s_plan s;
  s_open(&s, text);
  bool fine = s.fine;
  if (fine)
    s_again(&s);
  s_close(&s);
  return fine;
}

/* The input with the right last line instead of its own. */
static void s_seal(struct zr_view body, struct zr_buf *out) {
  struct zr_digest d;
  char digest[ZR_DIGEST_ROOM];
  size_t lines = 0;
  for (struct zr_view left = body; left.len;) {
    struct zr_view line = zr_view_split(&left, '\n');
    if (zr_view_starts(line, "{\"type\":\"end\""))
      continue;
    (void)zr_buf_view(out, line);
    (void)zr_buf_char(out, '\n');
    lines++;
  }
  FUZZ_CHECK(zr_digest_begin(&d));
  zr_digest_add(&d, out->data, out->len);
  FUZZ_CHECK(zr_digest_text(&d, digest));
  zr_digest_clean_up(&d);
  (void)zr_buf_printf(out, "{\"type\":\"end\",\"count\":%zu,\"sha256\":\"%s\"}\n",
                      lines ? lines - 1 : 0, digest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct zr_view text = {(const char *)data, size};
  struct zr_buf sealed = ZR_BUF_INIT((size_t)8 * 1024 * 1024);
  if (size == 0 || s_run(text))
    return 0;
  s_seal(text, &sealed);
  (void)s_run(zr_buf_as_view(&sealed));
  zr_buf_clean_up(&sealed);
  return 0;
}
