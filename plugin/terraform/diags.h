/*
 * Diagnostics on their way to Terraform: severity, one line, a text, and the element they point at.
 * Text lives in the arena. One thread at a time.
 */
#ifndef ZR_TERRAFORM_DIAGS_H
#define ZR_TERRAFORM_DIAGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "tfplugin6/tfplugin6.pb-c.h"

enum zr_tf_severity { ZR_TF_ERROR = 1, ZR_TF_WARNING = 2 }; /* the protocol's numbers */

/* Where a diagnostic points: an attribute, an element of it, or an attribute of a block. */
struct zr_tf_path {
  const char *attribute; /* NULL: the whole object */
  long index;            /* of an element; -1: none */
  const char *inner;     /* attribute of the block `attribute`; NULL: none */
};

#define ZR_TF_WHOLE              ((struct zr_tf_path){NULL, -1, NULL})
#define ZR_TF_AT(name)           ((struct zr_tf_path){(name), -1, NULL})
#define ZR_TF_ELEMENT(name, i)   ((struct zr_tf_path){(name), (long)(i), NULL})
#define ZR_TF_INNER(block, name) ((struct zr_tf_path){(block), -1, (name)})

struct zr_tf_diags {
  struct zr_arena *arena;
  Tfplugin6__Diagnostic **items;
  size_t count;
  size_t cap;
  size_t errors;
  bool nomem; /* at least one diagnostic is lost */
};

/* Summary and detail are copied; the path's names are borrowed for as long as the diagnostics
 * live. */
void zr_tf_diag(struct zr_tf_diags *d, enum zr_tf_severity severity, struct zr_tf_path path,
                const char *summary, const char *detail);
/* With the summary made from a format. */
void zr_tf_diag_f(struct zr_tf_diags *d, enum zr_tf_severity severity, struct zr_tf_path path,
                  const char *detail, const char *summary_format, ...) ZR_PRINTF(5, 6);

#endif
