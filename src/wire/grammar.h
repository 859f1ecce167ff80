/*
 * grammar: which payloads each message may and must have (RFC 7296 1.2 to 1.5 and appendix C, and the RFCs of further
 * exchanges). The rules are data: they stand in iana.def, each beside its exchange.
 *
 * A rule says how often a payload type stands in a request or response, or which payloads stand together. Unknown and
 * Vendor ID payloads are allowed anywhere and are not counted. A response with an error notify is excused from what is
 * demanded, and so is an IKE_SA_INIT response with COOKIE or REDIRECT; what is out of place stays out of place. The
 * length of a nonce is judged here too, because the codec has no opinions.
 */
#ifndef BRAID_WIRE_GRAMMAR_H
#define BRAID_WIRE_GRAMMAR_H

#include "wire/message.h"

struct grammar_error {
    bool ok;
    uint8_t payload; /* the type that is missing, surplus, out of place or of a wrong length; 0: none is to blame */
    /* static text: "missing", "more than allowed", "not allowed here", "length out of range", "exchange not known" */
    const char *what;
};

/* Check the (inner) payloads of a message. m->header.exchange and .response select the rules. */
struct grammar_error grammar_check(const struct ike_msg *m);

#endif
