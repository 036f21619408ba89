#include "zenlayer/env.h"

#include <stddef.h>
#include <stdlib.h>

static const char *s_getenv(void *ctx, const char *name) {
  (void)ctx;
  return getenv(name);
}

struct zr_env zr_env_process(void) {
  return (struct zr_env){s_getenv, NULL};
}

const char *zr_env_get(const struct zr_env *env, const char *name) {
  const char *value = env->get ? env->get(env->ctx, name) : NULL;
  return value && value[0] ? value : NULL;
}
