/*
 * sa: an IKE SA and what hangs from it (RFC 7296 2.1 to 2.4, 1.4).
 *
 * The engine owns SAs; an SA owns its two exchange slots, its larval SAs and its Child SAs. An SA
 * that is over is closed at once (its phase says so, it cannot be found any more) and freed at the
 * end of the verb, so that nobody on the way holds a dangling pointer.
 */
#ifndef BRAID_IKE_SA_H
#define BRAID_IKE_SA_H

#include "base/heap.h"
#include "ike/child.h"
#include "ike/fragment.h"
#include "ike/larval.h"
#include "ike/sk.h"
#include "ike/window.h"
#include <braid/ike.h>

struct exchange;

enum phase {
    PHASE_NEW,   /* IKE_SA_INIT under way */
    PHASE_KEYED, /* encrypted, not authenticated */
    PHASE_UP,    /* authenticated */
    /* rekeyed: its Child SAs have gone to the new SA, its Delete is still to come */
    PHASE_REPLACED,
    PHASE_CLOSING, /* our Delete is under way, or a last answer is kept for repeats */
    PHASE_GONE,    /* closed; freed at the end of the verb */
};

/* What both sides can announce; see extension.def. */
enum extension {
#define EXTENSION(name, notify, exchange) EXTENSION_##name##_BIT,
#include "ike/extension.def"
};
#define EXTENSION_SET(name) (UINT32_C(1) << EXTENSION_##name##_BIT)

/*
 * A message in clear, as IntAuth and retransmission need it. IKE_SA_INIT: `plain` is the whole
 * message, header included.
 */
struct spoken {
    struct ike_header header;
    uint8_t first, reserved;
    struct bytes plain; /* owned by the slot's arena */
};

/* A message as it travels: one datagram, or several fragments. Owned. */
struct sealed {
    uint16_t count;
    size_t len; /* octets of all together */
    struct bytes *datagram;
};

/* Something to be done when the `ours` slot is free. */
enum want_kind {
    WANT_NOTHING = 0,
    WANT_DELETE_IKE, /* most urgent first: the order of this enum is the order of pursuit */
    WANT_REPORT,     /* tell the peer of an error in its response (RFC 7296 2.21.2) */
    WANT_DELETE_CHILD,
    WANT_ROUND, /* the next key exchange of a larval SA */
    WANT_REKEY_IKE,
    WANT_REKEY_CHILD,
    WANT_NEW_CHILD,
    WANT_SUCCEED, /* take over another Child SA of the SA that is authenticated anew, or end it */
    WANT_CHECK, /* is the peer alive? */
};

struct want {
    enum want_kind kind;
    uint32_t child_id;             /* DELETE_CHILD, REKEY_CHILD */
    uint32_t spi;                  /* DELETE_CHILD: our SPI of one that only the peer has */
    uint32_t larval_id;            /* ROUND */
    const struct conf_child *conf; /* NEW_CHILD */
    /* REKEY_*, NEW_CHILD: the key exchange method the peer demanded, 0 = the configured one */
    uint16_t method;
    bool single_pair; /* NEW_CHILD: for the first pair of addresses only, as the peer wants it */
    uint8_t tries;   /* how often it was tried already */
    ike_time not_before; /* the peer had no time for it: ask again then; 0 = now */
    uint16_t notify; /* REPORT */
    uint64_t order_id;
};

/* One exchange under way. */
struct slot {
    const struct exchange *exchange;
    uint8_t step;    /* where the handler goes on when its answer comes */
    uint64_t serial; /* of the question it waits for; 0 = none */
    /* of this exchange: the message being built, clear texts, a decoded request */
    struct arena arena;
    /* ours: the decoded response. Its own, because IKE_SA_INIT may hear several before it
     * believes one */
    struct arena in_arena;
    struct ike_msg in; /* what the peer said: decoded request (theirs) or response (ours) */
    struct spoken heard, said;
    struct ike_path from;   /* theirs: where the request came from, and the answer goes (RFC 7296 2.11) */
    struct larval *larval;      /* what it negotiates, if anything; belongs to the SA */
    struct want want;           /* ours: why, in INFORMATIONAL exchanges */
    struct tell_exchange facts; /* for the progress line */
    ike_time began_at;

    /* ours: retransmission (RFC 7296 2.1, 2.4) */
    struct sealed out;
    uint16_t fragment_size; /* datagram size in use, 0 = whole */
    ike_time resend_at, wait_for;
    uint32_t tries;
    /* an unauthenticated error heard meanwhile: why we give up if nothing better comes (RFC 7296
     * 2.21.1) */
    enum ike_reason hint;
    uint16_t hint_notify;
    const char *hint_detail, *hint_facts;
    bool answered; /* the response is in `in` */
};

enum {
    WANTS_MAX = 16,
    WANTS_URGENT = 4, /* of them only for Deletes, reports and rounds: rekeys must not crowd them out */
};

/* What IKE_SA_INIT took, for status pages. */
struct detour {
    bool cookie;     /* the responder wanted one */
    uint16_t method; /* the key exchange it wanted in place of our guess; 0 = none */
};

/* The packet that last wanted a Child SA of this IKE SA. */
struct acquired {
    const struct conf_child *conf;
    struct packet_ends packet;
};

/* How one side proved who it is, for status pages. The text is static. */
struct proof {
    const char *scheme;
    bool quantum_safe;
};

/* What several SAs may share: the engine's index has chains of these, and each SA its places. */
enum sa_index { INDEX_PEER, INDEX_CONN, INDEXES };
struct sa_link {
    struct ike_sa *before, *after;
    uint64_t key;
    bool is_in;
};

struct ike_sa {
    struct ike_sa *older, *newer; /* in the engine's list, by id */
    struct heap_node timer;       /* in the engine's heap: the earliest of the deadlines below */
    uint32_t id;
    enum phase phase;
    bool initiator; /* original initiator: the I flag of our messages */
    bool mourned;   /* its end was told; it lingers only */
    bool asked_first; /* we set it up, or what it was rekeyed from */
    /* id of the SA this one takes over from when it is up (RFC 7296 2.8.3), and the other way round */
    uint32_t reauthenticates, reauthenticated_by;
    uint32_t rekeyed_into;        /* REPLACED: id of its heir */
    bool answered_delete;         /* the peer agreed that it is over */
    bool half_open;               /* counted against the budget of half-open SAs */
    struct endpoint contact_from; /* where its first message came from, while half-open */
    uint64_t spi_i, spi_r;
    const struct conf_conn *conn;
    const struct config *config; /* the snapshot conn belongs to */
    struct ike_path path;
    bool nat_local, nat_remote; /* who sits behind a NAT */
    uint32_t extensions;        /* announced by both sides */

    struct ike_suite suite;
    struct ike_keys keys;       /* the epoch in force */
    uint64_t iv_counter;        /* of messages sealed under it */
    bool ppk;                /* a post-quantum pre-shared key went into SK_d */
    bool ppk_strong;         /* one that withstands a quantum computer: AUTH is made with it, too */
    struct proof proof_ours, proof_theirs;
    struct detour detour;
    uint16_t method[KEX_SLOTS]; /* key exchanges in the keys, by slot; KE_NONE = none */

    struct window window;
    struct slot *ours, *theirs;
    struct sealed reply; /* to request window.serve_next - 1, for repeats */
    /* fingerprint of the request it answers, unless that came in fragments */
    uint64_t reply_mark;
    struct fragment_set *gather[2]; /* requests, responses; NULL when nothing is collected */

    struct larval *birth;   /* this SA itself, until it is up */
    struct larval *larvals; /* Child SAs under negotiation */
    struct child *children;
    uint16_t child_count;
    struct identity ours_id, theirs_id; /* data owned */
    struct sa_link link[INDEXES];       /* among those of the same peer, of the same connection */

    struct acquired *acquired; /* owned; NULL: nobody named one */
    struct want want[WANTS_MAX];
    uint8_t wants;

    ike_time born_at, established_at;
    ike_time authenticated_at; /* before it was rekeyed, perhaps */
    ike_time rekey_at;  /* soft limit */
    ike_time reauth_at; /* soft limit of the authentication */
    ike_time expire_at; /* hard limit */
    ike_time heard_at;  /* last authenticated message or packet of the peer */
    ike_time die_at;    /* half-open limit, or the end of lingering */
    ike_time keepalive_at;
    uint64_t order_id;        /* the order that made it */
    struct ike_sa *next_dead; /* in the engine's list of closed SAs */
};

static inline uint64_t sa_spi_ours(const struct ike_sa *sa)
{
    return sa->initiator ? sa->spi_i : sa->spi_r;
}

static inline bool sa_is_initial(const struct ike_sa *sa)
{
    return sa->phase == PHASE_NEW || sa->phase == PHASE_KEYED;
}

/* Keys of the direction in which `from_initiator` messages travel. */
struct sk_keys sa_keys(struct ike_sa *sa, struct ike_keys *epoch, bool from_initiator);

/* The earliest deadline. */
ike_time sa_deadline(const struct ike_sa *sa);

struct slot *slot_new(const struct alloc *alloc, const struct exchange *exchange, ike_time now);
void slot_free(const struct alloc *alloc, struct slot *slot);
void sealed_free(const struct alloc *alloc, struct sealed *s);

/* Give back everything the SA owns, and itself. It must be in no table any more. */
void sa_free(struct ike_sa *sa, const struct crypto *c, const struct alloc *alloc);

/* Want something, unless it is wanted already. False when too much is wanted. */
bool sa_want(struct ike_sa *sa, struct want want);
/* A packet wants this Child SA; out of memory that is forgotten. No packet: nothing changes. */
void sa_note_packet(struct ike_sa *sa, const struct alloc *alloc, const struct conf_child *conf,
                    const struct packet_ends *packet);
/*
 * The most urgent want that may be pursued now: an IKE SA is not rekeyed while Child SAs are under
 * way, nor the other way round.
 */
bool sa_take_want(struct ike_sa *sa, ike_time now, struct want *out);

struct larval *sa_larval(const struct ike_sa *sa, uint32_t id);
struct larval *sa_larval_of_kind(const struct ike_sa *sa, enum larval_kind kind);
struct child *sa_child(const struct ike_sa *sa, uint32_t id);
/* Take a larva out of the list and free it. */
void sa_drop_larval(struct ike_sa *sa, struct larval *l, const struct crypto *c,
                    const struct alloc *alloc);

#endif
