#include "terraform/check.h"

#include <string.h>

#include "terraform/duration.h"
#include "terraform/ids.h"

enum { FILTER_MAX = 256, LIST_IDS_MAX = 100, LIST_TAGS_MAX = 20, CALL_MS_MIN = 1000 };

struct s_check {
  struct zr_tf_diags *d;
  const struct zr_tf_kind_of *kind;
  const struct zr_tf_value *config;
};

enum zr_product zr_tf_product_of(const struct zr_tf_value *v) {
  return v->is == ZR_TF_KNOWN ? zr_product_parse(v->text) : ZR_PRODUCT_NONE;
}

void zr_tf_diag_decoding(struct zr_tf_diags *d, const struct zr_tf_decoding *decoding) {
  if (decoding->nomem || !decoding->problem)
    d->nomem = true;
  else
    zr_tf_diag(d, ZR_TF_ERROR, ZR_TF_WHOLE, "A value does not fit the provider's schema",
               decoding->problem);
}

static bool s_has(const struct s_check *c, const char *name) {
  const struct zr_tf_type *t = &c->kind->type;
  for (size_t i = 0; i < t->field_count; i++)
    if (strcmp(t->fields[i].name, name) == 0)
      return true;
  return false;
}

static const struct zr_tf_value *s_get(const struct s_check *c, const char *name) {
  return zr_tf_get(&c->kind->type, c->config, name);
}

static void s_error(const struct s_check *c, const char *name, const char *summary,
                    const char *detail) {
  zr_tf_diag(c->d, ZR_TF_ERROR, ZR_TF_AT(name), summary, detail);
}

static void s_product(const struct s_check *c) {
  const struct zr_tf_value *v = s_get(c, "product");
  if (v->is == ZR_TF_KNOWN && zr_tf_product_of(v) == ZR_PRODUCT_NONE)
    s_error(c, "product", "There is no such product", "Give vm, bmc or zec.");
}

static void s_on_remove(const struct s_check *c) {
  const char *word = zr_tf_text(s_get(c, "on_remove"));
  if (word && strcmp(word, "release") != 0 && strcmp(word, "keep") != 0)
    s_error(c, "on_remove", "on_remove is not known", "Give release or keep.");
}

static void s_dependencies(const struct s_check *c) {
  enum zr_product product = zr_tf_product_of(s_get(c, "product"));
  if (zr_tf_is_true(s_get(c, "release_dependencies")) && product != ZR_PRODUCT_NONE &&
      !zr_product_info(product)->has_depend_resource)
    s_error(c, "release_dependencies", "release_dependencies is for the product zec only",
            "Take it off, or set it to false.");
}

static void s_one_duration(const struct s_check *c, const struct zr_tf_value *v,
                           struct zr_tf_path path, int64_t least) {
  int64_t ms = 0;
  const char *text = zr_tf_text(v);
  if (text && (!zr_tf_duration(text, &ms) || ms < least))
    zr_tf_diag_f(c->d, ZR_TF_ERROR, path,
                 least >= CALL_MS_MIN
                     ? "Give at least a second and at most a week, such as 90s, 10m or 1h30m."
                     : "Give a duration such as 100ms.",
                 "%s is no duration that can be used", path.inner ? path.inner : path.attribute);
}

static void s_durations(const struct s_check *c) {
  static const char *const names[] = {"wait", "timeout", "call_timeout"};
  for (size_t i = 0; i < ZR_COUNT(names); i++)
    if (s_has(c, names[i]))
      s_one_duration(c, s_get(c, names[i]), ZR_TF_AT(names[i]), CALL_MS_MIN);
  const struct zr_tf_schema *s = c->kind->schema;
  for (size_t b = 0; b < s->block_count; b++) {
    const struct zr_tf_value *block = s_get(c, s->blocks[b].name);
    for (size_t i = 0; block->is == ZR_TF_KNOWN && i < s->blocks[b].attribute_count; i++)
      s_one_duration(c, &block->items[i],
                     ZR_TF_INNER(s->blocks[b].name, s->blocks[b].attributes[i].name), CALL_MS_MIN);
  }
}

static void s_at_most(const struct s_check *c, const char *name, size_t most) {
  const struct zr_tf_value *v = s_get(c, name);
  if (v->is == ZR_TF_KNOWN && v->count > most)
    zr_tf_diag_f(c->d, ZR_TF_ERROR, ZR_TF_AT(name), "Split the filter over several blocks.",
                 "%s has more than %zu elements", name, most);
}

/* Null or empty where a text is to be compared with; a map's keys are looked at, its values may be
 * anything. */
static void s_elements(const struct s_check *c, const char *name) {
  const struct zr_tf_value *v = s_get(c, name);
  for (size_t i = 0; v->is == ZR_TF_KNOWN && i < v->count; i++) {
    const struct zr_tf_value *e = &v->items[i];
    bool empty = v->keys ? v->keys[i].len == 0
                         : e->is == ZR_TF_NULL || (e->is == ZR_TF_KNOWN && e->text.len == 0);
    if (empty)
      zr_tf_diag_f(c->d, ZR_TF_ERROR, ZR_TF_AT(name), "Give a text, or leave the element out.",
                   "%s has an element that is null or empty", name);
  }
}

static void s_filters(const struct s_check *c) {
  static const char *const texts[] = {"status",   "name",         "zone_id", "resource_group_id",
                                      "image_id", "instance_type"};
  for (size_t i = 0; i < ZR_COUNT(texts); i++) {
    const struct zr_tf_value *v = s_get(c, texts[i]);
    if (v->is == ZR_TF_KNOWN && (v->text.len == 0 || v->text.len > FILTER_MAX))
      s_error(c, texts[i], "The filter is empty or too long",
              "Give 1 to 256 bytes, or leave it out.");
  }
  s_at_most(c, "instance_ids", LIST_IDS_MAX);
  s_at_most(c, "public_ips", LIST_IDS_MAX);
  s_at_most(c, "tags", LIST_TAGS_MAX);
  s_at_most(c, "tag_keys", LIST_TAGS_MAX);
  s_elements(c, "public_ips");
  s_elements(c, "tag_keys");
  s_elements(c, "tags");
}

/* ---- the provider block ---- */

static bool s_given(const struct s_check *c, const char *name) {
  return s_get(c, name)->is != ZR_TF_NULL;
}

static void s_credential(const struct s_check *c) {
  bool id = s_given(c, "access_key_id");
  bool password = s_given(c, "access_key_password");
  if (id != password)
    s_error(c, id ? "access_key_id" : "access_key_password", "Half an access key",
            "Give access_key_id and access_key_password together, or neither of them.");
  if (s_given(c, "token") && (id || password))
    s_error(c, "token", "A token and an access key",
            "Give one of them: they may belong to two accounts.");
}

static void s_provider(const struct s_check *c) {
  static const char *const texts[] = {
      "endpoint", "access_key_id", "profile", "ca_file", "access_key_password",
      "token",    "proxy",         "journal"};
  for (size_t i = 0; i < ZR_COUNT(texts); i++) {
    const struct zr_tf_value *v = s_get(c, texts[i]);
    if (v->is == ZR_TF_KNOWN && v->text.len == 0)
      zr_tf_diag_f(c->d, ZR_TF_ERROR, ZR_TF_AT(texts[i]), "Give a value, or leave it out.",
                   "%s is empty", texts[i]);
  }
  s_credential(c);
  const struct zr_tf_value *rate = s_get(c, "calls_per_second");
  double n = zr_tf_double(rate, 1);
  if (!(n >= 0.01 && n <= 10000))
    s_error(c, "calls_per_second", "calls_per_second is out of range", "Give 0.01 to 10000.");
  int64_t ms = 0;
  const char *window = zr_tf_text(s_get(c, "batch_window"));
  if (window && (!zr_tf_duration(window, &ms) || ms < 1 || ms > 1000))
    s_error(c, "batch_window", "batch_window is out of range", "Give 1ms to 1s.");
}

void zr_tf_check_config(struct zr_tf_diags *d, const struct zr_tf_kind_of *kind,
                        const struct zr_tf_value *config) {
  const struct s_check c = {d, kind, config};
  if (config->is != ZR_TF_KNOWN)
    return;
  s_product(&c);
  s_durations(&c);
  enum zr_tf_role role = kind->schema->role;
  if (role == ZR_TF_PROVIDER) {
    s_provider(&c);
    return;
  }
  if (s_get(&c, "instance_ids")->is == ZR_TF_KNOWN)
    zr_tf_check_ids(d, "instance_ids", s_get(&c, "instance_ids"));
  if (s_has(&c, "on_remove"))
    s_on_remove(&c);
  if (s_has(&c, "release_dependencies"))
    s_dependencies(&c);
  if (role == ZR_TF_DATA_SOURCE || role == ZR_TF_LIST_RESOURCE)
    s_filters(&c);
}

/* ---- what is stored ---- */

static const char s_put_back[] =
    "Put the state back from its backup, or take the resource out of it and import its instances "
    "again.";

void zr_tf_check_object(struct zr_tf_diags *d, const struct zr_tf_type *type,
                        const struct zr_tf_value *object) {
  struct zr_tf_ids ids;
  if (object->is != ZR_TF_KNOWN)
    return;
  const struct zr_tf_value *list = zr_tf_get(type, object, "instance_ids");
  if (!zr_tf_ids_of(d->arena, list, &ids)) {
    d->nomem = true;
    return;
  }
  if (!ids.whole)
    zr_tf_diag(d, ZR_TF_ERROR, ZR_TF_WHOLE,
               "The state or the plan holds an instance id that is null or not known", s_put_back);
  else
    zr_tf_check_ids(d, "instance_ids", list);
  if (zr_tf_product_of(zr_tf_get(type, object, "product")) == ZR_PRODUCT_NONE)
    zr_tf_diag(d, ZR_TF_ERROR, ZR_TF_WHOLE,
               "The state or the plan holds no product, or one that does not exist", s_put_back);
}
