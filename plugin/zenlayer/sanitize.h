/* Text of a peer, made fit for logs and terminals. */
#ifndef ZR_ZENLAYER_SANITIZE_H
#define ZR_ZENLAYER_SANITIZE_H

#include <stddef.h>

/* At most cap - 1 bytes of `text`, cut between characters: control characters, marks that change
 * the direction of writing, and malformed UTF-8 become '?'. */
void zr_sanitize_text(const char *text, char *out, size_t cap);
/* Everything that is not printable ASCII becomes '?'. */
void zr_sanitize_ascii(char *text);

#endif
