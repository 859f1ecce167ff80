/*
 * control: a local stream socket with any number of clients, none of which can hold up the process.
 *
 * A client is a stream of octets in and a bounded queue of octets out. Who never reads is
 * disconnected when its queue is full; who sends half a message keeps nothing but its own memory
 * busy; who is one too many is turned away. What the octets mean is the owner's business.
 *
 * A client stays valid until `closed` was called for it, which never happens inside a call the
 * owner makes.
 */
#ifndef BRAID_RUN_CONTROL_H
#define BRAID_RUN_CONTROL_H

#include "base/bytes.h"
#include <uv.h>

struct control;
struct control_client;

enum {
    CONTROL_CLIENTS = 1024,
    CONTROL_QUEUE_MAX = 4 << 20,  /* octets that may wait for one client */
    CONTROL_QUEUE_LOW = 64 << 10, /* below this, `drained` asks for more */
};

struct control_handlers {
    void *self;
    void *(*opened)(void *self,
                    struct control_client *c); /* the owner's session; NULL turns the client away */
    void (*octets)(void *session, struct bytes octets);
    void (*drained)(void *session);
    void (*closed)(void *session); /* the last call for it */
};

/* Listen at `path`, mode 0600; an old socket there is replaced. NULL: `why` says why. */
struct control *control_open(uv_loop_t *loop, const char *path, const struct control_handlers *handlers,
                             char *why, size_t why_len);
/* Close all clients and take the socket away; freed once the loop has closed the handles. NULL allowed. */
void control_close(struct control *c);

/* Queue a copy. False: the client is gone, or its queue is full and it is closed now. */
bool control_send(struct control_client *c, struct bytes octets);
size_t control_backlog(const struct control_client *c); /* octets that wait */
void control_pause(struct control_client *c);           /* take in no more octets */
void control_resume(struct control_client *c);
void control_drop(struct control_client *c); /* close it */

#endif
