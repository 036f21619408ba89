/* The simulator of the cloud as a process, and its pages. */
#ifndef ZR_TFHOST_CLOUD_H
#define ZR_TFHOST_CLOUD_H

#include <cjson/cJSON.h>

#include "child.h"

enum { CLOUD_TEXT = 128, CLOUD_IDS = 64 };

struct cloud {
  struct child child;
  char endpoint[CLOUD_TEXT];
  char key_id[CLOUD_TEXT];
  char password[CLOUD_TEXT];
  char ids[CLOUD_IDS][CLOUD_TEXT]; /* of what sits in the bin at the start */
  unsigned id_count;
};

/* Starts one with so many instances in the bin. */
void cloud_start(struct cloud *c, const char *recycled);
/* A page below /_sim/; caller frees with cJSON_Delete. */
cJSON *cloud_page(const struct cloud *c, const char *page);
/* How many requests of this action it saw. */
int cloud_count(const struct cloud *c, const char *action);
/* How many instances a release has destroyed. */
int cloud_destroyed(const struct cloud *c);
void cloud_stop(struct cloud *c);

#endif
