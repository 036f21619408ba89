/*
 * Immutable text with a reference count, for evidence that many results share (one request id for a
 * hundred instances). The count is not atomic: one thread only.
 */
#ifndef ZR_BASE_RSTR_H
#define ZR_BASE_RSTR_H

#include "base/attr.h"
#include "base/view.h"

struct zr_rstr;

/* A new text with one reference; NULL when out of memory. */
struct zr_rstr *zr_rstr_new(struct zr_view text) ZR_MUST_CHECK;
/* Another reference to s (NULL is passed through). */
struct zr_rstr *zr_rstr_acquire(struct zr_rstr *s);
void zr_rstr_release(struct zr_rstr *s);
/* Drops *slot and puts a new reference to s there; both may be NULL. */
void zr_rstr_set(struct zr_rstr **slot, struct zr_rstr *s);
/* NUL-terminated; "" for NULL. Lives as long as a reference is held. */
const char *zr_rstr_text(const struct zr_rstr *s);

#endif
