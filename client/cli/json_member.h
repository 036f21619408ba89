/* Members of a JSON object behind its first: ,"key":value. Keys are ours, and need no escapes. The
 * _if ones leave out what is empty or 0. */
#ifndef ZR_CLIENT_CLI_JSON_MEMBER_H
#define ZR_CLIENT_CLI_JSON_MEMBER_H

#include "base/buf.h"
#include "zenrelease/policy.h"

void zr_json_text(struct zr_buf *b, const char *key, const char *text);
void zr_json_text_if(struct zr_buf *b, const char *key, const char *text);
void zr_json_number(struct zr_buf *b, const char *key, int64_t number);
void zr_json_number_if(struct zr_buf *b, const char *key, int64_t number);
void zr_json_flag(struct zr_buf *b, const char *key, bool value);
/* A wall time in milliseconds. */
void zr_json_time(struct zr_buf *b, const char *key, int64_t ms);
void zr_json_time_if(struct zr_buf *b, const char *key, int64_t ms);
void zr_json_texts(struct zr_buf *b, const char *key, const char *const *texts, size_t count);
void zr_json_texts_if(struct zr_buf *b, const char *key, const char *const *texts, size_t count);
/* "tags": objects with key and value. */
void zr_json_tags(struct zr_buf *b, const struct zenrelease_tag *tags, size_t count);

#endif
