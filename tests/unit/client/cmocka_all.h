/* cmocka needs these before itself. */
#ifndef ZR_TESTS_UNIT_CLIENT_CMOCKA_ALL_H
#define ZR_TESTS_UNIT_CLIENT_CMOCKA_ALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
