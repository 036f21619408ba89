#include "summary.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "json.h"
#include "out.h"
#include "table.h"

enum { CHUNK_BYTES = 64 * 1024, BUF_MAX = 64 * 1024 * 1024, WARNINGS_SHOWN = 20, HINTS_MAX = 32 };

static bool s_would(const struct zenrelease_result *r) {
  return r->outcome == ZENRELEASE_OUTCOME_NOT_ATTEMPTED &&
         strcmp(r->diagnostic_code, "WOULD_RELEASE") == 0;
}

static int s_by_text(const void *a, const void *b) {
  const char *const *left = a;
  const char *const *right = b;
  return strcmp(*left, *right);
}

/* Whether report i has the last word on this id. */
static bool s_speaks(const struct zr_summary_facts *f, size_t i, const char *id) {
  const struct zr_superseded *s = f->superseded ? &f->superseded[i] : NULL;
  return !s || !s->count || !bsearch(&id, s->ids, s->count, sizeof *s->ids, s_by_text);
}

static enum zenrelease_product s_product(const struct zr_summary_facts *f, size_t i) {
  return f->products ? f->products[i] : ZENRELEASE_PRODUCT_NONE;
}

int64_t zr_summary_would_release(const struct zr_summary_facts *f) {
  int64_t n = 0;
  for (size_t i = 0; i < f->report_count; i++)
    for (size_t k = 0; k < zenrelease_report_result_count(f->reports[i]); k++)
      n += s_would(zenrelease_report_result(f->reports[i], k)) ? 1 : 0;
  return n;
}

/* ---- JSON ---- */

static void s_flush_at(struct zr_buf *b, size_t bytes) {
  if (b->len >= bytes)
    zr_out_buf(b);
}

static void s_json_results(const struct zr_summary_facts *f, struct zr_buf *b) {
  const char *comma = "";
  for (size_t i = 0; i < f->report_count; i++) {
    for (size_t k = 0; k < zenrelease_report_result_count(f->reports[i]); k++) {
      const struct zenrelease_result *r = zenrelease_report_result(f->reports[i], k);
      if (!s_speaks(f, i, r->instance_id))
        continue;
      (void)zr_buf_text(b, comma);
      zr_json_result_of(b, r, s_product(f, i));
      s_flush_at(b, CHUNK_BYTES);
      comma = ",";
    }
  }
}

static void s_json_diagnostics(const struct zr_summary_facts *f, struct zr_buf *b) {
  const char *comma = "";
  for (size_t i = 0; i < f->report_count; i++) {
    for (size_t k = 0; k < zenrelease_report_diagnostic_count(f->reports[i]); k++) {
      const struct zenrelease_diagnostic *d = zenrelease_report_diagnostic(f->reports[i], k);
      if (!s_speaks(f, i, d->instance_id))
        continue;
      (void)zr_buf_text(b, comma);
      zr_json_diagnostic(b, d);
      s_flush_at(b, CHUNK_BYTES);
      comma = ",";
    }
  }
}

void zr_summary_json(const struct zr_summary_facts *f) {
  struct zr_buf b = ZR_BUF_INIT(BUF_MAX);
  (void)zr_buf_text(&b, "{\"type\":\"result\",\"results\":[");
  s_json_results(f, &b);
  (void)zr_buf_text(&b, "],\"counts\":");
  zr_json_counts(&b, f->counts);
  (void)zr_buf_text(&b, ",\"diagnostics\":[");
  s_json_diagnostics(f, &b);
  (void)zr_buf_char(&b, ']');
  if (*f->request_id) {
    (void)zr_buf_text(&b, ",\"request_id\":");
    (void)zr_buf_json(&b, zr_view_of(f->request_id));
  }
  if (f->problem && *f->problem) {
    (void)zr_buf_text(&b, ",\"problem\":");
    (void)zr_buf_json(&b, zr_view_of(f->problem));
  }
  (void)zr_buf_text(&b, "}\n");
  zr_out_buf(&b);
  zr_buf_clean_up(&b);
}

/* ---- people ---- */

/* The diagnostics of one report, sorted by instance id. */
struct index {
  const struct zenrelease_diagnostic **items;
  size_t count;
};

static int s_by_instance(const void *a, const void *b) {
  const struct zenrelease_diagnostic *const *left = a;
  const struct zenrelease_diagnostic *const *right = b;
  return strcmp((*left)->instance_id, (*right)->instance_id);
}

static struct index s_index(const struct zenrelease_report *report) {
  size_t count = zenrelease_report_diagnostic_count(report);
  struct index index = {zr_calloc(count, sizeof(struct zenrelease_diagnostic *)), 0};
  for (size_t i = 0; index.items && i < count; i++)
    index.items[index.count++] = zenrelease_report_diagnostic(report, i);
  if (index.count)
    qsort(index.items, index.count, sizeof(struct zenrelease_diagnostic *), s_by_instance);
  return index;
}

static void s_index_clean_up(struct index *index) {
  void *items = index->items;
  zr_free(items);
}

/* The diagnostic that explains the result's outcome; NULL when there is none. */
static const struct zenrelease_diagnostic *s_reason(const struct index *index,
                                                    const struct zenrelease_result *r) {
  size_t low = 0;
  size_t high = index->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (strcmp(index->items[middle]->instance_id, r->instance_id) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  for (; low < index->count && strcmp(index->items[low]->instance_id, r->instance_id) == 0; low++)
    if (strcmp(index->items[low]->code, r->diagnostic_code) == 0)
      return index->items[low];
  return NULL;
}

/* What to do about each code, once. */
struct hints {
  const struct zenrelease_diagnostic *items[HINTS_MAX];
  size_t count;
};

static void s_add_hint(struct hints *h, const struct zenrelease_diagnostic *d) {
  for (size_t i = 0; i < h->count; i++)
    if (strcmp(h->items[i]->code, d->code) == 0)
      return;
  if (*d->hint && h->count < HINTS_MAX)
    h->items[h->count++] = d;
}

/* With the product, where it is not NONE. */
static int s_add_row(struct zr_table *table, const struct zenrelease_result *r,
                     const struct zenrelease_diagnostic *d, enum zenrelease_product product) {
  struct zr_buf why = ZR_BUF_INIT(2048);
  if (d && *d->detail)
    (void)zr_buf_text(&why, d->detail);
  else if (d)
    (void)zr_buf_text(&why, d->summary);
  else
    (void)zr_buf_text(&why, *r->diagnostic_code ? r->diagnostic_code : "-");
  if (d && *d->service_code && !strstr(why.data ? why.data : "", d->service_code))
    (void)zr_buf_printf(&why, " [%s]", d->service_code);
  const char *const cells[] = {zenrelease_product_name(product), r->instance_id,
                               zenrelease_outcome_name(r->outcome),
                               *r->last_status ? r->last_status : "-", why.data ? why.data : "-"};
  int rc = zr_table_add(table, product == ZENRELEASE_PRODUCT_NONE ? cells + 1 : cells);
  zr_buf_clean_up(&why);
  return rc;
}

static void s_collect(const struct zr_summary_facts *f, struct zr_table *table,
                      struct hints *hints) {
  for (size_t i = 0; i < f->report_count; i++) {
    struct index index = s_index(f->reports[i]);
    for (size_t k = 0; k < zenrelease_report_result_count(f->reports[i]); k++) {
      const struct zenrelease_result *r = zenrelease_report_result(f->reports[i], k);
      bool dull = r->outcome == ZENRELEASE_OUTCOME_RELEASED || (f->dry_run && s_would(r));
      if ((dull && !f->products) || !s_speaks(f, i, r->instance_id))
        continue;
      const struct zenrelease_diagnostic *d = s_reason(&index, r);
      if (d)
        s_add_hint(hints, d);
      if (s_add_row(table, r, d, s_product(f, i)) != 0)
        zr_note("zenrelease: out of memory; %s is missing in the table", r->instance_id);
    }
    s_index_clean_up(&index);
  }
}

static void s_print_table(const struct zr_table *table, bool colour) {
  struct zr_buf b = ZR_BUF_INIT(BUF_MAX);
  size_t rows = zr_table_rows(table);
  for (size_t from = 0; from < rows; from += 256) {
    zr_table_render(table, from, rows - from > 256 ? from + 256 : rows, colour, &b);
    zr_out_buf(&b);
  }
  zr_buf_clean_up(&b);
}

static void s_print_hints(const struct hints *h) {
  struct zr_buf b = ZR_BUF_INIT(BUF_MAX);
  for (size_t i = 0; i < h->count; i++) {
    (void)zr_buf_text(&b, i ? "" : "\n");
    zr_plain_text(&b, h->items[i]->code);
    (void)zr_buf_text(&b, ": ");
    zr_plain_text(&b, h->items[i]->hint);
    (void)zr_buf_char(&b, '\n');
  }
  zr_out_buf(&b);
  zr_buf_clean_up(&b);
}

/* Diagnostics about the request, and repeated mentions: not in the table. */
static void s_print_general(const struct zr_summary_facts *f) {
  struct zr_buf b = ZR_BUF_INIT(BUF_MAX);
  size_t shown = 0;
  size_t hidden = 0;
  for (size_t i = 0; i < f->report_count; i++) {
    for (size_t k = 0; k < zenrelease_report_diagnostic_count(f->reports[i]); k++) {
      const struct zenrelease_diagnostic *d = zenrelease_report_diagnostic(f->reports[i], k);
      if (*d->instance_id && strcmp(d->code, "DUPLICATE_ID") != 0)
        continue; /* in the table */
      if (shown++ >= WARNINGS_SHOWN) {
        hidden++;
        continue;
      }
      (void)zr_buf_printf(&b, "%s: ", zenrelease_severity_name(d->severity));
      zr_plain_text(&b, d->summary);
      const char *about = *d->detail ? d->detail : d->instance_id;
      (void)zr_buf_text(&b, *about ? ": " : "");
      zr_plain_text(&b, about);
      (void)zr_buf_char(&b, '\n');
    }
  }
  if (hidden)
    (void)zr_buf_printf(&b, "… and %zu more like these (--json has them all)\n", hidden);
  if (shown)
    (void)zr_buf_char(&b, '\n');
  zr_out_buf(&b);
  zr_buf_clean_up(&b);
}

static void s_print_counts(const struct zr_summary_facts *f) {
  struct zr_buf b = ZR_BUF_INIT(1024);
  const char *comma = "";
  for (int i = 1; i < ZENRELEASE_OUTCOME_COUNT; i++) {
    if (!f->counts->by_outcome[i])
      continue;
    (void)zr_buf_printf(&b, "%s%s %lld", comma, zenrelease_outcome_name((enum zenrelease_outcome)i),
                        (long long)f->counts->by_outcome[i]);
    comma = ", ";
  }
  if (f->counts->duplicates)
    (void)zr_buf_printf(&b, " (%lld repeated and counted once)", (long long)f->counts->duplicates);
  (void)zr_buf_text(&b, f->counts->total ? "\n" : "");
  zr_out_buf(&b);
  zr_buf_clean_up(&b);
}

static int64_t s_open(const struct zenrelease_counts *c) {
  return c->by_outcome[ZENRELEASE_OUTCOME_ACCEPTED] + c->by_outcome[ZENRELEASE_OUTCOME_UNKNOWN];
}

static void s_print_resumed(const struct zr_summary_facts *f) {
  int64_t open = s_open(f->counts);
  if (f->problem && *f->problem) {
    struct zr_buf b = ZR_BUF_INIT(BUF_MAX);
    (void)zr_buf_text(&b, "not all could be read: ");
    zr_plain_text(&b, f->problem);
    (void)zr_buf_char(&b, '\n');
    zr_out_buf(&b);
    zr_buf_clean_up(&b);
  } else if (open) {
    zr_out_text("%lld still open\n", (long long)open);
  } else {
    zr_out_text("nothing is open\n");
  }
}

static void s_print_last(const struct zr_summary_facts *f) {
  int64_t released = f->counts->by_outcome[ZENRELEASE_OUTCOME_RELEASED];
  bool all = released == f->counts->total;
  const char *colour = !f->colour ? "" : all ? "\033[32m" : "\033[33m";
  if (f->products)
    s_print_resumed(f);
  else if (f->dry_run)
    zr_out_text("would release %lld of %lld; nothing was sent\n",
                (long long)zr_summary_would_release(f), (long long)f->counts->total);
  else
    zr_out_text("%sreleased %lld of %lld%s\n", colour, (long long)released,
                (long long)f->counts->total, f->colour ? "\033[0m" : "");
}

void zr_summary_human(const struct zr_summary_facts *f) {
  static const char *const heads[] = {"PRODUCT", "INSTANCE", "OUTCOME", "STATUS", "WHY"};
  size_t skip = f->products ? 0 : 1;
  struct zr_table table = {0};
  struct hints hints = {0};
  zr_table_begin(&table, heads + skip, ZR_COUNT(heads) - skip);
  s_collect(f, &table, &hints);
  s_print_general(f);
  if (zr_table_rows(&table)) {
    s_print_table(&table, f->colour);
    s_print_hints(&hints);
    zr_out_text("\n");
  }
  s_print_counts(f);
  s_print_last(f);
  zr_table_clean_up(&table);
}
