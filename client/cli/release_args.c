#include "release_args.h"

enum {
  KEY_PRODUCT = 0x200,
  KEY_DRY_RUN,
  KEY_ALLOW_MISSING,
  KEY_DEPEND_RESOURCE,
  KEY_WAIT,
  KEY_TIMEOUT,
  KEY_FROM,
  KEY_REQUEST_ID
};

enum { WAIT_MS = 60 * 1000, TIMEOUT_MS = 600 * 1000 };

static const struct argp_option s_options[] = {
    {"product", KEY_PRODUCT, "NAME", 0, "vm (default), bmc or zec", 1},
    {"from", KEY_FROM, "FILE", 0,
     "More ids, one a line; - for standard input. Blank lines and lines that begin with # are "
     "skipped",
     1},
    {"dry-run", KEY_DRY_RUN, 0, 0, "Read the live state, tell what would happen, send no release",
     1},
    {"allow-missing", KEY_ALLOW_MISSING, 0, 0, "A missing instance is no failure", 1},
    {"depend-resource", KEY_DEPEND_RESOURCE, 0, 0,
     "zec: also release elastic addresses, detachable disks and secondary interfaces", 1},
    {"wait", KEY_WAIT, "TIME", 0, "For proof, from each batch's last answer (default 60s; 0: none)",
     1},
    {"timeout", KEY_TIMEOUT, "TIME", 0,
     "In all (default 10m; 0: none); then the rest is not sent, and reported as such", 1},
    {"request-id", KEY_REQUEST_ID, "ID", 0,
     "Name of this release: the same one with the same ids takes it up again within an hour", 1},
    {0},
};

static error_t s_parse(int key, char *arg, struct argp_state *state) {
  struct zr_release_args *a = state->input;
  switch (key) {
  case ARGP_KEY_INIT:
    state->child_inputs[0] = a->common;
    return 0;
  case KEY_PRODUCT:
    return zr_args_product(a->common, arg, &a->product);
  case KEY_FROM:
    return zr_args_once(a->common, &a->from, "from", arg);
  case KEY_DRY_RUN:
    a->dry_run = true;
    return 0;
  case KEY_ALLOW_MISSING:
    a->allow_missing = true;
    return 0;
  case KEY_DEPEND_RESOURCE:
    a->depend_resource = true;
    return 0;
  case KEY_WAIT:
    return zr_args_duration(a->common, &a->wait_text, "wait", arg, &a->wait_ms);
  case KEY_TIMEOUT:
    return zr_args_duration(a->common, &a->timeout_text, "timeout", arg, &a->timeout_ms);
  case KEY_REQUEST_ID:
    return zr_args_once(a->common, &a->request_id, "request-id", arg);
  case ARGP_KEY_ARG:
    return zr_ids_add(&a->ids, arg) == 0 ? 0 : zr_args_fail(a->common, "out of memory");
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp s_argp = {
    .options = s_options,
    .parser = s_parse,
    .args_doc = "ID...",
    .doc =
        "Releases instances that sit in the recycle bin. This cannot be undone, and it does not "
        "ask.\v"
        "Exit codes: 0 every id is released, was gone already, or is missing with "
        "--allow-missing; 1 none is; 2 usage, nothing sent; 3 some are, some not; 4 some outcomes "
        "are unknown; 130 interrupted. With --dry-run: 0 all would be released, 3 some, 1 none.",
    .children = zr_common_children,
};

bool zr_release_args_parse(struct zr_release_args *args, struct zr_common_args *common, int argc,
                           char **argv) {
  *args = (struct zr_release_args){.common = common, .wait_ms = WAIT_MS, .timeout_ms = TIMEOUT_MS};
  if (!zr_args_parse(&s_argp, common, args, argc, argv))
    return false;
  if (args->product == ZENRELEASE_PRODUCT_NONE)
    args->product = ZENRELEASE_PRODUCT_VM;
  if (args->depend_resource && args->product != ZENRELEASE_PRODUCT_ZEC)
    return zr_args_fail(common, "--depend-resource is for --product zec") == 0;
  if (args->ids.count == 0 && !args->from)
    return zr_args_fail(common, "no instance ids; name some, or a file with --from") == 0;
  return true;
}
