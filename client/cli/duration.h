/* Durations and times on the command line: "500ms", "60s", "10m", "1h30m", "7d", "0"; and
 * "2026-01-31T12:34:56Z". Nothing is guessed. */
#ifndef ZR_CLIENT_CLI_DURATION_H
#define ZR_CLIENT_CLI_DURATION_H

#include <stdbool.h>
#include <stdint.h>

/* Whole numbers with d (of 24 hours), h, m, s or ms, each unit at most once and the larger first;
 * at most a year. False for anything else, bare numbers other than 0 included. */
bool zr_duration_parse(const char *text, int64_t *ms);

/* Milliseconds since 1970: of a time (zr_wall_parse), or of a duration before `now_ms`. */
bool zr_moment_parse(const char *text, int64_t now_ms, int64_t *ms);

#endif
