/* The journal's side of the backend in fuzz_backend.h: it has one entry, and one thing open. */
#ifndef ZR_FUZZ_JOURNAL_H
#define ZR_FUZZ_JOURNAL_H

#include "fuzz_backend.h"

enum { FUZZ_NO_JOURNAL = 0x400, FUZZ_BROKEN_JOURNAL = 0x800 }; /* moods */

void fuzz_journal_face(struct zr_backend *face);
/* Answers one question that waits; false when there is none. */
bool fuzz_journal_answer(struct fuzz_backend *b);
void fuzz_journal_clean_up(struct fuzz_backend *b);

#endif
