/*
 * request: what the requests that bring something have in common: a section for each thing, the
 * protocol's words for what is wrong, and the certificates and keys that are brought along.
 */
#ifndef BRAID_DAEMON_REQUEST_H
#define BRAID_DAEMON_REQUEST_H

#include "cred/keyring.h"
#include "daemon/commands.h"
#include "vici/read.h"

/* The next section at the top. False: the end, or something else stands there, which is refused. */
bool request_section(struct vici_in *in, struct vici_refusal *why);

/* Success if nothing is said, else a failure with these words. */
void request_answer(struct session *s, const struct vici_refusal *why);
void request_refuse(struct vici_refusal *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* unload: KIND 'NAME' not found */
void request_fail_unload(struct session *s, const char *kind, struct bytes name);
void request_log_problems(const struct daemon *d, const struct problem_list *problems);

/*
 * The certificates and keys that a connection holds or refers to, and the authorities that came, go
 * to those of the clients. NULL: refused, in the protocol's words.
 */
struct keyring *request_keys(struct daemon *d, const struct loaded *l,
                             struct problem_list *problems, struct vici_refusal *why);

#endif
