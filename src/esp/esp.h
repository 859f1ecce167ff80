/*
 * esp: seal and open one ESP packet, in place (RFC 4303).
 *
 *      0         4         8                                                         ICV
 *     +---------+---------+------+------------------------+---------+-----+------+--------+
 *     | SPI     | seq low | IV   | payload                | 1 2 3 ..| pad | next | ICV    |
 *     +---------+---------+------+------------------------+---------+-----+------+--------+
 *                                |<------------- encrypted -------------------->|
 *
 * AEAD (RFC 4106 5, 4309 5, 7634 2.1): associated data is SPI | seq, or with extended sequence
 * numbers SPI | seq high | seq low. Cipher + INTEG: the MAC covers everything before it and then,
 * with extended sequence numbers, seq high (RFC 4303 2.2.1). The IV of AEAD and CTR ciphers is the
 * sequence number, which never repeats (RFC 4106 3.1); that of CBC is random (RFC 3602 3).
 *
 * An `esp_out` or `esp_in` is one direction of one SA, used by one thread at a time. Memory and
 * cryptography are the caller's.
 */
#ifndef BRAID_ESP_ESP_H
#define BRAID_ESP_ESP_H

#include "base/alloc.h"
#include "esp/replay.h"
#include <braid/crypto.h>

enum {
    ESP_HEADER_LEN = 8,
    ESP_HEADROOM = ESP_HEADER_LEN + IV_LEN_MAX,           /* before a payload to be sealed */
    ESP_TAILROOM = (BLOCK_LEN_MAX - 1) + 2 + ICV_LEN_MAX, /* behind it */
    ESP_OVERHEAD_MAX = ESP_HEADROOM + ESP_TAILROOM,
};

/* Next header values that ESP itself looks at. */
enum {
    NEXT_IPV4 = 4,
    NEXT_IPV6 = 41,
    NEXT_DUMMY = 59,
};

enum esp_result {
    ESP_OK,
    ESP_DUMMY,     /* authentic, but carries nothing: next header 59 (RFC 4303 2.6) */
    ESP_REPLAY,    /* the sequence number was taken before, or is too old */
    ESP_AUTH,      /* the ICV is wrong */
    ESP_MALFORMED, /* of an impossible length; or authentic, but padding or payload are wrong */
    ESP_EXHAUSTED, /* the key is spent: the SA must be rekeyed (RFC 4303 3.3.3) */
    ESP_FAULT,     /* the cryptographic backend or its randomness failed */
};

/* What both directions of an SA are made from. Borrowed for the call. */
struct esp_params {
    const struct crypto *crypto;    /* outlives the SA */
    const struct alg *encr, *integ; /* integ NULL with AEAD */
    const struct secret *encr_key, *integ_key;
    uint32_t spi; /* host byte order */
    bool esn, transport;
    uint32_t replay_window; /* inbound; 0 = off */
};

/* The lengths a suite implies. */
struct esp_form {
    uint8_t iv_len, icv_len;
    /* payload, padding, pad length and next header together fill a multiple of this */
    uint8_t align;
    bool aead, esn;
};

struct esp_form esp_form(const struct alg *encr, const struct alg *integ, bool esn);
/* Octets of the packet, from SPI to ICV, for a payload of this length. */
size_t esp_sealed_len(const struct esp_form *f, size_t payload_len);
/* The largest payload whose packet has at most this length; 0 when none has. */
size_t esp_payload_room(const struct esp_form *f, size_t packet_len);

/* Random octets drawn in bulk, for the IVs of CBC. One for all SAs of a thread. */
struct esp_pool {
    const struct crypto *crypto;
    size_t left;
    uint8_t octets[512];
};

struct esp_pool esp_pool_make(const struct crypto *crypto);

/* ---- outbound -------------------------------------------------------------------------------- */

/* How much of what a key may bear has been used. */
enum esp_wear {
    ESP_FRESH,
    ESP_WORN,  /* three quarters: time for new keys */
    ESP_SPENT, /* all: esp_seal refuses */
};

struct esp_out {
    const struct crypto *crypto;
    struct packet_cipher *cipher;
    struct esp_pool *pool;
    uint64_t seq; /* last one used */
    uint64_t seq_max;
    uint64_t blocks, blocks_max; /* of 16 octets, sealed so far */
    uint32_t spi;
    struct esp_form form;
};

/*
 * False when the backend fails (no memory, algorithm missing). Keys are not kept. `pool` outlives
 * the SA.
 */
bool esp_out_make(struct esp_out *sa, const struct esp_params *p, struct esp_pool *pool);
void esp_out_free(struct esp_out *sa);
enum esp_wear esp_out_wear(const struct esp_out *sa);

/*
 * Seal payload[0..len), which has ESP_HEADROOM octets before and ESP_TAILROOM behind it that may be
 * overwritten. *packet views the result inside the same buffer. ESP_OK, ESP_EXHAUSTED or ESP_FAULT;
 * on an error the payload is lost.
 */
enum esp_result esp_seal(struct esp_out *sa, uint8_t *payload, size_t len, uint8_t next_header,
                         struct bytes *packet);

/* ---- inbound --------------------------------------------------------------------------------- */

struct esp_in {
    const struct crypto *crypto;
    const struct alloc *alloc;
    struct packet_cipher *cipher;
    struct replay replay;
    uint32_t spi;
    struct esp_form form;
    bool transport;
};

/* What was inside. `at` points into the packet. */
struct esp_payload {
    uint8_t *at;
    size_t len;          /* tunnel mode: what the inner IP header says, padding behind it cut off */
    uint8_t next_header; /* tunnel mode: NEXT_IPV4 or NEXT_IPV6 */
    uint64_t seq;
};

/* False when out of memory or the backend fails. `alloc` outlives the SA. */
bool esp_in_make(struct esp_in *sa, const struct esp_params *p, const struct alloc *alloc);
void esp_in_free(struct esp_in *sa);

/* The SPI a packet names. False if it is too short to be ESP. Hostile input. */
bool esp_spi(struct bytes packet, uint32_t *spi);

/*
 * Open packet[0..len) in place. The replay window moves if and only if the packet is authentic,
 * which `authentic` tells: on ESP_OK, ESP_DUMMY and some ESP_MALFORMED. On anything but ESP_OK *out
 * is zeroed. Hostile input.
 */
enum esp_result esp_open(struct esp_in *sa, uint8_t *packet, size_t len, struct esp_payload *out,
                         bool *authentic);

#endif
