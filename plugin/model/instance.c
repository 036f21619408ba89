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
