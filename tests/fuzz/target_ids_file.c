/* Files for --from: one id a line. */
#include <stdio.h>
#include <string.h>

#include "cli/ids.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct zr_ids ids = {0};
  struct zr_buf why = ZR_BUF_INIT(4096);
  if (size == 0)
    return 0;
  FILE *file = fmemopen((void *)(uintptr_t)data, size, "re");
  FUZZ_CHECK(file != NULL);
  bool fine = zr_ids_read(&ids, file, "ids.txt", &why);
  FUZZ_CHECK(fine == (why.len == 0));
  for (size_t i = 0; i < ids.count; i++) {
    struct zr_view id = zr_view_of(ids.items[i]);
    FUZZ_CHECK(id.len >= 1 && id.len <= 128 && zr_view_is_utf8(id));
    FUZZ_CHECK(id.ptr[0] != '#' && !strpbrk(id.ptr, " \t\r\n"));
    FUZZ_CHECK(ids.lines[i] >= 1 && (i == 0 || ids.lines[i] > ids.lines[i - 1]));
  }
  if (why.data)
    fuzz_check_shown(why.data);
  (void)fclose(file);
  zr_ids_clean_up(&ids);
  zr_buf_clean_up(&why);
  return 0;
}
