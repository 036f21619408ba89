/* What a user's program looks like; compiled as C and as C++, linked shared and static. Talks to
 * nobody: the address is not served. */
#include <stdio.h>
#include <zenrelease/journal.h>
#include <zenrelease/zenrelease.h>

int main(void) {
  struct zenrelease_client_options options;
  struct zenrelease_client *client = NULL;
  struct zenrelease_server_info *info = NULL;
  struct zenrelease_error *error = NULL;
  zenrelease_client_options_init(&options);
  options.address = "unix:/nonexistent/socket";
  if (zenrelease_client_new(&options, &client, &error) != ZENRELEASE_OK)
    return 2;
  enum zenrelease_status status = zenrelease_server_info_get(client, 2000, NULL, &info, &error);
  printf("%s: %s: %s\n", zenrelease_version(), zenrelease_status_name(status),
         zenrelease_error_message(error));
  zenrelease_error_free(error);
  struct zenrelease_settle_options settle;
  struct zenrelease_settled *settled = NULL;
  zenrelease_settle_options_init(&settle);
  settle.timeout_ms = 2000;
  if (zenrelease_settle(client, &settle, &settled, &error) != status)
    status = ZENRELEASE_INTERNAL;
  zenrelease_error_free(error);
  zenrelease_settled_free(settled);
  zenrelease_server_info_free(info);
  zenrelease_client_free(client);
  return status == ZENRELEASE_UNAVAILABLE ? 0 : 1;
}
