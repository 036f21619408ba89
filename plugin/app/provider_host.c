#include "app/provider_host.h"

#include <utlist.h>

#include "app/config.h"
#include "base/mem.h"

struct s_text {
  const char *from;
  char **to;
};

struct s_part {
  const struct zr_secret *from;
  struct zr_secret *to;
};

/* Copies what the provider block says into the settings that the loop knows. */
static enum zr_err s_config(const struct zr_tf_settings *s, struct zr_config *c) {
  const struct s_text texts[] = {{s->endpoint, &c->endpoint},
                                 {s->profile, &c->profile},
                                 {s->ca_file, &c->ca_file},
                                 {s->proxy, &c->proxy},
                                 {s->journal, &c->journal}};
  for (size_t i = 0; i < ZR_COUNT(texts); i++) {
    if (texts[i].from && !(*texts[i].to = zr_strdup(texts[i].from)))
      return ZR_ERR_NOMEM;
  }
  const struct s_part secrets[] = {{s->access_key_id, &c->access_key_id},
                                   {s->access_key_password, &c->access_key_password},
                                   {s->token, &c->token}};
  for (size_t i = 0; i < ZR_COUNT(secrets); i++) {
    if (!secrets[i].from || !zr_secret_is_set(secrets[i].from))
      continue;
    enum zr_err e = zr_secret_copy(secrets[i].to, secrets[i].from);
    if (e != ZR_ERR_OK)
      return e;
  }
  c->call_timeout_ms = s->call_timeout_ms;
  c->calls_per_second = s->calls_per_second;
  c->window_ms = s->window_ms;
  c->allow_plain_http = s->allow_plain_http;
  return ZR_ERR_OK;
}

static enum zr_err s_start(struct zr_provider_loop *l, const struct zr_tf_settings *settings,
                           struct zr_buf *problem) {
  const struct zr_app_options options = {.listen = NULL};
  struct zr_config config = {.endpoint = NULL};
  enum zr_err e = s_config(settings, &config);
  if (e == ZR_ERR_OK)
    e = zr_loop_new(&config, &options, &l->loop, problem);
  zr_config_clean_up(&config);
  return e;
}

/* False when it is too late. */
static bool s_add(struct zr_provider_host *h, struct zr_provider_loop *l) {
  (void)pthread_mutex_lock(&h->lock);
  bool late = h->stopped;
  if (!late)
    LL_PREPEND(h->loops, l);
  (void)pthread_mutex_unlock(&h->lock);
  return !late;
}

static enum zr_err s_configure(void *self, const struct zr_tf_settings *settings,
                               const struct zr_backend **out, struct zr_buf *problem) {
  struct zr_provider_host *h = self;
  struct zr_provider_loop *l = zr_calloc(1, sizeof *l);
  enum zr_err e = l ? s_start(l, settings, problem) : ZR_ERR_NOMEM;
  if (e != ZR_ERR_OK) {
    zr_free(l);
    return e;
  }
  if (!s_add(h, l)) {
    zr_loop_stop(l->loop);
    zr_loop_destroy(l->loop);
    zr_free(l);
    return ZR_ERR_CLOSED;
  }
  *out = zr_loop_backend(l->loop);
  return ZR_ERR_OK;
}

void zr_provider_host_init(struct zr_provider_host *h) {
  *h = (struct zr_provider_host){.loops = NULL};
  (void)pthread_mutex_init(&h->lock, NULL);
}

struct zr_tf_host zr_provider_host_face(struct zr_provider_host *h) {
  return (struct zr_tf_host){.self = h, .configure = s_configure};
}

void zr_provider_host_stop(struct zr_provider_host *h) {
  (void)pthread_mutex_lock(&h->lock);
  h->stopped = true;
  (void)pthread_mutex_unlock(&h->lock);
  struct zr_provider_loop *l;
  LL_FOREACH(h->loops, l) {
    zr_loop_stop(l->loop);
  }
}

void zr_provider_host_clean_up(struct zr_provider_host *h) {
  while (h->loops) {
    struct zr_provider_loop *l = h->loops;
    LL_DELETE(h->loops, l);
    zr_loop_destroy(l->loop);
    zr_free(l);
  }
  (void)pthread_mutex_destroy(&h->lock);
}
