/* The trace in words, and a hash of what happened that needs no words. */
#include <stdarg.h>

#include "vopr.h"

void trace_mix(struct sim *s, uint64_t value) {
  struct zr_rng mixed = {s->hash ^ value};
  s->hash = zr_rng_next(&mixed);
}

void trace_say(struct sim *s, const char *format, ...) {
  if (!s->trace)
    return;
  fprintf(s->trace, "%11.3f s  ", (double)s->now / 1000);
  va_list args;
  va_start(args, format);
  (void)vfprintf(s->trace, format, args);
  va_end(args);
  fputc('\n', s->trace);
}

void trace_rows(struct sim *s, const struct call *c) {
  if (!s->trace || c->row_count == 0)
    return;
  fputs("               ", s->trace);
  for (unsigned i = 0; i < c->row_count; i++)
    fprintf(s->trace, " %s %s%s", s->machines[c->product][c->rows[i].id].id,
            machine_word(c->product, c->rows[i].id, c->rows[i].is.place),
            i + 1 < c->row_count ? "," : "");
  fputc('\n', s->trace);
}

void trace_ids(struct sim *s, enum zr_product product, const uint16_t *ids, unsigned count) {
  for (unsigned i = 0; i < count; i++)
    trace_mix(s, ids[i]);
  if (!s->trace)
    return;
  fputs("               ", s->trace);
  for (unsigned i = 0; i < count; i++)
    fprintf(s->trace, " %s/%s", zr_product_info(product)->name, s->machines[product][ids[i]].id);
  fputc('\n', s->trace);
}
