#include "base/room.h"

#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

bool zr_room_for(unsigned count) {
  int taken[ZR_ROOM_MAX];
  size_t n = 0;
  while (n < count && n < ZR_ROOM_MAX && (taken[n] = eventfd(0, EFD_CLOEXEC)) >= 0)
    n++;
  bool enough = n == count;
  while (n > 0)
    (void)close(taken[--n]);
  return enough;
}
