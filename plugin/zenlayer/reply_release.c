#include "zenlayer/json.h"
#include "zenlayer/reply.h"

const char *zr_reply_failed_ids(const cJSON *payload, struct zr_arena *arena,
                                const char *const **ids, size_t *count) {
  const cJSON *list = zr_json_get(payload, "instanceIds");
  *ids = NULL;
  *count = 0;
  if (!list)
    return NULL;
  if (!cJSON_IsArray(list))
    return "the list of failed ids is not a list";
  size_t n = (size_t)cJSON_GetArraySize(list);
  const char **texts = zr_arena_calloc(arena, n, sizeof *texts);
  if (!texts)
    return "out of memory";
  const cJSON *item = NULL;
  cJSON_ArrayForEach(item, list) {
    const char *text = zr_json_text(item);
    if (!text || !text[0])
      return "a failed id is not a text";
    texts[(*count)++] = text;
  }
  *ids = texts;
  return NULL;
}
