/*
 * A list of instances, page by page, for the data source and the list resource. Loop thread, except
 * zr_tf_listing_read.
 *
 * Pages are read one after the other while the fleet changes: an instance that leaves moves those
 * behind it up, across the border of a page, where nobody sees them. So a list of several pages
 * counts only when it is read twice with the same ids; it is never short.
 */
#ifndef ZR_TERRAFORM_LISTING_H
#define ZR_TERRAFORM_LISTING_H

#include "terraform/ids.h"
#include "terraform/op.h"

struct zr_tf_listing {
  struct zr_tf_op *op;
  struct zr_list_query query;
  struct zr_mono deadline;
  uint64_t limit; /* rows that are enough; 0: all */
  /* A pass begins: forget the rows so far. */
  void (*on_pass)(struct zr_tf_listing *l);
  /* One page; what it is given is borrowed. False: no memory. */
  bool (*on_page)(struct zr_tf_listing *l, const struct zr_list_end *end);
  /* Once, at the end: the rows since on_pass are the list, or the op's diagnostics hold an error or
   * lack memory. */
  void (*on_done)(struct zr_tf_listing *l);

  /* Private. */
  unsigned passes;
  uint64_t total;          /* as the first page of this pass had it */
  struct zr_tf_ids ids;    /* of this pass */
  struct zr_tf_ids before; /* of the whole pass before it */
  bool has_before;
  size_t cap;
};

/* Fills the query from a configuration with the filters of the schema, which was checked; text is
 * borrowed from it. What is not known becomes a diagnostic. False: no memory. */
bool zr_tf_listing_read(struct zr_tf_listing *l, const struct zr_tf_type *type,
                        const struct zr_tf_value *config) ZR_MUST_CHECK;
/* Asks for the first page; with an error among the diagnostics, ends at once. */
void zr_tf_listing_start(struct zr_tf_listing *l);

#endif
