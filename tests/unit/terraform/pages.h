/* What a page of docs/terraform says beside the schema. */
#ifndef ZR_TEST_TERRAFORM_PAGES_H
#define ZR_TEST_TERRAFORM_PAGES_H

#include <stddef.h>

#include "terraform/schema.h"

struct page {
  const char *path; /* below docs/terraform */
  enum zr_tf_role role;
  const char *schema; /* name */
  const char *title;
  const char *example; /* HCL */
  const char *notes;   /* Markdown, after the example */
  const char *import;  /* Markdown, at the end; NULL: none */
};

extern const struct page pages[];
extern const size_t page_count;

#endif
