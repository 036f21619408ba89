/*
 * A right that is taken away looks like a mass extinction: every instance of a resource group is
 * absent from one read to the next. So absence is believed only of a few, or where the same read
 * still shows a neighbour. A whole call that was refused and is gone as a whole is no such case:
 * that is what an order leaves behind that was delivered twice.
 */
#include "engine/crowd.h"

enum { FEW = 3 };

/* Was there, as far as anybody knows, and nothing certain says that it is gone. */
static bool s_vanished(const struct zr_item *it) {
  bool was_there = it->group || (it->seen && !it->ambiguous);
  return it->presence == ZR_PRESENCE_ABSENT && it->absent_streak == 1 && was_there &&
         !it->accepted && !it->unauthorized && !it->recorded_gone;
}

static bool s_has_neighbour(const struct zr_item *it, struct zr_item *const *items,
                            unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    bool shown = it->group && items[i]->presence != ZR_PRESENCE_ABSENT && items[i]->group;
    if (shown && strcmp(zr_rstr_text(items[i]->group), zr_rstr_text(it->group)) == 0)
      return true;
  }
  return false;
}

/* Until its group was asked for; without one there is nothing to ask. */
static void s_hide(struct zr_item *it) {
  it->hidden = true;
  it->probed = !it->group;
  it->hidden_at = it->read_at;
}

/* No right to release it any more, and perhaps none to see it, after a call that may have done it:
 * one is enough to doubt. */
static void s_doubt(struct zr_item *it) {
  if (it->presence != ZR_PRESENCE_ABSENT || it->absent_streak != 1 || !it->unauthorized ||
      !it->ambiguous || it->accepted)
    return;
  s_hide(it);
}

void zr_crowd_note(struct zr_item *const *items, unsigned count) {
  unsigned vanished = 0;
  unsigned alone = 0;
  for (unsigned i = 0; i < count; i++) {
    s_doubt(items[i]);
    if (!s_vanished(items[i]))
      continue;
    vanished++;
    items[i]->hidden = false;
    if (!s_has_neighbour(items[i], items, count))
      s_hide(items[i]);
    alone += items[i]->hidden;
  }
  for (unsigned i = 0; alone > 0 && i < count; i++) {
    bool as_a_whole = items[i]->attempts > 0 && !items[i]->ambiguous && vanished == count;
    if (s_vanished(items[i]) && (alone <= FEW || as_a_whole))
      items[i]->hidden = false;
  }
}
