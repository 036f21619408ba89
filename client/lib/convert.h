/*
 * Messages of zenrelease.v1 as the plain structs of the public header. Text is borrowed from the
 * message, so the structs live as long as the arena that holds both.
 */
#ifndef ZR_CLIENT_LIB_CONVERT_H
#define ZR_CLIENT_LIB_CONVERT_H

#include "base/arena.h"
#include "zenrelease/v1/release.pb-c.h"
#include "zenrelease/v1/release_service.pb-c.h"
#include "zenrelease/zenrelease.h"

/* Where each id of a request stands in the caller's list; NULL: at the same place. */
struct zr_origin {
  const uint32_t *index;
  size_t count;
};

void zr_convert_result(const Zenrelease__V1__InstanceResult *from, struct zenrelease_result *to);
/* Renumbers `field` by `origin`; 0, or -1 when memory is out. */
int zr_convert_diagnostic(const Zenrelease__V1__Diagnostic *from, struct zr_origin origin,
                          struct zr_arena *arena, struct zenrelease_diagnostic *to);
/* "instance_ids[3]" by the caller's own positions; `field` itself where it is none of those or
 * nothing changes. NULL when memory is out. */
const char *zr_convert_field(const char *field, struct zr_origin origin, struct zr_arena *arena);
void zr_convert_event(const Zenrelease__V1__ReleaseEvent *from, struct zenrelease_event *to);
void zr_convert_instance(const Zenrelease__V1__Instance *from, struct zenrelease_tag *tags,
                         struct zenrelease_instance *to);
int64_t zr_convert_time(const Google__Protobuf__Timestamp *t);
/* -1 for NULL. */
int64_t zr_convert_duration(const Google__Protobuf__Duration *d);

#endif
