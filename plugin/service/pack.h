/* The model's words as protobuf. */
#ifndef ZR_SERVICE_PACK_H
#define ZR_SERVICE_PACK_H

#include <stdbool.h>

#include "model/call.h"
#include "model/record.h"
#include "model/release.h"
#include "rpc/bytes.h"
#include "service/wire_out.h"

/* What a report may take on the wire: below the 4 MiB that peers accept by default, with room for
 * the event around it. Longer ones lose comfort first, then detail, never an outcome or a code. */
enum { ZR_REPORT_MAX_BYTES = 4 * 1024 * 1024 - 65536 };

/* How much a packed report says. */
enum zr_pack_level {
  ZR_PACK_ALL,
  ZR_PACK_HINT_ONCE, /* hints and summaries with the first diagnostic of each code only */
  ZR_PACK_NO_DETAIL, /* also no detail and no words of the service after the first */
  ZR_PACK_NO_NAMES,  /* also no names and zones of instances */
  ZR_PACK_BARE       /* also no request ids and times */
};

/* The field `field` with an InstanceResult, or a Diagnostic. `first`: of its code in this report.
 */
void zr_pack_result(struct zr_wire_out *w, unsigned field, const struct zr_result *r,
                    enum zr_pack_level level);
void zr_pack_diagnostic(struct zr_wire_out *w, unsigned field, const struct zr_diagnostic *d,
                        enum zr_pack_level level, bool first);

/* A ReleaseEvent; NULL when out of memory. */
struct zr_rpc_bytes *zr_pack_event(const struct zr_event *event, uint64_t sequence) ZR_MUST_CHECK;
/* The last ReleaseEvent. Its tail, from *response_offset on, is the ReleaseResponse. */
struct zr_rpc_bytes *zr_pack_report(const struct zr_report *report, const char *request_id,
                                    uint64_t sequence, struct zr_wall at,
                                    size_t *response_offset) ZR_MUST_CHECK;
/* What a group has beside its report: product, field number and length. */
enum { ZR_GROUP_HEAD = 16 };
/* One of the `groups` of a SettleReleasesResponse, with its field number; as telling as `max` bytes
 * allow, but longer where they do not hold the outcomes. */
struct zr_rpc_bytes *zr_pack_settled(const struct zr_report *report, enum zr_product product,
                                     size_t max) ZR_MUST_CHECK;
/* A ListReleaseRecordsResponse. */
struct zr_rpc_bytes *zr_pack_records(const struct zr_record_entry *entries, size_t count,
                                     const char *next_page_token) ZR_MUST_CHECK;
/* A ListInstancesResponse. */
struct zr_rpc_bytes *zr_pack_list(const struct zr_list_end *end,
                                  const char *next_page_token) ZR_MUST_CHECK;

#endif
