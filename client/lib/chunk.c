#include "chunk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { VIOLATIONS_NAMED = 100, FIELD_OVERHEAD = 4 };

/* An id with its position, to be sorted by both. */
struct mention {
  const char *id;
  uint32_t position;
};

static int s_by_id(const void *a, const void *b) {
  const struct mention *left = a;
  const struct mention *right = b;
  int order = strcmp(left->id, right->id);
  return order ? order : left->position < right->position ? -1 : 1;
}

uint32_t *zr_first_mentions(const char *const *ids, size_t count) {
  struct mention *sorted = zr_calloc(count, sizeof *sorted);
  uint32_t *first = zr_calloc(count, sizeof *first);
  if (!sorted || !first) {
    zr_free(sorted);
    zr_free(first);
    return NULL;
  }
  for (size_t i = 0; i < count; i++)
    sorted[i] = (struct mention){ids[i], (uint32_t)i};
  qsort(sorted, count, sizeof *sorted, s_by_id);
  for (size_t i = 0; i < count; i++) {
    bool repeats = i > 0 && strcmp(sorted[i].id, sorted[i - 1].id) == 0;
    first[sorted[i].position] = repeats ? first[sorted[i - 1].position] : sorted[i].position;
  }
  zr_free(sorted);
  return first;
}

const char *zr_id_fault(struct zr_view id) {
  if (zr_view_trim(id).len == 0)
    return "is blank";
  if (zr_view_trim(id).len != id.len)
    return "has white space around it";
  if (id.len > ZR_ID_BYTES)
    return "is longer than 128 bytes";
  if (!zr_view_is_utf8(id))
    return "is not valid UTF-8";
  return NULL;
}

static enum zenrelease_status s_check(const char *const *ids, size_t count,
                                      struct zenrelease_error **error) {
  size_t named = 0;
  for (size_t i = 0; i < count && named < VIOLATIONS_NAMED; i++) {
    const char *fault = zr_id_fault(zr_view_of(ids[i]));
    if (!fault)
      continue;
    char field[48];
    (void)snprintf(field, sizeof field, "instance_ids[%zu]", i);
    if (named++ == 0)
      (void)zr_error_set(error, ZENRELEASE_INVALID_ARGUMENT, "%s %s", field, fault);
    if (error && *error &&
        zr_error_add_violation(*error, zr_view_of(field), zr_view_of(fault)) != 0)
      break;
  }
  return named ? ZENRELEASE_INVALID_ARGUMENT : ZENRELEASE_OK;
}

/* Fills ids and origin with the first mentions. */
static int s_collapse(struct zr_chunks *c, const char *const *ids, size_t count) {
  uint32_t *first = zr_first_mentions(ids, count);
  int rc = first ? 0 : -1;
  for (size_t i = 0; rc == 0 && i < count; i++) {
    if (first[i] != i) {
      void *array = c->repeats;
      rc = zr_grow(&array, &c->repeat_cap, c->repeat_count + 1, sizeof *c->repeats);
      c->repeats = array;
      if (rc == 0)
        c->repeats[c->repeat_count++] = (struct zr_repeat){first[i], (uint32_t)i};
      continue;
    }
    c->origin[c->id_count] = (uint32_t)i;
    c->ids[c->id_count++] = ids[i];
  }
  zr_free(first);
  return rc;
}

static int s_add_chunk(struct zr_chunks *c, size_t start, size_t count) {
  void *array = c->chunks;
  if (zr_grow(&array, &c->chunk_cap, c->chunk_count + 1, sizeof *c->chunks) != 0)
    return -1;
  c->chunks = array;
  c->chunks[c->chunk_count++] = (struct zr_chunk){start, count};
  return 0;
}

static int s_cut(struct zr_chunks *c) {
  size_t start = 0;
  size_t bytes = 0;
  for (size_t i = 0; i < c->id_count; i++) {
    size_t more = strlen(c->ids[i]) + FIELD_OVERHEAD;
    if (i - start == ZR_CHUNK_IDS || bytes + more > ZR_CHUNK_BYTES) {
      if (s_add_chunk(c, start, i - start) != 0)
        return -1;
      start = i;
      bytes = 0;
    }
    bytes += more;
  }
  return s_add_chunk(c, start, c->id_count - start);
}

static bool s_fits_one(const char *const *ids, size_t count) {
  size_t bytes = 0;
  if (count > ZR_CHUNK_IDS)
    return false;
  for (size_t i = 0; i < count && bytes <= ZR_CHUNK_BYTES; i++)
    bytes += strlen(ids[i]) + FIELD_OVERHEAD;
  return bytes <= ZR_CHUNK_BYTES;
}

enum zenrelease_status zr_chunks_plan(struct zr_chunks *c, const char *const *ids, size_t count,
                                      struct zenrelease_error **error) {
  *c = (struct zr_chunks){0};
  if (!ids || count == 0)
    return zr_error_set(error, ZENRELEASE_INVALID_ARGUMENT, "instance_ids: there are none");
  if (count >= UINT32_MAX)
    return zr_error_set(error, ZENRELEASE_INVALID_ARGUMENT, "instance_ids: too many");
  enum zenrelease_status status = s_check(ids, count, error);
  if (status != ZENRELEASE_OK)
    return status;
  c->ids = zr_calloc(count, sizeof *c->ids);
  c->origin = zr_calloc(count, sizeof *c->origin);
  if (!c->ids || !c->origin || s_collapse(c, ids, count) != 0)
    return zr_error_nomem(error);
  c->distinct = c->id_count;
  if (s_fits_one(ids, count)) {
    memcpy(c->ids, ids, count * sizeof *ids);
    c->id_count = count;
    zr_free(c->origin);
    c->origin = NULL;
    c->repeat_count = 0;
  }
  return s_cut(c) == 0 ? ZENRELEASE_OK : zr_error_nomem(error);
}

void zr_chunks_clean_up(struct zr_chunks *c) {
  zr_free(c->ids);
  zr_free(c->origin);
  zr_free(c->chunks);
  zr_free(c->repeats);
  *c = (struct zr_chunks){0};
}
