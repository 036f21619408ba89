/*
 * A list of instances, page by page, for the data source and the list resource. Loop thread, except
 * zr_tf_listing_read.
 */
#ifndef ZR_TERRAFORM_LISTING_H
#define ZR_TERRAFORM_LISTING_H

#include "terraform/op.h"

struct zr_tf_listing {
  struct zr_tf_op *op;
  struct zr_list_query query;
  struct zr_mono deadline;
  uint64_t seen; /* rows so far */
  /* One page; what it is given is borrowed. False: enough, no further page is asked for. */
  bool (*on_page)(struct zr_tf_listing *l, const struct zr_list_end *end);
  /* Once, at the end: every page was seen, or on_page had enough, or the op's diagnostics hold an
   * error. */
  void (*on_done)(struct zr_tf_listing *l);
};

/* Fills the query from a configuration with the filters of the schema; text is borrowed from it.
 * False: no memory. */
bool zr_tf_listing_read(struct zr_tf_listing *l, const struct zr_tf_type *type,
                        const struct zr_tf_value *config) ZR_MUST_CHECK;
/* Asks for the first page. */
void zr_tf_listing_start(struct zr_tf_listing *l);

#endif
