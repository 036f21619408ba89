#include "app/config_list.h"

#include <cjson/cJSON.h>

#include "base/mem.h"

enum zr_err zr_config_list_read(const struct zr_config_list *l, const char *path,
                                const struct cJSON *list, void **rules, size_t *count,
                                struct zr_buf *problem) {
  int length = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : -1;
  if (*rules || length < 1 || length > l->most) {
    (void)zr_buf_printf(problem, "%s: \"%s\" must be one list of 1 to %d rules", path, l->member,
                        l->most);
    return ZR_ERR_INVALID;
  }
  char *all = zr_calloc((size_t)length, l->size);
  enum zr_err e = all ? ZR_ERR_OK : ZR_ERR_NOMEM;
  const cJSON *object = NULL;
  const char *fault = NULL;
  *rules = all;
  cJSON_ArrayForEach(object, list) {
    if (e == ZR_ERR_OK)
      e = l->read(object, all + *count * l->size, &fault);
    if (e == ZR_ERR_OK)
      ++*count;
  }
  if (e == ZR_ERR_INVALID && fault)
    (void)zr_buf_printf(problem, "%s: %s[%zu].%s %s", path, l->member, *count, l->pattern, fault);
  else if (e == ZR_ERR_INVALID)
    (void)zr_buf_printf(problem, "%s: %s[%zu] must be an object with exactly %s", path, l->member,
                        *count, l->form);
  return e;
}
