#include "seen.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "cli/temp_file.h"

enum { FIRST_SLOTS = 1024, COPY_SLOTS = 1024 };

/* 120 bits of SHA-256 tell two instances apart. All zero is a free slot. */
struct slot {
  uint8_t hash[15];
  uint8_t step; /* its number + 1 */
};

static bool s_resize(FILE *file, uint64_t slots) {
  return ftruncate(fileno(file), (off_t)(slots * sizeof(struct slot))) == 0;
}

bool zr_seen_begin(struct zr_seen *s) {
  *s = (struct zr_seen){.file = zr_temp_file(), .slots = FIRST_SLOTS};
  return s->file && s_resize(s->file, s->slots);
}

void zr_seen_clean_up(struct zr_seen *s) {
  if (s->file)
    (void)fclose(s->file);
  *s = (struct zr_seen){0};
}

/* The slot that has the hash, or the free one where it belongs. *found is what is in it. */
static bool s_find(FILE *file, uint64_t slots, const struct slot *wanted, struct slot *found,
                   off_t *at) {
  uint64_t start = 0;
  memcpy(&start, wanted->hash, sizeof start);
  for (uint64_t i = 0; i < slots; i++) {
    *at = (off_t)(((start + i) & (slots - 1)) * sizeof *found);
    if (pread(fileno(file), found, sizeof *found, *at) != (ssize_t)sizeof *found)
      return false;
    if (found->step == 0 || memcmp(found->hash, wanted->hash, sizeof found->hash) == 0)
      return true;
  }
  errno = ENOSPC;
  return false;
}

static bool s_put(FILE *file, const struct slot *slot, off_t at) {
  return pwrite(fileno(file), slot, sizeof *slot, at) == (ssize_t)sizeof *slot;
}

static bool s_move(const struct zr_seen *s, FILE *to, uint64_t slots) {
  struct slot block[COPY_SLOTS];
  struct slot free_one;
  off_t at = 0;
  for (uint64_t i = 0; i < s->slots; i += COPY_SLOTS) {
    if (pread(fileno(s->file), block, sizeof block, (off_t)(i * sizeof *block)) !=
        (ssize_t)sizeof block)
      return false;
    for (size_t k = 0; k < COPY_SLOTS; k++) {
      if (block[k].step &&
          (!s_find(to, slots, &block[k], &free_one, &at) || !s_put(to, &block[k], at)))
        return false;
    }
  }
  return true;
}

static bool s_grow(struct zr_seen *s) {
  FILE *to = zr_temp_file();
  if (!to || !s_resize(to, 4 * s->slots) || !s_move(s, to, 4 * s->slots)) {
    if (to)
      (void)fclose(to);
    return false;
  }
  (void)fclose(s->file);
  s->file = to;
  s->slots *= 4;
  return true;
}

static bool s_hash(enum zenrelease_product product, const char *id, struct slot *out) {
  unsigned char sum[EVP_MAX_MD_SIZE];
  const uint8_t kind = (uint8_t)product;
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  bool fine = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
              EVP_DigestUpdate(ctx, &kind, 1) == 1 && EVP_DigestUpdate(ctx, id, strlen(id)) == 1 &&
              EVP_DigestFinal_ex(ctx, sum, NULL) == 1;
  EVP_MD_CTX_free(ctx);
  if (fine)
    memcpy(out->hash, sum, sizeof out->hash);
  else
    errno = ENOMEM;
  return fine;
}

enum zr_seen_where zr_seen_add(struct zr_seen *s, enum zenrelease_product product, const char *id,
                               size_t step, size_t *other) {
  struct slot wanted = {.step = (uint8_t)(step + 1)};
  struct slot found;
  off_t at = 0;
  if (!s_hash(product, id, &wanted) || (2 * s->count >= s->slots && !s_grow(s)) ||
      !s_find(s->file, s->slots, &wanted, &found, &at))
    return ZR_SEEN_FAILED;
  if (found.step) {
    *other = (size_t)found.step - 1;
    return found.step == wanted.step ? ZR_SEEN_HERE : ZR_SEEN_ELSEWHERE;
  }
  s->count++;
  return s_put(s->file, &wanted, at) ? ZR_SEEN_NOWHERE : ZR_SEEN_FAILED;
}
