/*
 * answer: the one place where ASKs are answered: shared keys by the store, key pairs by the
 * keyring, as the sections of the connection say.
 */
#ifndef BRAID_CRED_ANSWER_H
#define BRAID_CRED_ANSWER_H

#include "cred/keyring.h"
#include "cred/store.h"

/* All that answers are made from. */
struct cred_stock {
    const struct cred_store *store;
    const struct wallet *wallet;
    struct ppk_used *used; /* keys of files of PPKs; NULL: none is taken from a file */
    struct known *known;   /* about revocation; NULL: nothing is fetched */
    struct parsed *parsed; /* certificates of peers; NULL: each is read anew */
};

/* An answer and what it borrows; stock and configuration must outlive it. */
struct cred_reply {
    struct ike_answer answer;
    uint8_t mac[PRF_LEN_MAX];
    struct ppk_taken ppk;
    struct key_reply keys;
};
void cred_reply_make(const struct cred_stock *stock, const struct crypto *crypto,
                     const struct ike_ask *ask, struct cred_reply *out);
void cred_reply_wipe(struct cred_reply *r);

#endif
