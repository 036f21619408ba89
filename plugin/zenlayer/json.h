/*
 * Strict JSON over cJSON, which alone would accept text behind the value, NUL and control
 * characters in strings, malformed UTF-8, and a thousand levels. Texts are borrowed from the tree.
 */
#ifndef ZR_ZENLAYER_JSON_H
#define ZR_ZENLAYER_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/view.h"

enum { ZR_JSON_MAX_DEPTH = 32 };

/* The tree of one whole JSON value, for cJSON_Delete; NULL when it is none, or no memory, and errno
 * is ENOMEM only then. */
cJSON *zr_json_parse(struct zr_view text) ZR_MUST_CHECK;
/* Whether no member of `object` is there twice, among the first 64; more are not accepted. */
bool zr_json_keys_are_unique(const cJSON *object);
/* A member of an object; NULL when absent or JSON's null. */
const cJSON *zr_json_get(const cJSON *object, const char *key);
/* The text of a string; NULL for anything else. */
const char *zr_json_text(const cJSON *item);
/* A whole number from 0 to 2^53; false for anything else. */
bool zr_json_count(const cJSON *item, uint64_t *out);
/* Overwrites every text of the tree, then deletes it: for trees that held a secret. */
void zr_json_wipe(cJSON *tree);

#endif
