/* announce: see announce.h. */
#include "cred/announce.h"

#include "base/text.h"
#include "base/writer.h"

#include <stdlib.h>

enum {
#define AUTH_METHOD(number, name) AUTH_##name = number,
#define HASH_ID(number, name) HASH_##name = number,
#include "wire/iana.def"
};

/* The methods that Digital Signature replaces. */
static const struct {
    uint8_t method;
    enum cred_family family;
    uint8_t hash;
    const char *name;
} old[] = {
    {AUTH_RSA, FAMILY_RSA_PKCS1, HASH_SHA2_256, "RSA"},
    {AUTH_ECDSA_256, FAMILY_ECDSA, HASH_SHA2_256, "ECDSA_256"},
    {AUTH_ECDSA_384, FAMILY_ECDSA, HASH_SHA2_384, "ECDSA_384"},
    {AUTH_ECDSA_521, FAMILY_ECDSA, HASH_SHA2_512, "ECDSA_521"},
};
enum { OLD = sizeof old / sizeof old[0] };

/* ---- ours ------------------------------------------------------------------------------------ */

static bool is_allowed(uint32_t families, const struct cred_rule *rule, enum cred_family family,
                       uint8_t hash)
{
    uint32_t allowed = rule->families ? families & rule->families : families;
    return allowed >> family & 1 && (!rule->hashes || rule->hashes >> hash & 1);
}

static void write_schemes(struct writer *w, uint32_t families, const struct cred_rule *rule)
{
    const struct scheme *s;
    for (size_t i = 0; (s = scheme_at(i)) != NULL; i++) {
        uint8_t room[SCHEME_ALGORITHM_MAX];
        if (!is_allowed(families, rule, s->family, s->hash))
            continue;
        struct bytes algorithm = scheme_write(s, room); /* behind its length */
        writer_u8(w, (uint8_t)(3 + algorithm.len - 1));
        writer_u8(w, AUTH_DIGITAL_SIGNATURE);
        writer_u8(w, 0);
        writer_bytes(w, bytes_make(algorithm.at + 1, algorithm.len - 1));
    }
}

struct bytes announce_signatures(uint32_t families, const struct cred_rule *rule)
{
    enum { LIST_MAX = 2048 };
    uint8_t *room = malloc(LIST_MAX);
    struct writer w = writer_make(room, room ? LIST_MAX : 0);
    write_schemes(&w, families & QUANTUM_FAMILIES, rule);
    write_schemes(&w, families & ~(uint32_t)QUANTUM_FAMILIES, rule);
    for (size_t i = 0; i < OLD; i++) {
        if (!is_allowed(families, rule, old[i].family, old[i].hash))
            continue;
        writer_u8(&w, 3);
        writer_u8(&w, old[i].method);
        writer_u8(&w, 0);
    }
    if (!w.fault && w.len)
        return writer_view(&w);
    free(room);
    return BYTES_NONE;
}

/* ---- the peer's ------------------------------------------------------------------------------ */

static const char *name_of(const struct ike_announced *a)
{
    const struct scheme *s = a->algorithm.len ? scheme_read(a->algorithm) : NULL;
    for (size_t i = 0; i < OLD; i++)
        if (old[i].method == a->method)
            return old[i].name;
    switch (a->method) {
    case AUTH_PSK:
        return "pre-shared key";
    case AUTH_NULL:
        return "NULL";
    case AUTH_DIGITAL_SIGNATURE:
        return s ? s->name : a->algorithm.len ? "an unknown signature"
                                              : "any signature";
    default:
        return "an unknown method";
    }
}

bool announce_misses(const struct ike_ask *ask, uint8_t method, const struct scheme *used,
                     char *why, size_t len)
{
    struct ike_announced ours = {.method = method};
    if (ask->announced_count == 0 ||
        scheme_is_announced(ask->announced, ask->announced_count, method, used))
        return false;
    struct text text = text_make(why, len);
    text_add(&text, "we authenticate with ");
    text_add(&text, used ? used->name : name_of(&ours));
    text_add(&text, ", but the peer accepts only ");
    for (uint16_t i = 0; i < ask->announced_count; i++) {
        text_add(&text, i ? ", " : "");
        text_add(&text, name_of(&ask->announced[i]));
    }
    return true;
}
