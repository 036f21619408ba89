/*
 * What the fuzz targets share. A target is one file with LLVMFuzzerTestOneInput, which drives the
 * real code with one input and aborts when a property does not hold. With libFuzzer it is fuzzed;
 * in every other build replay.c runs it over the committed inputs.
 */
#ifndef ZR_FUZZ_H
#define ZR_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Fails the input; also where assertions are off. */
#define FUZZ_CHECK(condition)                                                                      \
  do {                                                                                             \
    if (!(condition))                                                                              \
      fuzz_fail(__FILE__, __LINE__, #condition);                                                   \
  } while (0)
_Noreturn void fuzz_fail(const char *file, int line, const char *condition);

/* An input that is taken apart from the front. Taking from an empty one gives zeros. */
struct fuzz_input {
  const uint8_t *at;
  size_t left;
};
uint8_t fuzz_byte(struct fuzz_input *in);
/* Two bytes, the lower one first. */
unsigned fuzz_word(struct fuzz_input *in);
/* What is left up to `end`, or all of it; takes the end away too. */
struct zr_view fuzz_until(struct fuzz_input *in, char end);
/* A record: a word that says how long, then so many bytes, or as many as there are. */
struct zr_view fuzz_record(struct fuzz_input *in);
struct zr_view fuzz_rest(struct fuzz_input *in);

/* A copy of exactly this length, so that a sanitizer sees a read behind it; for zr_free. Never
 * NULL. */
char *fuzz_exact(struct zr_view v);
/* A copy that ends in NUL, cut at the first one inside; for zr_free. */
char *fuzz_text(struct zr_view v);

/* Texts that are shown to people: no control character but line end and tab, well-formed UTF-8. */
void fuzz_check_shown(const char *text);

/* A folder of this process, made at the first call and removed at the end. */
const char *fuzz_folder(void);
/* Puts a file there with these bytes, readable by its owner alone. `slot` tells files apart: 0 to
 * 3. Returns its path. */
const char *fuzz_file(unsigned slot, const char *name, struct zr_view bytes);

#endif
