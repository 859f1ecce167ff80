/*
 * ppk_file: PPKs that serve once each, from a file that somebody else fills: the agent of a quantum
 * key distribution system, say.
 *
 *     # identifier, blanks, the key in hexadecimal; a line for each
 *     c9a4f0e1-7c11 8b0e5d...
 *
 * The file is read anew whenever a key is wanted, so that it may be replaced at any time (by
 * rename). An initiator takes the first key that did not serve yet, a responder the one that is
 * named. What served is remembered as long as the process lives; whoever fills the file takes old
 * keys out of it.
 */
#ifndef BRAID_CRED_PPK_FILE_H
#define BRAID_CRED_PPK_FILE_H

#include "base/secret.h"

enum {
    PPK_FILE_LEN_MAX = 256 << 10, /* some 2,500 keys: it is read for strangers, too */
    PPK_ID_LEN_MAX = 64,
    PPK_USED_MAX = 1 << 16, /* then no key of any file is given out any more */
};

/* Which keys served. NULL: out of memory. */
struct ppk_used;
struct ppk_used *ppk_used_new(void);
void ppk_used_free(struct ppk_used *used); /* NULL allowed */

struct ppk_taken {
    uint8_t id_len;
    uint8_t id[PPK_ID_LEN_MAX];
    struct shared_secret key;
};

/* `id` is hostile; empty: the first. False: there is none, or the file cannot be read. */
bool ppk_file_take(const char *path, struct bytes id, struct ppk_used *used,
                   struct ppk_taken *out);

#endif
