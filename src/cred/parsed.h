/*
 * parsed: certificates of peers that came up lately, as OpenSSL has read them, for when they come
 * again: reading one takes as long as half a signature.
 *
 * Only what was read is kept, never what was thought of it: each time a certificate is sent, its
 * chain, its times, its revocation and its identities are judged anew. It is found by a hash of all
 * its octets. Nothing gets in here before its sender has authenticated, and the number is bounded:
 * the oldest go first.
 */
#ifndef BRAID_CRED_PARSED_H
#define BRAID_CRED_PARSED_H

#include "base/bytes.h"

#include <openssl/x509.h>

enum { PARSED_MAX = 256 };

struct parsed;

struct parsed *parsed_new(void); /* NULL: out of memory */
void parsed_free(struct parsed *p);
void parsed_clear(struct parsed *p);

/* In all of these `p` may be NULL: nothing is kept. */
X509 *parsed_find(const struct parsed *p, struct bytes der);      /* another reference; NULL: not here */
void parsed_keep(struct parsed *p, struct bytes der, X509 *cert); /* takes another reference */

#endif
