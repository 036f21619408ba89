/* The parts of zenrelease_instances, by file. As struct zr_tf_resource says. */
#ifndef ZR_TERRAFORM_INSTANCES_H
#define ZR_TERRAFORM_INSTANCES_H

#include "terraform/resource.h"

void zr_tf_instances_read(struct zr_tf_change *c);
void zr_tf_instances_plan(struct zr_tf_change *c);
void zr_tf_instances_apply(struct zr_tf_change *c);

#endif
