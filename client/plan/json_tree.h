/*
 * JSON with positions: every value knows its line, its column and its path, so that what is wrong
 * with it can be said where it stands. Strict: UTF-8 without NUL, no duplicate members, whole
 * numbers only, at most 32 levels, nothing behind the value. A tree lives in the caller's arena.
 */
#ifndef ZR_CLIENT_PLAN_JSON_TREE_H
#define ZR_CLIENT_PLAN_JSON_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"

enum { ZR_JTEXT_MAX = 1024 }; /* bytes of a typed text: what the server takes as a fact or a rule */

enum zr_jtype { ZR_JNULL, ZR_JBOOL, ZR_JNUMBER, ZR_JTEXT, ZR_JLIST, ZR_JOBJECT };

struct zr_jnode {
  enum zr_jtype type;
  bool truth;
  unsigned line;   /* from 1 */
  unsigned column; /* from 1, in bytes */
  int64_t number;
  bool fraction;    /* ZR_JNUMBER: not a whole number of at most 18 digits; `number` is 0 */
  const char *text; /* ZR_JTEXT; NUL-terminated, without NUL inside */
  const char *key;  /* of a member; NULL otherwise */
  size_t index;     /* of an element */
  size_t count;     /* elements or members */
  struct zr_jnode *parent;
  struct zr_jnode *first;
  struct zr_jnode *next;
};

/* What is wrong with a file, one line each: "FILE:3:14: steps[2].ids[4]: is blank". */
struct zr_problems {
  const char *file;
  struct zr_buf text;
  struct zr_buf json; /* the same as objects with commas between them: field, line, column, … */
  size_t count;
  size_t left_out; /* of both, when they are full */
  bool nomem;
  bool no_room; /* this machine is short of something: not the fault of what was read */
};

void zr_problems_init(struct zr_problems *p, const char *file);
void zr_problems_clean_up(struct zr_problems *p);
/* About a node; about the file as a whole when it is NULL. */
void zr_problem(struct zr_problems *p, const struct zr_jnode *at, const char *format, ...)
    ZR_PRINTF(3, 4);
/* Without a position: "FILE: …". */
void zr_problem_plain(struct zr_problems *p, const char *format, ...) ZR_PRINTF(2, 3);

/* The value; NULL with a problem (or p->nomem) when it is no JSON. Members that are there twice are
 * complained of, and the tree is whole. `first_line`: of text's beginning. */
struct zr_jnode *zr_json_tree(struct zr_view text, unsigned first_line, struct zr_arena *arena,
                              struct zr_problems *p);
/* A member of an object; NULL when it has none of that name. */
struct zr_jnode *zr_jget(const struct zr_jnode *object, const char *name);
/* "steps[2].ids[4]"; appended to `out`. */
void zr_jpath(const struct zr_jnode *at, struct zr_buf *out);

/* Typed members. Each complains of a wrong type (and zr_jtext of an empty or a long text) and
 * answers false, as it does (without a word) for a member that is not there and not `required`. */
bool zr_jtext(const struct zr_jnode *object, const char *name, bool required, const char **out,
              struct zr_problems *p);
bool zr_jnumber(const struct zr_jnode *object, const char *name, int64_t least, int64_t most,
                bool required, int64_t *out, struct zr_problems *p);
bool zr_jbool(const struct zr_jnode *object, const char *name, bool *out, struct zr_problems *p);
/* A member of this type; NULL when there is none or it is of another. */
struct zr_jnode *zr_jof(const struct zr_jnode *object, const char *name, enum zr_jtype type,
                        bool required, struct zr_problems *p);
/* Complains of every member that `known` (ended by NULL) does not list. */
void zr_jonly(const struct zr_jnode *object, const char *const *known, struct zr_problems *p);

#endif
