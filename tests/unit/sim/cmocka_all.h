/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_CMOCKA_ALL_H
#define SIM_CMOCKA_ALL_H

/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
