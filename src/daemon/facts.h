/*
 * facts: the lines `key=value` that the engine gives along with a failure (ike/compare.h), read
 * one by one and turned into VICI.
 */
#ifndef BRAID_DAEMON_FACTS_H
#define BRAID_DAEMON_FACTS_H

#include "vici/codec.h"

/* The next line; `rest` begins as all of them. A last line that was cut is not given. */
bool facts_next(struct bytes *rest, struct bytes *key, struct bytes *value);
/* The first line with this key as text in the buffer, or "". */
const char *facts_find(const char *facts, const char *key, char *to, size_t room);
/*
 * All of them as keys of the section that is open:
 *     offered [..] accepted [..] mismatch = ENCR
 *     transforms { ENCR { offered [..] accepted [..] match = AES_GCM_16_256 } ... }
 *     accept-here, offer-there, offered-local-ts ... as they stand
 */
void facts_report(struct vici_out *o, const char *facts);

#endif
