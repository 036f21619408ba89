/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_FAULT_SAMPLES_H
#define SIM_FAULT_SAMPLES_H

#include "base.h"

/* Bodies that no client should take for an acceptance, by name. {{requestId}} is filled in when
 * they are sent. */
bool sim_fault_sample(const char *name, struct sim_buf *out);
/* For error messages. */
const char *sim_fault_sample_names(void);

/* Appends template with {{requestId}} replaced. */
void sim_fault_fill_in(struct sim_buf *out, const struct sim_buf *template, const char *request_id);

/* len bytes of zeros as gzip, about 160 times smaller. */
void sim_fault_gzip_zeros(struct sim_buf *out, uint64_t len);

#endif
