/*
 * commands_info: requests that ask about what cannot change while the daemon runs, and those whose
 * feature is not there: they answer in the protocol's words all the same.
 */
#include "daemon/commands.h"

#include "config/value.h"
#include "daemon/conns.h"
#include "daemon/counters.h"
#include "vici/read.h"

#include <stdio.h>

/* ---- algorithms ------------------------------------------------------------------------------ */

enum { TYPE_ENCR = 1,
       TYPE_PRF = 2,
       TYPE_INTEG = 3,
       TYPE_KE = 4 };

/* Which rows of alg.def a section lists, or a word that stands alone in it. */
/* clang-format off */
static const struct {
    const char *section;
    uint8_t type;
    uint32_t flags, mask; /* rows with exactly these flags among the mask */
    const char *only[4];
} sections[] = {
    {"encryption", TYPE_ENCR,  0,        ALG_AEAD, {NULL}},
    {"integrity",  TYPE_INTEG, 0,        0,        {NULL}},
    {"aead",       TYPE_ENCR,  ALG_AEAD, ALG_AEAD, {NULL}},
    {"hasher",     0,          0,        0,        {"HASH_SHA2_256", "HASH_SHA2_384", "HASH_SHA2_512", NULL}},
    {"prf",        TYPE_PRF,   0,        0,        {NULL}},
    {"xof",        0,          0,        0,        {NULL}},
    {"kdf",        0,          0,        0,        {"KDF_PRF", "KDF_PRF_PLUS", NULL}},
    {"drbg",       0,          0,        0,        {NULL}},
    {"ke",         TYPE_KE,    0,        0,        {NULL}},
    {"rng",        0,          0,        0,        {"RNG_STRONG", NULL}},
    {"nonce-gen",  0,          0,        0,        {"NONCE_GEN", NULL}},
};
/* clang-format on */

/* Rows of one algorithm with several key lengths stand one behind the other. */
static void list_rows(struct vici_out *o, const struct crypto *crypto, uint8_t type, uint32_t flags,
                      uint32_t mask)
{
    const char *last = "";
    const struct alg *alg;
    for (size_t i = 0; (alg = alg_at(i)) != NULL; i++) {
        if (alg->type != type || (alg->flags & mask) != flags || strcmp(alg->name, last) == 0 ||
            !crypto->has(crypto->self, alg))
            continue;
        last = alg->name;
        vici_key_str(o, alg->name, "openssl");
    }
}

static void cmd_get_algorithms(struct session *s, struct bytes message)
{
    (void)message;
    struct vici_out *o = session_answer(s);
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        vici_section(o, sections[i].section);
        if (sections[i].type != 0)
            list_rows(o, s->d->crypto, sections[i].type, sections[i].flags, sections[i].mask);
        for (const char *const *word = sections[i].only; *word; word++)
            vici_key_str(o, *word, "openssl");
        vici_section_end(o);
    }
    session_send_answer(s);
}

/* ---- counters -------------------------------------------------------------------------------- */

static void cmd_get_counters(struct session *s, struct bytes message)
{
    struct bytes name = request_text(message, "name");
    bool all = vici_find_bool(message, "all", false);
    struct vici_out *o = session_answer(s);
    vici_section(o, "counters");
    bool found = counters_report(s->d, o, name, all);
    vici_section_end(o);
    vici_key_bool(o, "success", found);
    if (!found)
        vici_key_str(o, "errmsg", "no counters found for this connection");
    session_send_answer(s);
}

static void cmd_reset_counters(struct session *s, struct bytes message)
{
    if (counters_reset(s->d, request_text(message, "name"), vici_find_bool(message, "all", false)))
        session_succeed(s);
    else
        session_fail(s, "no counters found for this connection");
}

/* ---- what is not there ----------------------------------------------------------------------- */

static bool is_within(const struct addr *a, const struct addr *from, const struct addr *to)
{
    return a->family == from->family && memcmp(a->ip, from->ip, sizeof a->ip) >= 0 &&
           memcmp(a->ip, to->ip, sizeof a->ip) <= 0;
}

/* By name, id and address; identities are not compared as long as nothing is redirected. */
static uint32_t count_matches(const struct daemon *d, struct bytes message)
{
    struct bytes ike = request_text(message, "ike");
    int64_t id = vici_find_int(message, "ike-id", 0);
    struct addr from, to;
    bool by_ip = value_range(request_text(message, "peer-ip"), &from, &to);
    struct ike_sa_info sa = {.id = 0};
    uint32_t count = 0;
    while (ike_engine_next_sa(d->engine, sa.id, &sa))
        count += (id == 0 || (int64_t)sa.id == id) &&
                 (!by_ip || is_within(&sa.path.remote.addr, &from, &to)) &&
                 (ike.len == 0 || (sa.conn && bytes_equal(ike, bytes_str(sa.conn))));
    return count;
}

static void cmd_redirect(struct session *s, struct bytes message)
{
    struct vici_refusal why = {""};
    if (!vici_check_redirect(message, &why)) {
        session_fail(s, why.text);
        return;
    }
    uint32_t matches = count_matches(s->d, message);
    struct vici_out *o = session_answer(s);
    vici_key_str(o, "success", "no");
    vici_key_uint(o, "matches", matches);
    vici_key_str(o, "errmsg",
                 matches > 0 ? "redirecting is not supported yet"
                             : "no matching SAs to redirect found");
    session_send_answer(s);
}

/* ---- the table ------------------------------------------------------------------------------- */

const struct command commands_info[] = {
    {"get-algorithms", cmd_get_algorithms},
    {"get-counters", cmd_get_counters},
    {"reset-counters", cmd_reset_counters},
    {"redirect", cmd_redirect},
    {NULL, NULL},
};
