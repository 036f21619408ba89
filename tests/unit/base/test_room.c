/* Whether there are descriptors left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/room.h"

static void s_as_many_as_there_are(void **state) {
  (void)state;
  struct rlimit before;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
  int first = eventfd(0, EFD_CLOEXEC);
  assert_true(first >= 0);
  struct rlimit low = {(rlim_t)first + 4, before.rlim_max}; /* three after it */
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
  assert_true(zr_room_for(0));
  for (int i = 0; i < 3; i++) /* it gives back what it takes */
    assert_true(zr_room_for(3));
  assert_false(zr_room_for(4));
  assert_false(zr_room_for(ZR_ROOM_MAX));
  assert_true(zr_room_for(3));
  close(first);
  assert_true(zr_room_for(4));
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
  assert_true(zr_room_for(ZR_ROOM_MAX));
  assert_false(zr_room_for(ZR_ROOM_MAX + 1));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(s_as_many_as_there_are)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
