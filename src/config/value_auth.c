/*
 * value_auth: what `auth` says: a method, and for public keys what signatures are allowed.
 *
 *     psk
 *     null
 *     pubkey-WORD-WORD...   or with a kind of key in front: rsa-3072-sha256, mldsa87
 *
 * A WORD is a kind of key (signature.def; rsa, mldsa and slhdsa stand for all of theirs), behind
 * rsa or ecdsa its least size in bits, or a hash. Kinds and hashes constrain the peer's chain of
 * certificates and the signature of IKE; with `ike:` in front of a kind, that one and what follows
 * it constrain the signature of IKE alone. A word that is not known is an error: it must not weaken
 * a policy.
 */
#include "config/value.h"

#include "wire/names.h"

#include <stdio.h>
#include <strings.h>

static const struct value_word kinds[] = {
#define FAMILY(name, word, type, flags) {word, FAMILY_##name},
#include <braid/signature.def>
    {NULL, 0},
};

/* clang-format off */
static const struct value_word hashes[] = {
    {"sha256", HASH_SHA2_256}, {"sha384", HASH_SHA2_384}, {"sha512", HASH_SHA2_512},
    {"identity", HASH_IDENTITY}, {NULL, 0}};
static const struct value_word broken[] = {{"md5", 1}, {"sha1", 1}, {"sha224", 1}, {NULL, 0}};
static const char *const later[] = {"eap", "xauth"};
/* clang-format on */

struct auth_reading {
    struct bytes whole;
    struct cred_rule *rule; /* that words go to */
    uint32_t *bits;         /* where a size goes, or NULL */
    struct cred_rule ike, chain;
    bool has_ike;
    struct value_fault *fault;
};

static bool starts_with(struct bytes text, const char *word)
{
    size_t len = strlen(word);
    return text.len >= len && strncasecmp((const char *)text.at, word, len) == 0;
}

/* The families a word stands for: one, or all that begin with it and a slash or a number. */
static uint32_t families_of(struct bytes word)
{
    uint32_t set = 0;
    char text[32];
    snprintf(text, sizeof text, "%.*s", (int)word.len, (const char *)word.at);
    for (const struct value_word *k = kinds; k->word; k++) {
        bool whole = strcasecmp(k->word, text) == 0;
        bool group = (strcasecmp(text, "rsa") == 0 || strcasecmp(text, "mldsa") == 0 ||
                      strcasecmp(text, "slhdsa") == 0) &&
                     strncasecmp(k->word, text, strlen(text)) == 0;
        if (whole || group)
            set |= UINT32_C(1) << k->value;
    }
    return set;
}

static bool read_kind(struct auth_reading *r, struct bytes word)
{
    bool ike = starts_with(word, "ike:");
    if (ike)
        word = bytes_make(word.at + 4, word.len - 4);
    bool any = value_is(word, "pubkey");
    uint32_t set = any ? 0 : families_of(word);
    if (!set && !any)
        return false;
    r->has_ike = r->has_ike || ike;
    r->rule = ike ? &r->ike : &r->chain;
    r->rule->families |= set;
    r->bits = starts_with(word, "rsa")     ? &r->rule->rsa_bits
              : starts_with(word, "ecdsa") ? &r->rule->ecdsa_bits
                                           : NULL;
    return true;
}

static bool read_part(struct auth_reading *r, struct bytes word)
{
    int value;
    uint64_t bits;
    if (read_kind(r, word))
        return true;
    if (value_word(word, hashes, &value)) {
        r->rule->hashes |= UINT32_C(1) << value;
        return true;
    }
    if (r->bits && value_uint(word, 65536, &bits)) {
        *r->bits = (uint32_t)bits;
        return true;
    }
    if (value_word(word, broken, &value))
        return value_fail(r->fault, r->whole, word, "`%.*s` is too weak and never used",
                          (int)word.len, (const char *)word.at);
    return value_fail(r->fault, r->whole, word,
                      "`%.*s` is no kind of key and no hash (braid keys auth names them)",
                      (int)word.len, (const char *)word.at);
}

/* Kinds that bring their own hash need not name it. */
static void complete(struct cred_rule *rule)
{
    const uint32_t hashing = UINT32_C(1) << FAMILY_RSA_PSS | UINT32_C(1) << FAMILY_RSA_PKCS1 |
                             UINT32_C(1) << FAMILY_ECDSA;
    if (rule->hashes && (rule->families & ~hashing))
        rule->hashes |= UINT32_C(1) << HASH_IDENTITY;
}

bool value_auth(struct bytes text, enum conf_auth_class *class, struct cred_rule *ike,
                struct cred_rule *chain, struct value_fault *f)
{
    struct auth_reading r = {.whole = text, .fault = f, .rule = &r.chain};
    struct bytes rest = text;
    bool first = true;
    *ike = *chain = (struct cred_rule){.families = 0};
    *class = CONF_AUTH_PSK;
    if (value_is(text, "psk"))
        return true;
    if (value_is(text, "null")) {
        *class = CONF_AUTH_NULL;
        return true;
    }
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++)
        if (starts_with(text, later[i]))
            return value_not_yet(f, text, text, "`%.*s` is not supported yet", (int)text.len,
                                 (const char *)text.at);
    *class = CONF_AUTH_PUBKEY;
    while (rest.len > 0) {
        const uint8_t *dash = memchr(rest.at, '-', rest.len);
        size_t len = dash ? (size_t)(dash - rest.at) : rest.len;
        struct bytes word = bytes_make(rest.at, len);
        if (first && !read_kind(&r, word))
            return false; /* the type's own sentence */
        if (!first && !read_part(&r, word))
            return false;
        first = false;
        rest = bytes_make(rest.at + len + (dash != NULL), rest.len - len - (dash != NULL));
    }
    *ike = r.has_ike ? r.ike : r.chain;
    *chain = r.chain;
    complete(ike);
    complete(chain);
    return true;
}
