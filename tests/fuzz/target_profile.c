/*
 * The profile files of the vendor's command line, and the environment beside them. The input: lines
 * NAME=VALUE of the environment up to an empty one, then credentials.json up to a NUL, then
 * config.json. A secret that stands in a file or a variable is in no sentence.
 */
#include <string.h>

#include "base/mem.h"
#include "fuzz.h"
#include "zenlayer/credential.h"
#include "zenlayer/json.h"

enum { VARIABLES = 12 };

static const char s_marker[] = "Zq7Secret";

struct s_env {
  char *lines[VARIABLES];
  size_t count;
};

static const char *s_get(void *ctx, const char *name) {
  const struct s_env *e = ctx;
  size_t len = strlen(name);
  if (strcmp(name, "HOME") == 0)
    return fuzz_folder();
  for (size_t i = 0; i < e->count; i++)
    if (strncmp(e->lines[i], name, len) == 0 && e->lines[i][len] == '=')
      return e->lines[i] + len + 1;
  return NULL;
}

static void s_read_env(struct s_env *e, struct fuzz_input *in) {
  e->count = 0;
  for (;;) {
    struct zr_view line = fuzz_until(in, '\n');
    if (line.len == 0)
      return;
    if (e->count < VARIABLES)
      e->lines[e->count++] = fuzz_text(line);
  }
}

/* Names may be shown; a marker in one of them would be our own doing. */
static bool s_names_marker(const char *named, struct zr_view config) {
  return (named && strstr(named, s_marker)) ||
         memmem(config.ptr, config.len, s_marker, sizeof s_marker - 1) != NULL;
}

static void s_check(const struct zr_credential *c) {
  bool key = zr_secret_is_set(&c->key_id) && zr_secret_is_set(&c->password);
  FUZZ_CHECK(key != zr_secret_is_set(&c->token));
  FUZZ_CHECK(key || (!zr_secret_is_set(&c->key_id) && !zr_secret_is_set(&c->password)));
  FUZZ_CHECK(strlen(c->fingerprint) == ZR_FINGERPRINT_CHARS);
  const struct zr_secret *sent = zr_credential_is_token(c) ? &c->token : &c->key_id;
  FUZZ_CHECK(!strpbrk(sent->bytes, " ,\r\n\t")); /* stands in a header */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input in = {data, size};
  struct s_env env;
  struct zr_credential c;
  struct zr_buf problem = ZR_BUF_INIT(4096);
  s_read_env(&env, &in);
  (void)fuzz_file(0, ".zenlayer/credentials.json", fuzz_until(&in, '\0'));
  struct zr_view config = fuzz_rest(&in);
  (void)fuzz_file(1, ".zenlayer/config.json", config);
  const char *named = s_get(&env, "PROFILE");
  const struct zr_credential_settings settings = {.profile = named, .env = {s_get, &env}};
  enum zr_err e = zr_credential_find(&settings, &c, &problem);
  if (e == ZR_ERR_OK)
    s_check(&c);
  else
    FUZZ_CHECK(problem.len > 0);
  const char *profile = s_get(&env, "ZENLAYER_PROFILE");
  if (!s_names_marker(named, config) && !s_names_marker(profile, config)) {
    FUZZ_CHECK(!problem.data || !strstr(problem.data, s_marker));
    FUZZ_CHECK(!strstr(c.source, s_marker));
  }
  zr_credential_clean_up(&c);
  zr_buf_clean_up(&problem);
  for (size_t i = 0; i < env.count; i++)
    zr_free(env.lines[i]);
  return 0;
}
