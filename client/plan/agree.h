/* Asking a person whether a plan is to be run. */
#ifndef ZR_CLIENT_PLAN_AGREE_H
#define ZR_CLIENT_PLAN_AGREE_H

#include "cli/connect.h"
#include "plan_file.h"

/* Yes, and nothing else; an interruption is a no at once. Says why it was not agreed to. */
bool zr_agreed(const struct zr_plan *plan, const struct zenrelease_cancel *cancel);

#endif
