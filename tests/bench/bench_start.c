/*
 * From exec to the handshake line, and the memory at rest: the plugin as Terraform starts it, in
 * turns with three floors (start_floor.c), so that all of them see the same machine.
 *
 *   bench_start                       the plugin beside it in ../bin, and the floors beside it
 *   bench_start NAME=PROGRAM …        these programs as well (other ways of linking, other
 * providers)
 */
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rounds.h"

enum { SUBJECTS = 12, ROUNDS = 61, PATH_ROOM = 4096 };

struct subject {
  char name[48];
  char path[PATH_ROOM];
  bool tls;
  double ms[ROUNDS];
  double rss_mb[ROUNDS];
  double own_mb[ROUNDS];
};

static struct subject s_subjects[SUBJECTS];
static size_t s_count;
static char s_client[4096];

static double s_now_ms(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* As go-plugin's: P-521. */
static void s_make_client(void) {
  EVP_PKEY *key = EVP_EC_gen("P-521");
  X509 *x = X509_new();
  (void)X509_set_version(x, 2);
  (void)X509_gmtime_adj(X509_getm_notBefore(x), -30);
  (void)X509_gmtime_adj(X509_getm_notAfter(x), 86400);
  (void)X509_set_pubkey(x, key);
  (void)X509_sign(x, key, EVP_sha512());
  BIO *bio = BIO_new(BIO_s_mem());
  (void)PEM_write_bio_X509(bio, x);
  int n = BIO_read(bio, s_client, sizeof s_client - 1);
  s_client[n > 0 ? n : 0] = '\0';
  BIO_free(bio);
  X509_free(x);
  EVP_PKEY_free(key);
}

static double s_status_mb(pid_t pid, const char *key) {
  char path[64];
  char line[256];
  double kb = 0;
  (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
  FILE *f = fopen(path, "r");
  size_t len = strlen(key);
  while (f && fgets(line, sizeof line, f))
    if (strncmp(line, key, len) == 0)
      kb = strtod(line + len + 1, NULL);
  if (f)
    (void)fclose(f);
  return kb / 1024;
}

static void s_environment(const struct subject *s) {
  (void)setenv("TF_PLUGIN_MAGIC_COOKIE",
               "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2", 1);
  (void)setenv("PLUGIN_PROTOCOL_VERSIONS", "6,5", 1);
  if (s->tls)
    (void)setenv("PLUGIN_CLIENT_CERT", s_client, 1);
  else
    (void)unsetenv("PLUGIN_CLIENT_CERT");
}

static void s_round(struct subject *s, int round) {
  int out[2];
  pid_t pid = 0;
  s_environment(s);
  if (pipe2(out, O_CLOEXEC) != 0)
    exit(1);
  posix_spawn_file_actions_t actions;
  (void)posix_spawn_file_actions_init(&actions);
  (void)posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  char *argv[] = {s->path, NULL};
  double from = s_now_ms();
  int rc = posix_spawn(&pid, s->path, &actions, NULL, argv, environ);
  (void)posix_spawn_file_actions_destroy(&actions);
  (void)close(out[1]);
  char line[8192];
  if (rc != 0 || read(out[0], line, sizeof line) <= 0) {
    (void)fprintf(stderr, "bench_start: %s does not start\n", s->path);
    exit(1);
  }
  s->ms[round] = s_now_ms() - from;
  s->rss_mb[round] = s_status_mb(pid, "VmRSS");
  s->own_mb[round] = s_status_mb(pid, "RssAnon");
  (void)kill(pid, SIGTERM);
  (void)waitpid(pid, NULL, 0);
  (void)close(out[0]);
}

static double s_median(double *values) {
  qsort(values, ROUNDS, sizeof *values, bench_order);
  return values[ROUNDS / 2];
}

static struct subject *s_add(const char *name, const char *folder, const char *path, bool tls) {
  struct subject *s = &s_subjects[s_count++];
  (void)snprintf(s->name, sizeof s->name, "%s", name);
  (void)snprintf(s->path, sizeof s->path, "%s%s", folder, path);
  s->tls = tls;
  return s;
}

static void s_run(void) {
  for (int round = -2; round < ROUNDS; round++)
    for (size_t i = 0; i < s_count; i++)
      s_round(&s_subjects[i], round < 0 ? 0 : round);
}

int main(int argc, char **argv) {
  char here[2048] = "";
  ssize_t n = readlink("/proc/self/exe", here, sizeof here - 1);
  here[n > 0 ? n : 0] = '\0';
  *(strrchr(here, '/') + 1) = '\0';
  (void)signal(SIGPIPE, SIG_IGN);
  s_make_client();
  struct subject *core =
      s_add("floor: TLS server of the bare core", here, "start_floor_core", true);
  (void)s_add("floor: the plugin's libraries, no work", here, "start_floor_libraries", true);
  (void)s_add("floor: an empty program", here, "start_floor_empty", true);
  (void)s_add("plugin, client certificate", here, "../bin/zenrelease-plugin", true);
  (void)s_add("plugin, no TLS", here, "../bin/zenrelease-plugin", false);
  for (int i = 1; i < argc && s_count < SUBJECTS; i++) {
    char *path = strchr(argv[i], '=');
    if (!path)
      return 2;
    *path++ = '\0';
    (void)s_add(argv[i], "", path, true);
  }
  s_run();
  double floor_ms = s_median(core->ms);
  (void)printf("%-40s %8s %8s %8s  %s\n", "exec to handshake line, medians", "ms", "RSS MB",
               "own MB", "ratio to the bare core");
  for (size_t i = 0; i < s_count; i++) {
    struct subject *s = &s_subjects[i];
    double ms = s_median(s->ms);
    (void)printf("%-40s %8.2f %8.1f %8.1f  %.2f\n", s->name, ms, s_median(s->rss_mb),
                 s_median(s->own_mb), ms / floor_ms);
  }
  return 0;
}
