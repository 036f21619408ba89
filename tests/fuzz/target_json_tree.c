/* The JSON reader of the command line: it knows positions, and takes nothing but strict JSON. */
#include <cjson/cJSON.h>
#include <string.h>

#include "base/mem.h"
#include "fuzz.h"
#include "plan/json_tree.h"

enum { DEPTH_MAX = 32 };

static void s_walk(const struct zr_jnode *n, unsigned depth) {
  size_t count = 0;
  FUZZ_CHECK(depth <= DEPTH_MAX);
  FUZZ_CHECK(n->line >= 1 && n->column >= 1);
  FUZZ_CHECK(n->type != ZR_JTEXT || (n->text && zr_view_is_utf8(zr_view_of(n->text))));
  for (const struct zr_jnode *c = n->first; c; c = c->next, count++) {
    FUZZ_CHECK(c->parent == n && c->index == count);
    FUZZ_CHECK((c->key != NULL) == (n->type == ZR_JOBJECT));
    if (c->key)
      FUZZ_CHECK(zr_jget(n, c->key) == c);
    s_walk(c, depth + 1);
  }
  FUZZ_CHECK(n->count == count);
}

/* Compares with another reader, which is less strict. */
static void s_compare(const struct zr_jnode *n, const cJSON *other) {
  FUZZ_CHECK(other != NULL);
  if (n->type == ZR_JTEXT)
    FUZZ_CHECK(cJSON_IsString(other) && strcmp(n->text, other->valuestring) == 0);
  FUZZ_CHECK((n->type == ZR_JNUMBER) == (cJSON_IsNumber(other) != 0));
  FUZZ_CHECK((n->type == ZR_JNULL) == (cJSON_IsNull(other) != 0));
  FUZZ_CHECK((n->type == ZR_JLIST) == (cJSON_IsArray(other) != 0));
  FUZZ_CHECK((n->type == ZR_JOBJECT) == (cJSON_IsObject(other) != 0));
  if (n->type == ZR_JBOOL)
    FUZZ_CHECK(n->truth == (cJSON_IsTrue(other) != 0));
  const cJSON *o = other->child;
  for (const struct zr_jnode *c = n->first; c; c = c->next, o = o->next)
    s_compare(c, o);
  FUZZ_CHECK(!o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct zr_view text = {(const char *)data, size};
  struct zr_arena arena;
  struct zr_problems p;
  char *exact = fuzz_exact(text);
  zr_arena_init(&arena, NULL, 0);
  zr_problems_init(&p, "file");
  const struct zr_jnode *root = zr_json_tree((struct zr_view){exact, size}, 1, &arena, &p);
  FUZZ_CHECK(root || p.count > 0 || p.nomem);
  if (root && p.count == 0) { /* else a member is there twice */
    cJSON *other = cJSON_ParseWithLength(exact, size);
    s_walk(root, 0);
    s_compare(root, other);
    cJSON_Delete(other);
  } else {
    FUZZ_CHECK(p.text.len > 0);
    FUZZ_CHECK(!zr_view_is_utf8(text) || zr_view_is_utf8(zr_buf_as_view(&p.text)));
  }
  zr_problems_clean_up(&p);
  zr_arena_clean_up(&arena);
  zr_free(exact);
  return 0;
}
