#include "plan_text.h"

#include <stdio.h>
#include <string.h>

#include "cli/out.h"

enum { LINES_MAX_BYTES = 16 * 1024 * 1024, CELL_MAX = 4096 };

static const char *const s_heads[] = {"INSTANCE", "NAME",      "ZONE",
                                      "DISKS",    "ADDRESSES", "PAID UNTIL"};

/* ---- one instance ---- */

/* Prepaid, with time left that nobody gets back. Times of one form compare as texts. */
static bool s_forfeits(const struct zr_plan_text *t, const struct zenrelease_instance *i) {
  char now[ZR_STAMP_ROOM];
  zr_wall_format((struct zr_wall){t->now_ms}, now);
  return strcmp(i->charge_type, "PREPAID") == 0 && *i->expire_time &&
         strncmp(i->expire_time, now, 19) > 0;
}

static void s_row(struct zr_plan_text *t, const struct zenrelease_instance *i, bool forfeits) {
  struct zr_buf addresses = ZR_BUF_INIT(CELL_MAX);
  char disks[16];
  (void)snprintf(disks, sizeof disks, "%d", i->undetachable_disk_count);
  for (size_t k = 0; k < i->public_ip_address_count; k++)
    (void)zr_buf_printf(&addresses, "%s%s", k ? "," : "", i->public_ip_addresses[k]);
  const char *cells[] = {i->instance_id,
                         i->name,
                         i->zone_id,
                         disks,
                         addresses.len ? addresses.data : "-",
                         forfeits ? i->expire_time : "-"};
  if (zr_table_add(&t->table, cells) != 0)
    zr_note("zenrelease: out of memory; %s is missing in the table", i->instance_id);
  zr_buf_clean_up(&addresses);
}

static void s_would(void *ctx, const struct zr_step *s, const struct zenrelease_instance *i) {
  struct zr_plan_text *t = ctx;
  bool forfeits = s_forfeits(t, i);
  t->disks += (uint64_t)i->undetachable_disk_count;
  t->addresses += i->public_ip_address_count;
  t->prepaid += forfeits;
  if (t->json) {
    zr_plan_instance_line(&t->line, s->name, i);
    (void)zr_buf_char(&t->line, '\n');
    zr_out_buf(&t->line);
  } else if (t->rows++ < ZR_PLAN_ROWS) {
    s_row(t, i, forfeits);
  }
}

static void s_json_against(struct zr_plan_text *t, const char *type, const struct zr_step *s,
                           const char *id, const char *code, const char *detail) {
  (void)zr_buf_printf(&t->line, "{\"type\":\"%s\",\"step\":\"%s\",\"id\":", type, s->name);
  (void)zr_buf_json(&t->line, zr_view_of(id));
  (void)zr_buf_printf(&t->line, ",\"code\":\"%s\",\"detail\":", code);
  (void)zr_buf_json(&t->line, zr_view_of(detail));
  (void)zr_buf_text(&t->line, "}\n");
  zr_out_buf(&t->line);
}

/* The first so many lines are kept; the tally has the number of all. */
static void s_against(struct zr_buf *b, const char *id, const char *code, const char *detail) {
  size_t lines = 0;
  for (size_t i = 0; i < b->len; i++)
    lines += b->data[i] == '\n';
  if (lines >= ZR_PLAN_ROWS)
    return;
  (void)zr_buf_text(b, "    ");
  zr_plain_text(b, id);
  (void)zr_buf_printf(b, "  %s  ", code);
  zr_plain_text(b, detail);
  (void)zr_buf_char(b, '\n');
}

static void s_blocked(void *ctx, const struct zr_step *s, const char *id, const char *code,
                      const char *detail) {
  struct zr_plan_text *t = ctx;
  if (t->json)
    s_json_against(t, "blocked", s, id, code, detail);
  else
    s_against(&t->blocked, id, code, detail);
}

static void s_kept(void *ctx, const struct zr_step *s, const char *id, const char *code,
                   const char *detail) {
  struct zr_plan_text *t = ctx;
  if (t->json)
    s_json_against(t, "kept", s, id, code, detail);
  else
    s_against(&t->kept, id, code, detail);
}

/* ---- steps ---- */

void zr_plan_text_begin(struct zr_plan_text *t, bool json, bool colour, int64_t now_ms) {
  *t = (struct zr_plan_text){.json = json,
                             .colour = colour,
                             .now_ms = now_ms,
                             .line = ZR_BUF_INIT(LINES_MAX_BYTES),
                             .blocked = ZR_BUF_INIT(LINES_MAX_BYTES),
                             .kept = ZR_BUF_INIT(LINES_MAX_BYTES)};
  t->view = (struct zr_plan_view){t, s_would, s_blocked, s_kept};
}

void zr_plan_text_head(struct zr_plan_text *t, const struct zr_plan_head *head) {
  char created[ZR_STAMP_ROOM];
  char expires[ZR_STAMP_ROOM];
  if (t->json)
    return;
  zr_wall_format((struct zr_wall){head->created_ms}, created);
  zr_wall_format((struct zr_wall){head->expires_ms}, expires);
  zr_out_text("Plan for account %s at %s\n", head->account, head->endpoint);
  zr_out_text("made %s, good until %s; nothing has been released\n", created, expires);
}

void zr_plan_text_step(struct zr_plan_text *t) {
  zr_table_clean_up(&t->table);
  t->table = (struct zr_table){0};
  zr_table_begin(&t->table, s_heads, ZR_COUNT(s_heads));
  zr_buf_reset(&t->blocked);
  zr_buf_reset(&t->kept);
  t->rows = 0;
}

static void s_step_title(struct zr_buf *b, const struct zr_plan_head *head, const struct zr_step *s,
                         const struct zr_plan_tally *tally, int64_t bin_total) {
  (void)zr_buf_printf(b, "\nStep %s: %llu %s instance%s to release, %lld in the bin", s->name,
                      (unsigned long long)tally->would, zenrelease_product_name(s->product),
                      tally->would == 1 ? "" : "s", (long long)bin_total);
  for (size_t i = 0; i < s->need_count; i++)
    (void)zr_buf_printf(b, "%s%s", i ? ", " : "; after ", head->steps.items[s->needs[i]].name);
  (void)zr_buf_char(b, '\n');
}

static void s_section(struct zr_buf *b, const char *title, uint64_t count,
                      const struct zr_buf *lines) {
  if (count == 0)
    return;
  (void)zr_buf_printf(b, "  %s: %llu\n", title, (unsigned long long)count);
  (void)zr_buf_view(b, zr_buf_as_view(lines));
  if (count > ZR_PLAN_ROWS)
    (void)zr_buf_printf(b, "    and %llu more\n", (unsigned long long)(count - ZR_PLAN_ROWS));
}

static void s_table(const struct zr_plan_text *t, struct zr_buf *b) {
  struct zr_buf rows = ZR_BUF_INIT(LINES_MAX_BYTES);
  if (zr_table_rows(&t->table) == 0)
    return;
  zr_table_render(&t->table, 0, zr_table_rows(&t->table), t->colour, &rows);
  struct zr_view left = zr_buf_as_view(&rows);
  while (left.len) {
    struct zr_view line = zr_view_split(&left, '\n');
    (void)zr_buf_text(b, "  ");
    (void)zr_buf_view(b, line);
    (void)zr_buf_char(b, '\n');
  }
  if (t->rows > ZR_PLAN_ROWS)
    (void)zr_buf_printf(b, "  and %llu more\n", (unsigned long long)(t->rows - ZR_PLAN_ROWS));
  zr_buf_clean_up(&rows);
}

static void s_step_json(struct zr_plan_text *t, const struct zr_step *s,
                        const struct zr_plan_tally *tally, int64_t bin_total) {
  (void)zr_buf_printf(
      &t->line,
      "{\"type\":\"step\",\"step\":\"%s\",\"product\":\"%s\",\"would_release\":%llu,"
      "\"blocked\":%llu,\"kept\":%llu,\"gone\":%llu,\"bin\":%lld",
      s->name, zenrelease_product_name(s->product), (unsigned long long)tally->would,
      (unsigned long long)tally->blocked, (unsigned long long)tally->kept,
      (unsigned long long)tally->gone, (long long)bin_total);
  if (tally->belt_broken) {
    (void)zr_buf_text(&t->line, ",\"belt_broken\":");
    (void)zr_buf_json(&t->line, zr_buf_as_view(&tally->why));
  }
  (void)zr_buf_text(&t->line, "}\n");
}

void zr_plan_text_step_end(struct zr_plan_text *t, const struct zr_plan_head *head,
                           const struct zr_step *s, const struct zr_plan_tally *tally,
                           int64_t bin_total) {
  if (t->json) {
    s_step_json(t, s, tally, bin_total);
  } else {
    s_step_title(&t->line, head, s, tally, bin_total);
    s_table(t, &t->line);
    s_section(&t->line, "in the way", tally->blocked, &t->blocked);
    s_section(&t->line, "kept", tally->kept, &t->kept);
    if (tally->gone)
      (void)zr_buf_printf(&t->line, "  gone already: %llu\n", (unsigned long long)tally->gone);
    if (tally->belt_broken)
      (void)zr_buf_printf(&t->line, "  a belt stops this step: %s\n",
                          tally->why.data ? tally->why.data : "");
  }
  zr_out_buf(&t->line);
}

static void s_head_json(struct zr_plan_text *t, const struct zr_plan_head *head) {
  char created[ZR_STAMP_ROOM];
  char expires[ZR_STAMP_ROOM];
  zr_wall_format((struct zr_wall){head->created_ms}, created);
  zr_wall_format((struct zr_wall){head->expires_ms}, expires);
  (void)zr_buf_text(&t->line, ",\"account\":");
  (void)zr_buf_json(&t->line, zr_view_of(head->account));
  (void)zr_buf_text(&t->line, ",\"endpoint\":");
  (void)zr_buf_json(&t->line, zr_view_of(head->endpoint));
  (void)zr_buf_printf(&t->line,
                      ",\"created\":\"%s\",\"expires\":\"%s\",\"undetachable_disks\":%llu,"
                      "\"public_addresses\":%llu,\"prepaid\":%llu",
                      created, expires, (unsigned long long)t->disks,
                      (unsigned long long)t->addresses, (unsigned long long)t->prepaid);
}

static void s_end_json(struct zr_plan_text *t, const struct zr_plan_head *head,
                       const struct zr_plan_tally *sum, const char *digest, const char *out) {
  (void)zr_buf_printf(&t->line,
                      "{\"type\":\"result\",\"would_release\":%llu,\"blocked\":%llu,\"kept\":%llu,"
                      "\"gone\":%llu,\"belt_broken\":%s",
                      (unsigned long long)sum->would, (unsigned long long)sum->blocked,
                      (unsigned long long)sum->kept, (unsigned long long)sum->gone,
                      sum->belt_broken ? "true" : "false");
  s_head_json(t, head);
  if (*digest)
    (void)zr_buf_printf(&t->line, ",\"digest\":\"%s\"", digest);
  if (out) {
    (void)zr_buf_text(&t->line, ",\"plan\":");
    (void)zr_buf_json(&t->line, zr_view_of(out));
  }
  (void)zr_buf_text(&t->line, "}\n");
  zr_out_buf(&t->line);
}

void zr_plan_text_end(struct zr_plan_text *t, const struct zr_plan_head *head,
                      const struct zr_plan_tally *sum, const char *digest, const char *out) {
  size_t steps = head->steps.count;
  if (t->json) {
    s_end_json(t, head, sum, digest, out);
    return;
  }
  zr_out_text("\nWith them die %llu disks that cannot be detached, %llu public addresses, and the "
              "paid time of %llu.\n",
              (unsigned long long)t->disks, (unsigned long long)t->addresses,
              (unsigned long long)t->prepaid);
  zr_out_text("%llu to release in %zu step%s, %llu in the way, %llu kept.\n",
              (unsigned long long)sum->would, steps, steps == 1 ? "" : "s",
              (unsigned long long)sum->blocked, (unsigned long long)sum->kept);
  if (sum->belt_broken)
    zr_out_text("A belt stops this plan, so it was not made. Raising a belt is done in the file, "
                "where it is seen in a review.\n");
  else if (out)
    zr_out_text("Digest %s\nSaved in %s; apply it with: zenrelease apply --plan %s "
                "--expect-digest %s\n",
                digest, out, out, digest);
}

void zr_plan_text_clean_up(struct zr_plan_text *t) {
  zr_table_clean_up(&t->table);
  zr_buf_clean_up(&t->line);
  zr_buf_clean_up(&t->blocked);
  zr_buf_clean_up(&t->kept);
}
