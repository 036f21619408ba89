/* What the service says of one instance, as far as we use it. */
#ifndef ZR_MODEL_INSTANCE_H
#define ZR_MODEL_INSTANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"

struct zr_tag {
  const char *key;
  const char *value;
};

/* All text is borrowed from whoever hands the row out and NUL-terminated; "" where the service said
 * nothing. Times are RFC 3339 in UTC, as received. */
struct zr_instance {
  const char *id;
  const char *status;
  const char *name;
  const char *zone_id;
  const char *instance_type;
  const char *image_id;
  const char *resource_group_id;
  const char *resource_group_name;
  const char *charge_type;
  const char *create_time;
  const char *expired_time;
  const char *const *public_ips;
  size_t public_ip_count;
  const char *const *private_ips;
  size_t private_ip_count;
  const struct zr_tag *tags;
  size_t tag_count;
  uint32_t disk_count;              /* system disk and data disks */
  uint32_t undetachable_disk_count; /* die with the instance */
  bool tags_told;                   /* the list of tags was there and could be read whole */
  int64_t bin_since_ms;             /* wall time of the first sighting in the bin; 0: not known */
};

/* A deep copy into the arena. False when out of memory. */
bool zr_instance_copy(struct zr_arena *a, const struct zr_instance *from,
                      struct zr_instance *to) ZR_MUST_CHECK;

/* Where an instance is, as far as a release cares. */
enum zr_presence {
  ZR_PRESENCE_UNSEEN,   /* no read has answered for it yet */
  ZR_PRESENCE_BIN,      /* RECYCLE, or RECYCLED */
  ZR_PRESENCE_ENTERING, /* RECYCLING: on its way into the bin */
  ZR_PRESENCE_LEAVING,  /* RELEASING: on its way out of existence */
  ZR_PRESENCE_LIVE,     /* a word that only an instance outside of the bin has */
  ZR_PRESENCE_OTHER,    /* any other word: not in the bin, and perhaps on its way out */
  ZR_PRESENCE_ABSENT,   /* a complete read did not have it */
};

/* The presence that a status word stands for; never UNSEEN or ABSENT. */
enum zr_presence zr_presence_of_status(const char *status);

#endif
