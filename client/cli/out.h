/*
 * Where words go. Results go to stdout: every failed write is remembered and told at the end.
 * Progress and trouble go to stderr, where a line may be live, which means redrawn in place.
 */
#ifndef ZR_CLIENT_CLI_OUT_H
#define ZR_CLIENT_CLI_OUT_H

#include <stdbool.h>

#include "base/buf.h"

/* ---- stdout; main thread only ---- */
void zr_out_text(const char *format, ...) ZR_PRINTF(1, 2);
/* Writes the buffer and empties it; a buffer that failed counts as a failed write. */
void zr_out_buf(struct zr_buf *b);
/* The line on it does not fit into memory: says so on stderr, and counts as a failed write. */
void zr_out_missing(const char *id);
/* Hands everything to the system. False when any write has failed so far; *why (may be NULL) says
 * how. */
bool zr_out_flush(const char **why);

/* The same at the end of a command; tells the failure: "zenrelease: the WHAT could not be written".
 */
bool zr_out_written(const char *what);
/* For what others write to stdout (--help): the process tells at its exit that this failed, and
 * ends with ZR_EXIT_NONE. Once, in main. */
void zr_out_watch_exit(void);
/* What goes to stdout goes to stderr until told otherwise: for what a person has to see before a
 * question, while stdout is not the terminal. */
void zr_out_divert(bool to_stderr);

/* ---- stderr; any thread ---- */
/* A line of its own; `text` without newline. */
void zr_note(const char *format, ...) ZR_PRINTF(1, 2);
/* Replaces the live line; "" removes it. */
void zr_live(const char *text);
/* "zenrelease: …", and with `json` also the object {"type":"error"} as stdout's last line. */
void zr_complain(bool json, const char *code, const char *format, ...) ZR_PRINTF(3, 4);

/* ---- terminals ---- */
bool zr_out_has_colour(void); /* stdout is a terminal, and NO_COLOR is not set */
bool zr_err_is_terminal(void);
unsigned zr_err_width(void); /* columns; 80 when not known */

#endif
