/*
 * fuzz_auth: any octets as the data of an AUTH payload, and good ones that were changed, for keys of
 * every kind.
 *
 *     input := key (1 octet) method (1 octet) how (1 octet) ...
 *     how   := odd: what follows is the payload; even: so many halves of changes to a good one
 *
 * Nothing may be believed but the good signature as it was made, whatever is done to the octets
 * around it; and what is not believed has a reason.
 */
#include "fuzz.h"
#include "script.h"

#include <stdio.h>
#include <stdlib.h>

#include "cred/pki.h"
#include "cred/scheme.h"

enum { DIGITAL_SIGNATURE = 14,
       ALL_HASHES = 0x3c,
       ROOM = 40000 };

static const struct bytes octets = BYTES_LIT("the octets that AUTH covers");

/* A key and what it signed, with the newer method and with the older one if there is one. */
static struct subject {
    const char *type;
    EVP_PKEY *key;
    struct good {
        uint8_t method;
        struct bytes auth;
    } good[2];
} subjects[] = {
    {.type = "rsa2048"},
    {.type = "ecdsa256"},
    {.type = "ecdsa384"},
    {.type = "ecdsa521"},
    {.type = "ed25519"},
    {.type = "ed448"},
    {.type = "mldsa44"},
    {.type = "mldsa65"},
    {.type = "mldsa87"},
    {.type = "slhdsa/sha2_128f"},
    {.type = "slhdsa/shake_128f"},
};
enum { SUBJECTS = sizeof subjects / sizeof subjects[0] };

static void require(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "fuzz_auth: %s\n", what);
    abort();
}

static void make_subject(struct subject *s)
{
    const struct scheme *used;
    const char *why;
    s->key = pki_key_new(s->type, &why);
    require(s->key != NULL, s->type);
    for (int i = 0; i < 2; i++) {
        struct scheme_wish wish = {.hashes = i ? 0 : ALL_HASHES};
        struct good *g = &s->good[i];
        if (!scheme_sign(s->key, &wish, octets, &g->method, &g->auth, &used, &why))
            *g = s->good[0]; /* there is no older method */
    }
}

static bool verify(const struct subject *s, uint8_t method, struct bytes auth)
{
    const struct scheme *used;
    const char *why = NULL;
    bool good = scheme_verify(s->key, method, octets, auth, NULL, &used, &why);
    require(good || (why && *why), "refused without a reason");
    return good;
}

static struct bytes signature_of(uint8_t method, struct bytes auth)
{
    size_t head = method == DIGITAL_SIGNATURE && auth.len ? 1u + auth.at[0] : 0;
    head = head < auth.len ? head : auth.len;
    return bytes_make(auth.at + head, auth.len - head);
}

static void try_changed(const struct subject *s, const struct good *g, unsigned changes,
                        struct script *script)
{
    uint8_t *room = malloc(ROOM);
    size_t len = g->auth.len;
    memcpy(room, g->auth.at, len);
    for (unsigned i = 0; i < changes; i++)
        edit(script, room, &len, ROOM);
    uint8_t *exact = realloc(room, len ? len : 1); /* so that one octet too far is seen */
    struct bytes auth = bytes_make(exact, len);
    if (verify(s, g->method, auth))
        require(bytes_equal(signature_of(g->method, auth), signature_of(g->method, g->auth)),
                "a changed signature is believed");
    free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct script script = {data, size};
    struct subject *s = &subjects[next_octet(&script) % SUBJECTS];
    uint8_t method = next_octet(&script), how = next_octet(&script);
    if (!s->key)
        make_subject(s);
    if (how & 1)
        require(!verify(s, method, bytes_make(script.at, script.left)), "octets that nobody signed");
    else
        try_changed(s, &s->good[method & 1], how / 2, &script);
    return 0;
}
