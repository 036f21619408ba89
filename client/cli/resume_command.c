/* zenrelease resume: settles what an earlier release left open and, if told to, releases what of it
 * is still in the bin. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "commands.h"
#include "connect.h"
#include "interrupt.h"
#include "out.h"
#include "release_run.h"
#include "summary.h"
#include "table.h"
#include "zenrelease/journal.h"

enum { KEY_TIMEOUT = 0x200, KEY_RELEASE };
enum { TIMEOUT_MS = 600 * 1000, COMMAND_MAX = 64 * 1024 * 1024 };

struct resume_args {
  struct zr_common_args *common;
  const char *timeout_text;
  int64_t timeout_ms; /* 0: none */
  bool release;
};

static const struct argp_option s_options[] = {
    {"timeout", KEY_TIMEOUT, "TIME", 0, "In all (default 10m; 0: none)", 1},
    {"release", KEY_RELEASE, 0, 0,
     "Then release, for good, what is found to be still in the recycle bin", 1},
    {0},
};

static error_t s_parse(int key, char *arg, struct argp_state *state) {
  struct resume_args *a = state->input;
  switch (key) {
  case ARGP_KEY_INIT:
    state->child_inputs[0] = a->common;
    return 0;
  case KEY_TIMEOUT:
    return zr_args_duration(a->common, &a->timeout_text, "timeout", arg, &a->timeout_ms);
  case KEY_RELEASE:
    a->release = true;
    return 0;
  case ARGP_KEY_ARG:
    return zr_args_fail(a->common, "resume takes no arguments, and got %s", arg);
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp s_argp = {
    .options = s_options,
    .parser = s_parse,
    .doc = "Reads every instance whose release was left open by a server that ended in the middle, "
           "until it is known how that ended. Sends no release, unless --release is given; then it "
           "does not ask.\v"
           "Exit codes: 0 nothing was open, or all of it is gone; 1 none of it is, or nothing "
           "could be read; 2 usage; 3 some is, some not; 4 some is still not known; 130 "
           "interrupted.",
    .children = zr_common_children,
};

/* What was open of one product, and what of that is in the bin. */
struct group {
  enum zenrelease_product product;
  struct zenrelease_report *report; /* borrowed */
  const char **in_bin;              /* sorted; text borrowed from the report */
  size_t in_bin_count;
  bool superseded; /* they were released, and the reports of that speak for them */
};

struct resume {
  const struct resume_args *args;
  const struct zr_connection *connection;
  struct zr_mono deadline;
  struct zenrelease_settled *settled;
  struct group *groups;
  size_t group_count;
  struct zr_release_run run;
  enum zenrelease_product *run_products; /* of each of run.reports */
  size_t run_product_cap;
  struct zenrelease_counts counts;
  bool undelivered;
};

/* ---- what is in the bin ---- */

/* The service has two words for it (docs/outcomes.md). */
static bool s_is_in_bin(const struct zenrelease_result *r) {
  return r->outcome == ZENRELEASE_OUTCOME_REFUSED &&
         (strcmp(r->last_status, "RECYCLE") == 0 || strcmp(r->last_status, "RECYCLED") == 0 ||
          strcmp(r->diagnostic_code, "STILL_IN_BIN") == 0);
}

static int s_by_text(const void *a, const void *b) {
  const char *const *left = a;
  const char *const *right = b;
  return strcmp(*left, *right);
}

static bool s_sort_out(struct group *g) {
  size_t count = zenrelease_report_result_count(g->report);
  g->in_bin = zr_calloc(count ? count : 1, sizeof *g->in_bin);
  if (!g->in_bin)
    return false;
  for (size_t i = 0; i < count; i++) {
    const struct zenrelease_result *r = zenrelease_report_result(g->report, i);
    if (s_is_in_bin(r))
      g->in_bin[g->in_bin_count++] = r->instance_id;
  }
  qsort(g->in_bin, g->in_bin_count, sizeof *g->in_bin, s_by_text);
  return true;
}

static void s_add_counts(struct zenrelease_counts *to, const struct zenrelease_counts *more) {
  for (int o = 0; o < ZENRELEASE_OUTCOME_COUNT; o++)
    to->by_outcome[o] += more->by_outcome[o];
  to->total += more->total;
}

/* False when out of memory. */
static bool s_take_groups(struct resume *r) {
  size_t count = zenrelease_settled_count(r->settled);
  r->groups = zr_calloc(count ? count : 1, sizeof *r->groups);
  if (!r->groups)
    return false;
  for (size_t i = 0; i < count; i++) {
    struct group *g = &r->groups[r->group_count++];
    g->product = zenrelease_settled_product(r->settled, i);
    g->report = zenrelease_settled_report(r->settled, i);
    s_add_counts(&r->counts, zenrelease_report_counts(g->report));
    if (!s_sort_out(g))
      return false;
  }
  return true;
}

/* ---- --release ---- */

static bool s_note_products(struct resume *r, enum zenrelease_product product, size_t before) {
  void *array = r->run_products;
  if (zr_grow(&array, &r->run_product_cap, r->run.report_count, sizeof *r->run_products) != 0)
    return false;
  r->run_products = array;
  for (size_t i = before; i < r->run.report_count; i++)
    r->run_products[i] = product;
  return true;
}

/* 1 where there is none left, since 0 would be no limit. */
static int64_t s_time_left(const struct resume *r) {
  int64_t left = zr_mono_until(r->deadline, zr_mono_now());
  return left == INT64_MAX ? 0 : left > 0 ? left : 1;
}

static void s_release_group(struct resume *r, struct group *g) {
  size_t before = r->run.report_count;
  struct zenrelease_release_options o;
  struct zenrelease_summary summary;
  struct zenrelease_error *error = NULL;
  zenrelease_summary_init(&summary);
  zenrelease_release_options_init(&o);
  o.product = g->product;
  o.instance_ids = g->in_bin;
  o.instance_id_count = g->in_bin_count;
  o.timeout_ms = s_time_left(r);
  (void)zr_release_run(&r->run, r->connection, &o, &summary, &error);
  g->superseded = summary.reported && !r->run.short_of_memory;
  if (g->superseded && s_note_products(r, g->product, before)) {
    r->counts.by_outcome[ZENRELEASE_OUTCOME_REFUSED] -= (int64_t)g->in_bin_count;
    r->counts.total -= (int64_t)g->in_bin_count;
    s_add_counts(&r->counts, &summary.counts);
  } else {
    r->undelivered = r->undelivered || summary.reported;
  }
  if (error)
    zr_note("zenrelease: %s: %s", zenrelease_product_name(g->product),
            zenrelease_error_message(error));
  zenrelease_error_free(error);
}

/* ---- the report ---- */

/* A word as a shell reads it. */
static void s_word(struct zr_buf *b, const char *text) {
  static const char plain[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@%+=,[]";
  if (*text && strspn(text, plain) == strlen(text)) {
    (void)zr_buf_text(b, text);
    return;
  }
  (void)zr_buf_char(b, '\'');
  for (; *text; text++)
    (void)(*text == '\'' ? zr_buf_text(b, "'\\''") : zr_buf_char(b, *text));
  (void)zr_buf_char(b, '\'');
}

static void s_flag(struct zr_buf *b, const char *flag, const char *value) {
  if (!value)
    return;
  (void)zr_buf_printf(b, " --%s ", flag);
  s_word(b, value);
}

/* What is left in the bin, and the command that releases it. */
static void s_tell_in_bin(const struct resume *r, const struct group *g) {
  const struct zr_common_args *c = r->args->common;
  struct zr_buf b = ZR_BUF_INIT(COMMAND_MAX);
  (void)zr_buf_text(&b, "zenrelease release");
  s_flag(&b, "product", zenrelease_product_name(g->product));
  s_flag(&b, "config", c->config);
  s_flag(&b, "profile", c->profile);
  s_flag(&b, "endpoint", c->endpoint);
  s_flag(&b, "journal", c->journal);
  s_flag(&b, "server", c->server);
  s_flag(&b, "tls-ca", c->tls_ca);
  s_flag(&b, "tls-cert", c->tls_cert);
  s_flag(&b, "tls-key", c->tls_key);
  s_flag(&b, "tls-server-name", c->tls_server_name);
  for (size_t i = 0; i < g->in_bin_count; i++) {
    (void)zr_buf_char(&b, ' ');
    s_word(&b, g->in_bin[i]);
  }
  struct zr_buf safe = ZR_BUF_INIT(COMMAND_MAX);
  zr_plain_text(&safe, b.data ? b.data : "");
  zr_note("zenrelease: %zu still in the recycle bin; this releases them:\n  %s", g->in_bin_count,
          safe.data ? safe.data : "");
  zr_buf_clean_up(&b);
  zr_buf_clean_up(&safe);
}

/* The reports in one list: of what was open, then of what was released. False: out of memory. */
static bool s_print(const struct resume *r) {
  size_t count = r->group_count + r->run.report_count;
  struct zenrelease_report **reports = zr_calloc(count + 1, sizeof(struct zenrelease_report *));
  enum zenrelease_product *products = zr_calloc(count + 1, sizeof *products);
  struct zr_superseded *superseded = zr_calloc(count + 1, sizeof *superseded);
  bool fine = reports && products && superseded;
  for (size_t i = 0; fine && i < count; i++) {
    const struct group *g = i < r->group_count ? &r->groups[i] : NULL;
    reports[i] = g ? g->report : r->run.reports[i - r->group_count];
    products[i] = g ? g->product : r->run_products[i - r->group_count];
    if (g && g->superseded)
      superseded[i] = (struct zr_superseded){g->in_bin, g->in_bin_count};
  }
  const struct zr_summary_facts facts = {.reports = reports,
                                         .report_count = count,
                                         .counts = &r->counts,
                                         .request_id = "",
                                         .colour = !r->run.json && zr_out_has_colour(),
                                         .products = products,
                                         .superseded = superseded,
                                         .problem = zenrelease_settled_problem(r->settled)};
  if (fine && r->run.json)
    zr_summary_json(&facts);
  else if (fine)
    zr_summary_human(&facts);
  zr_free(reports);
  zr_free(products);
  zr_free(superseded);
  return fine;
}

static enum zr_exit s_finish(struct resume *r) {
  const char *why = "";
  bool printed = s_print(r);
  if (!zr_out_flush(&why) || !printed) {
    zr_note("zenrelease: the report could not be written: %s", *why ? why : "out of memory");
    r->undelivered = true;
  }
  for (size_t i = 0; i < r->group_count; i++)
    if (r->groups[i].in_bin_count && !r->groups[i].superseded)
      s_tell_in_bin(r, &r->groups[i]);
  const struct zr_exit_facts facts = {.counts = &r->counts,
                                      .interrupted = zr_interrupted(),
                                      .undelivered = r->undelivered ||
                                                     *zenrelease_settled_problem(r->settled)};
  return zr_exit_code(&facts);
}

static enum zr_exit s_failed(const struct resume *r, const struct zenrelease_error *error) {
  enum zenrelease_status status = zenrelease_error_status(error);
  zr_tell_journal_error(r->args->common, r->connection, error);
  if (status != ZENRELEASE_DEADLINE_EXCEEDED && status != ZENRELEASE_CANCELLED)
    return ZR_EXIT_NONE;
  zr_note("zenrelease: nothing was sent; zenrelease history --open shows what is still open");
  return zr_interrupted() ? ZR_EXIT_STOPPED : ZR_EXIT_UNKNOWN;
}

static enum zr_exit s_resume(struct resume *r) {
  struct zenrelease_settle_options o;
  struct zenrelease_error *error = NULL;
  zenrelease_settle_options_init(&o);
  o.timeout_ms = r->args->timeout_ms;
  o.cancel = r->connection->cancel;
  if (zenrelease_settle(r->connection->client, &o, &r->settled, &error) != ZENRELEASE_OK) {
    enum zr_exit code = s_failed(r, error);
    zenrelease_error_free(error);
    return code;
  }
  if (!s_take_groups(r)) {
    zr_complain(r->run.json, "resource_exhausted", "out of memory; nothing was sent");
    return ZR_EXIT_UNKNOWN;
  }
  for (size_t i = 0; r->args->release && i < r->group_count && !zr_interrupted(); i++)
    if (r->groups[i].in_bin_count)
      s_release_group(r, &r->groups[i]);
  return s_finish(r);
}

enum zr_exit zr_command_resume(struct zr_common_args *common, int argc, char **argv) {
  struct resume_args args = {.common = common, .timeout_ms = TIMEOUT_MS};
  struct zr_connection connection;
  if (!zr_args_parse(&s_argp, common, &args, argc, argv))
    return zr_args_usage(common, "resume");
  struct resume r = {.args = &args, .connection = &connection};
  r.deadline = args.timeout_ms ? zr_mono_add(zr_mono_now(), args.timeout_ms) : ZR_MONO_NEVER;
  zr_release_run_begin(&r.run, common->json);
  enum zr_exit code = zr_connect(&connection, common);
  if (code == ZR_EXIT_OK)
    code = s_resume(&r);
  zr_disconnect(&connection);
  zr_release_run_clean_up(&r.run);
  for (size_t i = 0; i < r.group_count; i++)
    zr_free(r.groups[i].in_bin);
  zr_free(r.groups);
  zr_free(r.run_products);
  zenrelease_settled_free(r.settled);
  return code;
}
