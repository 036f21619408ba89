/* A ring of links: an element can leave whichever list it is in without knowing which. */
#ifndef ZR_HTTP_LIST_H
#define ZR_HTTP_LIST_H

#include <stdbool.h>

struct zr_link {
  struct zr_link *prev;
  struct zr_link *next;
};

static inline void zr_link_init(struct zr_link *l) {
  l->prev = l->next = l;
}
static inline bool zr_link_alone(const struct zr_link *l) {
  return l->next == l;
}
static inline void zr_link_remove(struct zr_link *l) {
  l->prev->next = l->next;
  l->next->prev = l->prev;
  zr_link_init(l);
}
/* At the end of the ring of `head`. */
static inline void zr_link_append(struct zr_link *head, struct zr_link *l) {
  l->prev = head->prev;
  l->next = head;
  head->prev->next = l;
  head->prev = l;
}
/* Moves every element of `from` behind those of `to`. */
static inline void zr_link_move_all(struct zr_link *from, struct zr_link *to) {
  if (zr_link_alone(from))
    return;
  from->next->prev = to->prev;
  to->prev->next = from->next;
  from->prev->next = to;
  to->prev = from->prev;
  zr_link_init(from);
}

#endif
