/*
 * larval: an IKE or Child SA under negotiation (the word is RFC 2367's).
 *
 * What is being negotiated lives here, beside the SA: proposals, nonces, traffic selectors, the
 * schedule of key exchanges. It may outlive an exchange (IKE_SA_INIT to IKE_AUTH). In the end it
 * merges into an SA in one function, or is wiped in one function: nothing is ever half there.
 */
#ifndef BRAID_IKE_LARVAL_H
#define BRAID_IKE_LARVAL_H

#include "ike/keys.h"
#include "ike/proposal.h"
#include "ike/schedule.h"
#include "ike/transcript.h"

enum larval_kind { LARVAL_IKE, LARVAL_CHILD };

/*
 * Where a larva of CREATE_CHILD_SA stands. What is merged, refused or given up is freed and has no
 * state.
 *
 *   from           when                                                           to
 *   -------------  -------------------------------------------------------------  --------
 *   ASKED          the exchange is done, more key exchanges follow                ROUNDS
 *   ASKED, ROUNDS  ours, in an exchange: the Child SA it is to replace has gone   UNWANTED
 *   ASKED, ROUNDS  theirs, all key exchanges are done, but ours for the same
 *                  IKE SA has no answer yet                                       COMPLETE
 */
enum larval_state {
    LARVAL_ASKED,
    LARVAL_ROUNDS,
    LARVAL_UNWANTED, /* if the peer makes it all the same, we make it and delete it */
    LARVAL_COMPLETE, /* becomes an IKE SA as soon as it is known which of the two will inherit */
};

struct larval {
    struct larval *next;
    uint32_t id;               /* unique in an engine: the ticket of its series of exchanges */
    enum larval_kind kind;
    bool ours;                 /* we asked for it */
    struct arena arena;        /* everything below that is borrowed */
    struct bytes ni, nr;       /* nonces of the exchange that began it */
    struct proposals offered;  /* by us, when ours */
    struct choice choice;
    struct schedule schedule;
    struct bytes nonce;        /* ours, to be sent; empty where the exchange has none of its own */
    struct bytes ke_data;      /* ours, to be sent; empty = no KE payload */
    uint16_t ke_method;        /* of ke_data */
    uint64_t order_id;         /* who wanted it; comes back in events */

    /* LARVAL_IKE: what only the time before IKE_AUTH needs */
    struct transcript transcript;
    struct bytes cookie;       /* to be sent with the request; empty = none */
    uint8_t cookie_tries, ke_tries;
    bool has_next_keys;        /* keys of the next epoch are ready */
    bool has_past_keys;
    /* made by a round of key exchange, in force when its exchange is done */
    struct ike_keys next_keys;
    /* of the last epoch: a peer that splits its request anew still uses them */
    struct ike_keys past_keys;
    struct bytes id_i, id_r;   /* bodies of the ID payloads, as AUTH covers them */
    struct identity id_ours, id_theirs; /* the same two; of the latest round of each side */
    uint8_t auths;             /* exchanges of IKE_AUTH that are done: see multiauth.h */
    uint32_t auth_mid;         /* message ID of the first (RFC 9242 3.3.2) */
    struct bytes first_auth;   /* as responder: of its request, the payloads about the Child SA */
    uint8_t first_payload;     /* and the type of the first of them */
    uint32_t hashes;           /* RFC 7427, announced by the peer */
    bool asked_for_cert;       /* the peer sent a CERTREQ */
    bool asked_for_ocsp;       /* and one for OCSP responses (RFC 4806) */
    struct bytes issuers;      /* and these are the CAs it knows */
    uint16_t announced_count;  /* RFC 9593: methods the peer accepts; 0 = it did not say */
    const struct ike_announced *announced;
    bool methods_promised;     /* an empty list was sent: the list follows in a later exchange */
    bool bare_round;           /* as initiator: one more exchange without a key exchange is due */
    uint8_t bare_rounds;       /* of those, how many took place */
    const char *doubt;         /* why the peer may refuse our AUTH; NULL = no reason */
    bool has_ppk;              /* RFC 8784: AUTH is made with the keys below */
    bool ppk_strong;           /* it withstands a quantum computer */
    struct ike_keys ppk_keys;
    struct bytes ppk_id;       /* which one it is */
    struct bytes ppk_source;   /* and what the configuration calls it */
    struct shared_secret *ppk; /* RFC 9867: until its exchange is done; in the arena */
    bool early_ppk;            /* RFC 9867: it went into the keys of the next epoch */
    struct bytes plain_auth;   /* as initiator: AUTH as it would be without the PPK */
    bool initial_contact;      /* the peer said so */
    const struct conf_child *wanted; /* Child SA to make in IKE_AUTH, NULL = none */

    /* made by CREATE_CHILD_SA */
    enum larval_state state;
    struct bytes link;         /* ours: the peer's ticket, to be sent with the next round */
    uint8_t tries;             /* how often the whole series was begun */
    ike_time die_at;           /* an unfinished series is forgotten then */
    uint32_t rekeys;           /* LARVAL_CHILD: id of the Child SA it replaces, 0 = a new one */
    uint32_t rival;            /* ours: id of the peer's larva that rekeys the same SA, 0 = none */
    struct bytes rival_ni, rival_nr; /* its nonces */
    bool early;                /* ours: the peer may not have known yet what we rekey */
    uint32_t rival_child;      /* the Child SA it became already, or 0 */
    uint32_t deleted_spi[4];   /* ours: Deletes heard meanwhile of Child SAs we did not know */
    uint8_t deleted;
    uint64_t spi_ours;         /* LARVAL_IKE: of the new IKE SA */

    /* LARVAL_CHILD */
    const struct conf_child *conf;
    uint32_t spi_in, spi_out;
    struct selectors local_ts, remote_ts; /* offered when ours, agreed in the end */
    bool transport;
    bool single_pair;          /* ours: of the selectors only the first of either side are offered */
};

struct larval *larval_new(const struct alloc *alloc, enum larval_kind kind, bool ours);
void larval_free(struct larval *l, const struct crypto *c, const struct alloc *alloc);

#endif
