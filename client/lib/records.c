/* ListReleaseRecords, one record at a time; pages are fetched when they are needed. */
#include "base/mem.h"
#include "convert.h"
#include "names.h"
#include "options.h"
#include "pages.h"
#include "zenrelease/journal.h"

enum { PAGE_MAX = 1000 };

struct zenrelease_records {
  struct zenrelease_records_options options;
  struct zr_pages pages;
  const Zenrelease__V1__ListReleaseRecordsResponse *page;
  size_t next;
  struct zenrelease_record record;
};

static const char *s_problem(const struct zenrelease_records_options *o) {
  if ((size_t)o->product > ZENRELEASE_PRODUCT_ZEC)
    return "product: must be vm, bmc or zec";
  if ((size_t)o->outcome >= ZENRELEASE_OUTCOME_COUNT)
    return "outcome: is not known";
  if (o->page_size < 0 || o->page_size > PAGE_MAX)
    return "page_size: at most 1000 records";
  return o->start_time_ms < 0 || o->end_time_ms < 0 ? "times must be from 1970 on" : NULL;
}

enum zenrelease_status zenrelease_records_new(struct zenrelease_client *client,
                                              const struct zenrelease_records_options *options,
                                              struct zenrelease_records **records,
                                              struct zenrelease_error **error) {
  struct zenrelease_records_options o;
  *records = NULL;
  if (error)
    *error = NULL;
  bool sized = zr_options_copy(&o, sizeof o, options, options ? options->size : 0);
  const char *problem = sized ? s_problem(&o) : "options: not initialised";
  if (problem)
    return zr_error_set(error, ZENRELEASE_INVALID_ARGUMENT, "%s", problem);
  struct zenrelease_records *r = zr_calloc(1, sizeof *r);
  if (!r || zr_pages_init(&r->pages, client, o.cancel, o.timeout_ms) != 0) {
    zenrelease_records_free(r);
    return zr_error_nomem(error);
  }
  r->options = o;
  *records = r;
  return ZENRELEASE_OK;
}

void zenrelease_records_free(struct zenrelease_records *records) {
  if (!records)
    return;
  zr_pages_clean_up(&records->pages);
  zr_free(records);
}

/* NULL, for a time that is not given. */
static Google__Protobuf__Timestamp *s_time(Google__Protobuf__Timestamp *t, int64_t ms) {
  google__protobuf__timestamp__init(t);
  t->seconds = ms / 1000;
  t->nanos = (int32_t)(ms % 1000) * 1000000;
  return ms ? t : NULL;
}

static enum zenrelease_status s_fetch(struct zenrelease_records *r,
                                      struct zenrelease_error **error) {
  const struct zenrelease_records_options *o = &r->options;
  Zenrelease__V1__ListReleaseRecordsRequest request;
  Google__Protobuf__Timestamp start;
  Google__Protobuf__Timestamp end;
  ProtobufCMessage *reply = NULL;
  zenrelease__v1__list_release_records_request__init(&request);
  request.page_size = o->page_size;
  request.page_token = r->pages.token;
  request.instance_id = zr_lend(o->instance_id);
  request.product = (Zenrelease__V1__Product)o->product;
  request.request_id = zr_lend(o->request_id);
  request.release_request_id = zr_lend(o->release_request_id);
  request.start_time = s_time(&start, o->start_time_ms);
  request.end_time = s_time(&end, o->end_time_ms);
  request.outcome = (Zenrelease__V1__Outcome)o->outcome;
  request.open_only = o->open_only != 0;
  r->page = NULL;
  enum zenrelease_status status =
      zr_pages_fetch(&r->pages, "/zenrelease.v1.ReleaseService/ListReleaseRecords", &request.base,
                     &zenrelease__v1__list_release_records_response__descriptor, &reply, error);
  if (status != ZENRELEASE_OK)
    return status;
  r->page = (const Zenrelease__V1__ListReleaseRecordsResponse *)reply;
  r->next = 0;
  return zr_pages_turn(&r->pages, r->page->next_page_token, error);
}

static void s_convert(const Zenrelease__V1__ReleaseRecord *from, struct zenrelease_record *to) {
  *to = (struct zenrelease_record){
      .instance_id = zr_lend(from->instance_id),
      .product = zr_product_from_number((int)from->product),
      .batch = from->batch,
      .send_time_ms = zr_convert_time(from->send_time),
      .answer_time_ms = zr_convert_time(from->answer_time),
      .answer_class = zr_lend(from->answer_class),
      .http_status = from->http_status,
      .service_code = zr_lend(from->service_code),
      .release_request_id = zr_lend(from->release_request_id),
      .request_id = zr_lend(from->request_id),
      .outcome =
          from->outcome ? zr_outcome_from_number((int)from->outcome) : ZENRELEASE_OUTCOME_NONE,
      .diagnostic_code = zr_lend(from->diagnostic_code),
      .decide_time_ms = zr_convert_time(from->decide_time),
      .display_name = zr_lend(from->display_name),
      .zone_id = zr_lend(from->zone_id),
      .account_fingerprint = zr_lend(from->account_fingerprint),
      .endpoint = zr_lend(from->endpoint),
      .open = from->open,
  };
}

enum zenrelease_status zenrelease_records_next(struct zenrelease_records *records,
                                               const struct zenrelease_record **record,
                                               struct zenrelease_error **error) {
  *record = NULL;
  if (error)
    *error = NULL;
  while (!records->page || records->next == records->page->n_records) {
    if (!records->pages.token)
      return ZENRELEASE_OK;
    enum zenrelease_status status = s_fetch(records, error);
    if (status != ZENRELEASE_OK)
      return status;
  }
  s_convert(records->page->records[records->next++], &records->record);
  *record = &records->record;
  return ZENRELEASE_OK;
}
