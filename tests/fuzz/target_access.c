/*
 * Who may call what: rules as the configuration file gives them, and a caller's names as its
 * certificate does. The input: the file, a record; a byte (1: verified, 2: it has alternative
 * names); lines with its common name and its subject; then lines with its names, URIs behind a 'u'.
 */
#include <string.h>

#include "app/config.h"
#include "base/mem.h"
#include "base/pattern.h"
#include "fuzz.h"
#include "service/access.h"

enum { NAMES = 16 };

struct s_peer {
  struct zr_rpc_peer peer;
  char *common_name;
  char *subject;
  const char *uris[NAMES];
  const char *dns[NAMES];
  char *texts[NAMES];
  size_t count;
};

static void s_read_peer(struct s_peer *p, struct fuzz_input *in) {
  unsigned flags = fuzz_byte(in);
  memset(p, 0, sizeof *p);
  p->common_name = fuzz_text(fuzz_until(in, '\n'));
  p->subject = fuzz_text(fuzz_until(in, '\n'));
  p->peer = (struct zr_rpc_peer){.verified = flags & 1,
                                 .has_alternative_names = flags & 2,
                                 .address = "",
                                 .common_name = p->common_name,
                                 .subject = p->subject,
                                 .uris.name = p->uris,
                                 .dns_names.name = p->dns};
  while (in->left && p->count < NAMES) {
    char *text = p->texts[p->count++] = fuzz_text(fuzz_until(in, '\n'));
    if (text[0] == 'u')
      p->uris[p->peer.uris.count++] = text + 1;
    else
      p->dns[p->peer.dns_names.count++] = text;
  }
}

static void s_free_peer(struct s_peer *p) {
  for (size_t i = 0; i < p->count; i++)
    zr_free(p->texts[i]);
  zr_free(p->common_name);
  zr_free(p->subject);
}

/* ---- what a rule is for, once more ---- */

static bool s_is_plain(const char *text) {
  while (*text && (unsigned char)*text < 0x80U && *text != '[' && *text != '\\')
    text++;
  return *text == '\0';
}

/* With * and ? only, by a table: cell n says whether the pattern so far takes the first n bytes. */
static bool s_takes(const char *pattern, const char *name) {
  size_t len = strlen(name);
  bool *cell = zr_calloc(len + 1, sizeof *cell);
  FUZZ_CHECK(cell);
  cell[0] = true;
  for (; *pattern; pattern++) {
    bool before = cell[0]; /* of the byte before, without this sign */
    cell[0] = before && *pattern == '*';
    for (size_t n = 1; n <= len; n++) {
      bool was = cell[n];
      bool fits = *pattern == '?' ? name[n - 1] != '/' : *pattern == name[n - 1];
      cell[n] = *pattern == '*' ? was || (cell[n - 1] && name[n - 1] != '/') : before && fits;
      before = was;
    }
  }
  bool whole = cell[len];
  zr_free(cell);
  return whole;
}

/* 1: matches, 0: does not, -1: this reader does not know. */
static int s_rule_takes(const struct zr_client_rule *rule, const struct zr_rpc_peer *p) {
  struct zr_rpc_names names = p->dns_names;
  int found = 0;
  if (strstr(rule->name, "://"))
    names = p->uris;
  else if (!p->has_alternative_names)
    names = (struct zr_rpc_names){&p->common_name, p->common_name[0] ? 1 : 0};
  for (size_t i = 0; i < names.count && found != 1; i++) {
    bool known = s_is_plain(rule->name) && s_is_plain(names.name[i]);
    bool takes = known && s_takes(rule->name, names.name[i]);
    found = takes ? 1 : !known ? -1 : found;
  }
  return found;
}

static bool s_is_his(const struct zr_rpc_peer *p, const char *name) {
  bool his = name == p->common_name || name == p->subject;
  for (size_t i = 0; i < p->uris.count && !his; i++)
    his = name == p->uris.name[i];
  for (size_t i = 0; i < p->dns_names.count && !his; i++)
    his = name == p->dns_names.name[i];
  return his;
}

static void s_check_judge(const struct zr_client_rule *rules, size_t count,
                          const struct zr_rpc_peer *p) {
  struct zr_client c = zr_access_judge(rules, count, p);
  FUZZ_CHECK(c.right < ZR_RIGHT_COUNT_);
  if (!p->verified) {
    FUZZ_CHECK(c.right == ZR_RIGHT_NONE && !c.name[0]);
    return;
  }
  FUZZ_CHECK(s_is_his(p, c.name));
  for (size_t i = 0; i < count; i++) {
    int takes = s_rule_takes(&rules[i], p);
    if (takes < 0)
      return;
    struct zr_client one = zr_access_judge(&rules[i], 1, p);
    FUZZ_CHECK(takes || one.right == ZR_RIGHT_NONE);
    if (takes) { /* the first that does decides */
      FUZZ_CHECK(c.right == rules[i].right && one.right == c.right && one.name == c.name);
      return;
    }
  }
  FUZZ_CHECK(c.right == ZR_RIGHT_NONE);
}

/* ---- the file ---- */

static void s_check_rules(const struct zr_config *c) {
  FUZZ_CHECK(c->client_count <= ZR_CLIENT_RULES_MAX);
  for (size_t i = 0; i < c->client_count; i++) {
    const struct zr_client_rule *rule = &c->clients[i];
    FUZZ_CHECK(rule->name[0] && strlen(rule->name) <= ZR_CLIENT_NAME_MAX);
    FUZZ_CHECK(rule->right < ZR_RIGHT_COUNT_ && !zr_pattern_fault(zr_view_of(rule->name)));
  }
}

/* The rules in force are copies. */
static void s_check_set(struct zr_config *c, const struct zr_rpc_peer *peer) {
  struct zr_access a;
  zr_access_init(&a, true);
  struct zr_client before = zr_access_judge(c->clients, c->client_count, peer);
  bool ruled = c->clients != NULL;
  FUZZ_CHECK(zr_access_set(&a, c->clients, c->client_count) == ZR_ERR_OK);
  zr_config_clients_clean_up(c);
  FUZZ_CHECK((a.rules != NULL) == ruled);
  struct zr_client after = zr_access_judge(a.rules, a.rule_count, peer);
  FUZZ_CHECK(before.right == after.right && strcmp(before.name, after.name) == 0);
  zr_access_clean_up(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input in = {data, size};
  struct zr_config c;
  struct s_peer p;
  struct zr_buf problem = ZR_BUF_INIT(8192);
  const struct zr_app_options options = {.config = fuzz_file(0, "plugin.json", fuzz_record(&in))};
  s_read_peer(&p, &in);
  if (zr_config_read(&options, &c, &problem) == ZR_ERR_OK) {
    s_check_rules(&c);
    s_check_judge(c.clients, c.client_count, &p.peer);
    s_check_set(&c, &p.peer);
  } else {
    FUZZ_CHECK(problem.len > 0);
  }
  zr_config_clean_up(&c);
  zr_buf_clean_up(&problem);
  s_free_peer(&p);
  return 0;
}
