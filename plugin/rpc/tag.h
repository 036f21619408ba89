/*
 * Tags: what the core's completion queue hands back. Each is embedded in its owner; dispatch is one
 * indirect call. The core is not built for the thread sanitizer, so it is told that a tag's journey
 * through the queue is a hand-over.
 */
#ifndef ZR_RPC_TAG_H
#define ZR_RPC_TAG_H

#include <stdbool.h>

struct zr_rpc_tag {
  void (*fn)(struct zr_rpc_tag *tag, bool ok); /* gRPC thread */
};

#if defined(__SANITIZE_THREAD__)
#define ZR_RPC_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ZR_RPC_TSAN 1
#endif
#endif

#ifdef ZR_RPC_TSAN
void __tsan_acquire(void *address);
void __tsan_release(void *address);
#define ZR_TAG_GIVE(tag) __tsan_release(tag) /* before the tag goes to the core */
#define ZR_TAG_TAKE(tag) __tsan_acquire(tag) /* right after it comes back */
#else
#define ZR_TAG_GIVE(tag) ((void)(tag))
#define ZR_TAG_TAKE(tag) ((void)(tag))
#endif

#endif
