/*
 * print: messages as text for people, for logs, dumps and failures.
 *
 * The printer sees decoded values only. It prints no nonce, no key exchange data, no AUTH data, no shared secret
 * and nothing sealed: only their lengths. It includes no header that knows keys.
 */
#ifndef BRAID_WIRE_PRINT_H
#define BRAID_WIRE_PRINT_H

#include "base/text.h"
#include "wire/message.h"

/* "IKE_SA_INIT request 0 [SA KE(CURVE_25519) Nonce(32) N(NAT_DETECTION_SOURCE_IP) ...]" on one line. */
void print_ike_msg(struct text *t, const struct ike_msg *m);
/*
 * As strongSwan prints it: "IKE:AES_GCM_16_256/PRF_HMAC_SHA2_384/CURVE_25519/KE1_ML_KEM_768". Unknown numbers as
 * UNKNOWN_<type>_<id>.
 */
void print_proposal(struct text *t, const struct proposal *p);
void print_identity(struct text *t, const struct identity *id); /* control characters escaped */
void print_dn(struct text *t, struct bytes der);                /* "C=CH, CN=gw"; hexadecimal when it is no DN */
void print_selector(struct text *t, const struct selector *s);  /* "10.1.0.0/16[tcp/80]", "a..b", "dynamic" */
void print_addr(struct text *t, const struct addr *a);          /* RFC 5952 for IPv6 */
void print_endpoint(struct text *t, const struct endpoint *e);  /* 192.0.2.1:500, [2001:db8::1]:4500 */
void print_notify_name(struct text *t, uint16_t type);          /* "NO_PROPOSAL_CHOSEN", or "notify 12345" */

#endif
