/*
 * Runs a target over committed inputs, for builds without libFuzzer:
 *
 *   replay PATH…   each a file with one input, a pack with many (*.pack), or a folder of both
 *
 * A pack is, for each input, its length in decimal, a line end, and so many bytes. Before an input
 * is run its place is kept, and shown when it ends the program.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

enum { PATH_ROOM = 1024, PLACE_ROOM = PATH_ROOM + 64 };

static char s_place[PLACE_ROOM];
static unsigned long s_inputs;

static void s_tell(int signal_number) {
  static const char before[] = "replay: this input ended the program: ";
  (void)!write(STDERR_FILENO, before, sizeof before - 1);
  (void)!write(STDERR_FILENO, s_place, strlen(s_place));
  (void)!write(STDERR_FILENO, "\n", 1);
  (void)signal(signal_number, SIG_DFL);
  (void)raise(signal_number);
}

static void s_run(const char *path, unsigned long number, const char *bytes, size_t len) {
  uint8_t *copy = malloc(len ? len : 1); /* a read behind it is seen by sanitizers */
  if (!copy)
    abort();
  if (len)
    memcpy(copy, bytes, len);
  (void)snprintf(s_place, sizeof s_place, "%s, number %lu", path, number);
  (void)LLVMFuzzerTestOneInput(copy, len);
  s_inputs++;
  free(copy);
}

static int s_complain(const char *path, const char *what) {
  (void)fprintf(stderr, "replay: %s: %s\n", path, what);
  return 1;
}

static char *s_read(const char *path, size_t *len) {
  struct stat st;
  FILE *file = fopen(path, "rbe");
  char *bytes = NULL;
  *len = 0;
  if (file && fstat(fileno(file), &st) == 0) {
    bytes = malloc((size_t)st.st_size + 1);
    if (bytes)
      *len = fread(bytes, 1, (size_t)st.st_size, file);
    if (bytes)
      bytes[*len] = '\0';
  }
  if (file)
    (void)fclose(file);
  return bytes;
}

static int s_pack(const char *path, const char *bytes, size_t len) {
  unsigned long number = 0;
  for (size_t at = 0; at < len;) {
    char *end = NULL;
    unsigned long long size = strtoull(bytes + at, &end, 10);
    size_t from = (size_t)(end - bytes) + 1;
    if (end == bytes + at || *end != '\n' || from > len || size > len - from)
      return s_complain(path, "is no pack");
    s_run(path, number++, bytes + from, (size_t)size);
    at = from + (size_t)size;
  }
  return 0;
}

static int s_file(const char *path) {
  size_t len = 0;
  size_t chars = strlen(path);
  char *bytes = s_read(path, &len);
  int failed = 0;
  if (!bytes)
    return s_complain(path, "cannot be read");
  if (chars > 5 && strcmp(path + chars - 5, ".pack") == 0)
    failed = s_pack(path, bytes, len);
  else
    s_run(path, 0, bytes, len);
  free(bytes);
  return failed;
}

static int s_folder(const char *path) {
  struct dirent **names = NULL;
  int count = scandir(path, &names, NULL, alphasort);
  int failed = count < 0 ? s_complain(path, "cannot be read") : 0;
  for (int i = 0; i < count; i++) {
    char inner[PATH_ROOM];
    (void)snprintf(inner, sizeof inner, "%s/%s", path, names[i]->d_name);
    if (names[i]->d_name[0] != '.')
      failed |= s_file(inner);
    free(names[i]);
  }
  free(names);
  return failed;
}

int main(int argc, char **argv) {
  int failed = 0;
  (void)signal(SIGABRT, s_tell);
  for (int i = 1; i < argc; i++) {
    struct stat st;
    bool folder = stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode);
    failed |= folder ? s_folder(argv[i]) : s_file(argv[i]);
  }
  if (s_inputs == 0)
    failed |= s_complain("nothing", "no input was found");
  (void)printf("replay: %lu inputs\n", s_inputs);
  return failed;
}
