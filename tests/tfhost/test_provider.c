/* The provider over the wire, byte by byte: what Terraform sends, without Terraform. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bytes.h"
#include "cloud.h"
#include "host.h"

#define RPC(name) "/tfplugin6.Provider/" name

enum { DIAGNOSTIC_ERROR = 1, ADOPTED = 3 };

static struct cloud s_cloud;
static struct host s_host;
static struct bytes s_in;
static struct bytes s_value;
static uint8_t s_schema_room[BYTES_ROOM];
static uint8_t s_room[BYTES_ROOM];
static struct piece s_schema;

/* Calls with s_in; asserts OK. The answer lives until the next call. */
static struct piece s_call(const char *method, uint8_t *room) {
  int status = -1;
  long len = host_call(&s_host, method, s_in.data, s_in.len, room, BYTES_ROOM, &status);
  if (status != 0 || len < 0)
    fail_msg("%s: status %d", method, status);
  s_in.len = 0;
  return (struct piece){room, (size_t)len};
}

/* No error among the diagnostics in `field`. */
static void s_assert_fine(struct piece answer, unsigned field) {
  struct piece d;
  for (unsigned n = 0; (d = pb_find(answer, field, n)).at; n++) {
    unsigned at;
    struct piece value;
    uint64_t number = 0;
    struct piece rest = d;
    assert_true(pb_next(&rest, &at, &value, &number));
    struct piece summary = pb_find(d, 2, 0);
    struct piece detail = pb_find(d, 3, 0);
    if (at == 1 && number == DIAGNOSTIC_ERROR)
      fail_msg("%.*s: %.*s", (int)summary.len, (const char *)summary.at, (int)detail.len,
               (const char *)detail.at);
  }
}

static int s_open(void **state) {
  (void)state;
  cloud_start(&s_cloud, "3");
  const struct child_setting settings[] = {{"ZENLAYERCLOUD_ACCESS_KEY_ID", s_cloud.key_id},
                                           {"ZENLAYERCLOUD_ACCESS_KEY_PASSWORD", s_cloud.password},
                                           {"ZENLAYERCLOUD_DOMAIN", s_cloud.endpoint},
                                           {"ZENLAYERCLOUD_SCHEME", "HTTP"},
                                           {"no_proxy", "127.0.0.1"},
                                           {NULL, NULL}};
  host_start(&s_host, &(struct host_options){.settings = settings});
  host_connect(&s_host);
  s_schema = s_call(RPC("GetProviderSchema"), s_schema_room);
  s_assert_fine(s_schema, 4);
  return 0;
}

static int s_close(void **state) {
  (void)state;
  (void)host_shut_down(&s_host);
  host_close(&s_host);
  cloud_stop(&s_cloud);
  return 0;
}

/* ---- values by the schema ---- */

static struct piece s_resource_schema(const char *type) {
  struct piece entry;
  for (unsigned n = 0; (entry = pb_find(s_schema, 2, n)).at; n++)
    if (piece_is(pb_find(entry, 1, 0), type))
      return pb_find(entry, 2, 0);
  fail_msg("no schema of %s", type);
  return entry;
}

/* An object of the schema's block in s_value: `product` and `instance_ids` as given, all else null.
 */
static void s_object(struct piece schema, unsigned ids) {
  struct piece block = pb_find(schema, 2, 0);
  unsigned attributes = 0;
  unsigned blocks = 0;
  while (pb_find(block, 2, attributes).at)
    attributes++;
  while (pb_find(block, 3, blocks).at)
    blocks++;
  s_value.len = 0;
  mp_map(&s_value, attributes + blocks);
  for (unsigned n = 0; n < attributes + blocks; n++) {
    struct piece entry = n < attributes ? pb_find(block, 2, n) : pb_find(block, 3, n - attributes);
    struct piece name = pb_find(entry, 1, 0);
    char text[64];
    (void)snprintf(text, sizeof text, "%.*s", (int)name.len, (const char *)name.at);
    mp_text(&s_value, text);
    if (ids && strcmp(text, "product") == 0) {
      mp_text(&s_value, "vm");
    } else if (ids && strcmp(text, "instance_ids") == 0) {
      mp_array(&s_value, ids);
      for (unsigned i = 0; i < ids; i++)
        mp_text(&s_value, s_cloud.ids[i]);
    } else {
      mp_nil(&s_value);
    }
  }
}

/* Adds a DynamicValue with this msgpack. */
static void s_dynamic(unsigned field, const void *msgpack, size_t len) {
  static struct bytes inner;
  inner.len = 0;
  pb_bytes(&inner, 1, msgpack, len);
  pb_bytes(&s_in, field, inner.data, inner.len);
}

static void s_null(unsigned field) {
  s_dynamic(field, "\xc0", 1);
}

static void s_configure(void) {
  s_object(pb_find(s_schema, 1, 0), 0);
  s_dynamic(1, s_value.data, s_value.len);
  s_assert_fine(s_call(RPC("ValidateProviderConfig"), s_room), 2);
  pb_text(&s_in, 1, "1.11.4");
  s_dynamic(2, s_value.data, s_value.len);
  s_assert_fine(s_call(RPC("ConfigureProvider"), s_room), 1);
}

/* ---- cases ---- */

static void s_schema_is_whole(void **state) {
  (void)state;
  assert_non_null(pb_find(pb_find(s_schema, 1, 0), 2, 0).at);
  assert_non_null(pb_find(s_resource_schema("zenrelease_instances"), 2, 0).at);
  assert_non_null(pb_find(s_resource_schema("zenrelease_teardown"), 2, 0).at);
  struct piece capabilities = pb_find(s_schema, 6, 0);
  const uint8_t both[] = {0x08, 1, 0x10, 1}; /* plan_destroy, get_provider_schema_optional */
  assert_true(capabilities.len >= sizeof both);
  assert_memory_equal(capabilities.at, both, sizeof both);
}

static void s_stop_before_anything(void **state) {
  (void)state;
  assert_int_equal(s_call(RPC("StopProvider"), s_room).len, 0);
}

/* Plans and applies; the new state's msgpack is left in s_value. */
static void s_plan_and_apply(struct piece schema, bool destroy) {
  static struct bytes prior;
  static struct bytes planned;
  static struct bytes private_bytes;
  if (destroy)
    prior = s_value;
  else
    s_object(schema, ADOPTED);
  pb_text(&s_in, 1, "zenrelease_instances");
  if (destroy)
    s_dynamic(2, prior.data, prior.len);
  else
    s_null(2);
  for (unsigned field = 3; field <= 4; field++) {
    if (destroy)
      s_null(field);
    else
      s_dynamic(field, s_value.data, s_value.len);
  }
  struct piece answer = s_call(RPC("PlanResourceChange"), s_room);
  s_assert_fine(answer, 4);
  struct piece p = pb_find(pb_find(answer, 1, 0), 1, 0);
  planned.len = p.len;
  memcpy(planned.data, p.at, p.len);
  p = pb_find(answer, 3, 0);
  private_bytes.len = p.len;
  if (p.len)
    memcpy(private_bytes.data, p.at, p.len);

  pb_text(&s_in, 1, "zenrelease_instances");
  if (destroy)
    s_dynamic(2, prior.data, prior.len);
  else
    s_null(2);
  s_dynamic(3, planned.data, planned.len);
  if (destroy)
    s_null(4);
  else
    s_dynamic(4, s_value.data, s_value.len);
  if (private_bytes.len)
    pb_bytes(&s_in, 5, private_bytes.data, private_bytes.len);
  answer = s_call(RPC("ApplyResourceChange"), s_room);
  s_assert_fine(answer, 3);
  p = pb_find(pb_find(answer, 1, 0), 1, 0);
  assert_non_null(p.at);
  s_value.len = p.len;
  memcpy(s_value.data, p.at, p.len);
}

static void s_adopt_and_release(void **state) {
  (void)state;
  struct piece schema = s_resource_schema("zenrelease_instances");
  s_configure();
  s_plan_and_apply(schema, false);
  assert_true(s_value.len > 1);
  assert_int_equal(cloud_count(&s_cloud, "ReleaseInstances"), 0);
  s_plan_and_apply(schema, true);
  assert_int_equal(s_value.len, 1);
  assert_int_equal(s_value.data[0], 0xc0);
  assert_int_equal(cloud_count(&s_cloud, "ReleaseInstances"), 1);
  assert_int_equal(cloud_destroyed(&s_cloud), ADOPTED);
}

/* Whatever comes, the process answers and lives. */
static void s_nonsense(void **state) {
  (void)state;
  const char *const methods[] = {
      RPC("GetMetadata"),
      RPC("GetProviderSchema"),
      RPC("GetResourceIdentitySchemas"),
      RPC("ValidateProviderConfig"),
      RPC("ConfigureProvider"),
      RPC("ValidateResourceConfig"),
      RPC("ValidateDataResourceConfig"),
      RPC("UpgradeResourceState"),
      RPC("UpgradeResourceIdentity"),
      RPC("ReadResource"),
      RPC("PlanResourceChange"),
      RPC("ApplyResourceChange"),
      RPC("ImportResourceState"),
      RPC("MoveResourceState"),
      RPC("ReadDataSource"),
      RPC("ValidateActionConfig"),
      RPC("PlanAction"),
      RPC("StopProvider"),
      RPC("GetFunctions"),
  };
  const uint8_t noise[][12] = {{0},
                               {0xff, 0xff, 0xff},
                               {0x0a, 0x7f},
                               {0x0a, 0x02, 0x0a, 0x7f},
                               {0x12, 0x05, 0x0a, 0x03, 0xdf, 0xff, 0xff},
                               {0x0a, 0x01, 'x', 0x12, 0x05, 0x0a, 0x03, 0xc7, 0xff, 0x0c}};
  const size_t lengths[] = {0, 3, 2, 4, 7, 10};
  for (size_t m = 0; m < sizeof methods / sizeof *methods; m++)
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
      int status = -1;
      (void)host_call(&s_host, methods[m], noise[i], lengths[i], s_room, BYTES_ROOM, &status);
      assert_int_not_equal(status, 14); /* UNAVAILABLE: it is gone */
    }
  s_configure();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(s_schema_is_whole),
      cmocka_unit_test(s_stop_before_anything),
      cmocka_unit_test(s_adopt_and_release),
      cmocka_unit_test(s_nonsense),
  };
  return cmocka_run_group_tests(tests, s_open, s_close);
}
