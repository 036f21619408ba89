/* A plan for people, step by step; and the same as JSON lines. */
#ifndef ZR_CLIENT_PLAN_PLAN_TEXT_H
#define ZR_CLIENT_PLAN_PLAN_TEXT_H

#include "cli/table.h"
#include "plan_make.h"

enum { ZR_PLAN_ROWS = 50 }; /* of one kind, shown for a step; the saved plan has all of them */

struct zr_plan_text {
  bool json;
  bool colour;
  struct zr_plan_view view; /* to be given to the maker */
  struct zr_buf line;
  /* Of the step at hand. */
  struct zr_table table;
  struct zr_buf blocked;
  struct zr_buf kept;
  uint64_t rows;
  /* What dies, in all. */
  uint64_t disks;
  uint64_t addresses;
  uint64_t prepaid;
  int64_t now_ms;
};

void zr_plan_text_begin(struct zr_plan_text *t, bool json, bool colour, int64_t now_ms);
void zr_plan_text_head(struct zr_plan_text *t, const struct zr_plan_head *head);
/* Before and after each step. */
void zr_plan_text_step(struct zr_plan_text *t);
void zr_plan_text_step_end(struct zr_plan_text *t, const struct zr_plan_head *head,
                           const struct zr_step *s, const struct zr_plan_tally *tally,
                           int64_t bin_total);
/* `digest` "": the plan was not made. `out` NULL: it was not saved. */
void zr_plan_text_end(struct zr_plan_text *t, const struct zr_plan_head *head,
                      const struct zr_plan_tally *sum, const char *digest, const char *out);
void zr_plan_text_clean_up(struct zr_plan_text *t);

#endif
