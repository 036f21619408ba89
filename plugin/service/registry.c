/* Where operations are found again, and for how long. */
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "base/mem.h"
#include "service/hash.h"
#include "service/private.h"

static void s_fill_random(void *to, size_t len) {
  if (getrandom(to, len, 0) != (ssize_t)len) /* up to 256 bytes never fail once seeded */
    zr_log(ZR_LOG_ERROR, "service", "no random numbers", zr_i("bytes", (int64_t)len));
}

void zr_registry_init(struct zr_registry *r) {
  memset(r, 0, sizeof *r);
  s_fill_random(r->hash_key, sizeof r->hash_key);
}

static struct zr_operation **s_bucket(struct zr_registry *r, const char *request_id) {
  struct zr_hash h;
  zr_hash_begin(&h, r->hash_key);
  zr_hash_text(&h, zr_view_of(request_id));
  return &r->buckets[zr_hash_end(&h) % ZR_OPERATION_BUCKETS];
}

struct zr_operation *zr_registry_find(struct zr_registry *r, const char *request_id) {
  for (struct zr_operation *op = *s_bucket(r, request_id); op; op = op->next_in_bucket)
    if (strcmp(op->request_id, request_id) == 0)
      return op;
  return NULL;
}

/* 128 random bits as hexadecimal, from a stock so that few calls ask the kernel. */
static void s_make_up_id(struct zr_registry *r, char out[ZR_REQUEST_ID_MAX + 1]) {
  static const char digits[] = "0123456789abcdef";
  if (r->random_left < 16) {
    s_fill_random(r->random, 256);
    s_fill_random(r->random + 256, sizeof r->random - 256);
    r->random_left = sizeof r->random;
  }
  r->random_left -= 16;
  for (size_t i = 0; i < 16; i++) {
    out[2 * i] = digits[r->random[r->random_left + i] >> 4];
    out[2 * i + 1] = digits[r->random[r->random_left + i] & 15];
  }
  out[32] = '\0';
}

struct zr_operation *zr_operation_new(struct zr_service *s, const char *request_id) {
  struct zr_registry *r = &s->registry;
  struct zr_operation *op = zr_calloc(1, sizeof *op);
  if (!op)
    return NULL;
  op->service = s;
  op->named = request_id[0] != '\0';
  if (op->named) {
    memcpy(op->request_id, request_id, strlen(request_id) + 1);
    struct zr_operation **bucket = s_bucket(r, request_id);
    op->next_in_bucket = *bucket;
    *bucket = op;
  } else {
    s_make_up_id(r, op->request_id);
  }
  op->all_next = r->all;
  if (r->all)
    r->all->all_prev = op;
  r->all = op;
  return op;
}

void zr_registry_forget(struct zr_operation *op) {
  if (!op->named)
    return;
  struct zr_operation **at = s_bucket(&op->service->registry, op->request_id);
  while (*at && *at != op)
    at = &(*at)->next_in_bucket;
  if (*at)
    *at = op->next_in_bucket;
  op->named = false;
}

static void s_free(struct zr_operation *op) {
  struct zr_registry *r = &op->service->registry;
  if (op->all_next)
    op->all_next->all_prev = op->all_prev;
  *(op->all_prev ? &op->all_prev->all_next : &r->all) = op->all_next;
  for (size_t i = 0; i < op->event_count; i++)
    zr_rpc_bytes_release(op->events[i]);
  zr_free(op->events);
  zr_free(op);
}

void zr_operation_drop(struct zr_operation *op) {
  if (op->running || op->answering || op->checking || op->callers || op->named)
    return;
  s_free(op);
}

void zr_registry_discard(struct zr_operation *op) {
  struct zr_registry *r = &op->service->registry;
  struct zr_operation *before = NULL;
  struct zr_operation *at = r->oldest;
  while (at && at != op) {
    before = at;
    at = at->newer;
  }
  if (!at)
    return;
  *(before ? &before->newer : &r->oldest) = op->newer;
  if (r->newest == op)
    r->newest = before;
  r->finished_count--;
  r->finished_bytes -= op->bytes;
  zr_registry_forget(op);
  zr_operation_drop(op);
}

void zr_registry_trim(struct zr_service *s, struct zr_mono now) {
  struct zr_registry *r = &s->registry;
  while (r->oldest &&
         (r->finished_count > s->options.keep_count || r->finished_bytes > s->options.keep_bytes ||
          now.ms - r->oldest->finished_at.ms >= s->options.keep_ms))
    zr_registry_discard(r->oldest);
}

void zr_registry_keep(struct zr_service *s, struct zr_operation *op) {
  struct zr_registry *r = &s->registry;
  op->finished_at = zr_mono_now();
  *(r->newest ? &r->newest->newer : &r->oldest) = op;
  r->newest = op;
  r->finished_count++;
  r->finished_bytes += op->bytes;
  zr_registry_trim(s, op->finished_at);
}

void zr_registry_clean_up(struct zr_service *s) {
  while (s->registry.all)
    s_free(s->registry.all);
}
