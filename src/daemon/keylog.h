/*
 * keylog: the keys of all SAs for Wireshark, when log.wireshark_keys names a folder for them.
 *
 * Two files there, each with the columns of the table of that name among Wireshark's preferences,
 * so that the folder can be a profile of it:
 *
 *     ikev2_decryption_table   a row for each epoch of keys of an IKE SA: its last row is for
 *                              IKE_AUTH and later; earlier ones are for further key exchanges
 *     esp_sa                   two rows for each Child SA, one a direction
 *
 * They are opened at start and never again: mode 0600, no symbolic links, nobody else's files.
 */
#ifndef BRAID_DAEMON_KEYLOG_H
#define BRAID_DAEMON_KEYLOG_H

#include "daemon/daemon.h"

/* If the configuration asks for it. False: `why` says why it cannot be done. */
bool keylog_open(struct daemon *d, char *why, size_t room);
void keylog_close(struct daemon *d);

void keylog_tell(struct daemon *d, const struct ike_tell *t);
void keylog_plane(struct daemon *d, const struct ike_plane *plane);

#endif
