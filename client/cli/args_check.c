#include "args_check.h"

#include <stdio.h>
#include <string.h>

/* The flags that argp adds by itself and that we want. */
static const struct argp_option s_builtin[] = {{.name = "help", .key = '?'},
                                               {.name = "usage", .key = 1},
                                               {.name = "version", .key = 'V'},
                                               {0}};

static const struct argp_option *s_search(const struct argp_option *options, const char *name,
                                          size_t len) {
  for (const struct argp_option *o = options; o && (o->name || o->doc); o++)
    if (o->name && strlen(o->name) == len && strncmp(o->name, name, len) == 0)
      return o;
  return NULL;
}

static const struct argp_option *s_find(const struct argp *argp, const char *name, size_t len) {
  const struct argp_option *found = s_search(argp->options, name, len);
  for (const struct argp_child *c = argp->children; !found && c && c->argp; c++)
    found = s_search(c->argp->options, name, len);
  return found ? found : s_search(s_builtin, name, len);
}

static bool s_short_is_known(const char *word) {
  return strcmp(word, "-?") == 0 || strcmp(word, "-V") == 0;
}

/* Flags with a value are looked at by their parsers. */
static bool s_stands_before(char *const *argv, int index) {
  for (int i = 1; i < index; i++)
    if (strcmp(argv[i], argv[index]) == 0)
      return true;
  return false;
}

bool zr_args_check(const struct argp *argp, int argc, char *const *argv, bool in_order, char *why,
                   size_t why_size) {
  for (int i = 1; i < argc; i++) {
    const char *word = argv[i];
    if (word[0] != '-' || word[1] == '\0') {
      if (in_order)
        return true;
      continue;
    }
    if (strcmp(word, "--") == 0)
      return true;
    size_t len = strcspn(word, "=");
    const struct argp_option *o = word[1] == '-' ? s_find(argp, word + 2, len - 2) : NULL;
    if (!o && s_short_is_known(word))
      continue;
    if (!o) {
      (void)snprintf(why, why_size, "unknown flag %.*s", (int)len, word);
      return false;
    }
    if (!o->arg && word[len] == '=') {
      (void)snprintf(why, why_size, "%.*s takes no value", (int)len, word);
      return false;
    }
    if (!o->arg && s_stands_before(argv, i)) {
      (void)snprintf(why, why_size, "%s is given twice", word);
      return false;
    }
    if (o->arg && word[len] != '=' && ++i >= argc) {
      (void)snprintf(why, why_size, "%.*s needs a value", (int)len, word);
      return false;
    }
  }
  return true;
}
