/* The service's error codes: how they are spelt, and the class each stands for. */
#ifndef ZR_ZENLAYER_SERVICE_CODE_H
#define ZR_ZENLAYER_SERVICE_CODE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/view.h"
#include "model/call.h"

enum { ZR_SERVICE_CODE_MAX = 128 };

struct zr_service_code {
  const char *name;
  enum zr_class class_;
  const char *meaning;
};

/* Whether `code` has the form of an error code: 1 to 128 letters, digits, '_', '.' or '-'. */
bool zr_service_code_is_plausible(struct zr_view code);
/* The table's entry, whichever way `code` is spelt ("Invalid.Instance.Not.Found"); NULL when new.
 * Any thread. */
const struct zr_service_code *zr_service_code_find(struct zr_view code);
/* The class of a code in a 4xx reply: the table's, else by its family, else DENIED. */
enum zr_class zr_service_code_class(struct zr_view code);
/* For tests and documents: entry `i`, NULL behind the last. */
const struct zr_service_code *zr_service_code_at(size_t i);

#endif
