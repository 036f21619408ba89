/*
 * Hand-overs that the thread sanitizer cannot see: a thread gives an object to a library that is
 * not built for it, another thread gets it back. The library's own locks order the two, the
 * sanitizer has to be told. Nothing in other builds. Any thread.
 */
#ifndef ZR_BASE_HANDOVER_H
#define ZR_BASE_HANDOVER_H

#if defined(__SANITIZE_THREAD__)
#define ZR_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ZR_TSAN 1
#endif
#endif

#ifdef ZR_TSAN
void __tsan_acquire(void *address);
void __tsan_release(void *address);
#endif

/* Before it goes into the library. */
static inline void zr_give(void *object) {
#ifdef ZR_TSAN
  __tsan_release(object);
#else
  (void)object;
#endif
}

/* Right after it comes back. */
static inline void zr_take(void *object) {
#ifdef ZR_TSAN
  __tsan_acquire(object);
#else
  (void)object;
#endif
}

#endif
