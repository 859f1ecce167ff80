/*
 * validity: what is to be said about the time a certificate is good for.
 */
#ifndef BRAID_CRED_VALIDITY_H
#define BRAID_CRED_VALIDITY_H

#include <openssl/x509.h>
#include <stdbool.h>

enum {
    VALIDITY_SOON_DAYS = 14, /* and less than a quarter of its life: somebody should be told */
    VALIDITY_TEXT_MAX = 128,
};

/* False: it is good for long enough. True: the text says since when, or until when, it is. */
bool validity_complaint(const X509 *cert, char text[VALIDITY_TEXT_MAX]);

#endif
