/* Durations as people write them in configurations: "90s", "1h30m", "500ms", "1.5s". */
#ifndef ZR_TERRAFORM_DURATION_H
#define ZR_TERRAFORM_DURATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

/* Whole milliseconds, from 0 to a week. False: it is none. The units are those of Go's
 * time.ParseDuration from ms upwards. */
bool zr_tf_duration(const char *text, int64_t *ms) ZR_MUST_CHECK;

#endif
