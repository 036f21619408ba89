/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_ROWS_H
#define SIM_ROWS_H

#include "fleet.h"

/* The rows of a describe: every documented field of the product, generated where the fleet file is
 * silent. */
void sim_row_write(struct sim_json *json, const struct sim_instance *instance,
                   enum sim_status status);
/* The short form of DescribeInstancesStatus. */
void sim_row_write_status(struct sim_json *json, const struct sim_instance *instance,
                          enum sim_status status);

/* The word the service uses for a status. */
const char *sim_row_status_word(const struct sim_instance *instance, enum sim_status status);

/* What a text field shows: the instance's own value, or the product's usual one. */
enum sim_text {
  SIM_TEXT_NAME,
  SIM_TEXT_HOSTNAME,
  SIM_TEXT_ZONE,
  SIM_TEXT_TYPE,
  SIM_TEXT_IMAGE,
  SIM_TEXT_IMAGE_NAME,
  SIM_TEXT_GROUP,
  SIM_TEXT_GROUP_NAME,
  SIM_TEXT_SUBNET,
  SIM_TEXT_SECURITY_GROUP,
  SIM_TEXT_KEY, /* may be NULL */
  SIM_TEXT_INTERNET_CHARGE,
};

const char *sim_instance_text(const struct sim_instance *instance, enum sim_text which);

#endif
