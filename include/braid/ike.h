/*
 * ike: the IKEv2 engine as a library without I/O.
 *
 * One engine holds all IKE SAs of one worker. It reads no clock, opens no socket, knows no private
 * key: five verbs go in, an ordered list of effects comes out, and whoever calls executes them in
 * that order. The same calls give the same effects, so every session can be recorded and replayed.
 * An engine is used by one thread at a time.
 *
 *     datagram --> ike_engine_input  --+
 *     deadline --> ike_engine_tick   --+--> effects: SEND  a datagram
 *     a wish   --> ike_engine_order  --+             PLANE a change of the data plane
 *     an answer -> ike_engine_answer --+             ASK   something that needs a long-term secret or takes time
 *                                                    TELL  an event
 *
 * RFC 7296 (IKEv2), RFC 9370 (multiple key exchanges), RFC 9242, RFC 7383, RFC 6023.
 */
#ifndef BRAID_IKE_H
#define BRAID_IKE_H

#include "base/alloc.h"
#include "base/secret.h"
#include <braid/config.h>
#include <braid/crypto.h>
#include <braid/types.h>

struct ike_engine;

/* ---- tickets --------------------------------------------------------------------------------- */

/*
 * Names a question, never points at anything: an answer whose SA is gone finds nothing and is
 * dropped.
 */
struct ike_ticket {
    uint64_t spi;    /* ours */
    uint64_t serial; /* of the question, unique in an engine */
};

/* ---- ASK ------------------------------------------------------------------------------------- */

enum ask_kind {
    ASK_SIGN,   /* make our AUTH payload */
    ASK_VERIFY, /* judge the peer's AUTH payload */
    ASK_PPK,    /* find a post-quantum pre-shared key (RFC 8784) */
};

/* A CERT payload. */
struct ike_cert {
    uint8_t encoding; /* enum cert_encoding */
    struct bytes data;
};

/* A way to authenticate that the peer says it accepts (RFC 9593). */
struct ike_announced {
    uint8_t method;         /* enum auth_method */
    struct bytes algorithm; /* Digital Signature: AlgorithmIdentifier in DER; empty = any. Hostile */
};

/*
 * The first two carry the octets that AUTH covers (RFC 7296 2.15), already assembled by the core, and who is
 * who. For shared keys the executor computes prf(prf(PSK, "Key Pad for IKEv2"), octets) with the
 * PRF named here, and for ASK_VERIFY compares in constant time.
 */
struct ike_ask {
    enum ask_kind kind;
    struct ike_ticket ticket;
    const struct conf_conn *conn;  /* of the engine's snapshot */
    uint8_t round;                 /* ASK_SIGN: which conn->local, ASK_VERIFY: which conn->remote */
    const struct alg *prf;
    struct identity ours, theirs;  /* of this round */
    /* ASK_VERIFY: enum auth_method the peer used. ASK_SIGN: 0, the executor chooses what
     * ike_ask_auth asks for */
    uint8_t method;
    struct bytes octets;           /* what is signed */
    struct bytes auth;             /* ASK_VERIFY: the peer's authentication data. Hostile */
    /* RFC 7427: hash algorithms the peer announced, bit n = id n. 0: it knows no Digital Signature */
    uint32_t hashes;
    /* ASK_SIGN: 20-octet hashes of the CAs' keys the peer asked for; empty = it did not say. Hostile */
    struct bytes issuers;
    bool asked_for_cert;           /* ASK_SIGN: the peer sent a CERTREQ */
    bool asked_for_ocsp;           /* ASK_SIGN: and wants OCSP responses along (RFC 4806) */
    uint16_t announced_count;      /* ASK_SIGN: what the peer accepts; 0 = it did not say */
    const struct ike_announced *announced;
    uint16_t cert_count;           /* ASK_VERIFY: CERT payloads of the peer, in its order. Hostile */
    const struct ike_cert *certs;
    struct bytes ppk_id;           /* ASK_PPK: which; empty = any for these identities. Hostile */
    /* NULL authentication (RFC 7619): the SA's own SK_p, which stands for a shared key; else NULL */
    const struct secret *own_key;
    bool ppk_named;                /* ASK_PPK: the peer named it: that very one */
};

/* ASK_SIGN, ASK_VERIFY: the section that says how we prove who we are, or how the peer has to. */
static inline const struct conf_auth *ike_ask_auth(const struct ike_ask *ask)
{
    return ask->kind == ASK_SIGN ? &ask->conn->local[ask->round] : &ask->conn->remote[ask->round];
}

/* The reply to an ASK. */
enum answer_status {
    ANSWER_OK,
    ANSWER_NO_SECRET, /* nothing configured for these identities */
    ANSWER_REFUSED,   /* ASK_VERIFY: does not match; or the method is not the one configured */
    ANSWER_FAULT,
};

struct ike_answer {
    struct ike_ticket ticket;
    enum answer_status status;
    uint8_t method;     /* ASK_SIGN: enum auth_method of `auth` */
    struct bytes auth;  /* ASK_SIGN: the AUTH payload's data */
    uint16_t cert_count; /* ASK_SIGN: CERT payloads to send along, the end entity first */
    const struct ike_cert *certs;
    const struct shared_secret *ppk; /* ASK_PPK: the key itself, and its name */
    struct bytes ppk_id, ppk_source; /* and what it is configured as, if that is another name */
    /* why it was refused, a sentence; ASK_SIGN that is OK: why the peer may refuse it. NULL =
     * nothing to add */
    const char *detail;
    /* how it was authenticated, for status pages: "ML_DSA_65"; static text, or NULL */
    const char *scheme;
    bool quantum_safe;  /* that withstands a quantum computer */
};

/* ---- PLANE ----------------------------------------------------------------------------------- */

enum plane_op {
    /* install one direction pair of a Child SA with its policies: inbound ready before outbound
     * is used */
    PLANE_ADD,
    /* send no more on it; inbound stays until REMOVE. What replaces it carries the traffic */
    PLANE_RETIRE,
    PLANE_MOVE,   /* its outer path changed (NAT mapping, MOBIKE) */
    PLANE_REMOVE, /* take it away; never reported back */
};

/* Keys of one direction, derived by the core; the executor wipes its copy. */
struct plane_keys {
    struct secret encr, integ; /* integ.len 0 with AEAD */
};

struct plane_child {
    uint64_t ike_spi;         /* our SPI of the IKE SA, for reports */
    /* unique in an engine; names the Child SA in MOVE, REMOVE and reports */
    uint32_t id;
    uint32_t ike_id;          /* unique id of the IKE SA */
    uint32_t spi_in, spi_out; /* host byte order */
    const char *conn, *child; /* configuration names */
    const struct alg *encr, *integ;
    bool esn;
    bool transport;           /* else tunnel mode */
    bool encap;               /* ESP in UDP */
    bool initiator;           /* did we ask for it */
    struct ike_path path;     /* outer endpoints */
    struct selectors local_ts, remote_ts;
    uint32_t replay_window;
    bool copy_df;
    /* sent or received: report once, to be rekeyed; 0 = no limit */
    uint64_t soft_bytes, soft_packets;
    /* send no more and report once, to be deleted; 0 = no limit but the cipher's */
    uint64_t hard_bytes, hard_packets;
    uint32_t replaces;        /* id of the Child SA it rekeys, or 0: its policies pass over without a gap. When the peer asked for it, it may not have
                                 installed it yet: nothing is sent on it before the peer has, or before the old one is retired or removed */
};

struct ike_plane {
    enum plane_op op;
    struct plane_child child;   /* REMOVE: id and SPIs only; MOVE: id, SPIs, path, encap */
    struct plane_keys in, out;  /* ADD only. Wiped when the effects are cleared */
};

/* ---- TELL ------------------------------------------------------------------------------------ */

enum tell_kind {
    TELL_EXCHANGE,    /* an exchange was completed: the progress lines of `braid up` */
    TELL_RESENT,      /* no answer yet: our request was sent once more, exchange.transmissions times in all */
    TELL_IKE_UP,      /* authenticated */
    TELL_IKE_DOWN,    /* gone, reason says why */
    TELL_CHILD_UP,
    /*
     * Before its PLANE_REMOVE: whoever wants something in its place in the data plane puts it there
     * now, and no packet finds neither. With REAUTHENTICATION, here and in IKE_DOWN, the owner is to
     * initiate what there was
     */
    TELL_CHILD_DOWN,
    TELL_IKE_REKEYED,   /* ike_id took over from replaced_id; `detail` warns of a change of the PRF */
    TELL_CHILD_REKEYED, /* child_id took over from replaced_id */
    TELL_IKE_MOVED,     /* the peer is heard from somewhere else (RFC 7296 2.23): `path` is new, `gone` is as it was */
    TELL_ALERT,       /* something failed without (or before) an SA going down; reason and detail */
    TELL_KEYS,        /* only with conf_engine.tell_keys: an epoch of keys of an IKE SA is in force */
};

/* Why something failed, in words a program can match; ike_reason_text gives a sentence. */
#define IKE_REASONS(X) \
    X(NONE, "no failure") \
    X(TIMEOUT, "no answer from the peer") \
    X(HALF_OPEN_TIMEOUT, "the peer did not authenticate in time") \
    X(NO_PROPOSAL, "no proposal chosen: nothing acceptable to both sides") \
    X(BAD_SELECTION, "the peer's answer selects what was not offered") \
    X(INVALID_KE, "the peer demands a key exchange method that was not offered") \
    X(BAD_KEY_EXCHANGE, "the peer's key exchange data is invalid") \
    X(AUTH_REFUSED, "authentication of the peer failed") \
    X(AUTH_REFUSED_BY_PEER, "the peer refused our authentication") \
    X(NO_SECRET, "no secret is configured for these identities") \
    X(NO_CONFIG, "no connection is configured for this peer") \
    X(WRONG_ID, "the peer's identity does not match the configuration") \
    X(TS_UNACCEPTABLE, "the traffic selectors have nothing in common") \
    X(CHILD_REFUSED, "the peer refused the Child SA") \
    X(SYNTAX, "a message was malformed") \
    X(PEER_ERROR, "the peer reported an error") \
    X(DELETED_BY_PEER, "the peer deleted the SA") \
    X(DELETED, "deleted on request") \
    X(REPLACED, "replaced by a newer SA of the same peer") \
    X(CONFIG_GONE, "its configuration was removed") \
    X(LIFETIME, "its lifetime is over") \
    X(REAUTHENTICATION, "it is to be authenticated anew") \
    X(LIMIT, "a limit of the engine was reached") \
    X(FAULT, "an internal error") \
    X(PLANE, "the data plane could not install it")

enum ike_reason {
#define X(name, text) IKE_REASON_##name,
    IKE_REASONS(X)
#undef X
};
const char *ike_reason_name(enum ike_reason r); /* "NO_PROPOSAL" */
const char *ike_reason_text(enum ike_reason r);

struct tell_exchange {
    uint8_t exchange;        /* enum exchange_type */
    bool ours;               /* we asked */
    uint32_t mid;
    uint16_t kex_method;     /* key exchange carried out in it, 0 = none */
    uint32_t sent, received; /* octets of UDP payload, retransmissions not counted */
    uint16_t sent_fragments, received_fragments; /* datagrams of one transmission */
    uint16_t transmissions;  /* how often our side was sent */
    ike_time took;           /* first sending to last answer */
};

/* What protects the messages of an IKE SA. Secrets: wiped when the effects are cleared. */
struct tell_keys {
    const struct alg *encr, *integ; /* integ NULL with AEAD */
    struct secret ei, er, ai, ar;
};

struct ike_sa_info;
struct ike_child_info;

struct ike_tell {
    enum tell_kind kind;
    uint32_t ike_id;          /* unique id of the IKE SA, 0 = none (an alert about first contact) */
    uint32_t child_id;        /* unique id of the Child SA, or 0 */
    /*
     * REKEYED: of the SA that was replaced. ALERT: of the one we failed to replace, or 0. IKE_UP, and
     * IKE_DOWN of one that never was up: of the one that is authenticated anew by it, or 0
     */
    uint32_t replaced_id;
    uint64_t spi_i, spi_r;
    const char *conn, *child; /* configuration names, or NULL */
    struct ike_path path;
    struct identity theirs;   /* empty before it is known */
    enum ike_reason reason;
    uint16_t notify;          /* the notify received or sent with it, or 0 */
    /* a sentence: what was offered, what is accepted. May hold escaped text of the peer. Or "" */
    const char *detail;
    /*
     * The same for programs, or "": lines `key=value` (ike/compare.h): offered, accepted, mismatch,
     * transform, accept-here, offer-there, offered-local-ts ... and how it came so far: local-id,
     * remote-id (wanted), local-auth, remote-auth, fragmentation, cookie, method-asked. A last line
     * without an end was cut
     */
    const char *facts;
    uint64_t order_id;        /* the order that led to this, 0 = none */
    bool again;               /* IKE_UP, CHILD_UP: it was there already, which is what an order asked for */
    struct tell_exchange exchange; /* EXCHANGE, RESENT */
    const struct tell_keys *keys; /* TELL_KEYS */
    /*
     * What cannot be asked for any more, as it was: the IKE SA of IKE_DOWN, CHILD_DOWN and
     * IKE_MOVED, the one that IKE_REKEYED replaced; the Child SA of CHILD_DOWN. NULL: there was none, or no memory
     */
    const struct ike_sa_info *gone;
    const struct ike_child_info *gone_child;
};

/* ---- effects --------------------------------------------------------------------------------- */

enum effect_kind { EFFECT_SEND, EFFECT_PLANE, EFFECT_ASK, EFFECT_TELL };

struct ike_send {
    struct ike_path path;
    /* without a non-ESP marker; one octet 0xff alone is a NAT keepalive and never gets one */
    struct bytes datagram;
    bool keepalive;
};

struct ike_effect {
    enum effect_kind kind;
    struct ike_effect *next;
    union {
        struct ike_send send;
        struct ike_plane plane;
        struct ike_ask ask;
        struct ike_tell tell;
    } u;
};

/*
 * The list a verb appends to. Everything in it lives until ike_effects_clear. When memory runs out
 * an effect is dropped, and counted; never a PLANE_ADD, without which there is no Child SA.
 */
struct ike_effects;
struct ike_effects *ike_effects_new(const struct alloc *alloc);
void ike_effects_free(struct ike_effects *fx);
const struct ike_effect *ike_effects_first(const struct ike_effects *fx);
void ike_effects_clear(struct ike_effects *fx); /* wipes keys */
/*
 * Was one dropped since? Datagrams are sent again, and questions fail; but the data plane may still
 * have what it was to move or remove: for each Child SA it has, let it do ike_engine_plane.
 */
bool ike_effects_lost(const struct ike_effects *fx);

/* ---- orders ---------------------------------------------------------------------------------- */

enum order_kind {
    /* conn, and child unless the IKE SA alone is wanted; remote may override the configured
     * address */
    ORDER_INITIATE,
    ORDER_TERMINATE, /* by ike_id, child_id, or by names; Deletes go to the peer */
    /*
     * By ike_id, child_id, or by names; without any of child_id and child: the IKE SA. With `reauth`
     * the IKE SA is authenticated anew instead, where that can be done from here
     */
    ORDER_REKEY,
    ORDER_CHECK,     /* liveness: an empty INFORMATIONAL on ike_id */
    /* a new snapshot. SAs keep using the old one until they end: the owner keeps it alive until
     * ike_engine_oldest_config passes it */
    ORDER_CONFIG,
    ORDER_SHUTDOWN,  /* delete everything at the peers and take in nothing new */
    ORDER_PLANE_FAILED, /* the data plane could not do PLANE_ADD for child_id */
    /* child_id has used up a soft limit of volume: rekey it; with `force` a hard one: delete it */
    ORDER_PLANE_LIMIT,
    /* authenticated ESP from the peer on child_id, from endpoint `remote`: liveness, and NAT
     * rebinding */
    ORDER_PLANE_SEEN,
};

/* A packet that wants a Child SA: a single address each, its protocol, its port or all ports. */
struct packet_ends {
    struct selector local, remote; /* family ADDR_NONE: there was none */
};

struct ike_order {
    enum order_kind kind;
    uint64_t id;              /* the caller's number, comes back in TELLs */
    struct bytes conn, child; /* names; empty = any */
    uint32_t ike_id, child_id; /* 0 = any */
    bool force;               /* TERMINATE: do not wait for the peer */
    bool reauth;              /* REKEY */
    /* INITIATE of a child: what its selectors begin with (RFC 7296 2.9) */
    struct packet_ends packet;
    /* INITIATE: resolved addresses; family ADDR_NONE = from the configuration */
    struct endpoint local, remote;
    const struct config *config; /* ORDER_CONFIG */
};

enum order_result { ORDER_DONE, ORDER_UNKNOWN_NAME, ORDER_NO_MATCH, ORDER_NO_ADDRESS, ORDER_REFUSED, ORDER_FAULT };

/* ---- the engine ------------------------------------------------------------------------------ */

struct ike_setup {
    const struct alloc *alloc;     /* outlives the engine */
    const struct crypto *crypto;   /* outlives the engine */
    const struct config *config;   /* first snapshot */
    /* below 64; stamped into every SPI we choose (its first octet) */
    uint8_t worker;
    uint16_t port, port_encap;     /* ours: 500 and 4500 */
    bool force_encap;              /* the data plane can only do ESP in UDP: pretend a NAT always */
};

/* NULL: out of memory or no randomness */
struct ike_engine *ike_engine_new(const struct ike_setup *setup);
/* silently: no Delete is sent; use ORDER_SHUTDOWN before */
void ike_engine_free(struct ike_engine *e);

void ike_engine_input(struct ike_engine *e, ike_time now, const struct ike_path *path, struct bytes datagram, struct ike_effects *fx);
void ike_engine_tick(struct ike_engine *e, ike_time now, struct ike_effects *fx);
enum order_result ike_engine_order(struct ike_engine *e, ike_time now, const struct ike_order *order, struct ike_effects *fx);
void ike_engine_answer(struct ike_engine *e, ike_time now, const struct ike_answer *answer, struct ike_effects *fx);
/*
 * When to call tick next; IKE_NEVER. It may have passed: a tick does not do everything at once when
 * much is due.
 */
ike_time ike_engine_deadline(const struct ike_engine *e);

/* ---- looking inside (status pages, tests) ---------------------------------------------------- */

/*
 * A copy of what is known about one IKE SA; views borrow the engine and live until the next verb.
 * No keys.
 */
struct ike_sa_info {
    uint32_t id;
    const char *conn;
    const char *state;         /* as VICI names it: "CONNECTING", "ESTABLISHED", "DELETING" ... */
    uint64_t spi_i, spi_r;
    bool initiator, nat_local, nat_remote;
    struct ike_path path;
    struct identity ours, theirs;
    const struct alg *encr, *integ, *prf;
    const struct alg *kex_asked; /* in place of the guess, by the responder; NULL = the guess was right */
    /* key exchanges whose secrets are in the keys, in order; slot 0 first */
    uint16_t kex_count;
    const struct alg *kex[8];
    uint8_t kex_slot[8];
    bool quantum_safe;         /* at least one of them is post-quantum */
    bool ppk;                  /* a PPK went into SK_d: Child SAs are safe, this SA's own messages are not by it */
    /* how we and the peer have proved who we are: "ML_DSA_65", "PSK"; NULL = not yet, or unknown */
    const char *auth_ours, *auth_theirs;
    bool auth_quantum_safe;    /* both */
    bool fragmentation;        /* both sides know fragments */
    bool cookie;               /* the responder wanted one first */
    ike_time established_at;   /* 0 = not yet */
    ike_time rekey_at;         /* 0 = never */
    ike_time reauth_at;        /* when we shall authenticate it anew; 0 = never */
    ike_time expire_at;        /* when it ends if all that fails; 0 = never */
    uint16_t child_count;
};

struct ike_child_info {
    uint32_t id, ike_id;
    uint32_t reqid;            /* its id, or that of the first it is an heir of: a rekey keeps it */
    const char *name;
    const struct conf_child *conf; /* of the snapshot of its IKE SA */
    const char *state;         /* "INSTALLED", "REKEYING", "DELETING" ... */
    uint32_t spi_in, spi_out;
    const struct alg *encr, *integ;
    bool esn, transport, encap;
    struct selectors local_ts, remote_ts;
    uint16_t kex_count;        /* of its own; 0 = keys come from the IKE SA alone */
    const struct alg *kex[8];
    uint8_t kex_slot[8];
    bool quantum_safe;         /* own exchange or the IKE SA's */
    bool replaced;             /* another took its place; its end is not told any more */
    ike_time installed_at, rekey_at, life_at;
};

/* Walk: pass the last id seen (0 at first); false at the end. Ordered by id. */
bool ike_engine_find_sa(const struct ike_engine *e, uint32_t id, struct ike_sa_info *info); /* one */
bool ike_engine_next_sa(const struct ike_engine *e, uint32_t after, struct ike_sa_info *info);
bool ike_engine_next_child(const struct ike_engine *e, uint32_t ike_id, uint32_t after, struct ike_child_info *info);

/* What brings this Child SA of the data plane into line: MOVE, or REMOVE of one that is no more. */
struct ike_plane ike_engine_plane(const struct ike_engine *e, uint32_t child_id);

/* Counters, by name; in table order. */
struct ike_counter {
    const char *name; /* "drop-bad-header", "cookie-sent", ... */
    uint64_t value;
};
bool ike_engine_counter(const struct ike_engine *e, size_t index, struct ike_counter *out);

uint32_t ike_engine_sa_count(const struct ike_engine *e);
uint32_t ike_engine_half_open_count(const struct ike_engine *e);
/* Serial of the oldest snapshot still in use; older ones may be freed. */
uint64_t ike_engine_oldest_config(const struct ike_engine *e);

#endif
