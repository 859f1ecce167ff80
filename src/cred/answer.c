/* answer: see answer.h. */
#include "cred/answer.h"

#include "cred/announce.h"

enum {
#define AUTH_METHOD(number, name) AUTH_##name = number,
#include "wire/iana.def"
};

static bool is_for_keys(const struct ike_ask *ask)
{
    return ike_ask_auth(ask)->class == CONF_AUTH_PUBKEY;
}

void cred_reply_make(const struct cred_stock *stock, const struct crypto *crypto,
                     const struct ike_ask *ask, struct cred_reply *out)
{
    *out = (struct cred_reply){.answer.ticket = ask->ticket};
    if (ask->kind == ASK_PPK) {
        cred_ppk(stock->store, stock->used, ask, &out->answer, &out->ppk);
    } else if (!is_for_keys(ask)) {
        cred_answer(stock->store, crypto, ask, &out->answer, out->mac);
        if (out->answer.status == ANSWER_OK && ask->kind == ASK_SIGN &&
            announce_misses(ask, out->answer.method, NULL, out->keys.why, sizeof out->keys.why))
            out->answer.detail = out->keys.why;
        if (ask->kind == ASK_VERIFY && !ask->own_key && ask->method != AUTH_PSK)
            out->answer.detail = "a shared key is asked for, and the peer used another method";
    } else if (ask->kind == ASK_SIGN) {
        keyring_sign(stock->wallet, stock->known, ask, &out->answer, &out->keys);
    } else if (ask->method == AUTH_PSK) {
        out->answer.status = ANSWER_REFUSED;
        out->answer.detail = "a signature is asked for, and the peer used a shared key";
    } else {
        keyring_verify(stock->wallet, stock->known, stock->parsed, ask, &out->answer,
                       &out->keys);
    }
}

void cred_reply_wipe(struct cred_reply *r)
{
    key_reply_wipe(&r->keys);
    wipe(r, sizeof *r);
}
