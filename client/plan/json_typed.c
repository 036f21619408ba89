/* Typed members of a JSON object, and complaints where they are of another type. */
#include <string.h>

#include "json_tree.h"

static const char *const s_names[] = {
    [ZR_JNULL] = "null",   [ZR_JBOOL] = "true or false", [ZR_JNUMBER] = "a whole number",
    [ZR_JTEXT] = "a text", [ZR_JLIST] = "a list",        [ZR_JOBJECT] = "an object",
};

struct zr_jnode *zr_jof(const struct zr_jnode *object, const char *name, enum zr_jtype type,
                        bool required, struct zr_problems *p) {
  struct zr_jnode *n = zr_jget(object, name);
  if (!n) {
    if (required)
      zr_problem(p, object, "has no member \"%s\"", name);
    return NULL;
  }
  if (n->type == type)
    return n;
  zr_problem(p, n, "must be %s, not %s", s_names[type], s_names[n->type]);
  return NULL;
}

bool zr_jtext(const struct zr_jnode *object, const char *name, bool required, const char **out,
              struct zr_problems *p) {
  const struct zr_jnode *n = zr_jof(object, name, ZR_JTEXT, required, p);
  if (!n)
    return false;
  if (!n->text[0]) {
    zr_problem(p, n, "is empty");
    return false;
  }
  if (strlen(n->text) > ZR_JTEXT_MAX) {
    zr_problem(p, n, "is longer than %d bytes", ZR_JTEXT_MAX);
    return false;
  }
  *out = n->text;
  return true;
}

bool zr_jnumber(const struct zr_jnode *object, const char *name, int64_t least, int64_t most,
                bool required, int64_t *out, struct zr_problems *p) {
  const struct zr_jnode *n = zr_jof(object, name, ZR_JNUMBER, required, p);
  if (!n)
    return false;
  if (n->fraction) {
    zr_problem(p, n, "must be a whole number of at most 18 digits");
    return false;
  }
  if (n->number < least || n->number > most) {
    zr_problem(p, n, "must be from %lld to %lld, not %lld", (long long)least, (long long)most,
               (long long)n->number);
    return false;
  }
  *out = n->number;
  return true;
}

bool zr_jbool(const struct zr_jnode *object, const char *name, bool *out, struct zr_problems *p) {
  const struct zr_jnode *n = zr_jof(object, name, ZR_JBOOL, false, p);
  if (n)
    *out = n->truth;
  return n != NULL;
}

void zr_jonly(const struct zr_jnode *object, const char *const *known, struct zr_problems *p) {
  for (const struct zr_jnode *n = object->first; n; n = n->next) {
    size_t i = 0;
    while (known[i] && strcmp(known[i], n->key) != 0)
      i++;
    if (!known[i])
      zr_problem(p, n, "is not a member that is known here");
  }
}
