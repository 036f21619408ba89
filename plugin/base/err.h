/* Error codes: what our own functions return by value. Text for people travels beside, never
 * behind. */
#ifndef ZR_BASE_ERR_H
#define ZR_BASE_ERR_H

enum zr_err {
#define ZR_ERR(name, sentence) ZR_ERR_##name,
#include "base/err.def"
#undef ZR_ERR
  ZR_ERR_COUNT_
};

/* A constant sentence for `e`; never NULL, also for a number that is no error code. Any thread. */
const char *zr_err_text(enum zr_err e);

#endif
