/* ConfigureProvider and StopProvider. */
#include "base/log.h"
#include "base/mem.h"
#include "terraform/check.h"
#include "terraform/duration.h"

enum { SECRETS = 3 };

/* The settings of one provider block, and the secrets they point at. */
struct s_block {
  struct zr_tf_settings settings;
  struct zr_secret secrets[SECRETS];
};

static void s_clean_up(struct s_block *b) {
  for (size_t i = 0; i < SECRETS; i++)
    zr_secret_clean_up(&b->secrets[i]);
}

static const struct zr_tf_value *s_get(const struct zr_tf_kind_of *kind,
                                       const struct zr_tf_value *config, const char *name) {
  return zr_tf_get(&kind->type, config, name);
}

static int64_t s_duration(const struct zr_tf_value *v, int64_t otherwise) {
  int64_t ms = 0;
  const char *text = zr_tf_text(v);
  return text && zr_tf_duration(text, &ms) ? ms : otherwise;
}

static enum zr_err s_secret(struct zr_secret *s, const struct zr_tf_value *v,
                            const struct zr_secret **out) {
  *out = NULL;
  if (v->is != ZR_TF_KNOWN)
    return ZR_ERR_OK;
  *out = s;
  return zr_secret_set(s, v->text);
}

static enum zr_err s_read(struct s_block *b, const struct zr_tf_kind_of *kind,
                          const struct zr_tf_value *config) {
  struct zr_tf_settings *s = &b->settings;
  *s = (struct zr_tf_settings){
      .endpoint = zr_tf_text(s_get(kind, config, "endpoint")),
      .profile = zr_tf_text(s_get(kind, config, "profile")),
      .ca_file = zr_tf_text(s_get(kind, config, "ca_file")),
      .proxy = zr_tf_text(s_get(kind, config, "proxy")),
      .journal = zr_tf_text(s_get(kind, config, "journal")),
      .call_timeout_ms = s_duration(s_get(kind, config, "call_timeout"), 0),
      .calls_per_second = zr_tf_double(s_get(kind, config, "calls_per_second"), 0),
      .window_ms = s_duration(s_get(kind, config, "batch_window"), 0),
      .allow_plain_http = zr_tf_is_true(s_get(kind, config, "allow_plain_http")),
  };
  enum zr_err e = s_secret(&b->secrets[0], s_get(kind, config, "access_key_id"), &s->access_key_id);
  if (e == ZR_ERR_OK)
    e = s_secret(&b->secrets[1], s_get(kind, config, "access_key_password"),
                 &s->access_key_password);
  if (e == ZR_ERR_OK)
    e = s_secret(&b->secrets[2], s_get(kind, config, "token"), &s->token);
  return e;
}

/* The unpacked strings and the message were plain memory. */
static void s_wipe(const struct zr_tf_kind_of *kind, const struct zr_tf_value *config,
                   const Tfplugin6__DynamicValue *m) {
  for (size_t i = 0; i < kind->schema->attribute_count && config->is == ZR_TF_KNOWN; i++)
    if (kind->schema->attributes[i].sensitive && config->items[i].is == ZR_TF_KNOWN)
      zr_wipe((void *)(uintptr_t)config->items[i].text.ptr, config->items[i].text.len);
  if (m && m->msgpack.len > 0)
    zr_wipe(m->msgpack.data, m->msgpack.len);
  if (m && m->json.len > 0)
    zr_wipe(m->json.data, m->json.len);
}

static struct zr_tf_link *s_new_link(struct zr_tf_provider *p, const struct zr_tf_kind_of *kind,
                                     const struct zr_tf_value *config) {
  struct zr_tf_link *l = zr_calloc(1, sizeof *l);
  if (!l)
    return NULL;
  const struct zr_tf_value *product = s_get(kind, config, "product");
  l->provider = p;
  l->product = product->is == ZR_TF_NULL ? ZR_PRODUCT_VM : zr_tf_product_of(product);
  l->window_ms = s_duration(s_get(kind, config, "batch_window"), ZR_TF_WINDOW_MS);
  l->wait_ms = s_duration(s_get(kind, config, "wait"), ZR_DEFAULT_WAIT_MS);
  return l;
}

static void s_adopt_link(struct zr_tf_provider *p, struct zr_tf_link *l) {
  (void)pthread_mutex_lock(&p->lock);
  l->next = p->links;
  p->links = l;
  (void)pthread_mutex_unlock(&p->lock);
  p->current = l;
}

/* Starts the backend, if everything it needs is known, and says what keeps it from working. */
static void s_connect(struct zr_tf_link *l, const struct zr_tf_kind_of *kind,
                      const struct zr_tf_value *config, struct zr_tf_diags *d) {
  if (!zr_tf_wholly_known(&kind->type, config)) {
    zr_log(ZR_LOG_INFO, "terraform", "configured later: settings are not known yet",
           zr_i("attributes", (int64_t)kind->type.field_count));
    return;
  }
  struct s_block block = {0};
  struct zr_buf problem = ZR_BUF_INIT(2048);
  const struct zr_tf_host *h = &l->provider->host;
  enum zr_err e = s_read(&block, kind, config);
  if (e == ZR_ERR_OK)
    e = h->configure(h->self, &block.settings, &l->backend, &problem);
  if (e != ZR_ERR_OK) {
    l->backend = NULL;
    zr_tf_diag(d, ZR_TF_ERROR, ZR_TF_WHOLE, "The provider cannot be configured",
               problem.len ? problem.data : zr_err_text(e));
  } else {
    const char *missing = l->backend->facts(l->backend->self)->credential_problem;
    if (missing)
      zr_tf_diag_f(d, ZR_TF_ERROR, ZR_TF_WHOLE, missing, "The provider has no usable credentials");
  }
  zr_buf_clean_up(&problem);
  s_clean_up(&block);
}

static void s_configure(struct zr_tf_provider *p, const Tfplugin6__DynamicValue *m,
                        struct zr_tf_diags *d) {
  const struct zr_tf_kind_of *kind = zr_tf_kind_find(p, ZR_TF_PROVIDER, "zenrelease");
  struct zr_tf_decoding decoding = {.arena = d->arena};
  struct zr_tf_value config;
  p->current = NULL;
  if (!zr_tf_unpack_value(&decoding, &kind->type, m, &config)) {
    zr_tf_diag_decoding(d, &decoding);
    return;
  }
  zr_tf_check_config(d, kind, &config);
  struct zr_tf_link *l = d->errors == 0 ? s_new_link(p, kind, &config) : NULL;
  if (l) {
    s_connect(l, kind, &config, d);
    s_adopt_link(p, l);
  } else if (d->errors == 0) {
    d->nomem = true;
  }
  s_wipe(kind, &config, m);
}

void zr_tf_handle_configure(void *provider, struct zr_rpc_call *call) {
  const ProtobufCMessage *request =
      zr_tf_request(call, &tfplugin6__configure_provider__request__descriptor);
  if (!request)
    return;
  const Tfplugin6__ConfigureProvider__Request *r =
      (const Tfplugin6__ConfigureProvider__Request *)request;
  zr_log(ZR_LOG_DEBUG, "terraform", "configure", zr_s("host_version", r->terraform_version));
  struct zr_tf_diags d = {.arena = zr_rpc_call_arena(call)};
  s_configure(provider, r->config, &d);
  Tfplugin6__ConfigureProvider__Response m;
  tfplugin6__configure_provider__response__init(&m);
  m.diagnostics = d.items;
  m.n_diagnostics = d.count;
  if (d.nomem)
    zr_tf_fail_nomem(call);
  else
    zr_tf_reply(call, &m.base);
}

void zr_tf_handle_stop(void *provider, struct zr_rpc_call *call) {
  zr_tf_provider_stop(provider);
  Tfplugin6__StopProvider__Response m;
  tfplugin6__stop_provider__response__init(&m);
  zr_tf_reply(call, &m.base);
}
