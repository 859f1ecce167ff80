/*
 * duo: two engines in one memory, joined by a queue, for measurements. Nothing is delayed, and
 * nothing lost unless that is wanted, long-term secrets answer at once, the data plane agrees to everything. Each side has its own
 * memory, whose books are kept, and may have its calls of the cryptographic backend timed and
 * written down.
 */
#ifndef BRAID_TESTS_DUO_H
#define BRAID_TESTS_DUO_H

#include "config/load.h"
#include "cred/answer.h"
#include <braid/ike.h>

/* ---- a configuration and its secrets, for any number of engines ------------------------------ */

struct duo_config {
    struct loaded *loaded;
    struct cred_store *secrets;
    struct wallet *wallet;
    struct keyring *keys;
    struct parsed *parsed; /* NULL: certificates are read each time they are sent */
    struct bytes certreq;
};

/* From the text of a swanctl.conf and a braid.conf. Ends the program when it is wrong. */
struct duo_config duo_config_make(const char *swanctl, const char *braid);
/* The same from a folder, with the certificates and keys in it. */
struct duo_config duo_config_load(const char *dir);
void duo_config_free(struct duo_config *c);

/*
 * Many clients on host a ("client-0" ...), one gateway on host b, with a shared key or with the
 * certificates of a folder, which are for client-0.example.org and so on and gateway.example.org.
 * The child's name is "net"; each client brings an address of its own. `conn` and `child` are
 * further lines for the connection and its child, or "".
 */
struct duo_terms {
    const char *ike, *esp; /* proposals */
    const char *conn, *child;
    const char *certs; /* the folder; NULL: a shared key */
    bool strangers;    /* nobody's certificate has been seen before */
};
struct duo_config duo_clients(const struct duo_terms *terms, unsigned count);
struct duo_config duo_gateway(const struct duo_terms *terms);

/* ---- what the backend was asked to do -------------------------------------------------------- */

enum crypto_call {
    CALL_PRF,
    CALL_SEAL,
    CALL_OPEN,
    CALL_OFFER,
    CALL_ANSWER,
    CALL_FINISH,
    CALL_RANDOM
};

struct crypto_note {
    enum crypto_call call;
    const struct alg *alg, *integ;
    size_t len;       /* of the input, the text, the random octets */
    size_t other_len; /* PRF: of the key. SEAL, OPEN: of what stands before the text */
};

enum { NOTES_MAX = 4096 };

struct crypto_notes {
    size_t count;
    struct crypto_note at[NOTES_MAX];
};

/* Do the same work again, without an engine. Key exchanges are done whole at their CALL_OFFER. */
void crypto_notes_repeat(const struct crypto_notes *notes, const struct crypto *crypto);

/* The C library's allocator. */
const struct alloc *duo_libc(void);

/* ---- a side ---------------------------------------------------------------------------------- */

struct side {
    struct ike_engine *engine;
    struct ike_effects *fx;
    const struct duo_config *config;
    struct ppk_used *used; /* PPKs of files */
    struct ike_path path;  /* to the other side */

    struct alloc alloc;
    size_t blocks, octets, takes; /* memory alive, and how often it was taken */
    size_t usable;                /* octets alive as malloc counts them, its own books included */

    const struct crypto *inner;
    struct crypto crypto;           /* what the engine gets */
    bool timed;                     /* keep the times below; each costs a look at the clock */
    double all_ns;                  /* time in verbs, and in the answers to questions */
    double public_ns, symmetric_ns; /* of it in kex_*, and in the rest of the backend */
    struct crypto_notes *notes;     /* NULL = none are taken */

    uint64_t ike_up, child_up, ike_rekeyed, child_rekeyed; /* events seen */
    uint64_t ike_down, child_down;
    uint64_t sent, sent_octets; /* datagrams */
    uint64_t rounds;            /* IKE_INTERMEDIATE exchanges */
    enum ike_reason trouble;    /* the last failure told */
    char detail[1024];          /* and what was said of all of them */
};

struct duo {
    struct side a, b; /* a asks first */
    ike_time now;
    struct duo_queue *queue;
    unsigned loss_percent; /* of the datagrams, by a die of its own */
    uint64_t die, lost;
};

/* `path` as a sees it. The backend is shared by both sides. */
void duo_make_on(struct duo *p, const struct ike_path *path, const struct duo_config *a,
                 const struct duo_config *b, const struct crypto *crypto);
/* The same from 192.0.2.1 to 192.0.2.2. */
void duo_make(struct duo *p, const struct duo_config *a, const struct duo_config *b,
              const struct crypto *crypto);
void duo_free(struct duo *p);

/*
 * Who spent how much of the time, while both sides are `timed`: a share for each handshake or
 * rekeying, of which the medians count. One of them is short enough to be seldom interrupted.
 */
enum { SHARES_MAX = 128 };
struct duo_shares {
    size_t count;
    double a[SHARES_MAX], public[SHARES_MAX], symmetric[SHARES_MAX];
};
/* Note what was spent since the last note; `proofs_ns` of it outside the backend, on signatures,
 * with `looks` at the clock for that. */
void duo_note_shares(struct duo *p, struct duo_shares *to, double proofs_ns, unsigned looks);

/* Give an order, and let all that follows from it happen. */
enum order_result duo_order(struct duo *p, struct side *s, const struct ike_order *order);
/* Bring up this client's IKE SA and its child. */
void duo_initiate(struct duo *p, unsigned client);
/* Ends the program unless so many Child SAs came up on both sides. */
void duo_expect_up(const struct duo *p, uint64_t count);
/* Go to the next deadline, if there is one before `until`, and let all that follows happen. */
bool duo_tick(struct duo *p, ike_time until);

#endif
