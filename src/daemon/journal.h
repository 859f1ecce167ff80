/*
 * journal: what became of each connection lately: its last failures with all that is known about
 * them, and its last success; so that a tunnel that is down shows why.
 *
 * Bounded: so many connections, so many failures of each, the oldest make room. A failure that
 * repeats itself is counted, not listed again. Failures before any connection was chosen (a peer
 * nobody knows) are kept under the name "".
 */
#ifndef BRAID_DAEMON_JOURNAL_H
#define BRAID_DAEMON_JOURNAL_H

#include "daemon/daemon.h"

enum {
    JOURNAL_CONNS = 256,
    JOURNAL_FAILURES = 8,
};

struct journal_failure {
    struct journal_failure *next; /* older */
    ike_time at;                  /* the last time, of all that were alike */
    uint32_t times, ike_id;
    enum ike_reason reason;
    char notify[64], child[256], peer[64], identity[256];
    char *detail, *facts; /* never NULL */
};

struct journal_success {
    ike_time at; /* 0: never */
    bool quantum_safe, fragmentation, cookie;
    const char *method_asked, *auth_ours, *auth_theirs; /* static, or NULL */
    char child[256], peer[64], identity[256], local_id[256], key_exchanges[256];
};

struct journal {
    struct journal *next; /* of the last event: newest first */
    char conn[256];
    ike_time at;
    struct journal_failure *failures; /* newest first */
    struct journal_success success;
};

void journal_tell(struct daemon *d, const struct ike_tell *t);
/* A failure the engine knows nothing of: a name that does not resolve, say. */
void journal_note(struct daemon *d, const char *conn, const char *child, const char *message);
/* NULL: nothing is known. */
const struct journal *journal_find(const struct daemon *d, const char *conn);
void journal_free(struct daemon *d);

#endif
