#include "ids.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/view.h"

enum { ID_MAX_BYTES = 128 };

void zr_ids_clean_up(struct zr_ids *ids) {
  void *items = ids->items;
  zr_free(items);
  zr_free(ids->lines);
  zr_arena_clean_up(&ids->text);
  *ids = (struct zr_ids){0};
}

static int s_push(struct zr_ids *ids, const char *id, uint32_t line) {
  void *items = ids->items;
  void *lines = ids->lines;
  if (zr_grow(&items, &ids->item_cap, ids->count + 1, sizeof(char *)) != 0)
    return -1;
  ids->items = items;
  if (zr_grow(&lines, &ids->line_cap, ids->count + 1, sizeof *ids->lines) != 0)
    return -1;
  ids->lines = lines;
  ids->items[ids->count] = id;
  ids->lines[ids->count++] = line;
  return 0;
}

int zr_ids_add(struct zr_ids *ids, const char *argument) {
  return s_push(ids, argument, 0);
}

static bool s_has_control(struct zr_view line) {
  for (size_t i = 0; i < line.len; i++)
    if ((unsigned char)line.ptr[i] < 0x20 || line.ptr[i] == 0x7F)
      return true;
  return false;
}

static const char *s_fault(struct zr_view line) {
  if (memchr(line.ptr, '\0', line.len))
    return "has a NUL byte";
  if (line.ptr[line.len - 1] == '\r')
    return "ends in a carriage return: a file with Windows line ends";
  if (zr_view_trim(line).len != line.len)
    return "has white space around the id";
  if (line.len > ID_MAX_BYTES)
    return "is longer than 128 bytes, which no id is";
  if (!zr_view_is_utf8(line))
    return "is not valid UTF-8";
  if (memchr(line.ptr, ' ', line.len) || memchr(line.ptr, '\t', line.len))
    return "has white space inside: one id a line, and comments on lines of their own";
  if (s_has_control(line))
    return "has a control character inside, which no id has";
  return NULL;
}

/* Takes one line without its end. False when it is wrong. */
static bool s_line(struct zr_ids *ids, struct zr_view line, uint32_t number, const char *name,
                   struct zr_buf *why) {
  struct zr_view content = zr_view_trim(line);
  if (content.len == 0 || content.ptr[0] == '#')
    return true;
  const char *fault = s_fault(line);
  if (fault) {
    (void)zr_buf_printf(why, "%s, line %u: %s", name, number, fault);
    return false;
  }
  char *copy = zr_arena_alloc(&ids->text, line.len + 1);
  if (!copy || number == UINT32_MAX)
    goto nomem;
  memcpy(copy, line.ptr, line.len);
  copy[line.len] = '\0';
  if (s_push(ids, copy, number) == 0)
    return true;
nomem:
  (void)zr_buf_printf(why, "%s, line %u: out of memory", name, number);
  return false;
}

bool zr_ids_read(struct zr_ids *ids, FILE *file, const char *name, struct zr_buf *why) {
  char *line = NULL;
  size_t cap = 0;
  uint32_t number = 0;
  bool fine = true;
  while (fine) {
    errno = 0;
    ssize_t len = getline(&line, &cap, file);
    if (len < 0)
      break;
    if (len > 0 && line[len - 1] == '\n')
      len--;
    fine = s_line(ids, (struct zr_view){line, (size_t)len}, ++number, name, why);
  }
  if (fine && ferror(file)) {
    (void)zr_buf_printf(why, "%s: %s", name, strerror(errno));
    fine = false;
  }
  free(line);
  return fine;
}
