/*
 * notify: the bodies of those Notify payloads that have a structure (RFC 7296 3.10.1 and the RFCs of the extensions).
 *
 * One pair of functions per body: *_read takes the notify's data and gives false when it cannot be (the values are
 * then meaningless), *_write appends the data. Views borrow the notify. Hostile input. Lists are walked with
 * *_next, over a reader of the data.
 *
 * The rest have no structure: empty (INITIAL_CONTACT, USE_TRANSPORT_MODE, ...), or octets that are compared or echoed
 * whole (NAT_DETECTION_*, COOKIE, COOKIE2, TICKET_OPAQUE, NO_PPK_AUTH, QUICK_CRASH_DETECTION, the link of RFC 9370).
 * REKEY_SA and CHILD_SA_NOT_FOUND name their SA by protocol and SPI of the payload itself.
 */
#ifndef BRAID_WIRE_NOTIFY_H
#define BRAID_WIRE_NOTIFY_H

#include "wire/message.h"

/* INVALID_KE_PAYLOAD: the key exchange method the responder wants (RFC 7296 1.2). */
bool notify_invalid_ke_read(struct bytes data, uint16_t *method);
void notify_invalid_ke_write(struct writer *w, uint16_t method);

/* SIGNATURE_HASH_ALGORITHMS (RFC 7427 4): false at the end; an odd last octet is ignored. */
bool notify_hashes_next(struct reader *r, uint16_t *hash);
void notify_hashes_write(struct writer *w, const uint16_t *hash, size_t count);

/* SET_WINDOW_SIZE (messages), AUTH_LIFETIME (seconds, RFC 4478), INVALID_MESSAGE_ID */
bool notify_u32_read(struct bytes data, uint32_t *value);
void notify_u32_write(struct writer *w, uint32_t value);

/* UNSUPPORTED_CRITICAL_PAYLOAD: the type of the payload (RFC 7296 2.5) */
bool notify_u8_read(struct bytes data, uint8_t *value);
void notify_u8_write(struct writer *w, uint8_t value);

/* ADDITIONAL_IP4_ADDRESS, ADDITIONAL_IP6_ADDRESS (RFC 4555 4.2.2): the length tells the family. */
bool notify_address_read(struct bytes data, struct addr *a);
void notify_address_write(struct writer *w, const struct addr *a);

/* IPCOMP_SUPPORTED (RFC 7296 2.22) */
struct notify_ipcomp {
    uint16_t cpi;
    uint8_t transform;       /* 1 OUI, 2 DEFLATE, 3 LZS, 4 LZJH */
    struct bytes attributes; /* of the transform; none is defined */
};
bool notify_ipcomp_read(struct bytes data, struct notify_ipcomp *c);
void notify_ipcomp_write(struct writer *w, const struct notify_ipcomp *c);

/* REDIRECT and, without a nonce, REDIRECTED_FROM (RFC 5685 9.2 and 9.3) */
enum gateway_type {
    GATEWAY_IPV4 = 1,
    GATEWAY_IPV6 = 2,
    GATEWAY_FQDN = 3,
};
struct notify_redirect {
    uint8_t type;         /* enum gateway_type */
    struct bytes gateway; /* 4 or 16 octets, or a name, never empty */
    struct bytes nonce;   /* Ni, in an IKE_SA_INIT response only */
};
bool notify_redirect_read(struct bytes data, struct notify_redirect *g);
void notify_redirect_write(struct writer *w, const struct notify_redirect *g);

/* TICKET_LT_OPAQUE (RFC 5723 7.1) */
struct notify_ticket {
    uint32_t lifetime; /* seconds */
    struct bytes ticket;
};
bool notify_ticket_read(struct bytes data, struct notify_ticket *t);
void notify_ticket_write(struct writer *w, const struct notify_ticket *t);

/* PPK_IDENTITY (RFC 8784 5.1). A responder's is empty, and not for this function. */
enum ppk_type {
    PPK_OPAQUE = 1,
    PPK_FIXED = 2,
};
struct notify_ppk {
    uint8_t type; /* enum ppk_type */
    struct bytes id;
};
bool notify_ppk_read(struct bytes data, struct notify_ppk *p);
void notify_ppk_write(struct writer *w, const struct notify_ppk *p);

/* PPK_IDENTITY_KEY (RFC 9867): the same, and the first octets of a PRF that prove knowledge of the PPK. */
enum { PPK_CONFIRMATION_LEN = 8 };
struct notify_ppk_key {
    struct notify_ppk ppk;
    struct bytes confirmation; /* PPK_CONFIRMATION_LEN octets */
};
bool notify_ppk_key_read(struct bytes data, struct notify_ppk_key *p);
void notify_ppk_key_write(struct writer *w, const struct notify_ppk_key *p);

/* SUPPORTED_AUTH_METHODS (RFC 9593 3.2): announcements of three shapes, told apart by their length octet. */
struct auth_announcement {
    uint8_t method;         /* enum auth_method */
    bool has_link;          /* length 3 or more */
    uint8_t link;           /* which CA of the CERTREQs it goes with; 0 = any */
    struct bytes algorithm; /* AlgorithmIdentifier in DER, or nothing */
};
/* False at the end, and at the first announcement that cannot be: what follows it is ignored. */
bool notify_auth_methods_next(struct reader *r, struct auth_announcement *a);
void notify_auth_methods_write(struct writer *w, const struct auth_announcement *a); /* appends one */

/* IKEV2_MESSAGE_ID_SYNC (RFC 6311 6.3) */
struct notify_id_sync {
    uint32_t nonce, send_mid, receive_mid;
};
bool notify_id_sync_read(struct bytes data, struct notify_id_sync *s);
void notify_id_sync_write(struct writer *w, const struct notify_id_sync *s);

/* IPSEC_REPLAY_COUNTER_SYNC (RFC 6311 6.4): by how much to step; 4 octets, or 8 with extended sequence numbers. */
bool notify_counter_sync_read(struct bytes data, uint64_t *step);
void notify_counter_sync_write(struct writer *w, uint64_t step, bool is_extended);

/* PUZZLE (RFC 8019 8.1) */
struct notify_puzzle {
    uint16_t prf; /* transform id of type 2 */
    uint8_t difficulty;
};
bool notify_puzzle_read(struct bytes data, struct notify_puzzle *p);
void notify_puzzle_write(struct writer *w, const struct notify_puzzle *p);

#endif
