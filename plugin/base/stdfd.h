/* The three standard descriptors. */
#ifndef ZR_BASE_STDFD_H
#define ZR_BASE_STDFD_H

/* Opens /dev/null on each of 0, 1 and 2 that is closed, so that no file or socket gets such a
 * number and then what is said on stdout. Ends the process when it cannot. */
void zr_stdfd_open(void);

/* Stands beside main, and has that done before the constructors of libraries run: some of them open
 * descriptors. A sanitizer is not ready then; main does it there. */
#ifdef ZR_SANITIZED
#define ZR_STDFD_FIRST
#else
#define ZR_STDFD_FIRST                                                                             \
  __attribute__((section(".preinit_array"), used)) static void (*const s_stdfd_first)(void) =      \
      zr_stdfd_open;
#endif

#endif
