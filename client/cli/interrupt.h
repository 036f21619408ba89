/*
 * SIGINT, SIGTERM and SIGHUP. The first one raises the cancellation: what is running stops and
 * reports. A second SIGINT or SIGTERM leaves at once. A terminal that goes away brings SIGHUP from
 * the shell and from the kernel, and a service manager may send it along with SIGTERM, so it never
 * counts as the second; where it is ignored (nohup) it stays so. Process-wide; install once.
 */
#ifndef ZR_CLIENT_CLI_INTERRUPT_H
#define ZR_CLIENT_CLI_INTERRUPT_H

#include <stdbool.h>
#include <sys/types.h>

#include "zenrelease/zenrelease.h"

/* Also ignores SIGPIPE and SIGXFSZ: a broken pipe and a file too large are failed writes. `cancel`
 * must live until the end. */
void zr_interrupt_install(struct zenrelease_cancel *cancel);
bool zr_interrupted(void);
/* What the second signal has to clean up: a plugin to stop and a folder with a socket to remove.
 * pid 0: nothing (any more). */
void zr_interrupt_owns(pid_t pid, const char *dir, const char *socket);
/* What to do after the second signal, in place of "run it again with --dry-run"; a literal. */
void zr_interrupt_advice(const char *words);
/* A file that the second signal removes; NULL: none (any more). Borrowed until then. */
void zr_interrupt_removes(const char *path);

#endif
