/* Numbers from the wire as our enums; what we do not know becomes NONE. */
#ifndef ZR_CLIENT_LIB_NAMES_H
#define ZR_CLIENT_LIB_NAMES_H

#include "zenrelease/zenrelease.h"

/* An outcome of a newer server that we have no name for is UNKNOWN: it is not a success. */
enum zenrelease_outcome zr_outcome_from_number(int number);
enum zenrelease_product zr_product_from_number(int number);
enum zenrelease_severity zr_severity_from_number(int number);

#endif
