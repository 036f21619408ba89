/* What lists that come in pages share: the page at hand and the token of the next one. */
#ifndef ZR_CLIENT_LIB_PAGES_H
#define ZR_CLIENT_LIB_PAGES_H

#include "call.h"

struct zr_pages {
  struct zenrelease_client *client;
  const struct zenrelease_cancel *cancel; /* may be NULL */
  int64_t timeout_ms;                     /* of one page; 0: 60 s */
  struct zr_arena arena;                  /* of the page at hand */
  size_t count;
  char *token; /* of the next page; NULL: there is none */
};

/* With the token of the first page; 0, or -1 when memory is out. Clean up then, too. */
int zr_pages_init(struct zr_pages *p, struct zenrelease_client *client,
                  const struct zenrelease_cancel *cancel, int64_t timeout_ms) ZR_MUST_CHECK;
void zr_pages_clean_up(struct zr_pages *p);
/* Lets go of the page at hand, and brings the one that `request` asks for. */
enum zenrelease_status zr_pages_fetch(struct zr_pages *p, const char *method,
                                      const ProtobufCMessage *request,
                                      const ProtobufCMessageDescriptor *type,
                                      ProtobufCMessage **reply, struct zenrelease_error **error);
/* Takes the token that came with the page. Fails when pages do not end. */
enum zenrelease_status zr_pages_turn(struct zr_pages *p, const char *next_page_token,
                                     struct zenrelease_error **error);

/* protobuf-c wants char *; nothing is changed through it. NULL gives "". */
char *zr_lend(const char *text);

#endif
