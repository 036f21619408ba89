/* zenrelease history: what the journal says about the releases of the past. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/view.h"
#include "commands.h"
#include "connect.h"
#include "duration.h"
#include "interrupt.h"
#include "json.h"
#include "out.h"
#include "table.h"

enum {
  KEY_ID = 0x200,
  KEY_SINCE,
  KEY_UNTIL,
  KEY_OUTCOME,
  KEY_REQUEST_ID,
  KEY_RELEASE_REQUEST_ID,
  KEY_OPEN,
  KEY_PRODUCT,
  KEY_LIMIT
};

enum { LINE_MAX_BYTES = 16 * 1024 * 1024, PAGE_MAX = 1000, ROWS_AT_ONCE = 1000 };

struct history_args {
  struct zr_common_args *common;
  struct zenrelease_records_options o;
  int64_t now_ms;
  const char *since_text;
  const char *until_text;
  const char *outcome_text;
  const char *limit_text;
  unsigned long long limit; /* 0: none */
};

static const struct argp_option s_options[] = {
    {"id", KEY_ID, "ID", 0, "Of this instance", 1},
    {"since", KEY_SINCE, "TIME", 0, "Not before: 2026-01-31T12:00:00Z, or 24h for a day ago", 1},
    {"until", KEY_UNTIL, "TIME", 0, "Before", 1},
    {"outcome", KEY_OUTCOME, "WORD", 0, "That ended so: released, refused, unknown, …", 1},
    {"request-id", KEY_REQUEST_ID, "ID", 0, "Of the release with this name", 1},
    {"release-request-id", KEY_RELEASE_REQUEST_ID, "ID", 0,
     "Of the call that the service gave this id", 1},
    {"open", KEY_OPEN, 0, 0, "Only what is not known to have ended", 1},
    {"product", KEY_PRODUCT, "NAME", 0, "vm, bmc or zec", 1},
    {"limit", KEY_LIMIT, "N", 0, "At most so many", 1},
    {0},
};

static int s_moment(struct history_args *a, const char **slot, const char *flag, const char *value,
                    int64_t *ms) {
  int rc = zr_args_once(a->common, slot, flag, value);
  if (rc == 0 && (!zr_moment_parse(value, a->now_ms, ms) || *ms <= 0))
    rc = zr_args_fail(a->common,
                      "--%s must be a time like 2026-01-31T12:00:00Z, or a duration like 24h for "
                      "so long ago, not %s",
                      flag, value);
  return rc;
}

static int s_outcome(struct history_args *a, const char *value) {
  int rc = zr_args_once(a->common, &a->outcome_text, "outcome", value);
  for (int o = 1; rc == 0 && o < ZENRELEASE_OUTCOME_COUNT; o++) {
    if (strcmp(value, zenrelease_outcome_name((enum zenrelease_outcome)o)) == 0) {
      a->o.outcome = (enum zenrelease_outcome)o;
      return 0;
    }
  }
  return rc ? rc : zr_args_fail(a->common, "--outcome must be the word of one, not %s", value);
}

static error_t s_parse(int key, char *arg, struct argp_state *state) {
  struct history_args *a = state->input;
  switch (key) {
  case ARGP_KEY_INIT:
    state->child_inputs[0] = a->common;
    return 0;
  case KEY_ID:
    return zr_args_once(a->common, &a->o.instance_id, "id", arg);
  case KEY_SINCE:
    return s_moment(a, &a->since_text, "since", arg, &a->o.start_time_ms);
  case KEY_UNTIL:
    return s_moment(a, &a->until_text, "until", arg, &a->o.end_time_ms);
  case KEY_OUTCOME:
    return s_outcome(a, arg);
  case KEY_REQUEST_ID:
    return zr_args_once(a->common, &a->o.request_id, "request-id", arg);
  case KEY_RELEASE_REQUEST_ID:
    return zr_args_once(a->common, &a->o.release_request_id, "release-request-id", arg);
  case KEY_OPEN:
    a->o.open_only = 1;
    return 0;
  case KEY_PRODUCT:
    return zr_args_product(a->common, arg, &a->o.product);
  case KEY_LIMIT:
    return zr_args_limit(a->common, &a->limit_text, arg, &a->limit);
  case ARGP_KEY_ARG:
    return zr_args_fail(a->common, "history takes no arguments, and got %s", arg);
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp s_argp = {
    .options = s_options,
    .parser = s_parse,
    .doc = "Shows what the journal says about the releases of the past, newest first: one line for "
           "each instance of each call. Sends no release.\v"
           "Exit codes: 0 shown, also when there is none; 1 failed, or there is no journal; 2 "
           "usage; 130 interrupted.",
    .children = zr_common_children,
};

/* ---- output ---- */

struct history {
  const struct history_args *args;
  struct zr_table table;
  struct zr_buf line;
  unsigned long long shown;
  unsigned long long open;
};

static void s_begin_table(struct zr_table *table) {
  static const char *const heads[] = {"TIME",   "INSTANCE", "PRODUCT", "OUTCOME",
                                      "ANSWER", "CALL",     "REQUEST", "NAME"};
  zr_table_begin(table, heads, ZR_COUNT(heads));
}

/* The heads stand again above every thousand rows, and each thousand has its own widths. */
static void s_flush_table(struct history *h) {
  zr_table_render(&h->table, 0, zr_table_rows(&h->table), zr_out_has_colour(), &h->line);
  zr_out_buf(&h->line);
  zr_table_clean_up(&h->table);
  s_begin_table(&h->table);
}

static void s_answer(const struct zenrelease_record *r, char out[96]) {
  if (r->batch == 0)
    (void)snprintf(out, 96, "not sent");
  else if (!r->answer_time_ms)
    (void)snprintf(out, 96, "none");
  else
    (void)snprintf(out, 96, "%s%s%s", r->answer_class, *r->service_code ? " " : "",
                   r->service_code);
}

static int s_add_row(struct zr_table *table, const struct zenrelease_record *r) {
  char stamp[32];
  char outcome[48];
  char answer[96];
  char call[16] = "-";
  bool decided = r->outcome != ZENRELEASE_OUTCOME_NONE;
  zr_wall_format((struct zr_wall){r->send_time_ms ? r->send_time_ms : r->decide_time_ms}, stamp);
  (void)snprintf(outcome, sizeof outcome, "%s%s%s",
                 decided ? zenrelease_outcome_name(r->outcome) : "", decided && r->open ? ", " : "",
                 r->open ? "open" : "");
  s_answer(r, answer);
  if (r->batch)
    (void)snprintf(call, sizeof call, "%d", r->batch);
  const char *const cells[] = {stamp,
                               r->instance_id,
                               zenrelease_product_name(r->product),
                               *outcome ? outcome : "-",
                               answer,
                               call,
                               *r->release_request_id ? r->release_request_id : "-",
                               r->display_name};
  return zr_table_add(table, cells);
}

static void s_show(struct history *h, const struct zenrelease_record *r) {
  h->shown++;
  h->open += r->open ? 1 : 0;
  if (h->args->common->json) {
    zr_json_record(&h->line, r);
    (void)zr_buf_char(&h->line, '\n');
    zr_out_buf(&h->line);
    return;
  }
  if (s_add_row(&h->table, r) != 0)
    zr_out_missing(r->instance_id);
  if (zr_table_rows(&h->table) == ROWS_AT_ONCE)
    s_flush_table(h);
}

static void s_close(struct history *h) {
  if (h->args->common->json) {
    zr_out_text("{\"type\":\"result\",\"count\":%llu,\"open\":%llu}\n", h->shown, h->open);
    return;
  }
  if (zr_table_rows(&h->table))
    s_flush_table(h);
  zr_out_text("%s%llu shown", h->shown ? "\n" : "", h->shown);
  if (h->open)
    zr_out_text(", %llu open; zenrelease resume settles them", h->open);
  zr_out_text("\n");
}

static enum zr_exit s_history(struct history *h, const struct zr_connection *connection) {
  struct zenrelease_records_options o = h->args->o;
  unsigned long long limit = h->args->limit;
  struct zenrelease_records *records = NULL;
  struct zenrelease_error *error = NULL;
  const struct zenrelease_record *r = NULL;
  o.page_size = limit && limit < PAGE_MAX ? (int32_t)limit : PAGE_MAX;
  o.cancel = connection->cancel;
  enum zenrelease_status status = zenrelease_records_new(connection->client, &o, &records, &error);
  while (status == ZENRELEASE_OK && (!limit || h->shown < limit)) {
    status = zenrelease_records_next(records, &r, &error);
    if (status != ZENRELEASE_OK || !r)
      break;
    s_show(h, r);
  }
  if (status == ZENRELEASE_OK)
    s_close(h);
  else
    zr_tell_journal_error(h->args->common, connection, error);
  bool written = zr_out_written("history");
  zenrelease_records_free(records);
  zenrelease_error_free(error);
  if (status == ZENRELEASE_INVALID_ARGUMENT)
    return ZR_EXIT_USAGE;
  return status == ZENRELEASE_OK && written ? ZR_EXIT_OK : ZR_EXIT_NONE;
}

enum zr_exit zr_command_history(struct zr_common_args *common, int argc, char **argv) {
  struct history_args args = {.common = common, .now_ms = zr_wall_now().ms};
  struct history h = {.args = &args, .line = ZR_BUF_INIT(LINE_MAX_BYTES)};
  struct zr_connection connection;
  zenrelease_records_options_init(&args.o);
  if (!zr_args_parse(&s_argp, common, &args, argc, argv))
    return zr_args_usage(common, "history");
  if (args.until_text && args.o.end_time_ms <= args.o.start_time_ms) {
    (void)zr_args_fail(common, "--until is not after --since");
    return zr_args_usage(common, "history");
  }
  s_begin_table(&h.table);
  enum zr_exit code = zr_connect(&connection, common);
  if (code == ZR_EXIT_OK)
    code = s_history(&h, &connection);
  zr_disconnect(&connection);
  zr_table_clean_up(&h.table);
  zr_buf_clean_up(&h.line);
  return zr_interrupted() ? ZR_EXIT_STOPPED : code;
}
