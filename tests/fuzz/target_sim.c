/*
 * The simulator without its sockets: bytes of a connection, as HTTP requests, through pages, rules,
 * signatures and actions to the bytes of answers.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "fuzz_sim.h"

enum { REQUESTS = 16 };

/* A fleet of a million is allowed, and would take all the time there is: no number in the input has
 * more than three digits behind these words. */
static bool s_is_large(const char *bytes, size_t len) {
  static const char *const words[] = {"recycled\"", "running\""};
  for (size_t w = 0; w < 2; w++) {
    size_t n = strlen(words[w]);
    const char *at = memmem(bytes, len, words[w], n);
    for (; at; at = memmem(at + 1, len - (size_t)(at + 1 - bytes), words[w], n)) {
      size_t digits = 0;
      for (const char *c = at + n; c < bytes + len && strchr(" :\t\r\n.0123456789eE+", *c); c++)
        digits += *c != ' ' && *c != ':';
      if (digits > 3)
        return true;
    }
  }
  return false;
}

/* Every answer is a list of bytes that can be played, and ends in some way. */
static void s_check_wire(const struct sim_wire *wire) {
  for (const struct sim_segment *s = wire->first; s; s = s->next) {
    FUZZ_CHECK(s->bytes.len == 0 || s->bytes.data);
    FUZZ_CHECK(s->next || s == wire->last);
  }
  FUZZ_CHECK(wire->after <= SIM_AFTER_HANG);
}

/* False when the connection ends. */
static bool s_answer(const struct sim_handler *handler, struct sim_http_parser *parser,
                     enum sim_http_event event) {
  struct sim_wire wire = {0};
  struct sim_http_request *request = &parser->request;
  size_t body_bytes = 0;
  bool ends = event == SIM_HTTP_BAD;
  if (event == SIM_HTTP_HEADERS) {
    request->number_on_connection++;
    ends = handler->headers(handler->context, request, &wire, &body_bytes);
  } else if (event == SIM_HTTP_DONE) {
    handler->request(handler->context, request, &wire);
    ends = wire.after != SIM_AFTER_KEEP;
    sim_http_parser_next(parser);
  }
  s_check_wire(&wire);
  sim_wire_clean_up(&wire);
  return !ends;
}

static void s_connection(struct sim_world *world, const char *bytes, size_t len) {
  const struct sim_handler handler = sim_world_handler(world);
  struct sim_http_parser parser;
  sim_http_parser_init(&parser);
  if (!handler.accepted(handler.context))
    len = 0;
  for (unsigned turns = 0; len > 0 && turns < 2 * REQUESTS; turns++) {
    size_t used = 0;
    enum sim_http_event event = sim_http_parser_feed(&parser, bytes, len, &used);
    FUZZ_CHECK(used <= len);
    bytes += used;
    len -= used;
    if (event == SIM_HTTP_MORE || !s_answer(&handler, &parser, event))
      break;
  }
  sim_http_parser_clean_up(&parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input in = {data, size};
  struct sim_world world;
  if (s_is_large((const char *)data, size))
    return 0;
  fuzz_sim_open(&world);
  for (unsigned i = 0; in.left && i < 4; i++) { /* a NUL divides connections */
    struct zr_view bytes = fuzz_until(&in, '\0');
    s_connection(&world, bytes.ptr, bytes.len);
  }
  sim_timers_run(&world.timers, sim_clock_mono_ms() + 1000 * 86400000ULL);
  fuzz_sim_close(&world);
  return 0;
}
