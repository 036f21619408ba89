/*
 * Making a plan: the live state is read, the server is asked (validate_only) what a release under
 * the step's policy would do to each instance, and nothing is changed. No rule is decided here.
 */
#ifndef ZR_CLIENT_PLAN_PLAN_MAKE_H
#define ZR_CLIENT_PLAN_PLAN_MAKE_H

#include "plan_file.h"
#include "seen.h"

/* What is said of one step while and after it is looked at. Any may be NULL. Text is borrowed for
 * the time of the call. */
struct zr_plan_view {
  void *ctx;
  void (*would)(void *ctx, const struct zr_step *s, const struct zenrelease_instance *i);
  /* In the way (a person named it), or kept (a selector found it, and something speaks against). */
  void (*blocked)(void *ctx, const struct zr_step *s, const char *id, const char *code,
                  const char *detail);
  void (*kept)(void *ctx, const struct zr_step *s, const char *id, const char *code,
               const char *detail);
};

struct zr_plan_tally {
  uint64_t would;
  uint64_t blocked;
  uint64_t kept;
  uint64_t gone; /* named, and not there any more, which the step allows */
  bool belt_broken;
  struct zr_buf why; /* the belt broke, or the step could not be looked at */
};

struct zr_plan_maker {
  struct zenrelease_client *client;
  struct zenrelease_cancel *cancel;
  const struct zr_steps *steps;
  struct zr_seen *seen; /* what the steps before have picked */
  struct zr_plan_writer *writer;
  const struct zr_plan_view *view;
};

/* Looks at one step, from its ids or its selector, and writes its lines. ZENRELEASE_OK also when
 * its belt broke; INVALID_ARGUMENT when it picks what another step has picked; FAILED_PRECONDITION
 * when a plan cannot hold it. Clean up tally->why in any case. */
enum zenrelease_status zr_plan_step(const struct zr_plan_maker *m, const struct zr_step *s,
                                    struct zr_plan_tally *tally, struct zenrelease_error **error);
/* A copy in the arena; NULL: out of memory. */
struct zenrelease_instance *zr_plan_copy(struct zr_arena *a, const struct zenrelease_instance *i);
/* How many instances are in the product's bin. */
enum zenrelease_status zr_plan_bin_size(const struct zr_plan_maker *m,
                                        enum zenrelease_product product, int64_t *total,
                                        struct zenrelease_error **error);

#endif
