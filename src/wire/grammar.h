/*
 * grammar: which payloads each message may and must have (RFC 7296 1.2 to 1.5, RFC 9242, RFC 9370), as one table.
 *
 * A row says: in this exchange, request or response, this payload type stands so many times at least and at most. Unknown and Vendor ID
 * payloads are allowed anywhere and are not counted. A response that carries an error notify is exempt from the minimum counts.
 */
#ifndef BRAID_WIRE_GRAMMAR_H
#define BRAID_WIRE_GRAMMAR_H

#include "wire/message.h"

struct grammar_error {
    bool ok;
    uint8_t payload;  /* the type that is missing, surplus or out of place */
    const char *what; /* static text: "missing", "more than allowed", "not allowed here" */
};

/* Check the (inner) payloads of a message against the table. m->header.exchange and .response select the rows. */
struct grammar_error grammar_check(const struct ike_msg *m);

#endif
