/*
 * A backend for the front doors' targets: it checks what a front door may never hand over, and
 * answers as the engine might. Outcomes depend on the ids and on `mood`, so that an input decides.
 * One thread.
 */
#ifndef ZR_FUZZ_BACKEND_H
#define ZR_FUZZ_BACKEND_H

#include "model/backend.h"

struct fuzz_job;
struct fuzz_list;
struct fuzz_asked;

struct fuzz_backend {
  struct zr_backend face;
  struct zr_server_facts facts;
  unsigned mood;
  bool held; /* a release holds its window open, as Terraform's must */
  struct zr_task *head;
  struct zr_task *tail;
  bool closed;
  struct fuzz_job *jobs; /* those that run; newest first */
  uint64_t next_job;
  struct fuzz_list *lists;
  struct fuzz_asked *asked; /* of the journal: fuzz_journal.c */
};

void fuzz_backend_init(struct fuzz_backend *b, unsigned mood);
/* Runs what was posted, and what that posts. */
void fuzz_backend_run(struct fuzz_backend *b);
/* Tells the newest job of something. */
void fuzz_backend_event(struct fuzz_backend *b, unsigned kind);
/* Ends the newest job; false when there is none. */
bool fuzz_backend_finish(struct fuzz_backend *b);
/* Runs and answers everything until nothing is left. */
void fuzz_backend_settle(struct fuzz_backend *b);
/* Forgets jobs and lists that were never answered. */
void fuzz_backend_clean_up(struct fuzz_backend *b);

#endif
