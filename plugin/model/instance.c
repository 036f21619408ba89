#include "model/instance.h"

#include <string.h>

enum zr_presence zr_presence_of_status(const char *status) {
  /* The service's pages disagree on the word: the tables say RECYCLE, the prose of zec RECYCLED. */
  if (strcmp(status, "RECYCLE") == 0 || strcmp(status, "RECYCLED") == 0)
    return ZR_PRESENCE_BIN;
  if (strcmp(status, "RECYCLING") == 0)
    return ZR_PRESENCE_ENTERING;
  if (strcmp(status, "RELEASING") == 0)
    return ZR_PRESENCE_LEAVING;
  return ZR_PRESENCE_LIVE;
}
