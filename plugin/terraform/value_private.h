/* What the decoders of values share. */
#ifndef ZR_TERRAFORM_VALUE_PRIVATE_H
#define ZR_TERRAFORM_VALUE_PRIVATE_H

#include "terraform/value.h"

/* Where in a value we are, for sentences; on the stack, from the inside out. */
struct zr_tf_place {
  const struct zr_tf_place *outer; /* NULL: the whole value */
  const char *name;                /* NULL: an element */
  long index;
};

/* Says "place what" in d->problem; always false. */
bool zr_tf_refuse(struct zr_tf_decoding *d, const struct zr_tf_place *at, const char *what);
/* A NUL-terminated copy of well-formed UTF-8. */
bool zr_tf_take_text(struct zr_tf_decoding *d, struct zr_view text, const struct zr_tf_place *at,
                     struct zr_view *out);
/* v->text must be a decimal number; the value becomes that number. */
bool zr_tf_take_decimal(struct zr_tf_decoding *d, const struct zr_tf_place *at,
                        struct zr_tf_value *v);
/* Room for `count` items, all null, and keys for them. */
bool zr_tf_make_items(struct zr_tf_decoding *d, size_t count, bool with_keys,
                      struct zr_tf_value *v);
/* The keys of a map that is being made. */
struct zr_view *zr_tf_keys(const struct zr_tf_value *v);
/* Puts a map's members in the order of their keys; refuses a key that comes twice. */
bool zr_tf_sort_map(struct zr_tf_decoding *d, const struct zr_tf_place *at, struct zr_tf_value *v);

#endif
