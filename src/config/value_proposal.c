/*
 * value_proposal: algorithm proposals as text: "aes256gcm16-prfsha384-x25519-ke1_mlkem768,
 * default".
 *
 * A word names a row of crypto/alg.def; `ke1_` to `ke7_` in front of a key exchange method put it
 * into one of the further rounds of RFC 9370; `none` leaves a round out; `esn` and `noesn` speak
 * of sequence numbers. Behind the words the proposal is made whole by the rules of swanctl.conf:
 *
 *     IKE   no PRF named: those of the integrity algorithms named. AEAD: integrity dropped.
 *           A key exchange method is mandatory
 *     ESP   PRFs dropped. AEAD: integrity dropped. Neither esn nor noesn: noesn
 *     both  an encryption algorithm is mandatory; AEAD and others are not mixed in one proposal
 *
 * and what could never work is refused here, where the reason can be said, instead of failing on
 * the wire.
 */
#include "config/problem.h"
#include "config/value.h"

#include "wire/names.h"
#include <braid/crypto.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/*
 * What `default` stands for, and what applies when nothing is said. Hybrid without exception: a
 * peer that can do no post-quantum key exchange gets no tunnel unless a proposal for it is
 * written down. The first of each kind is the one usually chosen:
 * aes256gcm16-prfsha384-x25519-ke1_mlkem768.
 */
#define DEFAULT_CIPHERS "aes256gcm16-aes128gcm16-chacha20poly1305"
#define DEFAULT_ROUNDS "x25519-ecp384-ecp256-ke1_mlkem768-ke1_mlkem1024"
static const char default_ike[] = DEFAULT_CIPHERS "-prfsha384-prfsha256-prfsha512-" DEFAULT_ROUNDS;
static const char default_esp[] = DEFAULT_CIPHERS "-" DEFAULT_ROUNDS;

const char *value_default_proposals(uint8_t protocol)
{
    return protocol == PROTOCOL_IKE ? default_ike : default_esp;
}

/* Words that strongSwan knows and braid leaves out, by how they begin. */
/* clang-format off */
static const char *const left_out[] = {"des",         "3des",
                                       "blowfish",    "cast",
                                       "camellia",    "serpent",
                                       "twofish",     "md5",
                                       "prfmd5",      "prfcamellia",
                                       "modp768",     "modp1024",
                                       "modp1536",    "modp2048s",
                                       "ecp192",      "ecp224",
                                       "gost",        "null",
                                       "sha1_160",    "sha256_96",
                                       "sha2_256_96", "aes128gmac",
                                       "aes192gmac",  "aes256gmac",
                                       "modpnull",    "chacha20poly1305compat",
                                       NULL};
/* clang-format on */

enum {
    PROPOSALS_MAX = 64,   /* of a list: what an SA payload may hold */
    TRANSFORMS_MAX = 255, /* of a proposal: their count is one octet on the wire */
};

/* A proposal under construction. */
struct draft {
    struct bytes whole, text; /* the value, and this proposal in it: for messages */
    struct value_fault *fault;
    uint8_t protocol;
    uint16_t count;
    struct transform at[TRANSFORMS_MAX];
};

static bool fail(struct draft *d, struct bytes part, const char *why)
{
    return value_fail(d->fault, d->whole, part, "%s", why);
}

static void warn(struct draft *d, const char *word, const char *why)
{
    if (!d->fault->warning[0])
        snprintf(d->fault->warning, sizeof d->fault->warning, "`%s` %s", word, why);
}

static bool has(const struct draft *d, uint8_t type)
{
    for (uint16_t i = 0; i < d->count; i++) {
        if (d->at[i].type == type)
            return true;
    }
    return false;
}

/* Add a transform once. Duplicates are harmless and left out. */
static bool add(struct draft *d, struct transform t)
{
    for (uint16_t i = 0; i < d->count; i++) {
        if (d->at[i].type == t.type && d->at[i].id == t.id && d->at[i].key_bits == t.key_bits)
            return true;
    }
    if (d->count == TRANSFORMS_MAX)
        return fail(d, d->text, "this proposal holds too many algorithms");
    d->at[d->count++] = t;
    return true;
}

static void drop(struct draft *d, uint8_t type)
{
    uint16_t kept = 0;
    for (uint16_t i = 0; i < d->count; i++) {
        if (d->at[i].type != type)
            d->at[kept++] = d->at[i];
    }
    d->count = kept;
}

/* ---- words ----------------------------------------------------------------------------------- */

static bool begins_with(struct bytes text, const char *prefix)
{
    return text.len >= strlen(prefix) && memcmp(text.at, prefix, strlen(prefix)) == 0;
}

static bool refuse_word(struct draft *d, struct bytes word)
{
    const char *keywords[128] = {NULL};
    size_t count = 0;
    for (const struct alg *alg; count < 127 && (alg = alg_at(count)) != NULL;)
        keywords[count++] = alg->keyword;
    for (const char *const *out = left_out; *out; out++) {
        if (begins_with(word, *out))
            return value_fail(d->fault, d->whole, word,
                              "`%.*s` is left out of braid: too weak or out of use", (int)word.len,
                              (const char *)word.at);
    }
    const char *guess = problem_guess(word, keywords);
    return value_fail(d->fault, d->whole, word, "`%.*s` is no algorithm known here%s%s%s",
                      (int)word.len, (const char *)word.at, guess ? ", did you mean `" : "",
                      guess ? guess : "", guess ? "`?" : "");
}

/* A key exchange method for a slot; slot 0 is transform type 4. */
static bool add_method(struct draft *d, struct bytes whole_word, struct bytes word, int slot)
{
    bool none = bytes_equal(word, BYTES_LIT("none")) || bytes_equal(word, BYTES_LIT("modpnone"));
    const struct alg *alg = none ? NULL : alg_by_keyword(word);
    if (!none && !alg)
        return refuse_word(d, word);
    if (alg && alg->type != TRANSFORM_KE)
        return value_fail(d->fault, d->whole, whole_word, "`%s` is no key exchange method",
                          alg->keyword);
    bool in_init = slot == 0 && d->protocol == PROTOCOL_IKE;
    if (alg && in_init && !(alg->flags & ALG_ALONE_IN_INIT))
        return value_fail(d->fault, d->whole, whole_word,
                          "`%s` cannot come first: %u octets do not fit into IKE_SA_INIT, which is "
                          "never fragmented; write x25519-ke1_%s",
                          alg->keyword, (unsigned)alg->offer_len, alg->keyword);
    if (alg && alg->flags & ALG_OLD)
        warn(d, alg->keyword, "is for old peers only");
    return (none && in_init) ||
           add(d, (struct transform){.type = kex_slot_type(slot), .id = alg ? alg->id : KE_NONE});
}

/* ke1_ to ke7_, in any case: the slot, else 0. */
static int prefix_slot(struct bytes word)
{
    bool is = word.len > 4 && (word.at[0] | 0x20) == 'k' && (word.at[1] | 0x20) == 'e' &&
              word.at[3] == '_';
    return is && word.at[2] >= '1' && word.at[2] <= '7' ? word.at[2] - '0' : 0;
}

static bool add_sequence(struct draft *d, struct bytes word)
{
    if (d->protocol == PROTOCOL_IKE)
        return fail(d, word, "sequence numbers are a matter of ESP, not of IKE");
    return add(d,
               (struct transform){.type = TRANSFORM_SN, .id = word.at[0] == 'e' ? SN_64 : SN_32});
}

static bool add_word(struct draft *d, struct bytes word)
{
    int slot = prefix_slot(word);
    if (slot > 0)
        return add_method(d, word, bytes_make(word.at + 4, word.len - 4), slot);
    if (bytes_equal(word, BYTES_LIT("esn")) || bytes_equal(word, BYTES_LIT("noesn")))
        return add_sequence(d, word);
    const struct alg *alg = alg_by_keyword(word);
    if (bytes_equal(word, BYTES_LIT("none")) || bytes_equal(word, BYTES_LIT("modpnone")) ||
        (alg && alg->type == TRANSFORM_KE))
        return add_method(d, word, word, 0);
    if (!alg)
        return refuse_word(d, word);
    if (d->protocol == PROTOCOL_ESP && !(alg->flags & ALG_ESP) && alg->type != TRANSFORM_PRF)
        return value_fail(d->fault, d->whole, word, "`%s` is not for ESP", alg->keyword);
    if (alg->flags & ALG_OLD)
        warn(d, alg->keyword, "is for old peers only");
    return add(d, (struct transform){.type = alg->type, .id = alg->id, .key_bits = alg->key_bits});
}

/* ---- making it whole ------------------------------------------------------------------------- */

/* The PRF that goes with an integrity algorithm: same function, one table. */
static uint16_t prf_of(uint16_t integ)
{
    /* clang-format off */
    static const struct {
        const char *integ, *prf;
    } pairs[] = {{"sha1", "prfsha1"},     {"sha256", "prfsha256"},   {"sha384", "prfsha384"},
                 {"sha512", "prfsha512"}, {"aesxcbc", "prfaesxcbc"}, {"aescmac", "prfaescmac"}};
    /* clang-format on */
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const struct alg *from = alg_by_keyword(bytes_str(pairs[i].integ)),
                         *to = alg_by_keyword(bytes_str(pairs[i].prf));
        if (from && to && from->id == integ)
            return to->id;
    }
    return 0;
}

static bool derive_prfs(struct draft *d)
{
    uint16_t named = d->count;
    for (uint16_t i = 0; i < named; i++) {
        uint16_t prf = d->at[i].type == TRANSFORM_INTEG ? prf_of(d->at[i].id) : 0;
        if (prf && !add(d, (struct transform){.type = TRANSFORM_PRF, .id = prf}))
            return false;
    }
    return true;
}

/*
 * AEAD and classic ciphers in one proposal contradict each other: one forbids an integrity
 * algorithm, the other demands it.
 */
static bool check_ciphers(struct draft *d)
{
    bool aead = false, classic = false;
    for (uint16_t i = 0; i < d->count; i++) {
        const struct alg *alg = d->at[i].type == TRANSFORM_ENCR
                                    ? alg_find(TRANSFORM_ENCR, d->at[i].id, d->at[i].key_bits)
                                    : NULL;
        aead |= alg && alg->flags & ALG_AEAD;
        classic |= alg && !(alg->flags & ALG_AEAD);
    }
    if (!aead && !classic)
        return fail(d, d->text, "an encryption algorithm is missing, for example aes256gcm16");
    if (aead && classic)
        return fail(d, d->text,
                    "AEAD ciphers (gcm, ccm, chacha20poly1305) and others cannot share a proposal; "
                    "separate them by a comma");
    if (classic && !has(d, TRANSFORM_INTEG))
        return fail(d, d->text,
                    "an integrity algorithm is missing beside this cipher, for example sha256");
    if (aead)
        drop(d, TRANSFORM_INTEG);
    return true;
}

/* ---- key exchange rounds --------------------------------------------------------------------- */

/*
 * Which slots can carry which method so that none is used twice? A matching, found by augmenting
 * paths; `none` may be used by all.
 */
struct matching {
    const struct draft *draft;
    int slot_of[TRANSFORMS_MAX]; /* by the method's first transform: the slot that uses it, or -1 */
    bool seen[TRANSFORMS_MAX];
};

static uint16_t first_of_method(const struct draft *d, uint16_t id)
{
    uint16_t i = 0;
    while (kex_slot(d->at[i].type) < 0 || d->at[i].id != id)
        i++;
    return i;
}

static bool place_slot(struct matching *m, int slot)
{
    const struct draft *d = m->draft;
    for (uint16_t i = 0; i < d->count; i++) {
        if (kex_slot(d->at[i].type) != slot)
            continue;
        if (d->at[i].id == KE_NONE)
            return true;
        uint16_t method = first_of_method(d, d->at[i].id);
        if (m->seen[method])
            continue;
        m->seen[method] = true;
        if (m->slot_of[method] < 0 || place_slot(m, m->slot_of[method])) {
            m->slot_of[method] = slot;
            return true;
        }
    }
    return false;
}

static bool check_rounds(struct draft *d)
{
    struct matching m = {.draft = d};
    bool later = false;
    for (uint16_t i = 0; i < d->count; i++) {
        later |= kex_slot(d->at[i].type) > 0;
        m.slot_of[i] = -1;
    }
    if (later && !has(d, TRANSFORM_KE))
        return fail(d, d->text,
                    "further key exchanges (ke1_ ...) need a first one, for example x25519");
    if (d->protocol == PROTOCOL_IKE && !has(d, TRANSFORM_KE))
        return fail(d, d->text,
                    "a key exchange method is missing, for example x25519-ke1_mlkem768");
    for (int slot = 0; slot < KEX_SLOTS; slot++) {
        memset(m.seen, 0, sizeof m.seen);
        if (has(d, kex_slot_type(slot)) && !place_slot(&m, slot))
            return fail(d, d->text,
                        "no key exchange method may be used twice, and here nothing else is left "
                        "for one of the rounds");
    }
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static bool complete(struct draft *d)
{
    if (d->protocol == PROTOCOL_IKE && !has(d, TRANSFORM_PRF) && !derive_prfs(d))
        return false;
    if (!check_ciphers(d))
        return false;
    if (d->protocol == PROTOCOL_IKE && !has(d, TRANSFORM_PRF))
        return fail(d, d->text, "a pseudo-random function is missing, for example prfsha384");
    if (d->protocol == PROTOCOL_ESP)
        drop(d, TRANSFORM_PRF);
    if (d->protocol == PROTOCOL_ESP && !has(d, TRANSFORM_SN) &&
        !add(d, (struct transform){.type = TRANSFORM_SN, .id = SN_32}))
        return false;
    return check_rounds(d);
}

/* Transforms in the order of their types, each type in the order written. */
static bool finish(struct draft *d, struct arena *a, struct proposal *out)
{
    struct transform *sorted = ARENA_ARRAY(a, struct transform, d->count);
    if (!sorted)
        return fail(d, d->text, "out of memory");
    uint16_t count = 0;
    for (unsigned type = 1; type <= kex_slot_type(KEX_SLOTS - 1); type++) {
        for (uint16_t i = 0; i < d->count; i++) {
            if (d->at[i].type == type)
                sorted[count++] = d->at[i];
        }
    }
    *out = (struct proposal){.protocol = d->protocol, .count = count, .transform = sorted};
    return true;
}

static bool read_proposal(struct bytes whole, struct bytes text, uint8_t protocol, struct arena *a,
                          struct proposal *out, struct value_fault *f)
{
    struct draft d = {.whole = whole, .text = text, .fault = f, .protocol = protocol};
    struct bytes rest = text;
    while (rest.len > 0) {
        const uint8_t *dash = memchr(rest.at, '-', rest.len);
        size_t len = dash ? (size_t)(dash - rest.at) : rest.len;
        struct bytes word = bytes_make(rest.at, len);
        if (len == 0 || (dash && len + 1 == rest.len))
            return fail(&d, text, "a word is missing before or behind a `-`");
        if (!add_word(&d, word))
            return false;
        len += dash != NULL;
        rest = bytes_make(rest.at + len, rest.len - len);
    }
    return complete(&d) && finish(&d, a, out);
}

bool value_proposals(struct bytes text, uint8_t protocol, struct arena *a, struct proposals *out,
                     struct value_fault *f)
{
    struct proposal list[PROPOSALS_MAX];
    struct bytes rest = text, item, standard = bytes_str(value_default_proposals(protocol));
    uint16_t count = 0;
    while (value_item(&rest, &item)) {
        bool is_default = value_is(item, "default");
        if (count == PROPOSALS_MAX)
            return value_fail(f, text, item, "more than %d proposals", PROPOSALS_MAX);
        if (!read_proposal(is_default ? standard : text, is_default ? standard : item, protocol, a,
                           &list[count], f))
            return false;
        count++;
    }
    struct proposal *kept = ARENA_ARRAY(a, struct proposal, count);
    if (!kept)
        return value_fail(f, text, text, "out of memory");
    if (count == 0)
        return value_fail(f, text, text, "no proposal is given");
    memcpy(kept, list, count * sizeof *kept);
    *out = (struct proposals){.count = count, .at = kept};
    return true;
}
