/* Verdicts as diagnostics: who is told what, how loudly, and on which element. Loop thread. */
#ifndef ZR_TERRAFORM_REPORT_H
#define ZR_TERRAFORM_REPORT_H

#include "terraform/work.h"

/* In which role an id was read. */
enum zr_tf_moment {
  ZR_TF_PLANS_TO_ENTER, /* a plan brings it into the resource */
  ZR_TF_IN_STATE,       /* a plan, or a read: the resource has it already */
  ZR_TF_ENTERS,         /* an apply brings it in */
};

/* Says what a read (validate_only) found about id `i` of the work, if there is anything to say.
 * `position` is its place in the configured list; -1: it is not there. What concerns the service
 * and not this id is left to zr_tf_report_service. */
void zr_tf_report_read(const struct zr_tf_work *w, size_t i, enum zr_tf_moment moment,
                       long position);
/* Once for each read: the service could not be asked, or would not answer. An error for credentials
 * and whenever `moment` is ZR_TF_ENTERS; a warning otherwise. */
void zr_tf_report_service(const struct zr_tf_work *w, enum zr_tf_moment moment);
/* The code concerns the service, the credentials or this process, and no single id. */
bool zr_tf_code_is_general(enum zr_code code);

/* After a release: an error for id `i` unless it is gone; a warning when it was missing before. */
void zr_tf_report_release(const struct zr_tf_work *w, size_t i, struct zr_tf_path path);

#endif
