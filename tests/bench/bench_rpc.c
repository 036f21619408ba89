/*
 * Unary Release through rpc and service, with a backend that answers at once, against a server of
 * the bare C core that takes the same bytes and answers as many as ours does. Both run as processes
 * of this program; one client with calls in flight drives them in turns, so that both see the same
 * machine. Prints the median ratios of their throughputs and of their CPU time for a call (which
 * neighbours on the machine disturb less), the time from exec to readiness, and the memory at rest.
 */
#include <grpc/byte_buffer.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench_rpc_servers.h"
#include "zenrelease/v1/release_service.pb-c.h"

enum { IN_FLIGHT = 64, ROUNDS = 31, REQUEST_MAX = 8192 };

static const double s_round_seconds = 0.25;
static const double s_goal = 0.85;

static double s_now(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- server processes ---- */

/* Seconds of CPU that a process has used, all threads and the kernel's share. */
static double s_cpu(pid_t pid) {
  clockid_t clock;
  struct timespec t;
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
    exit(2);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct process {
  pid_t pid;
  char address[128];
  double ready_ms;
};

static struct process s_spawn(const char *self, const char *kind, const char *listen,
                              size_t answer_len) {
  struct process p = {.pid = -1};
  char len[32];
  int line[2];
  (void)snprintf(len, sizeof len, "%zu", answer_len);
  if (pipe(line) != 0)
    exit(2);
  double start = s_now();
  p.pid = fork();
  if (p.pid == 0) {
    (void)dup2(line[1], STDOUT_FILENO);
    close(line[0]);
    close(line[1]);
    (void)execl(self, self, kind, listen, len, (char *)NULL);
    _exit(127);
  }
  close(line[1]);
  FILE *in = fdopen(line[0], "r");
  if (!in || !fgets(p.address, sizeof p.address, in))
    exit(2);
  p.ready_ms = (s_now() - start) * 1e3;
  p.address[strcspn(p.address, "\n")] = '\0';
  (void)fclose(in);
  return p;
}

static void s_stop(struct process *p) {
  (void)kill(p->pid, SIGTERM);
  (void)waitpid(p->pid, NULL, 0);
}

static long s_rss_kb(pid_t pid) {
  char path[64];
  char line[256];
  long kb = 0;
  (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
  FILE *in = fopen(path, "r");
  while (in && fgets(line, sizeof line, in))
    if (sscanf(line, "VmRSS: %ld", &kb) == 1)
      break;
  if (in)
    (void)fclose(in);
  return kb;
}

/* ---- the client ---- */

struct slot {
  grpc_call *call;
  grpc_byte_buffer *request; /* the core empties it */
  grpc_byte_buffer *answer;
  grpc_metadata_array first;
  grpc_metadata_array last;
  grpc_status_code status;
  grpc_slice text;
};

struct load {
  grpc_channel *channel;
  grpc_completion_queue *queue;
  void *method;
  grpc_slice request;
  size_t answer_len; /* of the last answer */
  struct slot slots[IN_FLIGHT];
};

static void s_send(struct load *l, struct slot *s) {
  grpc_op ops[6];
  memset(ops, 0, sizeof ops);
  grpc_metadata_array_init(&s->first);
  grpc_metadata_array_init(&s->last);
  s->answer = NULL;
  s->request = grpc_raw_byte_buffer_create(&l->request, 1);
  s->call =
      grpc_channel_create_registered_call(l->channel, NULL, GRPC_PROPAGATE_DEFAULTS, l->queue,
                                          l->method, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
  ops[0].op = GRPC_OP_SEND_INITIAL_METADATA;
  ops[1].op = GRPC_OP_SEND_MESSAGE;
  ops[1].data.send_message.send_message = s->request;
  ops[2].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
  ops[3].op = GRPC_OP_RECV_INITIAL_METADATA;
  ops[3].data.recv_initial_metadata.recv_initial_metadata = &s->first;
  ops[4].op = GRPC_OP_RECV_MESSAGE;
  ops[4].data.recv_message.recv_message = &s->answer;
  ops[5].op = GRPC_OP_RECV_STATUS_ON_CLIENT;
  ops[5].data.recv_status_on_client.trailing_metadata = &s->last;
  ops[5].data.recv_status_on_client.status = &s->status;
  ops[5].data.recv_status_on_client.status_details = &s->text;
  if (grpc_call_start_batch(s->call, ops, 6, s, NULL) != GRPC_CALL_OK)
    exit(2);
}

static void s_received(struct load *l, struct slot *s) {
  if (s->status != GRPC_STATUS_OK || !s->answer) {
    (void)fprintf(stderr, "a call failed with status %d: %.*s\n", (int)s->status,
                  (int)GRPC_SLICE_LENGTH(s->text), (const char *)GRPC_SLICE_START_PTR(s->text));
    exit(2);
  }
  l->answer_len = grpc_byte_buffer_length(s->answer);
  grpc_byte_buffer_destroy(s->answer);
  grpc_byte_buffer_destroy(s->request);
  grpc_metadata_array_destroy(&s->first);
  grpc_metadata_array_destroy(&s->last);
  grpc_slice_unref(s->text);
  grpc_call_unref(s->call);
}

/* Calls a second; `seconds` 0: one call. */
static double s_drive(struct load *l, double seconds) {
  double start = s_now();
  double end = start + seconds;
  unsigned flying = seconds > 0 ? IN_FLIGHT : 1;
  unsigned long done = 0;
  for (unsigned i = 0; i < flying; i++)
    s_send(l, &l->slots[i]);
  while (flying > 0) {
    grpc_event ev = grpc_completion_queue_next(l->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
    s_received(l, ev.tag);
    done++;
    if (s_now() < end)
      s_send(l, ev.tag);
    else
      flying--;
  }
  return (double)done / (s_now() - start);
}

static void s_open(struct load *l, const char *address, const void *request, size_t len) {
  grpc_channel_credentials *none = grpc_insecure_credentials_create();
  memset(l, 0, sizeof *l);
  l->channel = grpc_channel_create(address, none, NULL);
  grpc_channel_credentials_release(none);
  l->queue = grpc_completion_queue_create_for_next(NULL);
  l->method = grpc_channel_register_call(l->channel, BENCH_METHOD, NULL, NULL);
  l->request = grpc_slice_from_copied_buffer(request, len);
}

static void s_close(struct load *l) {
  grpc_slice_unref(l->request);
  grpc_channel_destroy(l->channel);
  grpc_completion_queue_shutdown(l->queue);
  while (grpc_completion_queue_next(l->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL).type !=
         GRPC_QUEUE_SHUTDOWN) {
  }
  grpc_completion_queue_destroy(l->queue);
}

/* ---- one comparison ---- */

static size_t s_request(unsigned ids, uint8_t out[REQUEST_MAX]) {
  char text[100][24];
  char *list[100];
  Zenrelease__V1__ReleaseRequest m;
  zenrelease__v1__release_request__init(&m);
  m.product = ZENRELEASE__V1__PRODUCT__PRODUCT_VM;
  for (unsigned i = 0; i < ids; i++) {
    (void)snprintf(text[i], sizeof text[i], "10000000000000%06u", i);
    list[i] = text[i];
  }
  m.instance_ids = list;
  m.n_instance_ids = ids;
  return zenrelease__v1__release_request__pack(&m, out);
}

/* What a round of one server gave. */
struct round {
  double per_second;
  double cpu_us; /* for a call */
};

static struct round s_round(struct load *l, const struct process *p) {
  double cpu = s_cpu(p->pid);
  double start = s_now();
  struct round r = {.per_second = s_drive(l, s_round_seconds)};
  r.cpu_us = (s_cpu(p->pid) - cpu) * 1e6 / (r.per_second * (s_now() - start));
  return r;
}

static int s_order(const void *a, const void *b) {
  double x = *(const double *)a;
  double y = *(const double *)b;
  return (x > y) - (x < y);
}

static double s_median(double *values) {
  qsort(values, ROUNDS, sizeof *values, s_order);
  return values[ROUNDS / 2];
}

struct medians {
  double rate[2];
  double cpu[2]; /* ours, bare */
  double rate_ratio;
  double cpu_ratio;
};

static struct medians s_rounds(struct load *ours, const struct process *p_ours, struct load *bare,
                               const struct process *p_bare) {
  double rate[2][ROUNDS];
  double cpu[2][ROUNDS];
  double rate_ratio[ROUNDS];
  double cpu_ratio[ROUNDS];
  (void)s_drive(ours, s_round_seconds);
  (void)s_drive(bare, s_round_seconds);
  for (int i = 0; i < ROUNDS; i++) {
    struct round a = s_round(ours, p_ours);
    struct round b = s_round(bare, p_bare);
    rate[0][i] = a.per_second;
    rate[1][i] = b.per_second;
    cpu[0][i] = a.cpu_us;
    cpu[1][i] = b.cpu_us;
    rate_ratio[i] = a.per_second / b.per_second;
    cpu_ratio[i] = a.cpu_us / b.cpu_us;
  }
  return (struct medians){.rate = {s_median(rate[0]), s_median(rate[1])},
                          .cpu = {s_median(cpu[0]), s_median(cpu[1])},
                          .rate_ratio = s_median(rate_ratio),
                          .cpu_ratio = s_median(cpu_ratio)};
}

/* `goal` 0: none, the line is for knowing what an id costs. */
static void s_compare(const char *self, const char *dir, unsigned ids, double goal) {
  uint8_t request[REQUEST_MAX];
  size_t len = s_request(ids, request);
  char listen[2][128];
  (void)snprintf(listen[0], sizeof listen[0], "unix:%s/ours", dir);
  (void)snprintf(listen[1], sizeof listen[1], "unix:%s/bare", dir);
  struct load ours;
  struct load bare;
  struct process p_ours = s_spawn(self, "serve-ours", listen[0], 0);
  long rest_kb = s_rss_kb(p_ours.pid);
  s_open(&ours, p_ours.address, request, len);
  (void)s_drive(&ours, 0);
  struct process p_bare = s_spawn(self, "serve-bare", listen[1], ours.answer_len);
  s_open(&bare, p_bare.address, request, len);
  struct medians m = s_rounds(&ours, &p_ours, &bare, &p_bare);
  (void)printf("release rpc, %3u ids (%zu -> %zu B)    ours %7.0f/s  bare core %7.0f/s  ratio %.3f",
               ids, len, ours.answer_len, m.rate[0], m.rate[1], m.rate_ratio);
  if (goal > 0)
    (void)printf("  goal >= %.2f  %s", goal, m.rate_ratio >= goal ? "met" : "missed");
  (void)printf("\n    server CPU for a call              ours %7.1f us  bare core %7.1f us  ratio "
               "%.3f\n    start to readiness %.1f ms (bare %.1f), memory at rest %ld kB\n",
               m.cpu[0], m.cpu[1], m.cpu_ratio, p_ours.ready_ms, p_bare.ready_ms, rest_kb);
  s_close(&ours);
  s_close(&bare);
  s_stop(&p_ours);
  s_stop(&p_bare);
  (void)unlink(listen[1] + 5); /* the bare one just dies */
}

int main(int argc, char **argv) {
  if (argc == 4 && strcmp(argv[1], "serve-ours") == 0)
    return bench_serve_ours(argv[2]);
  if (argc == 4 && strcmp(argv[1], "serve-bare") == 0)
    return bench_serve_bare(argv[2], (size_t)strtoul(argv[3], NULL, 10));
  char dir[] = "/tmp/zr-bench-XXXXXX";
  if (!mkdtemp(dir))
    return 2;
  grpc_init();
  s_compare("/proc/self/exe", dir, 1, s_goal);
  s_compare("/proc/self/exe", dir, 100, 0);
  grpc_shutdown();
  return rmdir(dir) == 0 ? 0 : 2;
}
