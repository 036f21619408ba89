#include "cloud.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { PAGE = 1 << 20 };

static void s_take(const cJSON *object, const char *name, char out[CLOUD_TEXT]) {
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(object, name));
  assert_non_null(text);
  (void)snprintf(out, CLOUD_TEXT, "%s", text);
}

static int s_connect(const struct cloud *c) {
  const char *colon = strrchr(c->endpoint, ':');
  assert_non_null(colon);
  struct sockaddr_in at = {.sin_family = AF_INET,
                           .sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10)),
                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
  return fd;
}

cJSON *cloud_page(const struct cloud *c, const char *page) {
  char request[512];
  int fd = s_connect(c);
  int len =
      snprintf(request, sizeof request,
               "GET /_sim/%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", page, c->endpoint);
  assert_int_equal(write(fd, request, (size_t)len), len);
  char *text = calloc(PAGE, 1);
  assert_non_null(text);
  size_t n = 0;
  ssize_t got;
  while (n + 1 < PAGE && (got = read(fd, text + n, PAGE - 1 - n)) > 0)
    n += (size_t)got;
  (void)close(fd);
  const char *body = strstr(text, "\r\n\r\n");
  assert_non_null(body);
  cJSON *json = cJSON_Parse(body + 4);
  assert_non_null(json);
  free(text);
  return json;
}

static void s_take_ids(struct cloud *c) {
  cJSON *fleet = cloud_page(c, "fleet");
  const cJSON *row;
  cJSON_ArrayForEach(row, cJSON_GetObjectItem(fleet, "instances")) {
    assert_true(c->id_count < CLOUD_IDS);
    s_take(row, "instanceId", c->ids[c->id_count++]);
  }
  cJSON_Delete(fleet);
}

void cloud_start(struct cloud *c, const char *recycled) {
  const struct child_setting none[] = {{NULL, NULL}};
  const char *const words[] = {"--listen", "127.0.0.1:0", "--recycled", recycled, NULL};
  *c = (struct cloud){.id_count = 0};
  child_start(&c->child, "zenlayer-sim", none, words);
  assert_true(child_read_line(&c->child));
  cJSON *ready = cJSON_Parse(c->child.line);
  s_take(ready, "endpoint", c->endpoint);
  s_take(ready, "access_key_id", c->key_id);
  s_take(ready, "access_key_password", c->password);
  cJSON_Delete(ready);
  s_take_ids(c);
}

int cloud_count(const struct cloud *c, const char *action) {
  cJSON *page = cloud_page(c, "requests?summary=1");
  const cJSON *n = cJSON_GetObjectItem(cJSON_GetObjectItem(page, "counts"), action);
  int count = n ? n->valueint : 0;
  cJSON_Delete(page);
  return count;
}

int cloud_destroyed(const struct cloud *c) {
  cJSON *page = cloud_page(c, "ledger");
  int count = cJSON_GetArraySize(cJSON_GetObjectItem(page, "entries"));
  cJSON_Delete(page);
  return count;
}

void cloud_stop(struct cloud *c) {
  (void)kill(c->child.pid, SIGTERM);
  (void)child_wait(&c->child, 5000);
  child_close(&c->child);
}
