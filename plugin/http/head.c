#include "http/head.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"

struct field {
  const char *name;
  size_t offset;
  size_t size;
};

#define FIELD(name, member)                                                                        \
  { name, offsetof(struct zr_head, member), sizeof((struct zr_head *)0)->member }

static const struct field s_fields[] = {
    FIELD("date", date),
    FIELD("retry-after", retry_after),
    FIELD("cf-mitigated", cf_mitigated),
    FIELD("content-type", content_type),
    FIELD("content-encoding", content_encoding),
    FIELD("location", location),
};

/* Forgets the fields of a provisional head; what was counted stays counted. */
static void s_start(struct zr_head *h) {
  struct zr_head fresh = {.bytes = h->bytes, .lines = h->lines, .inside = true};
  *h = fresh;
}

/* "HTTP/1.1 200 OK", "HTTP/2 200". */
static void s_status_line(struct zr_head *h, struct zr_view line) {
  s_start(h);
  line = zr_view_trim(line);
  struct zr_view version = zr_view_split(&line, ' ');
  struct zr_view status = zr_view_split(&line, ' ');
  unsigned long long number = 0;
  if (zr_view_eq(version, ZR_VIEW("HTTP/1.1")))
    h->version = 11;
  else
    h->version = zr_view_starts(version, "HTTP/2") ? 20 : 10;
  if (status.len == 3 && zr_view_to_u64(status, &number))
    h->status = (int)number;
}

/* The first of several wins: an intermediary appends. */
static void s_keep(struct zr_head *h, struct zr_view name, struct zr_view value) {
  for (size_t i = 0; i < ZR_COUNT(s_fields); i++) {
    char *slot = (char *)h + s_fields[i].offset;
    if (slot[0] != '\0' || !zr_view_eq_nocase(name, zr_view_of(s_fields[i].name)))
      continue;
    size_t n = value.len < s_fields[i].size - 1 ? value.len : s_fields[i].size - 1;
    memcpy(slot, value.ptr, n);
    slot[n] = '\0';
  }
}

bool zr_head_line(struct zr_head *h, struct zr_view line) {
  h->bytes += line.len;
  h->lines++;
  if (h->bytes > ZR_HEAD_MAX_BYTES || h->lines > ZR_HEAD_MAX_LINES)
    return false;
  if (h->done)
    return true;
  if (!h->inside) {
    if (zr_view_starts(line, "HTTP/"))
      s_status_line(h, line);
    return true;
  }
  struct zr_view rest = zr_view_trim(line);
  if (rest.len == 0) {
    h->inside = false;
    h->done = zr_head_is_final(h);
    return true;
  }
  struct zr_view name = zr_view_split(&rest, ':');
  s_keep(h, zr_view_trim(name), zr_view_trim(rest));
  return true;
}
