#include "zenlayer/json.h"

#include <errno.h>
#include <string.h>

#include "base/secret.h"

/* Where a scan of JSON text stands: outside strings it counts levels, inside it looks for what
 * cJSON would take and we do not. */
struct scan {
  bool in_string;
  unsigned depth;
};

/* One step at v.ptr[i]; returns how many bytes it used, 0 for text we do not take. */
static size_t s_in_string(struct scan *s, struct zr_view v, size_t i) {
  unsigned char c = (unsigned char)v.ptr[i];
  if (c == '"')
    s->in_string = false;
  if (c < 0x20)
    return 0;
  if (c != '\\')
    return 1;
  if (v.len - i < 2)
    return 0;
  bool nul = v.len - i >= 6 && memcmp(v.ptr + i, "\\u0000", 6) == 0;
  return nul ? 0 : 2;
}

static size_t s_outside(struct scan *s, char c) {
  if (c == '"')
    s->in_string = true;
  else if (c == '{' || c == '[')
    return ++s->depth > ZR_JSON_MAX_DEPTH ? 0 : 1;
  else if ((c == '}' || c == ']') && s->depth)
    s->depth--;
  return 1;
}

static bool s_is_tame(struct zr_view text) {
  struct scan s = {false, 0};
  if (!zr_view_is_utf8(text))
    return false;
  for (size_t i = 0; i < text.len;) {
    size_t used = s.in_string ? s_in_string(&s, text, i) : s_outside(&s, text.ptr[i]);
    if (used == 0)
      return false;
    i += used;
  }
  return !s.in_string && s.depth == 0;
}

cJSON *zr_json_parse(struct zr_view text) {
  errno = 0; /* cJSON does not tell why, but malloc does */
  text = zr_view_trim(text);
  if (text.len == 0 || !s_is_tame(text))
    return NULL;
  const char *end = NULL;
  cJSON *tree = cJSON_ParseWithLengthOpts(text.ptr, text.len, &end, 0);
  if (tree && end != text.ptr + text.len) {
    cJSON_Delete(tree);
    return NULL;
  }
  return tree;
}

bool zr_json_keys_are_unique(const cJSON *object) {
  unsigned members = 0;
  for (const cJSON *a = object->child; a; a = a->next) {
    if (++members > 64)
      return false;
    for (const cJSON *b = object->child; b != a; b = b->next) {
      if (strcmp(a->string, b->string) == 0)
        return false;
    }
  }
  return true;
}

const cJSON *zr_json_get(const cJSON *object, const char *key) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  return item && !cJSON_IsNull(item) ? item : NULL;
}

const char *zr_json_text(const cJSON *item) {
  return item && cJSON_IsString(item) ? item->valuestring : NULL;
}

bool zr_json_count(const cJSON *item, uint64_t *out) {
  if (!item || !cJSON_IsNumber(item) || !(item->valuedouble >= 0) ||
      item->valuedouble > 9007199254740992.0)
    return false;
  uint64_t number = (uint64_t)item->valuedouble;
  if ((double)number < item->valuedouble)
    return false;
  *out = number;
  return true;
}

/* Recursion is bounded by ZR_JSON_MAX_DEPTH. */
static void s_wipe_texts(cJSON *item) {
  for (; item; item = item->next) {
    if (item->valuestring)
      zr_wipe(item->valuestring, strlen(item->valuestring));
    s_wipe_texts(item->child);
  }
}

void zr_json_wipe(cJSON *tree) {
  s_wipe_texts(tree);
  cJSON_Delete(tree);
}
