/* A backend in the hands of a test: tasks queue until fake_run, jobs end when the test says so. */
#ifndef ZR_TEST_FAKE_BACKEND_H
#define ZR_TEST_FAKE_BACKEND_H

#include "model/backend.h"

enum { FAKE_JOBS = 16 };

struct fake_job {
  struct zr_job_sink sink;
  struct zr_release_request request; /* ids are not copied */
  size_t id_count;
  bool cancelled;
  bool done;
};

struct fake_backend {
  struct zr_backend face;
  struct zr_server_facts facts;
  struct zr_task *head;
  struct zr_task *tail;
  bool closed;
  enum zr_err submit_result;
  struct fake_job jobs[FAKE_JOBS];
  size_t job_count;
  struct zr_list_query query; /* of the last list */
  const struct zr_list_end *list_end;
  enum zr_err journal_result; /* of find_records and settle */
  struct zr_record_query records_query;
  struct zr_records_sink records; /* of the last find_records; the test calls it */
  struct zr_settle_sink settle;
  void *forgotten; /* the last ctx that was */
};

void fake_backend_init(struct fake_backend *b);
/* Runs what was posted, and what that posts. */
void fake_run(struct fake_backend *b);
void fake_event(struct fake_backend *b, size_t job, const struct zr_event *event);
/* Ends a job with `outcome` for every id of "1", "2", … */
void fake_finish(struct fake_backend *b, size_t job, enum zr_outcome outcome);

#endif
