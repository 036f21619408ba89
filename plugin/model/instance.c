#include "model/instance.h"

#include <string.h>

struct word {
  const char *status;
  enum zr_presence presence;
};

/* STOPPING, SHUTDOWN and words nobody has told us of may be steps of a release: they are OTHER. */
static const struct word s_words[] = {
    /* The service's pages disagree on the word: the tables say RECYCLE, the prose of zec RECYCLED.
     */
    {"RECYCLE", ZR_PRESENCE_BIN},           {"RECYCLED", ZR_PRESENCE_BIN},
    {"RECYCLING", ZR_PRESENCE_ENTERING},    {"RELEASING", ZR_PRESENCE_LEAVING},
    {"RUNNING", ZR_PRESENCE_LIVE},          {"STOPPED", ZR_PRESENCE_LIVE},
    {"PENDING", ZR_PRESENCE_LIVE},          {"CREATING", ZR_PRESENCE_LIVE},
    {"DEPLOYING", ZR_PRESENCE_LIVE},        {"INSTALLING", ZR_PRESENCE_LIVE},
    {"REBUILDING", ZR_PRESENCE_LIVE},       {"REBOOT", ZR_PRESENCE_LIVE},
    {"REBOOTING", ZR_PRESENCE_LIVE},        {"BOOTING", ZR_PRESENCE_LIVE},
    {"IMAGING", ZR_PRESENCE_LIVE},          {"RESIZING", ZR_PRESENCE_LIVE},
    {"CREATE_FAILED", ZR_PRESENCE_LIVE},    {"INSTALL_FAILED", ZR_PRESENCE_LIVE},
    {"REINSTALL_FAILED", ZR_PRESENCE_LIVE},
};

enum zr_presence zr_presence_of_status(const char *status) {
  for (size_t i = 0; i < sizeof s_words / sizeof s_words[0]; i++) {
    if (strcmp(status, s_words[i].status) == 0)
      return s_words[i].presence;
  }
  return ZR_PRESENCE_OTHER;
}

static const struct zr_tag *s_copy_tags(struct zr_arena *a, const struct zr_tag *tags, size_t count,
                                        bool *ok) {
  struct zr_tag *copy = zr_arena_calloc(a, count ? count : 1, sizeof *copy);
  *ok = *ok && copy;
  for (size_t i = 0; copy && i < count; i++)
    copy[i] =
        (struct zr_tag){zr_arena_copy(a, tags[i].key, ok), zr_arena_copy(a, tags[i].value, ok)};
  return copy;
}

bool zr_instance_copy(struct zr_arena *a, const struct zr_instance *from, struct zr_instance *to) {
  static const size_t texts[] = {
#define TEXT(member) offsetof(struct zr_instance, member)
      TEXT(id),
      TEXT(status),
      TEXT(name),
      TEXT(zone_id),
      TEXT(instance_type),
      TEXT(image_id),
      TEXT(resource_group_id),
      TEXT(resource_group_name),
      TEXT(charge_type),
      TEXT(create_time),
      TEXT(expired_time),
#undef TEXT
  };
  bool ok = true;
  *to = *from;
  for (size_t i = 0; i < ZR_COUNT(texts); i++) {
    const char **text = (const char **)(void *)((char *)to + texts[i]);
    *text = zr_arena_copy(a, *text, &ok);
  }
  to->public_ips = zr_arena_copy_list(a, from->public_ips, from->public_ip_count, &ok);
  to->private_ips = zr_arena_copy_list(a, from->private_ips, from->private_ip_count, &ok);
  to->tags = s_copy_tags(a, from->tags, from->tag_count, &ok);
  return ok;
}
