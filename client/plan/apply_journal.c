#include "apply_journal.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/out.h"

/* The same that the plugin asks of a folder: nobody else may put files into it. */
static bool s_is_private(const char *plan) {
  char folder[PATH_MAX];
  struct stat st;
  if ((size_t)snprintf(folder, sizeof folder, "%s", plan) >= sizeof folder)
    return false;
  const char *name = dirname(folder);
  return stat(name, &st) == 0 && (st.st_uid == geteuid() || st.st_uid == 0) &&
         (st.st_mode & 022) == 0 && access(name, W_OK) == 0;
}

bool zr_journal_beside(struct zr_common_args *common, const char *plan, struct zr_buf *name) {
  struct stat st;
  if (common->server || common->journal || common->config || stat(plan, &st) != 0 ||
      !S_ISREG(st.st_mode))
    return true;
  if (!s_is_private(plan)) {
    zr_note("zenrelease: no journal is kept beside the plan, since others can write to its folder, "
            "or it cannot be written; --journal FILE names another place");
    return true;
  }
  if (zr_buf_printf(name, "%s.journal", plan) != ZR_ERR_OK) {
    zr_complain(common->json, "resource_exhausted", "out of memory, so nothing was sent");
    return false;
  }
  common->journal = name->data;
  return true;
}
