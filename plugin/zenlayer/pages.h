/*
 * The pages of one describe by id, put together: which of the asked-for instances were seen, and
 * whether the pages are consistent enough to call the others absent.
 */
#ifndef ZR_ZENLAYER_PAGES_H
#define ZR_ZENLAYER_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "model/instance.h"
#include "zenlayer/reply.h"

enum { ZR_PAGES_MAX = 60, ZR_PAGE_SIZE = 100 };

struct zr_pages;

/* Copies the ids into the arena, where all of it lives. NULL when out of memory. */
struct zr_pages *zr_pages_new(struct zr_arena *arena, const char *const *ids,
                              size_t count) ZR_MUST_CHECK;
/* Frees what is not in the arena. NULL is fine. */
void zr_pages_clean_up(struct zr_pages *p);

/* Takes one page; copies what it keeps. ZR_ERR_NOMEM. */
enum zr_err zr_pages_add(struct zr_pages *p, const struct zr_rows *page) ZR_MUST_CHECK;
/* Whether another page can and must be read. */
bool zr_pages_want_more(const struct zr_pages *p);
/* The number of the page to read next, from 1. */
unsigned zr_pages_next(const struct zr_pages *p);
/* Totals and distinct rows agree, on every page: an id without a row is absent. */
bool zr_pages_are_complete(const struct zr_pages *p);
/* The rows of the asked-for instances, each once. */
const struct zr_instance *zr_pages_rows(const struct zr_pages *p, size_t *count);
const char *const *zr_pages_ids(const struct zr_pages *p, size_t *count);

#endif
