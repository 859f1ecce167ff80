/*
 * client: one connection to braidd's control socket, speaking VICI.
 *
 * One request at a time. Events may come at any moment; they go to the handler given to the call
 * they come during. Any failure is told on stderr once, here, and the call says with which exit
 * code to leave.
 */
#ifndef BRAID_CLI_CLIENT_H
#define BRAID_CLI_CLIENT_H

#include "cli/cli.h"
#include "vici/codec.h"
#include "vici/names.h"

enum {
    CLIENT_PATIENCE = 30
}; /* seconds without a sign from the daemon, where it should answer at once */

struct client {
    int fd;
    struct vici_frames frames;
    struct vici_out out;
};

/* An event: its name and content are valid until the handler returns. */
typedef void client_event(void *self, struct bytes name, struct bytes message);

/* Is there a socket at all? */
bool client_has_daemon(const struct cli *cli);
enum exit_code client_open(struct client *c, const struct cli *cli);
void client_close(struct client *c);

/* Ask for an event. EXIT_FAILED, silently, if the daemon does not know it. */
enum exit_code client_register(struct client *c, const char *event);

/* Begin a request: add to what it returns, then call. */
/* Into a request: which SA it is about; with `key` NULL `value` is CONNECTION/CHILD. */
void client_name_sa(struct vici_out *o, const char *key, const char *value);
struct vici_out *client_request(struct client *c, const char *command);
/*
 * Send it and wait. `patience` in seconds, 0 = for ever. *response is valid until the next call.
 * EXIT_GOOD says nothing about success=no.
 */
enum exit_code client_call(struct client *c, unsigned patience, client_event *on_event, void *self,
                           struct bytes *response);

/* Hand on events until the daemon goes; never EXIT_GOOD. */
enum exit_code client_listen(struct client *c, client_event *on_event, void *self);

/* Does a response say success=yes (or nothing about it)? */
bool client_succeeded(struct bytes response);
/* A value as text in the buffer, or "" if there is none. Control characters are replaced. */
const char *client_text(struct bytes message, const char *path, char *to, size_t room);
/* The items of a list at top level, or "". */
const char *client_join(struct bytes message, const char *list, const char *between, char *to,
                        size_t room);

#endif
