/*
 * The seam between what decides and what talks to the service: upstream calls, and what became of
 * them. `zenlayer` fills these in, `engine` reads them; neither knows the other.
 */
#ifndef ZR_MODEL_CALL_H
#define ZR_MODEL_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "model/instance.h"
#include "model/product.h"

/* What an upstream call's end means for the next step. Decided by code first, then by headers, then
 * by status; one table in zenlayer/ holds it for every known code. */
enum zr_class {
  ZR_CLASS_OK,         /* HTTP 200, an object, a request id, no error code */
  ZR_CLASS_NOT_SENT,   /* no byte left, and trying again may help (resolve, connect) */
  ZR_CLASS_NO_CHANNEL, /* no byte left, and trying again cannot help (certificate, tunnel refused)
                        */
  ZR_CLASS_UNKNOWN,    /* anything after the first byte and before a recognised answer */
  ZR_CLASS_REDIRECTED, /* 301 to 308: never followed; the outcome is read, nothing is sent again */
  ZR_CLASS_THROTTLED,  /* 429: not executed */
  ZR_CLASS_MISSING,    /* refused: an instance does not exist */
  ZR_CLASS_STATE,      /* refused: an instance is not in the right state */
  ZR_CLASS_INPUT,      /* refused: a parameter is not valid */
  ZR_CLASS_DENIED,     /* refused with any other code, known or new */
  ZR_CLASS_UNAUTHORIZED, /* the credentials, or their rights, are refused */
  ZR_CLASS_SKEWED,  /* signature expired; the clock offset has been corrected: sign again, once */
  ZR_CLASS_BLOCKED, /* a challenge (cf-mitigated), 451 or 407 answered in the service's place */
  ZR_CLASS_COUNT_
};

const char *zr_class_name(enum zr_class c);
/* The class of that name; UNKNOWN for any other text. */
enum zr_class zr_class_of_name(const char *name);

/* What became of one call. Text is borrowed for the time of the callback; "" where there is none.
 */
struct zr_call_end {
  enum zr_class class_;
  int http_status;        /* 0: no status line was read */
  const char *code;       /* the service's, as it was spelt */
  const char *message;    /* sanitised, at most 200 bytes; free text, never matched on */
  const char *request_id; /* the service's */
  const char *reason;     /* our own sentence of what happened, e.g. the transport's error */
  int64_t retry_after_ms; /* from Retry-After; -1 when absent or absurd */
  bool late_effect;       /* the order may still take effect: no complete answer, or a gateway's */
};

/* `to` becomes `from` with copies of its text. Out of memory clears *ok. */
void zr_call_end_copy(struct zr_arena *a, const struct zr_call_end *from, struct zr_call_end *to,
                      bool *ok);

/* One read of named instances. `complete`: every page was read, totals and rows agree, so an id
 * without a row is absent. Rows of instances nobody asked for are left out. */
struct zr_describe_end {
  struct zr_call_end call;
  bool complete;
  const struct zr_instance *rows;
  size_t row_count;
  const char *const *known_ids; /* without a row, and known to have been in the bin once */
  size_t known_count;
  const bool *known_gone; /* for each of them: a record has it released, or gone; NULL: none has */
};

/* One order to release. `failed_ids`: those a 200 named as not accepted (zec). */
struct zr_release_end {
  struct zr_call_end call;
  const char *const *failed_ids;
  size_t failed_count;
};

/* Whether the answer itself names the id among those that were not accepted. */
bool zr_release_end_lists(const struct zr_release_end *end, const char *id);

/* The filters of DescribeInstances; "" or NULL: not filtered. */
struct zr_list_query {
  enum zr_product product;
  const char *status; /* the service's word; NULL: any */
  const char *name;   /* vm, bmc: exact, or a prefix with a trailing *; zec: fuzzy */
  const char *zone_id;
  const char *resource_group_id;
  const char *image_id;
  const char *instance_type; /* vm: instanceType; bmc: instanceTypeId; zec: none */
  const char *const *instance_ids;
  size_t instance_id_count; /* at most 100 */
  const char *const *ips;   /* public addresses */
  size_t ip_count;
  const struct zr_tag *tags;
  size_t tag_count;
  const char *const *tag_keys;
  size_t tag_key_count;
  unsigned page_num;  /* from 1 */
  unsigned page_size; /* 1 to 1000 */
};

struct zr_list_end {
  struct zr_call_end call;
  uint64_t total;
  const struct zr_instance *rows;
  size_t row_count;
  bool clock_known;        /* the reply bore a date */
  int64_t clock_offset_ms; /* the service's clock less ours, to the second */
};

#endif
