/*
 * message: an IKEv2 message as values (RFC 7296 3, RFC 7383 2.5), and the way between values and bytes.
 *
 * Handlers see nothing but these structures. The codec is symmetric (decode(encode(m)) gives m), total (any octets
 * give a message or a located error) and has no opinions: what may stand where is grammar.h's business, what it
 * means is the engine's.
 *
 * Views inside a decoded message borrow the decoded octets; arrays come from the arena that was passed in.
 */
#ifndef BRAID_WIRE_MESSAGE_H
#define BRAID_WIRE_MESSAGE_H

#include "base/arena.h"
#include "base/reader.h"
#include "base/writer.h"
#include "wire/names.h"
#include <braid/config.h>
#include <braid/types.h>

/* ---- limits: every count and length of an input is bounded (DESIGN: post-quantum sizes decide them) ----------- */

enum {
    IKE_HEADER_LEN = 28,
    PAYLOAD_HEADER_LEN = 4,
    PAYLOADS_MAX = 256,       /* payloads in one message: long certificate chains with their requests */
    PROPOSALS_MAX = 64,       /* in one SA payload */
    TRANSFORMS_MAX = 255,     /* in one proposal: the count is one octet */
    SELECTORS_MAX = 255,      /* in one TS payload: the count is one octet */
    SPIS_MAX = 4096,          /* in one Delete payload */
    SPI_LEN_MAX = 8,          /* in proposals, notifies and deletes: 8 for IKE, 4 for AH and ESP */
    CP_ATTRIBUTES_MAX = 1024, /* in one Configuration payload */
    NONCE_LEN_MIN = 16,       /* RFC 7296 3.9 */
    NONCE_LEN_MAX = 256,
    DATAGRAM_LEN_MAX = CONF_PAYLOAD_MAX, /* and one payload: the length of either has 16 bits */
    /*
     * All payloads of one message, which only fragments can carry (RFC 7383): a certificate of
     * SLH-DSA-256f with two sub-CAs and AUTH are four times 50 kB.
     */
    MESSAGE_LEN_MAX = CONF_MESSAGE_MAX,
};

/* ---- header (RFC 7296 3.1) ------------------------------------------------------------------------------------ */

struct ike_header {
    uint64_t spi_i, spi_r;
    uint8_t next; /* first payload's type */
    uint8_t major, minor;
    uint8_t exchange; /* enum exchange_type */
    bool initiator;   /* I: sent by the original initiator of this IKE SA */
    bool response;    /* R */
    bool higher;      /* V: the sender could speak a higher major version; cleared when sending */
    uint32_t mid;
    uint32_t length; /* of the whole message as its header says */
};

/* ---- payloads ------------------------------------------------------------------------------------------------- */

struct ke_payload {
    uint16_t method; /* transform id of type 4 */
    struct bytes data;
};

struct id_payload {
    struct identity id;
};

struct cert_payload {
    uint8_t encoding;  /* enum cert_encoding */
    struct bytes data; /* CERT: the certificate. CERTREQ: concatenated 20-octet SHA-1 key hashes, or empty */
};

struct auth_payload {
    uint8_t method; /* enum auth_method */
    struct bytes data;
};

struct notify_payload {
    uint8_t protocol;  /* enum protocol_id, 0 when it concerns no SA */
    uint8_t spi_len;   /* decoded: spi.len. Encoding takes the latter */
    struct bytes spi;  /* at most SPI_LEN_MAX */
    uint16_t type;     /* enum notify_type */
    struct bytes data; /* notify.h takes apart those that have a structure */
};

struct delete_payload {
    uint8_t protocol;
    uint8_t spi_len; /* 0 for IKE, 4 for AH and ESP */
    uint16_t count;
    struct bytes spis; /* count * spi_len octets */
};

/* Configuration payload (RFC 7296 3.15) */
struct cp_attribute {
    uint16_t type; /* enum cp_attribute_type; the reserved bit is dropped */
    struct bytes value;
};

struct cp_payload {
    uint8_t type; /* enum cp_type */
    uint16_t count;
    const struct cp_attribute *attribute;
};

/*
 * SK and SKF as they stand in an outer message: everything after the generic header (and fragment fields) is still
 * sealed.
 */
struct sk_payload {
    uint8_t inner;          /* type of the first payload inside */
    uint16_t number, total; /* SKF: fragment number and total; SK: 1 and 1 */
    size_t body_at;         /* offset of the sealed body (IV | ciphertext | ICV) in the datagram */
    struct bytes body;
};

struct payload {
    uint8_t type; /* enum payload_type, or a number we do not know: then `raw` is the body and it is kept */
    bool critical;
    struct bytes raw; /* decoded: the body as it came. Encoding: used for unknown types, and Nonce, Vendor ID, EAP */
    union {
        struct proposals sa;
        struct ke_payload ke;
        struct id_payload id;
        struct cert_payload cert; /* CERT and CERTREQ */
        struct auth_payload auth;
        struct notify_payload notify;
        struct delete_payload del;
        struct selectors ts; /* TSi and TSr */
        struct cp_payload cp;
        struct sk_payload sk; /* SK and SKF, outer messages only */
    } u;                      /* Nonce, Vendor ID, EAP and unknown types live in raw */
};

struct ike_msg {
    struct ike_header header;
    uint16_t count;
    uint16_t room;           /* of `payload` when building */
    struct payload *payload; /* count of them, in the order of the message */
};

/* ---- decoding ------------------------------------------------------------------------------------------------- */

enum decode_class {
    DECODE_OK = 0,
    DECODE_SYNTAX,   /* INVALID_SYNTAX: a length, count or fixed value cannot be */
    DECODE_CRITICAL, /* UNSUPPORTED_CRITICAL_PAYLOAD: unknown type `payload` with its critical bit (RFC 7296 2.5) */
    DECODE_VERSION,  /* INVALID_MAJOR_VERSION: header only */
    DECODE_MEMORY,   /* the arena's limit */
};

struct decode_error {
    enum decode_class class;
    uint8_t payload;  /* in which payload type */
    size_t offset;    /* from the start of the input */
    const char *what; /* static text: what was expected there */
};

/*
 * The 28 octets of a header. Never reads further. Fails on short input; does not judge flags, versions or lengths
 * against the datagram.
 */
bool ike_header_read(struct bytes datagram, struct ike_header *h);
void ike_header_write(struct writer *w, const struct ike_header *h);

/*
 * Decode a payload chain. `first` is the type of the first payload. Unknown non-critical payloads are kept with
 * their raw body. SK and SKF end a chain: they must be the last payload, and their `next` field is the first inner
 * type (RFC 7296 3.14). msg->header is not touched, and on an error nothing of msg is. Hostile input.
 *
 * The arena gives at most ten octets per octet of the chain (selectors of an unknown type), and 40 kB for the array of
 * payloads.
 */
struct decode_error ike_payloads_decode(struct bytes chain, uint8_t first, struct arena *arena, struct ike_msg *msg);

/* Header and chain of a whole datagram; the header's length must equal the datagram's. Hostile input. */
struct decode_error ike_message_decode(struct bytes datagram, struct arena *arena, struct ike_msg *msg);

/* ---- encoding ------------------------------------------------------------------------------------------------- */

/*
 * The chain of payloads, next-payload fields patched; returns the type of the first in *first (0 when empty).
 * Overflow is the writer's fault.
 */
void ike_payloads_encode(struct writer *w, const struct ike_msg *msg, uint8_t *first);

/* Header (next and length patched) and chain: a message without encryption, such as IKE_SA_INIT. */
void ike_message_encode(struct writer *w, const struct ike_msg *msg);

/* ---- building and looking ------------------------------------------------------------------------------------- */

/* An empty message to add payloads to; the array grows in the arena. */
struct ike_msg ike_msg_make(void);
/*
 * Append a zeroed payload of this type, or NULL when the arena or PAYLOADS_MAX is exhausted (the caller answers
 * FAULT).
 */
struct payload *ike_msg_add(struct ike_msg *m, struct arena *arena, uint8_t type);
/* Nonce, Vendor ID, EAP, and types we do not know. */
bool ike_msg_add_raw(struct ike_msg *m, struct arena *arena, uint8_t type, struct bytes body);
/* A notify of protocol 0 without an SPI. */
bool ike_msg_add_notify(struct ike_msg *m, struct arena *arena, uint16_t type, struct bytes data);

/* The first payload of a type, or the next after `after`; NULL if there is none. */
const struct payload *ike_msg_find(const struct ike_msg *m, uint8_t type);
const struct payload *ike_msg_next(const struct ike_msg *m, const struct payload *after);
/* The first notify of a type, or NULL. */
const struct notify_payload *ike_msg_notify(const struct ike_msg *m, uint16_t type);
/* The first error notify (type < 16384), or NULL. */
const struct notify_payload *ike_msg_error(const struct ike_msg *m);

#endif
