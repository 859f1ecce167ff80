/* explain: see explain.h. */
#include "ike/explain.h"

#include "ike/compare.h"
#include "wire/print.h"

static void keep_facts(struct turn *t, const struct text *facts)
{
    t->facts = turn_sentence(t, facts);
}

static bool has_kex(const struct proposals *p)
{
    for (uint16_t i = 0; i < p->count; i++)
        for (uint16_t j = 0; j < p->at[i].count; j++)
            if (kex_slot(p->at[i].transform[j].type) != NOT_A_KEX_SLOT)
                return true;
    return false;
}

/* A Child SA without a key exchange of its own: not its lack is the reason. */
static bool needs_no_kex(const struct proposals *offered, const struct mismatch *why)
{
    bool of_child = offered->count > 0 && offered->at[0].protocol != PROTOCOL_IKE;
    return of_child && !has_kex(offered) && kex_slot(why->type) == NOT_A_KEX_SLOT;
}

static void add_proposals(struct text *text, const struct proposals *p)
{
    for (uint16_t i = 0; i < p->count; i++) {
        if (i)
            text_add(text, ", ");
        print_proposal(text, &p->at[i]);
    }
    if (p->count == 0)
        text_add(text, "nothing");
}

const char *explain_proposals(struct turn *t, const struct proposals *offered,
                              const struct proposals *accepted, const struct mismatch *why)
{
    char room[SENTENCE_MAX], lines[FACTS_MAX];
    struct text text = text_make(room, sizeof room), facts = text_make(lines, sizeof lines);
    const char *type = transform_name(why->type);
    compare_proposals(&facts, offered, accepted, needs_no_kex(offered, why));
    keep_facts(t, &facts);
    if (why->type) {
        text_add(&text, "no common ");
        text_add(&text, type ? type : "transform");
        text_add(&text, "; ");
    }
    text_add(&text, "offered: ");
    add_proposals(&text, offered);
    text_add(&text, "; accepted here: ");
    add_proposals(&text, accepted);
    return turn_sentence(t, &text);
}

const char *explain_refused(struct turn *t, const struct proposals *offered)
{
    char room[SENTENCE_MAX], lines[FACTS_MAX];
    struct text text = text_make(room, sizeof room), facts = text_make(lines, sizeof lines);
    compare_refused(&facts, offered);
    keep_facts(t, &facts);
    text_add(&text, "the peer accepts none of our proposals: ");
    add_proposals(&text, offered);
    return turn_sentence(t, &text);
}

static void add_selectors(struct text *text, const struct selectors *s)
{
    for (uint16_t i = 0; i < s->count; i++) {
        if (i)
            text_char(text, ' ');
        print_selector(text, &s->at[i]);
    }
}

const char *explain_selectors(struct turn *t, const struct selectors *offered_local,
                              const struct selectors *offered_remote, const struct selectors *local,
                              const struct selectors *remote)
{
    char room[SENTENCE_MAX], lines[FACTS_MAX];
    struct text text = text_make(room, sizeof room), facts = text_make(lines, sizeof lines);
    compare_selectors(&facts, "offered-local-ts", offered_local);
    compare_selectors(&facts, "offered-remote-ts", offered_remote);
    if (local && remote) {
        compare_selectors(&facts, "accepted-local-ts", local);
        compare_selectors(&facts, "accepted-remote-ts", remote);
    }
    keep_facts(t, &facts);
    text_add(&text, "offered for our side ");
    add_selectors(&text, offered_local);
    text_add(&text, " and for the peer's ");
    add_selectors(&text, offered_remote);
    if (local && remote) {
        text_add(&text, "; accepted here ");
        add_selectors(&text, local);
        text_add(&text, " and ");
        add_selectors(&text, remote);
    }
    return turn_sentence(t, &text);
}

const char *explain_identity(struct turn *t, const char *what, const struct identity *id)
{
    char room[SENTENCE_MAX];
    struct text text = text_make(room, sizeof room);
    text_add(&text, what);
    text_add(&text, " '");
    print_identity(&text, id);
    text_char(&text, '\'');
    return turn_sentence(t, &text);
}

const char *explain_ppk(struct turn *t, const char *what, struct bytes id)
{
    char room[SENTENCE_MAX];
    struct text text = text_make(room, sizeof room);
    text_add(&text, what);
    if (id.len) {
        text_add(&text, ": '");
        text_safe(&text, id);
        text_char(&text, '\'');
    }
    return turn_sentence(t, &text);
}

const char *explain_demand(struct turn *t, const char *scheme)
{
    char room[SENTENCE_MAX];
    struct text text = text_make(room, sizeof room);
    text_add(&text, "quantum_safe_auth = required, but ");
    text_add(&text, t->answer->auth.len ? "this side" : "the peer");
    text_add(&text, " authenticates with ");
    text_add(&text, scheme ? scheme : "an unknown method");
    text_add(&text, ", which does not withstand a quantum computer (the key, a certificate of its "
                    "chain, or a secret that can be guessed)");
    return turn_sentence(t, &text);
}

const char *explain_refusal(struct turn *t, const char *why, const struct identity *id)
{
    char room[SENTENCE_MAX];
    struct text text = text_make(room, sizeof room);
    text_add(&text, why);
    text_add(&text, " (the peer says it is '");
    print_identity(&text, id);
    text_add(&text, "')");
    return turn_sentence(t, &text);
}

const char *explain_notify(struct turn *t, const char *what, uint16_t notify)
{
    char room[SENTENCE_MAX];
    struct text text = text_make(room, sizeof room);
    text_add(&text, what);
    text_char(&text, ' ');
    print_notify_name(&text, notify);
    return turn_sentence(t, &text);
}

/* ---- how it came so far ---------------------------------------------------------------------- */

static void add_fact(struct text *facts, const char *key, const char *value)
{
    text_add(facts, key);
    text_char(facts, '=');
    text_add(facts, value);
    text_char(facts, '\n');
}

static void add_side(struct text *facts, const char *id_key, const char *auth_key,
                     const struct conf_auth *auth)
{
    char room[SENTENCE_MAX];
    struct text id = text_make(room, sizeof room);
    text_add(&id, auth->id.any ? "%any" : auth->id.suffix ? "*"
                                                          : "");
    if (!auth->id.any)
        print_identity(&id, &auth->id.id);
    add_fact(facts, id_key, room);
    add_fact(facts, auth_key, conf_auth_name(auth->class));
}

/* What the peer announced is known from its first message on. */
static void add_fragmentation(struct text *facts, const struct ike_sa *sa)
{
    if (sa->conn->fragmentation == FRAGMENTATION_NO)
        add_fact(facts, "fragmentation", "off here");
    else if (sa->phase != PHASE_NEW)
        add_fact(facts, "fragmentation",
                 sa->extensions & EXTENSION_SET(FRAGMENTATION) ? "yes" : "not known to the peer");
}

const char *explain_course(struct turn *t, const char *facts)
{
    const struct ike_sa *sa = t->sa;
    const struct alg *asked = alg_find(TRANSFORM_KE, sa->detour.method, 0);
    char lines[FACTS_MAX];
    struct text text = text_make(lines, sizeof lines);
    if (!sa->conn)
        return facts;
    text_add(&text, facts);
    add_side(&text, "local-id", "local-auth", sa->conn->local);
    add_side(&text, "remote-id", "remote-auth", sa->conn->remote);
    add_fragmentation(&text, sa);
    if (sa->detour.cookie)
        add_fact(&text, "cookie", sa->initiator ? "the peer asked for one" : "we asked for one");
    if (asked)
        add_fact(&text, "method-asked", asked->name);
    return turn_sentence(t, &text);
}
