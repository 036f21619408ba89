/*
 * The disk under SQLite, with faults: a layer that counts what changes the disk (writes, flushes,
 * truncations, removals) and makes one of them, or all from one on, fail or end the process.
 */
#ifndef TESTS_JOURNAL_DISK_H
#define TESTS_JOURNAL_DISK_H

#include <stdint.h>

/* Puts the layer in front of the system's. Before anything is opened. */
void disk_install(void);
/* Changes asked for so far. */
uint64_t disk_count(void);
/* The change number `n` from now (0 is the next) and `many` - 1 after it answer with SQLite's `rc`
 * and do nothing. */
void disk_fail(uint64_t n, uint64_t many, int rc);
/* The process ends, as if killed, in front of the change number `n` from now, or, `half`, after the
 * first half of it was written. */
void disk_die(uint64_t n, int half);
void disk_heal(void);

#endif
