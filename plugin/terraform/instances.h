/* The parts of zenrelease_instances, by file. As struct zr_tf_resource says. */
#ifndef ZR_TERRAFORM_INSTANCES_H
#define ZR_TERRAFORM_INSTANCES_H

#include <string.h>

#include "terraform/resource.h"

/* Whether on_remove of `object` keeps ids that leave it in the bin. A word that nobody knows never
 * releases. */
static inline bool zr_tf_instances_keep(const struct zr_tf_change *c,
                                        const struct zr_tf_value *object) {
  const char *word = zr_tf_text(zr_tf_of(c, object, "on_remove"));
  return word && strcmp(word, "release") != 0;
}

void zr_tf_instances_read(struct zr_tf_change *c);
void zr_tf_instances_plan(struct zr_tf_change *c);
void zr_tf_instances_apply(struct zr_tf_change *c);

#endif
