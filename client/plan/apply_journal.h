/* The journal that a saved plan has beside it. */
#ifndef ZR_CLIENT_PLAN_APPLY_JOURNAL_H
#define ZR_CLIENT_PLAN_APPLY_JOURNAL_H

#include "base/buf.h"
#include "cli/args.h"

/* Names PLAN.journal as the journal of the plugin that is about to be started, unless a server, a
 * journal or a configuration was named: so that a later apply of the same plan knows what this one
 * has released. In a folder where no journal can be kept it says so, and the apply goes on without.
 * `name` holds the path, and must live as long as *common is used. False with a complaint: out of
 * memory. */
bool zr_journal_beside(struct zr_common_args *common, const char *plan, struct zr_buf *name);

#endif
