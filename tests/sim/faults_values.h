/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_FAULTS_VALUES_H
#define SIM_FAULTS_VALUES_H

#include "faults.h"

/* The fields of a rule that are more than a number, a flag or a text. Each answers NULL or what is
 * wrong. */
const char *sim_fault_set_value(struct sim_fault *fault, const char *name, const cJSON *item);

/* "name" must be expected. Valid until the next call. */
const char *sim_fault_wrong(const char *name, const char *expected);
bool sim_fault_is_string_array(const cJSON *list);

#endif
