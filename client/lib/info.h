/* GetServerInfo, also used to find out whether a server is there. */
#ifndef ZR_CLIENT_LIB_INFO_H
#define ZR_CLIENT_LIB_INFO_H

#include "client.h"

enum zenrelease_status zr_info_fetch(struct zenrelease_client *c, struct zr_mono deadline,
                                     const struct zenrelease_cancel *cancel,
                                     struct zenrelease_server_info **info,
                                     struct zenrelease_error **error);

#endif
