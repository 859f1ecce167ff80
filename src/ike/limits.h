/*
 * limits: every bound of the engine in one place, each with its reason. Sizes of wire objects are
 * in wire/message.h; what an operator may change is in struct conf_engine.
 */
#ifndef BRAID_IKE_LIMITS_H
#define BRAID_IKE_LIMITS_H

#include <braid/types.h>

enum {
    IKE_PORT = 500,              /* RFC 7296 2 */
    IKE_PORT_ENCAP = 4500,       /* RFC 3948, RFC 7296 2.23 */
    WORKERS_MAX = 0x40,          /* their number is added to 0xc0 in the first octet of inbound ESP SPIs */
    NONCE_LEN = 32,              /* ours; at least half the largest PRF key (RFC 7296 2.10) */
    /* version of the secret | 20 octets of MAC; RFC 7296 2.6 allows 1 to 64 */
    COOKIE_LEN = 24,
    COOKIE_LEN_MAX = 64,
    /* a responder whose secret rotates may ask twice; one that asks for ever may not */
    COOKIE_RETRIES_MAX = 3,
    /* exchanges between IKE_SA_INIT and IKE_AUTH that bring no key exchange: lists, a PPK */
    BARE_ROUNDS_MAX = 3,
    /* PPKs that an initiator may name, each of which has to be fetched before it is known */
    PPK_CANDIDATES_MAX = 4,
    /* methods of authentication kept of a peer's list; we know about forty */
    ANNOUNCED_MAX = 64,
    KE_RETRIES_MAX = 2,          /* INVALID_KE_PAYLOAD answers followed per SA */

    CONTACT_LEN_MAX = 32768,     /* a first message is kept until IKE_AUTH; with FrodoKEM-1344 it has 22 kB */
    FRAGMENTS_MAX = 576,         /* of one message: 256 KiB in fragments of 576 octets need 543 */
    FRAGMENT_LEN_MIN = 256,      /* refuse to plan smaller ones */
    FRAGMENT_SIZE_FALLBACK_V4 = 576,  /* whole IP datagram, used when larger ones seem to be lost */
    FRAGMENT_SIZE_FALLBACK_V6 = 1280,
    /* transmissions without an answer before trying the fallback size */
    REFRAGMENT_AFTER = 3,

    /* values of one decoded message */
    DECODE_ARENA_MAX = 192 * 1024,
    /* what is built in answer, its certificates and AUTH as values and as octets, and what is asked
     * about the peer's */
    SPEAK_ARENA_MAX = 768 * 1024,
    /* octets of effects after which a tick lets them be carried out */
    EFFECTS_ENOUGH = 512 * 1024,
    STRANGERS_TOLD_MAX = 20,
    CHILDREN_PER_IKE_MAX = 256,
    /* unfinished series of key exchanges that we serve on one IKE SA */
    SERIES_PER_IKE_MAX = 8,
    /* how often a series is begun anew before its purpose is given up */
    SERIES_TRIES_MAX = 3,
    /* how often a new Child SA is asked for that the peer has no time for */
    TEMPORARY_TRIES_MAX = 5,
};

#define DELETE_LINGER_FOR (2500 * IKE_MS)   /* a closing SA waits so long for the answer to its Delete; a daemon that ends has 3 s */
#define COOKIE_SECRET_FOR (60 * IKE_SECOND) /* a cookie secret is made new after that; the one before stays valid as long again */
#define STRANGERS_EVERY (IKE_SECOND)         /* in this time at most STRANGERS_TOLD_MAX failures of peers that never authenticated are told */
#define INVALID_SPI_EVERY (IKE_SECOND)      /* at most one unprotected INVALID_IKE_SPI in this time */
#define REPLACED_FOR (30 * IKE_SECOND)      /* a rekeyed IKE SA waits so long for its Delete */
#define REAUTH_RETRY_FOR (60 * IKE_SECOND)
#define SUCCEED_RETRY_FOR (500 * IKE_MS)    /* an SA with a successor ends when nothing new comes about on it any more: look again */
#define CHILD_LINGER_FOR (5 * IKE_SECOND)   /* inbound half of a deleted Child SA, for packets still on their way */
#define REKEY_RETRY_FOR (10 * IKE_SECOND)   /* a rekey that failed for now is tried again after that, and up to as much again */
#define NEW_CHILD_RETRY_FOR (IKE_SECOND)    /* a new Child SA that the peer has no time for is asked for again after that, twice that, and so on */
#define EXPIRE_RETRY_FOR (IKE_SECOND)       /* the Delete of a Child SA at its hard limit, when too much is wanted already */
#define FRAGMENT_STORE_FOR (30 * IKE_SECOND) /* an incomplete set of fragments is dropped */

#endif
