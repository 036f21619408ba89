/*
 * Typed values of the provider protocol: what a schema's attributes hold, null and unknown
 * included. A value does not know its type; the type travels beside it. Everything lives in an
 * arena and is immutable once shared. Any thread, one at a time.
 */
#ifndef ZR_TERRAFORM_VALUE_H
#define ZR_TERRAFORM_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/view.h"

enum zr_tf_kind { ZR_TF_STRING, ZR_TF_NUMBER, ZR_TF_BOOL, ZR_TF_LIST, ZR_TF_MAP, ZR_TF_OBJECT };

struct zr_tf_type;

struct zr_tf_field {
  const char *name;
  const struct zr_tf_type *type;
};

struct zr_tf_type {
  enum zr_tf_kind kind;
  const struct zr_tf_type *element; /* LIST, MAP */
  const struct zr_tf_field *fields; /* OBJECT */
  size_t field_count;
};

extern const struct zr_tf_type zr_tf_string;
extern const struct zr_tf_type zr_tf_number;
extern const struct zr_tf_type zr_tf_bool;
extern const struct zr_tf_type zr_tf_string_list;
extern const struct zr_tf_type zr_tf_string_map;

enum zr_tf_presence { ZR_TF_NULL, ZR_TF_UNKNOWN, ZR_TF_KNOWN };

/* The three forms a number takes on the wire; decimal text stands for what neither can hold. */
enum zr_tf_number_form { ZR_TF_UNSIGNED, ZR_TF_SIGNED, ZR_TF_FLOAT, ZR_TF_DECIMAL };

struct zr_tf_value {
  enum zr_tf_presence is;
  enum zr_tf_number_form form; /* NUMBER */
  bool boolean;                /* BOOL */
  uint64_t u64;
  int64_t i64;
  double f64;
  struct zr_view text;        /* STRING, NUL-terminated UTF-8 without NUL; NUMBER as decimal */
  struct zr_tf_value *items;  /* LIST, MAP; OBJECT: in the order of the type's fields */
  const struct zr_view *keys; /* MAP: NUL-terminated, as many as items */
  size_t count;
};

extern const struct zr_tf_value zr_tf_null;
extern const struct zr_tf_value zr_tf_unknown;

/* ---- reading ---- */

/* The field of an object; zr_tf_null when the object is null, zr_tf_unknown when it is unknown. The
 * name must be one of the type's. */
const struct zr_tf_value *zr_tf_get(const struct zr_tf_type *type, const struct zr_tf_value *object,
                                    const char *name);
/* The text of a known string; NULL otherwise. */
const char *zr_tf_text(const struct zr_tf_value *v);
/* A known number as a double; `otherwise` when it is not known. */
double zr_tf_double(const struct zr_tf_value *v, double otherwise);
bool zr_tf_is_true(const struct zr_tf_value *v);
/* Nothing unknown in it, at any depth. */
bool zr_tf_wholly_known(const struct zr_tf_type *type, const struct zr_tf_value *v);
/* Equal in value; unknown equals nothing. */
bool zr_tf_equal(const struct zr_tf_type *type, const struct zr_tf_value *a,
                 const struct zr_tf_value *b);

/* ---- making ---- */

struct zr_tf_value zr_tf_of_text(const char *text); /* borrows; NULL gives null */
struct zr_tf_value zr_tf_of_bool(bool b);
struct zr_tf_value zr_tf_of_u64(uint64_t n);
/* A list of strings that borrows the texts. False: no memory. */
bool zr_tf_of_texts(struct zr_arena *a, const char *const *texts, size_t count,
                    struct zr_tf_value *out) ZR_MUST_CHECK;
/* A known object with every field null; NULL: no memory. */
struct zr_tf_value *zr_tf_new_object(struct zr_arena *a,
                                     const struct zr_tf_type *type) ZR_MUST_CHECK;
/* An object with the same fields, whose own array of fields may be changed; null and unknown give
 * themselves. NULL: no memory. */
struct zr_tf_value *zr_tf_copy_object(struct zr_arena *a, const struct zr_tf_type *type,
                                      const struct zr_tf_value *v) ZR_MUST_CHECK;
/* Sets a field of an object that was made by one of the two above. */
void zr_tf_set(const struct zr_tf_type *type, struct zr_tf_value *object, const char *name,
               struct zr_tf_value v);

/* ---- on the wire ---- */

/* What a decoder refuses, as a sentence with the path of the place: "instance_ids[3]: …". */
struct zr_tf_decoding {
  struct zr_arena *arena;
  const char *problem; /* NULL: none yet */
  bool nomem;
};

enum { ZR_TF_DEPTH_MAX = 16 };

/* A value of `type` from msgpack. Strict: an object has exactly its fields, text is UTF-8, nothing
 * is left over. Any extension type is an unknown value; its refinements are checked for form and
 * dropped. Empty bytes are null. False: see d. */
bool zr_tf_from_msgpack(struct zr_tf_decoding *d, const struct zr_tf_type *type,
                        struct zr_view bytes, struct zr_tf_value *out) ZR_MUST_CHECK;
/* The same from JSON, which cannot carry unknown values. Fields that are missing are null; with
 * `ignore_extra`, fields that the type does not have are dropped. */
bool zr_tf_from_json(struct zr_tf_decoding *d, const struct zr_tf_type *type, struct zr_view bytes,
                     bool ignore_extra, struct zr_tf_value *out) ZR_MUST_CHECK;
/* Appends the value as msgpack. ZR_ERR_LIMIT, ZR_ERR_NOMEM as the buffer says. */
enum zr_err zr_tf_to_msgpack(struct zr_buf *out, const struct zr_tf_type *type,
                             const struct zr_tf_value *v) ZR_MUST_CHECK;
/* Appends the type's signature: ["list","string"]. */
enum zr_err zr_tf_signature(struct zr_buf *out, const struct zr_tf_type *type) ZR_MUST_CHECK;

#endif
