/* How often each thing happened, so that the simulation cannot become toothless unnoticed. */
#include <stdio.h>
#include <string.h>

#include "vopr.h"

struct census census;

void census_add(struct census *to, const struct census *from) {
  uint64_t *t = (uint64_t *)to;
  const uint64_t *f = (const uint64_t *)from;
  for (size_t i = 0; i < sizeof *to / sizeof *t; i++)
    t[i] += f[i];
}

struct how {
  bool all;
  bool judged;
};

static unsigned s_list(struct how how, const char *title, const char *const *names,
                       const uint64_t *counts, unsigned n) {
  unsigned zeros = 0;
  if (how.all)
    printf("%s\n", title);
  for (unsigned i = 0; i < n; i++) {
    bool missing = names[i] && counts[i] == 0 && how.judged;
    zeros += missing;
    if (names[i] && (how.all || missing))
      printf("  %-34s %12llu%s\n", names[i], (unsigned long long)counts[i],
             missing ? "   ought to happen" : "");
  }
  return zeros;
}

/* Codes that come from elsewhere than the engine, or from a lack of memory. */
static bool s_is_foreign(enum zr_code c) {
  return c == ZR_CODE_DUPLICATE_ID || c == ZR_CODE_OTHER_OPTIONS ||
         c == ZR_CODE_CREDENTIALS_MISSING || c == ZR_CODE_SHUTTING_DOWN || c == ZR_CODE_LIMIT ||
         c == ZR_CODE_CLIENT_NOT_ALLOWED || c == ZR_CODE_DEPENDENCY_FAILED || c == ZR_CODE_INTERNAL;
}

unsigned census_print(const struct census *c, bool all, bool judged) {
  const struct how how = {all, judged};
  static const char *const release[] = {VOPR_RELEASE_FAULTS(VOPR_NAMED)};
  static const char *const read[] = {VOPR_READ_FAULTS(VOPR_NAMED)};
  static const char *const crash[] = {VOPR_CRASHES(VOPR_NAMED)};
  static const char *const mark[] = {VOPR_MARKS(VOPR_NAMED)};
  const char *outcome[ZR_OUTCOME_COUNT_] = {NULL};
  const char *code[ZR_CODE_COUNT_] = {NULL};
  const char *classes[ZR_CLASS_COUNT_];
  const char *read_classes[ZR_CLASS_COUNT_];
  for (int i = ZR_OUTCOME_RELEASED; i < ZR_OUTCOME_COUNT_; i++)
    outcome[i] = zr_outcome_name((enum zr_outcome)i);
  for (int i = ZR_CODE_NONE; i < ZR_CODE_COUNT_; i++)
    code[i] = s_is_foreign((enum zr_code)i) ? NULL : i ? zr_code_info((enum zr_code)i)->name : "-";
  for (int i = 0; i < ZR_CLASS_COUNT_; i++)
    classes[i] = read_classes[i] = zr_class_name((enum zr_class)i);
  read_classes[ZR_CLASS_STATE] = NULL; /* a read does not ask for a state */
  unsigned zeros = s_list(how, "what happened", mark, c->mark, MARK_COUNT_);
  zeros += s_list(how, "release calls, at the service", release, c->release, RELEASE_COUNT_);
  zeros += s_list(how, "release calls, as they ended", classes, c->release_class, ZR_CLASS_COUNT_);
  zeros += s_list(how, "reads, at the service", read, c->read, READ_COUNT_);
  zeros += s_list(how, "reads, as they ended", read_classes, c->read_class, ZR_CLASS_COUNT_);
  zeros += s_list(how, "crashes", crash, c->crash, CRASH_COUNT_);
  zeros += s_list(how, "outcomes", outcome, c->outcome, ZR_OUTCOME_COUNT_);
  zeros += s_list(how, "codes", code, c->code, ZR_CODE_COUNT_);
  return zeros;
}
