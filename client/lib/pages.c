#include "pages.h"

#include <string.h>

#include "base/mem.h"

enum { PAGE_TIMEOUT_MS = 60 * 1000, PAGES_MAX = 1000000 };

int zr_pages_init(struct zr_pages *p, struct zenrelease_client *client,
                  const struct zenrelease_cancel *cancel, int64_t timeout_ms) {
  *p = (struct zr_pages){.client = client,
                         .cancel = cancel,
                         .timeout_ms = timeout_ms > 0 ? timeout_ms : PAGE_TIMEOUT_MS,
                         .token = zr_strdup("")};
  zr_arena_init(&p->arena, NULL, 0);
  return p->token ? 0 : -1;
}

void zr_pages_clean_up(struct zr_pages *p) {
  zr_arena_clean_up(&p->arena);
  zr_free(p->token);
  p->token = NULL;
}

enum zenrelease_status zr_pages_fetch(struct zr_pages *p, const char *method,
                                      const ProtobufCMessage *request,
                                      const ProtobufCMessageDescriptor *type,
                                      ProtobufCMessage **reply, struct zenrelease_error **error) {
  zr_arena_clean_up(&p->arena);
  zr_arena_init(&p->arena, NULL, 0);
  struct zr_mono deadline = zr_mono_add(zr_mono_now(), p->timeout_ms);
  enum zenrelease_status status = zr_client_reach(p->client, p->cancel, deadline, error);
  if (status != ZENRELEASE_OK)
    return status;
  return zr_call_unary(p->client, method, request, deadline, p->cancel, type, &p->arena, reply,
                       error);
}

enum zenrelease_status zr_pages_turn(struct zr_pages *p, const char *next_page_token,
                                     struct zenrelease_error **error) {
  bool last = !next_page_token || !*next_page_token;
  char *token = last ? NULL : zr_strdup(next_page_token);
  if (!last && !token)
    return zr_error_nomem(error);
  if (token && (strcmp(token, p->token) == 0 || ++p->count > PAGES_MAX)) {
    zr_free(token);
    return zr_error_set(error, ZENRELEASE_INTERNAL, "the server's pages do not end");
  }
  zr_free(p->token);
  p->token = token;
  return ZENRELEASE_OK;
}

char *zr_lend(const char *text) {
  char *out = NULL;
  if (!text)
    text = "";
  memcpy(&out, &text, sizeof out);
  return out;
}
