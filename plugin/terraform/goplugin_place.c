#include "terraform/goplugin_place.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/view.h"

enum { GROUP_ROOM = 65536 };

static bool s_has(const char *text) {
  return text && *text;
}

/* False with errno; ENAMETOOLONG when a socket there would have too long a path. */
static bool s_try(struct zr_goplugin_place *out, const char *base) {
  const char name[] = "/zr-XXXXXX";
  if (strlen(base) + sizeof name + 2 > sizeof out->path) {
    errno = ENAMETOOLONG;
    return false;
  }
  (void)snprintf(out->dir, sizeof out->dir, "%s%s", base, name);
  if (!mkdtemp(out->dir)) {
    out->dir[0] = '\0';
    return false;
  }
  (void)snprintf(out->path, sizeof out->path, "%.*s/s", ZR_PLACE_PATH - 3, out->dir);
  (void)snprintf(out->listen, sizeof out->listen, "unix:%s", out->path);
  return true;
}

static enum zr_err s_find_group(const char *text, struct zr_goplugin_place *out,
                                struct zr_buf *problem) {
  unsigned long long number = 0;
  if (zr_view_to_u64(zr_view_of(text), &number) && number < UINT32_MAX) {
    out->group = (long)number;
    return ZR_ERR_OK;
  }
  char *room = zr_alloc(GROUP_ROOM);
  if (!room)
    return ZR_ERR_NOMEM;
  struct group entry;
  struct group *found = NULL;
  (void)getgrnam_r(text, &entry, room, GROUP_ROOM, &found);
  if (found)
    out->group = (long)found->gr_gid;
  else
    (void)zr_buf_printf(problem, "PLUGIN_UNIX_SOCKET_GROUP: there is no group \"%s\"", text);
  zr_free(room);
  return found ? ZR_ERR_OK : ZR_ERR_INVALID;
}

static enum zr_err s_fail(struct zr_buf *problem, const char *what, const char *path) {
  (void)zr_buf_printf(problem, "%s %s: %s", what, path, strerror(errno));
  return errno == ENAMETOOLONG ? ZR_ERR_INVALID : ZR_ERR_IO;
}

static enum zr_err s_make_dir(const struct zr_goplugin_wish *wish, struct zr_goplugin_place *out,
                              struct zr_buf *problem) {
  const char *asked = s_has(wish->socket_dir) ? wish->socket_dir : wish->temp_dir;
  if (s_has(asked) && s_try(out, asked))
    return ZR_ERR_OK;
  if (s_has(wish->socket_dir))
    return s_fail(problem, "cannot make a folder for the socket in", wish->socket_dir);
  if (s_try(out, "/tmp"))
    return ZR_ERR_OK;
  if (!wish->tls)
    return s_fail(problem, "cannot make a folder for the socket in", s_has(asked) ? asked : "/tmp");
  (void)snprintf(out->listen, sizeof out->listen, "127.0.0.1:0");
  return ZR_ERR_OK;
}

static enum zr_err s_give(const char *path, mode_t mode, long group, struct zr_buf *problem) {
  if (chown(path, (uid_t)-1, (gid_t)group) != 0 || chmod(path, mode) != 0)
    return s_fail(problem, "cannot give to the group of PLUGIN_UNIX_SOCKET_GROUP:", path);
  return ZR_ERR_OK;
}

enum zr_err zr_goplugin_place_make(const struct zr_goplugin_wish *wish,
                                   struct zr_goplugin_place *out, struct zr_buf *problem) {
  *out = (struct zr_goplugin_place){.group = -1};
  enum zr_err e = ZR_ERR_OK;
  if (s_has(wish->socket_group))
    e = s_find_group(wish->socket_group, out, problem);
  if (e == ZR_ERR_OK)
    e = s_make_dir(wish, out, problem);
  if (e == ZR_ERR_OK && out->group >= 0 && out->dir[0])
    e = s_give(out->dir, 0750, out->group, problem);
  return e;
}

enum zr_err zr_goplugin_place_share(const struct zr_goplugin_place *place, struct zr_buf *problem) {
  if (place->group < 0 || !place->dir[0])
    return ZR_ERR_OK;
  return s_give(place->path, 0660, place->group, problem);
}

void zr_goplugin_place_remove(struct zr_goplugin_place *place) {
  if (!place->dir[0])
    return;
  (void)unlink(place->path);
  (void)rmdir(place->dir);
  place->dir[0] = '\0';
}
