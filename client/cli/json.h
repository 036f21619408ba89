/*
 * The objects of --json. Each function appends one object, without a newline unless it says so;
 * text that is empty and numbers that are 0 because they do not apply are left out, the members
 * that identify an object are always there.
 */
#ifndef ZR_CLIENT_CLI_JSON_H
#define ZR_CLIENT_CLI_JSON_H

#include "base/buf.h"
#include "zenrelease/journal.h"

void zr_json_result(struct zr_buf *b, const struct zenrelease_result *r);
/* The same with its product, where that is not NONE. */
void zr_json_result_of(struct zr_buf *b, const struct zenrelease_result *r,
                       enum zenrelease_product product);
void zr_json_record(struct zr_buf *b, const struct zenrelease_record *r);
void zr_json_diagnostic(struct zr_buf *b, const struct zenrelease_diagnostic *d);
void zr_json_counts(struct zr_buf *b, const struct zenrelease_counts *c);
void zr_json_event(struct zr_buf *b, const struct zenrelease_event *ev);
void zr_json_instance(struct zr_buf *b, const struct zenrelease_instance *i);
void zr_json_info(struct zr_buf *b, const struct zenrelease_server_info *info);
/* With its newline. `message` replaces the error's own where not NULL. */
void zr_json_error(struct zr_buf *b, const struct zenrelease_error *error, const char *message,
                   const char *request_id);
void zr_json_plain_error(struct zr_buf *b, const char *code, const char *message);

#endif
