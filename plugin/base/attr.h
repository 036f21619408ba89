/* Compiler attributes and the two macros that everything uses. */
#ifndef ZR_BASE_ATTR_H
#define ZR_BASE_ATTR_H

#include <stddef.h>

#define ZR_MUST_CHECK       __attribute__((warn_unused_result))
#define ZR_PRINTF(fmt, arg) __attribute__((format(printf, fmt, arg)))
#define ZR_NORETURN         __attribute__((noreturn))

#define ZR_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The owner of an embedded member. */
#define ZR_OWNER(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#endif
