/* The environment as an argument, so that a test can bring its own. */
#ifndef ZR_ZENLAYER_ENV_H
#define ZR_ZENLAYER_ENV_H

/* The value of `name`, borrowed until the environment changes; NULL when not set. */
typedef const char *(zr_env_fn)(void *ctx, const char *name);

struct zr_env {
  zr_env_fn *get;
  void *ctx;
};

/* The environment of the process. */
struct zr_env zr_env_process(void);
/* As `get`, but NULL for an empty value as well. */
const char *zr_env_get(const struct zr_env *env, const char *name);

#endif
