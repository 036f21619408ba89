/*
 * Page tokens: where to go on, and a hash of everything that must be the same then. Opaque to
 * callers; not a secret, and good across restarts and servers.
 */
#ifndef ZR_SERVICE_PAGE_TOKEN_H
#define ZR_SERVICE_PAGE_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/view.h"
#include "model/call.h"
#include "model/record.h"

enum { ZR_PAGE_TOKEN_SIZE = 35 };

/* Of all filters, the page size and the account; not of the page. */
uint64_t zr_page_content(const struct zr_list_query *query, const char *account);
/* Of all filters and the page size; not of `after`. */
uint64_t zr_page_content_of_records(const struct zr_record_query *query);
/* `place`, from 1: the page, or the number of the record. */
void zr_page_token_make(uint64_t place, uint64_t content, char out[ZR_PAGE_TOKEN_SIZE]);
/* False for anything that this function's twin did not make for this content, and above `max`. */
bool zr_page_token_read(struct zr_view token, uint64_t content, uint64_t max, uint64_t *place);

#endif
