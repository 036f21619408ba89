/* Members of the configuration file that are a list of rules. */
#ifndef ZR_APP_CONFIG_LIST_H
#define ZR_APP_CONFIG_LIST_H

#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

struct cJSON;

struct zr_config_list {
  const char *member;  /* "keep" */
  const char *pattern; /* the rule's member that holds a pattern: "name_pattern" */
  const char *form;    /* behind "must be an object with exactly": "a name and …" */
  int most;
  size_t size; /* of one rule */
  /* Fills *rule. ZR_ERR_INVALID, with *fault where the pattern is what is wrong; ZR_ERR_NOMEM. */
  enum zr_err (*read)(const struct cJSON *object, void *rule, const char **fault);
};

/* *rules (NULL before, or the member is there twice) is an array of zr_alloc's, *count of it are
 * filled, also after an error. ZR_ERR_INVALID leaves a sentence in `problem`. */
enum zr_err zr_config_list_read(const struct zr_config_list *l, const char *path,
                                const struct cJSON *list, void **rules, size_t *count,
                                struct zr_buf *problem) ZR_MUST_CHECK;

#endif
