/*
 * Settings: one JSON file, the flags above it, the environment below it. Strict: an unknown member,
 * a wrong type or a value out of range is an error that names it; nothing is coerced.
 */
#ifndef ZR_APP_CONFIG_H
#define ZR_APP_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "app/options.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "model/policy.h"
#include "service/access.h"
#include "zenlayer/credential.h"
#include "zenlayer/endpoint.h"

struct zr_config {
  char *endpoint;
  char *scheme;
  char *profile;
  char *ca_file;
  char *proxy;
  char *journal;
  unsigned journal_keep_days; /* 0: the journal's own default */
  bool allow_plain_http;
  bool http1_only;
  double calls_per_second;
  int64_t call_timeout_ms;
  int64_t window_ms;
  unsigned max_concurrent_releases;
  unsigned max_instances;    /* in one release, whoever asks; 0: no ceiling */
  struct zr_keep_rule *keep; /* what no release takes, whoever asks */
  size_t keep_count;
  struct zr_client_rule *clients; /* NULL: every client that may connect may do all */
  size_t client_count;
  struct zr_policy policy; /* both, for the engine */
  struct zr_secret access_key_id;
  struct zr_secret access_key_password;
  struct zr_secret token;
};

/* Reads the file that the options name, if any. A file with a secret in it must belong to this user
 * (or root) and be closed to others. On an error `problem` has a sentence for people; *out is to be
 * cleaned up in any case. */
enum zr_err zr_config_read(const struct zr_app_options *options, struct zr_config *out,
                           struct zr_buf *problem) ZR_MUST_CHECK;
void zr_config_clean_up(struct zr_config *c);

/* config_keep.c: the member "keep", a list of objects with exactly one of name_pattern, tag ("KEY"
 * or "KEY=VALUE"), resource_group_id and zone_id. ZR_ERR_INVALID leaves a sentence in `problem`. */
struct cJSON;
enum zr_err zr_config_keep(struct zr_config *c, const char *path, const struct cJSON *list,
                           struct zr_buf *problem) ZR_MUST_CHECK;
void zr_config_keep_clean_up(struct zr_config *c);

/* config_clients.c: the member "clients", a list of {"name": pattern, "rights": word}, as of
 * zr_client_rule. ZR_ERR_INVALID leaves a sentence in `problem`. */
enum zr_err zr_config_clients(struct zr_config *c, const char *path, const struct cJSON *list,
                              struct zr_buf *problem) ZR_MUST_CHECK;
void zr_config_clients_clean_up(struct zr_config *c);
/* The policy that holds for every release; NULL when nothing is set. Lives as long as the config.
 */
const struct zr_policy *zr_config_policy(struct zr_config *c);

/* What the settings, the flags and the environment together say. As zr_endpoint_find and
 * zr_credential_find. */
enum zr_err zr_config_endpoint(const struct zr_config *c, const struct zr_app_options *options,
                               struct zr_endpoint *out, struct zr_buf *problem) ZR_MUST_CHECK;
enum zr_err zr_config_credential(const struct zr_config *c, const struct zr_app_options *options,
                                 struct zr_credential *out, struct zr_buf *problem) ZR_MUST_CHECK;

#endif
