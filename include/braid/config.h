/*
 * config: what the engine may do, as an immutable snapshot.
 *
 * src/config turns swanctl.conf into one of these; the engine only reads it. A snapshot holds no
 * long-term secret: pre-shared keys and private keys live in src/cred and are reached through ASK.
 * All pointers inside belong to the snapshot and live as long as it does.
 *
 * The keys are those of swanctl.conf; each field names its key where the name differs.
 */
#ifndef BRAID_CONFIG_H
#define BRAID_CONFIG_H

#include <braid/types.h>

/* ---- small enumerations ---------------------------------------------------------------------- */

enum conf_fragmentation { FRAGMENTATION_YES, FRAGMENTATION_ACCEPT, FRAGMENTATION_NO };
enum conf_childless { CHILDLESS_ALLOW, CHILDLESS_PREFER, CHILDLESS_FORCE, CHILDLESS_NEVER };
/* quantum_safe: may a connection come about without a post-quantum key exchange? */
enum conf_quantum { QUANTUM_SAFE_NO, QUANTUM_SAFE_PREFERRED, QUANTUM_SAFE_REQUIRED };
enum conf_unique { UNIQUE_NO, UNIQUE_NEVER, UNIQUE_REPLACE, UNIQUE_KEEP };
enum conf_send_cert { SEND_CERT_IFASKED, SEND_CERT_ALWAYS, SEND_CERT_NEVER };
enum conf_ocsp { CONF_OCSP_REPLY = 1, CONF_OCSP_REQUEST = 2 }; /* bits (RFC 4806) */
enum conf_mode { MODE_TUNNEL, MODE_TRANSPORT };
enum conf_auth_class { CONF_AUTH_ANY, CONF_AUTH_PSK, CONF_AUTH_PUBKEY, CONF_AUTH_EAP, CONF_AUTH_NULL };
enum conf_action { ACTION_NONE = 0, ACTION_TRAP = 1, ACTION_START = 2 }; /* bits: `trap|start` */

/* ---- parts ----------------------------------------------------------------------------------- */

/*
 * local_addrs / remote_addrs: one pattern. An address is a range of one; %any is the whole family,
 * or both when family is ADDR_NONE.
 */
struct conf_endpoint {
    struct addr from, to;  /* inclusive; family ADDR_NONE in `from` = any address at all */
    const char *host;      /* a name to be resolved by the daemon before use, else NULL */
};

/* What an identity must match: `remote.id`. */
struct conf_identity {
    bool any;             /* %any: whatever the peer says */
    bool suffix;          /* FQDN / RFC822 "*suffix": id.data holds the suffix without the star */
    struct identity id;
};

/* A `local` or `remote` section: one round of authentication (RFC 4739). */
enum { CONF_ROUNDS_MAX = 4 }; /* of either side of a connection */
struct key_section;
struct conf_auth {
    enum conf_auth_class class;
    struct conf_identity id; /* local: what we say; `any` = our address, chosen at run time */
    /*
     * The certificates, keys and constraints of this section, or NULL: of the keyring of the same
     * load (src/cred). Only who answers ASKs looks at it.
     */
    const struct key_section *keys;
    /* remote: the methods we accept, as RFC 9593 announces them; set by who fills in `keys` */
    struct bytes accepts;
    const char *id_text;     /* as written, for messages; NULL when absent */
};

enum {
    CONF_COMMAND_MAX = 1023, /* characters of a command to be run */
    CONF_COMMAND_WORDS = 32, /* its program included */
};

struct conf_child {
    const char *name;
    struct proposals esp;       /* protocol ESP; at least one */
    /* `dynamic` ones are replaced by the tunnel's addresses */
    struct selectors local_ts, remote_ts;
    enum conf_mode mode;
    uint8_t start_action, dpd_action, close_action; /* enum conf_action bits */
    /* rekey_time, life_time, rand_time; 0 = never */
    ike_time rekey_for, life_for, rand_for;
    uint64_t rekey_bytes, life_bytes, rand_bytes;   /* 0 = no limit */
    uint64_t rekey_packets, life_packets, rand_packets;
    uint32_t replay_window;     /* packets, 0 = off */
    bool copy_df;
    /*
     * A command to be run when the SA comes and goes, NULL = none: the absolute path of a program and
     * its words, with blanks between them and nothing that means something to a shell
     */
    const char *updown;
    bool hostaccess;            /* told to that command */
    /*
     * As responder make a Child SA for one pair of addresses at a time, others are refused with
     * SINGLE_PAIR_REQUIRED (RFC 7296 2.9). No key of swanctl.conf sets it
     */
    bool single_pair;
    uint32_t line;              /* where it stands in its file, for messages */
};

struct conf_conn {
    const char *name;
    uint16_t local_count, remote_count;
    /* in order of preference; empty = any */
    const struct conf_endpoint *local_addrs, *remote_addrs;
    uint16_t local_port, remote_port; /* 0 = the engine's own / 500 */
    struct proposals ike;      /* protocol IKE; at least one */
    /* in the order in which they take place: by `round`, then as they stand; at least one each */
    uint8_t local_rounds, remote_rounds;
    struct conf_auth local[CONF_ROUNDS_MAX], remote[CONF_ROUNDS_MAX];
    enum conf_fragmentation fragmentation;
    enum conf_childless childless;
    bool late_rounds; /* further key exchanges only when the IKE SA is up: when it is rekeyed */
    enum conf_unique unique;
    enum conf_quantum quantum_safe; /* checked when it is loaded: `ike` fulfils it */
    enum conf_quantum quantum_safe_auth; /* REQUIRED: AUTH of both sides must withstand a quantum computer */
    bool encap;                /* pretend a NAT so that ESP travels in UDP */
    bool mobike;
    ike_time dpd_for;          /* dpd_delay; 0 = off */
    ike_time rekey_for, reauth_for, over_for, rand_for;
    uint32_t keyingtries;      /* 0 = for ever */
    bool send_certreq;
    enum conf_ocsp ocsp;       /* bits; 0 = never */
    enum conf_send_cert send_cert;
    struct bytes certreq;      /* CERTREQ we send: 20-octet hashes of CAs' keys, or empty */
    struct bytes ppk_id;       /* RFC 8784: as initiator the one we name, as responder the only one we
                                  accept; empty = none, any */
    bool has_ppk, ppk_required;
    bool ppk_early;            /* RFC 9867 where the peer can, else RFC 8784 alone */
    uint16_t child_count;
    const struct conf_child *child;
    const char *file;          /* where it was read from, for messages */
    uint32_t line;
};

/* Does a side prove more than one identity, which takes an extension (RFC 4739)? */
static inline bool conf_has_rounds(const struct conf_conn *c)
{
    return c->local_rounds > 1 || c->remote_rounds > 1;
}

/* Does one of the sections authenticate in that way? */
static inline bool conf_uses(const struct conf_conn *c, enum conf_auth_class class)
{
    for (unsigned i = 0; i < CONF_ROUNDS_MAX; i++)
        if ((i < c->local_rounds && c->local[i].class == class) ||
            (i < c->remote_rounds && c->remote[i].class == class))
            return true;
    return false;
}

/*
 * Must AUTH withstand a quantum computer by itself? A PPK that is required sees to it otherwise
 * (RFC 8784 3), if it is strong, which shows when it is used.
 */
static inline bool conf_auth_is_to_be_safe(const struct conf_conn *c)
{
    return c->quantum_safe_auth == QUANTUM_SAFE_REQUIRED && !c->ppk_required;
}

enum {
    CONF_PAYLOAD_MAX = 65535,      /* octets of one payload, its header included; and of a datagram */
    CONF_MESSAGE_MAX = 256 * 1024, /* of a message, which above 65535 needs fragments */
};

/* Daemon settings the engine needs (braid.conf). Defaults: see conf_engine_defaults. */
struct conf_engine {
    ike_time retransmit_first_for;   /* first wait, default 0.5 s */
    uint32_t retransmit_base_permille; /* growth, default 1800 = 1.8 */
    uint32_t retransmit_tries;       /* retransmissions after the first sending, default 7 */
    ike_time retransmit_max_for;     /* longest single wait, default 30 s */
    ike_time half_open_for;          /* an SA must authenticate in this time, default 30 s */
    uint32_t half_open_max;          /* half-open SAs as responder, default 4096 */
    uint32_t half_open_per_source;   /* default 16 */
    /* from that many half-open SAs on, ask for cookies, default 64; 0 = always */
    uint32_t cookie_threshold;
    ike_time series_for;             /* an unfinished series of key exchanges is forgotten (RFC 9370 2.2.4), default 15 s */
    ike_time keepalive_for;          /* NAT keepalive, default 20 s; 0 = off */
    /* largest IP datagram of a fragment, default 1280; 0 = never fragment */
    uint16_t fragment_size;
    /* largest reassembled message after authentication, default 131072 */
    uint32_t message_max;
    uint32_t message_max_early;      /* and before it, default 131072 (SLH-DSA-256f: certificate and AUTH 100 kB) */
    /* prefer_configured_proposals, default true: our order of proposals decides as responder */
    bool follow_configured_order;
    bool make_before_break;          /* an SA is authenticated anew beside the old one, default true */
    bool tell_keys;                  /* TELL_KEYS of every IKE SA, for somebody who debugs; default false */
};

void conf_engine_defaults(struct conf_engine *c);
/* "public key": as strongSwan says it */
const char *conf_auth_name(enum conf_auth_class class);

/* ---- the snapshot ---------------------------------------------------------------------------- */

struct config {
    struct conf_engine engine;
    uint16_t conn_count;
    const struct conf_conn *conn;
    uint64_t serial; /* grows with every load; set by the owner */
};

/* Find by name, or NULL. */
const struct conf_conn *config_conn(const struct config *c, struct bytes name);
const struct conf_child *config_child(const struct conf_conn *c, struct bytes name);

#endif
