/* Whether there are descriptors left. For libraries that abort when they cannot open one. */
#ifndef ZR_BASE_ROOM_H
#define ZR_BASE_ROOM_H

#include <stdbool.h>

enum { ZR_ROOM_MAX = 32 };

/* True when `count` more descriptors (at most ZR_ROOM_MAX; more is false) can be opened now. Any
 * thread; another one may take them meanwhile. */
bool zr_room_for(unsigned count);

#endif
