#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/view.h"
#include "commands.h"
#include "connect.h"
#include "interrupt.h"
#include "json.h"
#include "out.h"
#include "table.h"

enum {
  KEY_PRODUCT = 0x200,
  KEY_STATUS,
  KEY_NAME,
  KEY_ZONE,
  KEY_RESOURCE_GROUP,
  KEY_TAG,
  KEY_LIMIT
};

enum { TAGS_MAX = 20, PAGE_MAX = 1000, LINE_MAX_BYTES = 16 * 1024 * 1024, ROWS_AT_ONCE = 256 };

struct list_args {
  struct zr_common_args *common;
  enum zenrelease_product product;
  const char *status;
  const char *name;
  const char *zone;
  const char *resource_group;
  const char *limit_text;
  unsigned long long limit; /* 0: none */
  struct zenrelease_tag tags[TAGS_MAX];
  char *tag_keys[TAGS_MAX];
  size_t tag_count;
};

static const struct argp_option s_options[] = {
    {"product", KEY_PRODUCT, "NAME", 0, "vm (default), bmc or zec", 1},
    {"status", KEY_STATUS, "WORD", 0,
     "bin (default): the recycle bin; any: every status; or the service's word, as RUNNING", 1},
    {"name", KEY_NAME, "TEXT", 0,
     "vm and bmc: exact, or a prefix with a trailing *; zec: any part of the name", 1},
    {"zone", KEY_ZONE, "ID", 0, "In this zone", 1},
    {"resource-group", KEY_RESOURCE_GROUP, "ID", 0, "In this resource group", 1},
    {"tag", KEY_TAG, "KEY=VALUE", 0, "With this tag; may be repeated", 1},
    {"limit", KEY_LIMIT, "N", 0, "At most so many", 1},
    {0},
};

static int s_tag(struct list_args *a, const char *value) {
  const char *equals = strchr(value, '=');
  if (!equals || equals == value)
    return zr_args_fail(a->common, "--tag must be KEY=VALUE, not %s", value);
  if (a->tag_count == TAGS_MAX)
    return zr_args_fail(a->common, "more than %d --tag", TAGS_MAX);
  char *key = zr_strndup(value, (size_t)(equals - value));
  if (!key)
    return zr_args_fail(a->common, "out of memory");
  a->tag_keys[a->tag_count] = key;
  a->tags[a->tag_count++] = (struct zenrelease_tag){key, equals + 1};
  return 0;
}

static error_t s_parse(int key, char *arg, struct argp_state *state) {
  struct list_args *a = state->input;
  switch (key) {
  case ARGP_KEY_INIT:
    state->child_inputs[0] = a->common;
    return 0;
  case KEY_PRODUCT:
    return zr_args_product(a->common, arg, &a->product);
  case KEY_STATUS:
    return zr_args_once(a->common, &a->status, "status", arg);
  case KEY_NAME:
    return zr_args_once(a->common, &a->name, "name", arg);
  case KEY_ZONE:
    return zr_args_once(a->common, &a->zone, "zone", arg);
  case KEY_RESOURCE_GROUP:
    return zr_args_once(a->common, &a->resource_group, "resource-group", arg);
  case KEY_TAG:
    return s_tag(a, arg);
  case KEY_LIMIT:
    return zr_args_limit(a->common, &a->limit_text, arg, &a->limit);
  case ARGP_KEY_ARG:
    return zr_args_fail(a->common, "list takes no arguments, and got %s", arg);
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp s_argp = {
    .options = s_options,
    .parser = s_parse,
    .doc = "Lists instances: those in the recycle bin, unless told otherwise.\v"
           "Exit codes: 0 listed, also when there are none; 1 failed; 2 usage; 130 interrupted.",
    .children = zr_common_children,
};

static const char *s_status_filter(const char *word) {
  if (!word || strcmp(word, "bin") == 0)
    return NULL;
  return strcmp(word, "any") == 0 ? "*" : word;
}

static int s_add_row(struct zr_table *table, const struct zenrelease_instance *i) {
  const char *const cells[] = {i->instance_id,   i->status,      i->zone_id,
                               i->instance_type, i->expire_time, i->name};
  return zr_table_add(table, cells);
}

static void s_print_table(const struct zr_table *table) {
  struct zr_buf b = ZR_BUF_INIT(LINE_MAX_BYTES);
  size_t rows = zr_table_rows(table);
  for (size_t from = 0; from < rows; from += ROWS_AT_ONCE) {
    zr_table_render(table, from, rows - from > ROWS_AT_ONCE ? from + ROWS_AT_ONCE : rows,
                    zr_out_has_colour(), &b);
    zr_out_buf(&b);
  }
  zr_buf_clean_up(&b);
}

/* Hands each instance out: as a JSON line at once, or into the table. */
static enum zenrelease_status s_each(const struct list_args *args, struct zenrelease_list *list,
                                     struct zr_table *table, unsigned long long *shown,
                                     struct zenrelease_error **error) {
  struct zr_buf line = ZR_BUF_INIT(LINE_MAX_BYTES);
  const struct zenrelease_instance *instance = NULL;
  enum zenrelease_status status = ZENRELEASE_OK;
  while (!args->limit || *shown < args->limit) {
    status = zenrelease_list_next(list, &instance, error);
    if (status != ZENRELEASE_OK || !instance)
      break;
    (*shown)++;
    if (args->common->json) {
      zr_json_instance(&line, instance);
      (void)zr_buf_char(&line, '\n');
      zr_out_buf(&line);
    } else if (s_add_row(table, instance) != 0) {
      zr_out_missing(instance->instance_id);
    }
  }
  zr_buf_clean_up(&line);
  return status;
}

static void s_close(const struct list_args *args, const struct zr_table *table,
                    unsigned long long shown, int64_t total) {
  if (args->common->json) {
    zr_out_text("{\"type\":\"result\",\"count\":%llu,\"total_size\":%lld}\n", shown,
                (long long)total);
    return;
  }
  s_print_table(table);
  zr_out_text("%s%llu of %lld\n", shown ? "\n" : "", shown, (long long)total);
}

static enum zr_exit s_list(const struct list_args *args, struct zr_connection *connection) {
  static const char *const heads[] = {"INSTANCE", "STATUS", "ZONE", "TYPE", "EXPIRES", "NAME"};
  struct zenrelease_list_options o;
  struct zenrelease_list *list = NULL;
  struct zenrelease_error *error = NULL;
  struct zr_table table = {0};
  unsigned long long shown = 0;
  zenrelease_list_options_init(&o);
  o.product = args->product;
  o.status = s_status_filter(args->status);
  o.display_name = args->name;
  o.zone_id = args->zone;
  o.resource_group_id = args->resource_group;
  o.tags = args->tags;
  o.tag_count = args->tag_count;
  o.page_size = args->limit && args->limit < PAGE_MAX ? (int32_t)args->limit : PAGE_MAX;
  o.cancel = connection->cancel;
  zr_table_begin(&table, heads, ZR_COUNT(heads));
  enum zenrelease_status status = zenrelease_list_new(connection->client, &o, &list, &error);
  if (status == ZENRELEASE_OK)
    status = s_each(args, list, &table, &shown, &error);
  if (status == ZENRELEASE_OK)
    s_close(args, &table, shown, zenrelease_list_total(list));
  else
    zr_tell_error(args->common->json, error, NULL);
  bool written = zr_out_written("list");
  zenrelease_list_free(list);
  zenrelease_error_free(error);
  zr_table_clean_up(&table);
  if (status == ZENRELEASE_INVALID_ARGUMENT)
    return ZR_EXIT_USAGE;
  return status == ZENRELEASE_OK && written ? ZR_EXIT_OK : ZR_EXIT_NONE;
}

enum zr_exit zr_command_list(struct zr_common_args *common, int argc, char **argv) {
  struct list_args args = {.common = common};
  struct zr_connection connection;
  enum zr_exit code = ZR_EXIT_USAGE;
  if (!zr_args_parse(&s_argp, common, &args, argc, argv)) {
    code = zr_args_usage(common, "list");
  } else {
    if (args.product == ZENRELEASE_PRODUCT_NONE)
      args.product = ZENRELEASE_PRODUCT_VM;
    code = zr_connect(&connection, common);
    if (code == ZR_EXIT_OK)
      code = s_list(&args, &connection);
    zr_disconnect(&connection);
    if (zr_interrupted())
      code = ZR_EXIT_STOPPED;
  }
  for (size_t i = 0; i < args.tag_count; i++)
    zr_free(args.tag_keys[i]);
  return code;
}
