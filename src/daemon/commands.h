/*
 * commands: the requests a control client may make, in a table for each file.
 */
#ifndef BRAID_DAEMON_COMMANDS_H
#define BRAID_DAEMON_COMMANDS_H

#include "daemon/session.h"

struct command {
    const char *name;
    void (*run)(struct session *s, struct bytes message);
};

/* The tables of the other files; each ends with a row without a name. */
extern const struct command commands_load[], commands_creds[], commands_info[], commands_policy[];

/* Answer with a list: its `next` gives one event after the other to who registered for it. */
void list_begin(struct session *s, enum event event, const struct list *list);
/* The same of SAs, connections or policies, with the names and ids the message is about. */
void list_begin_named(struct session *s, struct bytes message, enum event event,
                      bool (*next)(struct session *s));

/* A value of the request, or nothing. */
static inline struct bytes request_text(struct bytes message, const char *key)
{
    struct bytes value;
    return vici_find(message, key, &value) ? value : BYTES_NONE;
}

/*
 * False: there is no such command. `message` is valid for the call only; the answer comes now or
 * later, exactly once.
 */
bool command_run(struct session *s, struct bytes name, struct bytes message);

#endif
