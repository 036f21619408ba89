/* What is in the file. docs/journal.md explains it; a change of it is a new ZR_SCHEMA_VERSION. */
#ifndef ZR_JOURNAL_SCHEMA_H
#define ZR_JOURNAL_SCHEMA_H

enum {
  ZR_SCHEMA_APPLICATION = 0x7a724a31, /* "zrJ1" */
  /* 1 had the request ids of callers with their outcomes alone, and a row for each further caller
   * only then. The tables are the same: what is in a file of that form stands in this one too, and
   * the file becomes one when it is opened. */
  ZR_SCHEMA_FIRST = 1,
  ZR_SCHEMA_VERSION = 2,
  ZR_SCHEMA_PARTS = 14 /* tables, indices, views */
};

/* Every column that decides what is read after a crash is in an index too, so that the check at the
 * start finds it changed by the disk: it compares the two. */
#define ZR_SCHEMA                                                                                  \
  "CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), opened_at INTEGER NOT NULL, "      \
  "opened_by INTEGER NOT NULL) STRICT;"                                                            \
  "INSERT INTO state VALUES (1, 0, 0);"                                                            \
  "CREATE TABLE owners (owner INTEGER PRIMARY KEY, account TEXT NOT NULL, endpoint TEXT NOT "      \
  "NULL, "                                                                                         \
  "UNIQUE (account, endpoint)) STRICT;"                                                            \
  "CREATE TABLE calls (number INTEGER PRIMARY KEY CHECK (number BETWEEN 1 AND 4294967295), "       \
  "owner INTEGER NOT NULL, product TEXT NOT NULL CHECK (product IN ('vm', 'bmc', 'zec')), "        \
  "depend_resource INTEGER NOT NULL CHECK (depend_resource IN (0, 1)), sent_at INTEGER NOT NULL, " \
  "ids INTEGER NOT NULL, answered_at INTEGER, class TEXT NOT NULL DEFAULT '', "                    \
  "http_status INTEGER NOT NULL DEFAULT 0, service_code TEXT NOT NULL DEFAULT '', "                \
  "message TEXT NOT NULL DEFAULT '', release_request_id TEXT NOT NULL DEFAULT '', "                \
  "reason TEXT NOT NULL DEFAULT '', retry_after_ms INTEGER NOT NULL DEFAULT -1, "                  \
  "late_effect INTEGER NOT NULL DEFAULT 0 CHECK (late_effect IN (0, 1))) STRICT;"                  \
  "CREATE INDEX calls_whole ON calls (sent_at, owner, product, depend_resource, answered_at, "     \
  "class, http_status, late_effect, service_code);"                                                \
  "CREATE INDEX calls_by_request ON calls (release_request_id) WHERE release_request_id <> '';"    \
  "CREATE TABLE entries (entry INTEGER PRIMARY KEY, owner INTEGER NOT NULL, "                      \
  "product TEXT NOT NULL CHECK (product IN ('vm', 'bmc', 'zec')), instance_id TEXT NOT NULL, "     \
  "call INTEGER NOT NULL, intent INTEGER NOT NULL CHECK (intent IN (0, 1)), "                      \
  "open INTEGER NOT NULL CHECK (open IN (0, 1)), "                                                 \
  "listed INTEGER NOT NULL DEFAULT 0 CHECK (listed IN (0, 1)), at INTEGER NOT NULL, "              \
  "request_id TEXT NOT NULL DEFAULT '', outcome TEXT NOT NULL DEFAULT '', "                        \
  "code TEXT NOT NULL DEFAULT '', decided_at INTEGER, name TEXT NOT NULL DEFAULT '', "             \
  "zone_id TEXT NOT NULL DEFAULT '') STRICT;"                                                      \
  "CREATE INDEX entries_open ON entries (owner, product, instance_id, call) WHERE open = 1;"       \
  "CREATE INDEX entries_by_id ON entries (instance_id);"                                           \
  "CREATE INDEX entries_by_call ON entries (call, instance_id, intent, listed, owner) "            \
  "WHERE call > 0;"                                                                                \
  "CREATE INDEX entries_by_time ON entries (at);"                                                  \
  "CREATE INDEX entries_by_request ON entries (request_id) WHERE request_id <> '';"                \
  "CREATE TABLE sightings (owner INTEGER NOT NULL, product TEXT NOT NULL, "                        \
  "instance_id TEXT NOT NULL, first_seen INTEGER NOT NULL, "                                       \
  "PRIMARY KEY (owner, product, instance_id)) STRICT, WITHOUT ROWID;"                              \
  "CREATE INDEX sightings_by_time ON sightings (first_seen);"                                      \
  "CREATE VIEW history AS SELECT e.entry, e.product, e.instance_id, e.outcome, e.code, "           \
  "datetime(e.at / 1000, 'unixepoch') AS at, e.open, e.call, c.class, c.http_status, "             \
  "c.service_code, c.release_request_id, e.request_id, "                                           \
  "datetime(e.decided_at / 1000, 'unixepoch') AS decided_at, e.name, e.zone_id, o.account, "       \
  "o.endpoint FROM entries e JOIN owners o USING (owner) LEFT JOIN calls c ON c.number = e.call;"

#endif
