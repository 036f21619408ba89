/*
 * Last words. A fatal signal writes a few lines that begin with "panic: ", which Terraform shows to
 * the user although no log was asked for; then the signal takes its course.
 */
#ifndef ZR_APP_CRASH_H
#define ZR_APP_CRASH_H

/* Installs the handlers, with a stack of their own. Once, by the main thread, before others start.
 * `program` and `version` are borrowed for the life of the process. Does nothing under a sanitizer,
 * which has last words of its own. */
void zr_crash_install(const char *program, const char *version);

#endif
