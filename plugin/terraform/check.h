/*
 * Checks of configurations, before anything is asked of the service: products, ids, durations,
 * filters. Unknown values stay silent. gRPC thread.
 */
#ifndef ZR_TERRAFORM_CHECK_H
#define ZR_TERRAFORM_CHECK_H

#include "model/product.h"
#include "terraform/diags.h"
#include "terraform/private.h"

/* One configuration object of any kind. */
void zr_tf_check_config(struct zr_tf_diags *d, const struct zr_tf_kind_of *kind,
                        const struct zr_tf_value *config);
/* An object of either resource type that was stored or planned: it names a product, and instances
 * by ids that can be sent. A host hands over what validation let through, but a file on a disk may
 * have been edited since. Null is fine. */
void zr_tf_check_object(struct zr_tf_diags *d, const struct zr_tf_type *type,
                        const struct zr_tf_value *object);
/* Says what a decoder refused. */
void zr_tf_diag_decoding(struct zr_tf_diags *d, const struct zr_tf_decoding *decoding);

/* The product a value names; NONE when it is not known, null, or no product. */
enum zr_product zr_tf_product_of(const struct zr_tf_value *v);

#endif
