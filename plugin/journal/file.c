#include "journal/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utlist.h>

#include "base/mem.h"

/* The bytes that SQLite locks. */
enum { LOCK_FIRST = 0x40000000, LOCK_COUNT = 512 };

static pthread_mutex_t s_lock = PTHREAD_MUTEX_INITIALIZER;
static struct zr_journal_file *s_files; /* of this process; under s_lock */

/* ---- whose it may be ---- */

static bool s_is_ours(uid_t owner) {
  return owner == geteuid() || owner == 0;
}

/* Somebody who can put a file beside it could plant a rollback journal, and SQLite would play it
 * back. The sticky bit of /tmp does not keep from that. */
static enum zr_err s_check_folder(const char *path, struct zr_buf *problem) {
  char folder[PATH_MAX];
  struct stat st;
  (void)snprintf(folder, sizeof folder, "%s", path);
  if (stat(dirname(folder), &st) != 0) {
    (void)zr_buf_printf(problem, "its folder cannot be read: %s", strerror(errno));
    return errno == ENOENT || errno == ENOTDIR ? ZR_ERR_NOT_FOUND : ZR_ERR_IO;
  }
  if (!s_is_ours(st.st_uid) || (st.st_mode & 022) != 0) {
    (void)zr_buf_text(problem, "others can put files into its folder; choose a folder of yours, "
                               "which nobody else can write to");
    return ZR_ERR_DENIED;
  }
  char beside[PATH_MAX];
  (void)snprintf(beside, sizeof beside, "%s-journal", path);
  if (lstat(beside, &st) == 0 && (!S_ISREG(st.st_mode) || !s_is_ours(st.st_uid))) {
    (void)zr_buf_printf(problem, "%s is not yours; look where it comes from", beside);
    return ZR_ERR_DENIED;
  }
  return ZR_ERR_OK;
}

/* A single file that a container was given. Older kernels do not tell. */
static bool s_is_mounted(int fd) {
  struct statx st;
  return statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &st) == 0 &&
         (st.stx_attributes & st.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0;
}

static enum zr_err s_check_file(struct zr_journal_file *f, struct zr_buf *problem) {
  struct stat st;
  if (fstat(f->fd, &st) != 0)
    return ZR_ERR_IO;
  if (!S_ISREG(st.st_mode)) {
    (void)zr_buf_text(problem, "it is no regular file");
    return ZR_ERR_DENIED;
  }
  if (!s_is_ours(st.st_uid) || (st.st_mode & 022) != 0) {
    (void)zr_buf_text(problem, "others can write to it; it must be yours, with mode 0600");
    return ZR_ERR_DENIED;
  }
  if (s_is_mounted(f->fd)) {
    (void)zr_buf_text(problem,
                      "it is mounted by itself, so what a crash leaves beside it would stay "
                      "behind in another folder; mount its folder instead");
    return ZR_ERR_DENIED;
  }
  if (st.st_nlink > 1) {
    (void)zr_buf_printf(problem,
                        "it has %lu names (hard links); what a crash leaves beside one of them is "
                        "not found under the other, so keep one and remove the others",
                        (unsigned long)st.st_nlink);
    return ZR_ERR_DENIED;
  }
  f->device = st.st_dev;
  f->inode = st.st_ino;
  return ZR_ERR_OK;
}

/* The path without symbolic links; one that somebody else made is refused. */
static enum zr_err s_resolve(struct zr_journal_file *f, const char *path, struct zr_buf *problem) {
  struct stat st;
  bool there = lstat(path, &st) == 0;
  if (there && S_ISLNK(st.st_mode) && !s_is_ours(st.st_uid)) {
    (void)zr_buf_text(problem, "it is a symbolic link of somebody else");
    return ZR_ERR_DENIED;
  }
  char folder[PATH_MAX];
  char name[NAME_MAX + 1];
  char whole[PATH_MAX];
  if (there ? !realpath(path, whole) : strlen(path) >= sizeof folder)
    return ZR_ERR_NOT_FOUND;
  if (!there) {
    (void)snprintf(folder, sizeof folder, "%s", path);
    (void)snprintf(name, sizeof name, "%s", basename(folder));
    (void)snprintf(folder, sizeof folder, "%s", path);
    if (!realpath(dirname(folder), whole) || strlen(whole) + strlen(name) + 16 > sizeof whole)
      return ZR_ERR_NOT_FOUND;
    (void)snprintf(whole + strlen(whole), sizeof whole - strlen(whole), "/%s", name);
  }
  f->path = zr_strdup(whole);
  return f->path ? ZR_ERR_OK : ZR_ERR_NOMEM;
}

/* ---- whose it is now ---- */

static void s_name(pid_t pid, struct zr_buf *problem) {
  char path[64];
  char name[64] = "";
  (void)snprintf(path, sizeof path, "/proc/%ld/comm", (long)pid);
  FILE *comm = pid > 0 ? fopen(path, "re") : NULL;
  if (comm) {
    if (fgets(name, sizeof name, comm))
      name[strcspn(name, "\n")] = '\0';
    (void)fclose(comm);
  }
  if (pid > 0)
    (void)zr_buf_printf(problem, "process %ld (%s) has it; stop that, ask it, or name another file",
                        (long)pid, name[0] ? name : "already gone");
  else
    (void)zr_buf_text(problem, "a process outside of this container has it");
}

bool zr_journal_file_is_held(const struct zr_journal_file *f, struct zr_buf *problem) {
  struct flock lock = {
      .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = LOCK_FIRST, .l_len = LOCK_COUNT};
  if (fcntl(f->fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
    return false;
  s_name(lock.l_pid, problem);
  return true;
}

/* A second descriptor would end the lock of the first when it is closed. */
static bool s_is_open_here(const char *path) {
  struct stat st;
  bool found = false;
  if (stat(path, &st) != 0)
    return false;
  (void)pthread_mutex_lock(&s_lock);
  for (const struct zr_journal_file *f = s_files; f && !found; f = f->next)
    found = f->device == st.st_dev && f->inode == st.st_ino;
  (void)pthread_mutex_unlock(&s_lock);
  return found;
}

static void s_claim(struct zr_journal_file *f) {
  (void)pthread_mutex_lock(&s_lock);
  f->claimed = true;
  LL_PREPEND(s_files, f);
  (void)pthread_mutex_unlock(&s_lock);
}

static enum zr_err s_open(struct zr_journal_file *f, bool read_only, struct zr_buf *problem) {
  int flags = (read_only ? O_RDONLY : O_RDWR | O_CREAT) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  f->fd = open(f->path, flags, 0600);
  if (f->fd >= 0)
    return ZR_ERR_OK;
  int why = errno;
  (void)zr_buf_printf(problem, "it cannot be opened: %s", strerror(why));
  if (why == ENOENT)
    return ZR_ERR_NOT_FOUND;
  return why == EACCES || why == EPERM || why == EROFS || why == ELOOP || why == EISDIR
             ? ZR_ERR_DENIED
             : ZR_ERR_IO;
}

enum zr_err zr_journal_file_open(struct zr_journal_file *f, const char *path, bool read_only,
                                 struct zr_buf *problem) {
  *f = (struct zr_journal_file){.fd = -1};
  enum zr_err e = s_resolve(f, path, problem);
  if (e == ZR_ERR_OK && s_is_open_here(f->path)) {
    (void)zr_buf_text(problem, "this very process has it open already");
    return ZR_ERR_EXISTS;
  }
  if (e == ZR_ERR_OK)
    e = s_check_folder(f->path, problem);
  if (e == ZR_ERR_OK)
    e = s_open(f, read_only, problem);
  if (e == ZR_ERR_OK)
    e = s_check_file(f, problem);
  if (e == ZR_ERR_OK && zr_journal_file_is_held(f, problem))
    e = ZR_ERR_EXISTS;
  if (e == ZR_ERR_OK)
    s_claim(f);
  if (e == ZR_ERR_NOT_FOUND && problem->len == 0)
    (void)zr_buf_text(problem, "there is no such file or folder");
  return e;
}

void zr_journal_file_clean_up(struct zr_journal_file *f) {
  if (f->claimed) {
    (void)pthread_mutex_lock(&s_lock);
    LL_DELETE(s_files, f);
    (void)pthread_mutex_unlock(&s_lock);
  }
  if (f->fd >= 0)
    (void)close(f->fd);
  zr_free(f->path);
  *f = (struct zr_journal_file){.fd = -1};
}
