/*
 * A disk that a case can break: preloaded into the plugin, it counts the flushes of files and, as a
 * shared page of numbers says, ends the process at one of them, lets them fail, or lets writes
 * fail. SQLite reaches these functions through the dynamic linker, like everybody else.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define S_EXPORT __attribute__((visibility("default")))

/* The numbers in the page; 0 where there is nothing to do. */
enum {
  S_FLUSHES,     /* counted here */
  S_KILL_BEFORE, /* the flush of this number */
  S_KILL_AFTER,  /* … once it is on disk */
  S_FLUSH_ERRNO, /* every flush fails with this */
  S_WRITE_ERRNO, /* every write to a regular file fails with this */
  S_STALL,       /* reads and flushes wait until it is 0 again; not those of the main thread */
  S_NUMBERS,
};

static int64_t *s_page;

__attribute__((constructor)) static void s_open(void) {
  const char *path = getenv("ZR_DISK_SHIM");
  int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
  if (fd < 0)
    return;
  void *page = mmap(NULL, S_NUMBERS * sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  (void)close(fd);
  if (page != MAP_FAILED)
    s_page = page;
}

static int64_t s_number(int which) {
  return s_page ? __atomic_load_n(&s_page[which], __ATOMIC_SEQ_CST) : 0;
}

static void s_die(void) {
  (void)kill(getpid(), SIGKILL);
}

static void s_stall(void) {
  const struct timespec moment = {.tv_nsec = 10000000};
  while (s_number(S_STALL) && syscall(SYS_gettid) != getpid())
    (void)nanosleep(&moment, NULL);
}

static int s_flush(long call, int fd) {
  s_stall();
  int64_t n = s_page ? __atomic_add_fetch(&s_page[S_FLUSHES], 1, __ATOMIC_SEQ_CST) : 0;
  if (n && n == s_number(S_KILL_BEFORE))
    s_die();
  if (s_number(S_FLUSH_ERRNO)) {
    errno = (int)s_number(S_FLUSH_ERRNO);
    return -1;
  }
  int rc = (int)syscall(call, fd);
  if (n && n == s_number(S_KILL_AFTER))
    s_die();
  return rc;
}

S_EXPORT int fsync(int fd) {
  return s_flush(SYS_fsync, fd);
}

S_EXPORT int fdatasync(int fd) {
  return s_flush(SYS_fdatasync, fd);
}

S_EXPORT ssize_t pread64(int fd, void *data, size_t n, off64_t offset) {
  s_stall();
  return (ssize_t)syscall(SYS_pread64, fd, data, n, offset);
}

S_EXPORT ssize_t pread(int fd, void *data, size_t n, off_t offset) {
  return pread64(fd, data, n, offset);
}

static int s_refuses_write(int fd) {
  struct stat about;
  if (!s_number(S_WRITE_ERRNO) || fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
    return 0;
  errno = (int)s_number(S_WRITE_ERRNO);
  return 1;
}

S_EXPORT ssize_t pwrite64(int fd, const void *data, size_t n, off64_t offset) {
  return s_refuses_write(fd) ? -1 : (ssize_t)syscall(SYS_pwrite64, fd, data, n, offset);
}

S_EXPORT ssize_t pwrite(int fd, const void *data, size_t n, off_t offset) {
  return pwrite64(fd, data, n, offset);
}

S_EXPORT int ftruncate64(int fd, off64_t size) {
  return s_refuses_write(fd) ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

S_EXPORT int ftruncate(int fd, off_t size) {
  return ftruncate64(fd, size);
}
