/* A backend with a few instances, on one thread: jobs are answered when the test says so. */
#ifndef ZR_TEST_TERRAFORM_FLEET_H
#define ZR_TEST_TERRAFORM_FLEET_H

#include "model/backend.h"

enum { FLEET_MAX = 64, FLEET_JOBS = 64 };

struct fleet_instance {
  const char *id;
  const char *status; /* NULL: gone */
  bool denied;        /* the service refuses its release */
};

struct fleet_job {
  struct zr_job_sink sink;
  bool validate_only;
  bool allow_missing;
  bool cancelled;
  int64_t window_ms;
  const char *ids[FLEET_MAX];
  size_t count;
};

struct fleet {
  struct zr_backend backend;
  struct zr_server_facts facts;
  struct fleet_instance instances[FLEET_MAX];
  size_t count;
  struct fleet_job jobs[FLEET_JOBS];
  size_t job_count; /* submitted */
  size_t done;      /* answered */
  unsigned releases;
  enum zr_code broken; /* NONE: works; else what every id is told */
  struct zr_task *tasks;
  unsigned lists;                                  /* pages asked for */
  void (*on_list)(struct fleet *f, unsigned list); /* Optional: before each page; 1 is the first */
};

void fleet_init(struct fleet *f);
void fleet_add(struct fleet *f, const char *id, const char *status);
struct fleet_instance *fleet_find(struct fleet *f, const char *id);
/* Runs tasks that are posted, and answers every job, until there are none. */
void fleet_run(struct fleet *f);
/* Runs tasks only: jobs stay open. */
void fleet_run_tasks(struct fleet *f);

#endif
