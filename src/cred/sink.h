/*
 * sink: whoever wants to know what is wrong with credentials that are being loaded.
 */
#ifndef BRAID_CRED_SINK_H
#define BRAID_CRED_SINK_H

#include "base/place.h"

struct cred_sink {
    void *self;
    void (*complain)(void *self, bool is_error, const struct place *where, const char *text);
    /* The key whose value is wrong, for those who name no place. NULL: nobody wants to know. */
    void (*blame)(void *self, const char *key);
};

/* `where` may be NULL. False, for whoever gives up with these words. */
bool cred_complain(const struct cred_sink *sink, bool is_error, const struct place *where,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
