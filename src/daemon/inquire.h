/*
 * inquire: revocation lists and OCSP responses fetched for answers that wait (cred/inquiry.h), and
 * what is known about revocation as long as the daemon lives.
 */
#ifndef BRAID_DAEMON_INQUIRE_H
#define BRAID_DAEMON_INQUIRE_H

#include "cred/keyring.h"
#include "daemon/daemon.h"

bool inquire_open(struct daemon *d);  /* remembers from now on */
bool inquire_start(struct daemon *d); /* and may fetch: when the loop is there */
void inquire_stop(struct daemon *d);  /* all that wait are done with, unanswered */
void inquire_close(struct daemon *d);
void inquire_forget(struct daemon *d); /* ask anew from now on */

/*
 * Complete an answer that has an inquiry; `done` is called exactly once, perhaps before this
 * returns. Both must stay where they are until then.
 */
typedef void (*inquire_done)(struct daemon *d, void *self);
void inquire(struct daemon *d, struct ike_answer *answer, struct key_reply *reply,
             inquire_done done, void *self);

#endif
