/* Lists of instance ids: taken from values, checked, compared. */
#ifndef ZR_TERRAFORM_IDS_H
#define ZR_TERRAFORM_IDS_H

#include "terraform/diags.h"
#include "terraform/value.h"

/* A list of ids as it stands in a value; borrows the texts. */
struct zr_tf_ids {
  const char **ids; /* NULL for an element that is unknown (or null) */
  size_t count;
  bool whole; /* the list and all of its elements are known */
};

/* False: no memory. A list that is null or unknown gives no ids. */
bool zr_tf_ids_of(struct zr_arena *a, const struct zr_tf_value *list,
                  struct zr_tf_ids *out) ZR_MUST_CHECK;

/* NULL when `id` will do, else what is wrong with it ("is blank"); constant. */
const char *zr_tf_id_problem(struct zr_view id);
/* Errors for null, blank, malformed and repeated elements, each on its element of `attribute`. */
void zr_tf_check_ids(struct zr_tf_diags *d, const char *attribute, const struct zr_tf_value *list);

/* Finds positions by id: sorted pointers into a list that must outlive it. */
struct zr_tf_index {
  const struct zr_tf_ids *list;
  size_t *order;
  size_t count;
};
/* False: no memory. Elements that are not known are left out. */
bool zr_tf_index_of(struct zr_arena *a, const struct zr_tf_ids *list,
                    struct zr_tf_index *out) ZR_MUST_CHECK;
/* The first position of `id` in the list; -1: it is not there. */
long zr_tf_index_find(const struct zr_tf_index *x, const char *id);

/* The known ids of `from` that are not in `without`, in their order; `positions` (optional) gets
 * where each of them stands in `from`. False: no memory. */
bool zr_tf_ids_minus(struct zr_arena *a, const struct zr_tf_ids *from,
                     const struct zr_tf_ids *without, struct zr_tf_ids *out,
                     long **positions) ZR_MUST_CHECK;
/* Both whole, of the same length, and with the same ids. False also when there is no memory. */
bool zr_tf_ids_same(struct zr_arena *a, const struct zr_tf_ids *x, const struct zr_tf_ids *y);

#endif
