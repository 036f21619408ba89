/* What text in a request must look like. The answer is NULL, or what is wrong, constant. */
#ifndef ZR_SERVICE_TEXT_RULE_H
#define ZR_SERVICE_TEXT_RULE_H

#include <stdbool.h>

#include "base/view.h"

enum { ZR_REQUEST_ID_MAX = 128, ZR_FILTER_MAX = 256 };

/* Nothing but ASCII letters, digits and marks: well-formed, visible, and without blanks. Fast, and
 * true for nearly every text. */
bool zr_text_is_plain(struct zr_view text);
/* An instance id: well-formed UTF-8 (the caller looked), 1 to ZR_ID_MAX_BYTES bytes, no control
 * character, no white space or invisible character at either end. `plain`: as zr_text_is_plain
 * says. */
const char *zr_id_problem(struct zr_view id, bool plain);
/* A request id: at most ZR_REQUEST_ID_MAX printable ASCII characters; may be empty. */
const char *zr_request_id_problem(struct zr_view id);
/* A filter: at most ZR_FILTER_MAX bytes, no control character. */
const char *zr_filter_problem(struct zr_view text);

#endif
