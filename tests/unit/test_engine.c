/*
 * The engine from outside: two of them, the OpenSSL backend, and nothing but the public interface. It shows how a program
 * uses libbraid, in this order: settings, effects, one function for each verb, and then what two peers do with each other.
 */
#include "../support/unit.h"

#include <stdio.h>

#include "config/load.h"
#include "cred/store.h"
#include "crypto/ossl.h"
#include "dataplane/mock.h"
#include <braid/ike.h>

/* ---- a host: an engine and what its owner keeps beside it -------------------------------------------------------- */

struct peer {
    struct memory memory;
    struct loaded *loaded;      /* the configuration snapshot, and secrets for the store */
    struct cred_store *secrets; /* answers ASKs; the engine never sees a secret */
    struct crypto *crypto;
    struct dataplane *plane; /* executes PLANE effects */
    struct ike_engine *engine;
    struct ike_effects *fx;
    struct peer *other; /* at the other end of the wire */
    unsigned ike_up, ike_down, child_up, ike_rekeyed;
    enum ike_reason reason; /* of the last failure */
    unsigned sent;
    bool mute;                 /* what it sends is lost */
    unsigned lose_after, lose; /* when it has sent so many, so many are lost */
};

static ike_time now;

static const char settings[] = "connections {\n"
                               "  net {\n"
                               "    local_addrs = %1$s\n"
                               "    remote_addrs = %2$s\n"
                               "    proposals = %5$s\n"
                               "    local {\n      auth = psk\n      id = %3$s.example\n    }\n"
                               "    remote {\n      auth = psk\n      id = %4$s.example\n    }\n"
                               "    children {\n      net {\n        esp_proposals = aes256gcm16\n"
                               "        local_ts = %1$s/32\n        remote_ts = %2$s/32\n      }\n    }\n"
                               "  }\n"
                               "}\n"
                               "secrets {\n  ike {\n    secret = \"%6$s\"\n  }\n}\n";

static struct loaded *load(const char *text)
{
    struct problem_list problems;
    problem_list_init(&problems);
    struct loaded *loaded = config_load_text(bytes_str(text), BYTES_NONE, &problems);
    for (const struct problem *p = problems.first; p; p = p->next)
        print_message("%s:%u: %s\n", p->file, p->line, p->message);
    problem_list_free(&problems);
    assert_non_null(loaded);
    return loaded;
}

static void peer_start(struct peer *p, const char *text)
{
    *p = (struct peer){.loaded = load(text)};
    memory_make(&p->memory);
    p->secrets = cred_store_new(&p->loaded->secrets);
    p->crypto = ossl_crypto_new();
    p->plane = mock_new();
    p->fx = ike_effects_new(&p->memory.alloc);
    p->engine = ike_engine_new(&(struct ike_setup){
        .alloc = &p->memory.alloc,
        .crypto = p->crypto,
        .config = p->loaded->config,
    });
    assert_non_null(p->engine);
}

/* Everything the engine took is given back, and wiped. */
static void peer_stop(struct peer *p)
{
    ike_engine_free(p->engine);
    ike_effects_free(p->fx);
    memory_check(&p->memory);
    p->plane->close(p->plane->self);
    ossl_crypto_free(p->crypto);
    cred_store_free(p->secrets);
    loaded_free(p->loaded);
}

/* ---- verbs and effects --------------------------------------------------------------------------------------------- */

static void carry_out(struct peer *p);

/* A datagram came in. A real owner gets the path from its socket; here it is the sender's, seen from the other side. */
static void input(struct peer *p, const struct ike_send *sent)
{
    struct ike_path path = {.local = sent->path.remote, .remote = sent->path.local, .encap = sent->path.encap};
    ike_engine_input(p->engine, now, &path, sent->datagram, p->fx);
    carry_out(p);
}

static void answer(struct peer *p, const struct ike_ask *ask)
{
    uint8_t room[PRF_LEN_MAX];
    struct ike_answer a;
    cred_answer(p->secrets, p->crypto, ask, &a, room);
    ike_engine_answer(p->engine, now, &a, p->fx);
    carry_out(p);
}

static enum order_result order(struct peer *p, struct ike_order o)
{
    enum order_result result = ike_engine_order(p->engine, now, &o, p->fx);
    carry_out(p);
    return result;
}

static void wait_for(struct peer *p, ike_time duration)
{
    ike_time until = now + duration;
    while (ike_engine_deadline(p->engine) <= until) {
        now = ike_engine_deadline(p->engine) > now ? ike_engine_deadline(p->engine) : now;
        ike_engine_tick(p->engine, now, p->fx);
        carry_out(p);
    }
    now = until;
}

static void listen(struct peer *p, const struct ike_tell *tell)
{
    p->ike_up += tell->kind == TELL_IKE_UP;
    p->ike_down += tell->kind == TELL_IKE_DOWN;
    p->child_up += tell->kind == TELL_CHILD_UP;
    p->ike_rekeyed += tell->kind == TELL_IKE_REKEYED;
    if (tell->reason != IKE_REASON_NONE)
        p->reason = tell->reason;
}

/*
 * Effects are carried out in their order. They live until ike_effects_clear, so the list is put aside first: what the other engine answers to a datagram comes
 * back into this one before we are through.
 */
static void carry_out(struct peer *p)
{
    struct ike_effects *fx = p->fx;
    p->fx = ike_effects_new(&p->memory.alloc);
    for (const struct ike_effect *e = ike_effects_first(fx); e; e = e->next) {
        switch (e->kind) {
        case EFFECT_SEND:
            p->sent++;
            if (!p->mute && (p->sent <= p->lose_after || p->sent > p->lose_after + p->lose))
                input(p->other, &e->u.send);
            break;
        case EFFECT_PLANE:
            p->plane->apply(p->plane->self, now, &e->u.plane);
            break;
        case EFFECT_ASK:
            answer(p, &e->u.ask);
            break;
        case EFFECT_TELL:
            listen(p, &e->u.tell);
            break;
        }
    }
    ike_effects_free(fx);
}

static const struct ike_order initiate = {.kind = ORDER_INITIATE, .conn = {(const uint8_t *)"net", 3}, .child = {(const uint8_t *)"net", 3}};
static const struct ike_order terminate = {.kind = ORDER_TERMINATE, .conn = {(const uint8_t *)"net", 3}};

/* ---- two of them ----------------------------------------------------------------------------------------------------- */

struct pair {
    struct peer a, b;
};

static void pair_start(struct pair *p, const char *proposals_a, const char *proposals_b, const char *secret_b)
{
    char text[4096];
    now = 1000 * IKE_SECOND;
    snprintf(text, sizeof text, settings, "192.0.2.1", "192.0.2.2", "alice", "bob", proposals_a, "correct horse");
    peer_start(&p->a, text);
    snprintf(text, sizeof text, settings, "192.0.2.2", "192.0.2.1", "bob", "alice", proposals_b, secret_b);
    peer_start(&p->b, text);
    p->a.other = &p->b;
    p->b.other = &p->a;
}

static void pair_stop(struct pair *p)
{
    peer_stop(&p->a);
    peer_stop(&p->b);
}

#define HYBRID "aes256gcm16-prfsha384-x25519-ke1_mlkem768"

static void a_tunnel_comes_up_and_goes_down(void **state)
{
    struct pair p;
    (void)state;
    pair_start(&p, HYBRID, HYBRID, "correct horse");
    assert_int_equal(order(&p.a, initiate), ORDER_DONE);
    assert_int_equal(p.a.ike_up, 1);
    assert_int_equal(p.b.ike_up, 1);
    assert_int_equal(p.a.child_up, 1);

    struct ike_sa_info sa;
    assert_true(ike_engine_next_sa(p.a.engine, 0, &sa));
    assert_string_equal(sa.state, "ESTABLISHED");
    assert_int_equal(sa.kex_count, 2);
    assert_string_equal(sa.kex[1]->keyword, "mlkem768");
    assert_true(sa.quantum_safe);

    struct ike_child_info child;
    assert_true(ike_engine_next_child(p.a.engine, sa.id, 0, &child));
    assert_string_equal(child.name, "net");
    assert_true(child.quantum_safe);

    assert_int_equal(order(&p.a, terminate), ORDER_DONE);
    wait_for(&p.a, 5 * IKE_SECOND);
    wait_for(&p.b, 5 * IKE_SECOND);
    assert_int_equal(ike_engine_sa_count(p.a.engine), 0);
    assert_int_equal(ike_engine_sa_count(p.b.engine), 0);
    assert_int_equal(mock_counts(p.a.plane).installed, 0);
    pair_stop(&p);
}

static void both_data_planes_get_the_same_keys_crosswise(void **state)
{
    struct pair p;
    (void)state;
    pair_start(&p, HYBRID, HYBRID, "correct horse");
    order(&p.a, initiate);
    const struct mock_child *a = mock_child(p.a.plane, 0), *b = mock_child(p.b.plane, 0);
    assert_non_null(a);
    assert_non_null(b);
    assert_true(a->key_out == b->key_in && a->key_in == b->key_out && a->key_in != a->key_out);
    assert_int_equal(a->spi_out, b->spi_in);
    assert_int_equal(a->spi_in, b->spi_out);
    pair_stop(&p);
}

static void a_lost_request_is_sent_again(void **state)
{
    struct pair p;
    (void)state;
    pair_start(&p, HYBRID, HYBRID, "correct horse");
    p.a.mute = true;
    order(&p.a, initiate);
    assert_int_equal(p.a.sent, 1);
    assert_int_equal(p.b.ike_up, 0);
    p.a.mute = false;
    wait_for(&p.a, IKE_SECOND);
    assert_int_equal(p.a.ike_up, 1);
    pair_stop(&p);
}

static void a_silent_peer_is_given_up(void **state)
{
    struct pair p;
    (void)state;
    pair_start(&p, HYBRID, HYBRID, "correct horse");
    p.a.mute = true;
    order(&p.a, initiate);
    wait_for(&p.a, 300 * IKE_SECOND);
    assert_int_equal(p.a.reason, IKE_REASON_TIMEOUT);
    assert_int_equal(p.a.sent, 8); /* the first sending and seven retransmissions */
    assert_int_equal(ike_engine_sa_count(p.a.engine), 0);
    assert_true(ike_engine_deadline(p.a.engine) == IKE_NEVER);
    pair_stop(&p);
}

static void a_wrong_secret_is_told_at_both_ends(void **state)
{
    struct pair p;
    (void)state;
    pair_start(&p, HYBRID, HYBRID, "battery staple");
    order(&p.a, initiate);
    assert_int_equal(p.b.reason, IKE_REASON_AUTH_REFUSED);
    assert_int_equal(p.a.reason, IKE_REASON_AUTH_REFUSED_BY_PEER);
    assert_int_equal(p.a.ike_up + p.b.ike_up, 0);
    wait_for(&p.b, 5 * IKE_SECOND);
    assert_int_equal(ike_engine_sa_count(p.b.engine), 0);
    pair_stop(&p);
}

static void no_common_proposal_is_told_at_both_ends(void **state)
{
    struct pair p;
    (void)state;
    pair_start(&p, HYBRID, "aes128-sha256-modp2048", "correct horse");
    order(&p.a, initiate);
    wait_for(&p.a, IKE_SECOND); /* a refusal in clear is believed when nothing better comes */
    assert_int_equal(p.a.reason, IKE_REASON_NO_PROPOSAL);
    assert_int_equal(p.b.reason, IKE_REASON_NO_PROPOSAL);
    pair_stop(&p);
}

static void a_peer_that_is_alive_answers(void **state)
{
    struct pair p;
    struct ike_sa_info sa;
    (void)state;
    pair_start(&p, HYBRID, HYBRID, "correct horse");
    order(&p.a, initiate);
    assert_true(ike_engine_next_sa(p.a.engine, 0, &sa));
    unsigned sent = p.b.sent;
    assert_int_equal(order(&p.a, (struct ike_order){.kind = ORDER_CHECK, .ike_id = sa.id}), ORDER_DONE);
    assert_int_equal(p.b.sent, sent + 1);
    pair_stop(&p);
}

static const struct ike_order rekey = {.kind = ORDER_REKEY, .conn = {(const uint8_t *)"net", 3}};

static void assert_one_sa_with_its_child(struct peer *p)
{
    struct ike_sa_info sa;
    struct ike_child_info child;
    assert_true(ike_engine_next_sa(p->engine, 0, &sa));
    assert_string_equal(sa.state, "ESTABLISHED");
    assert_true(ike_engine_next_child(p->engine, sa.id, 0, &child));
    assert_string_equal(child.state, "INSTALLED");
    assert_int_equal(p->ike_down, 0);
    assert_false(ike_engine_next_sa(p->engine, sa.id, &sa));
}

/*
 * The peer rekeys while our own request is lost, and deletes the old SA before it is sent again.
 * What it deletes is what it replaced.
 */
static void the_peers_rekey_prevails_when_it_never_hears_of_ours(void **state)
{
    struct pair p;
    struct ike_sa_info sa;
    (void)state;
    pair_start(&p, "aes256gcm16-prfsha384-x25519", "aes256gcm16-prfsha384-x25519", "correct horse");
    order(&p.a, initiate);
    p.a.lose_after = p.a.sent;
    p.a.lose = 1;
    assert_int_equal(order(&p.a, rekey), ORDER_DONE);
    assert_int_equal(order(&p.b, rekey), ORDER_DONE);
    assert_int_equal(p.a.ike_rekeyed, 1);
    assert_int_equal(p.b.ike_rekeyed, 1);
    wait_for(&p.a, 60 * IKE_SECOND);
    wait_for(&p.b, 60 * IKE_SECOND);
    assert_one_sa_with_its_child(&p.a);
    assert_one_sa_with_its_child(&p.b);
    assert_true(ike_engine_next_sa(p.a.engine, 0, &sa));
    assert_int_equal(order(&p.a, (struct ike_order){.kind = ORDER_CHECK, .ike_id = sa.id}), ORDER_DONE);
    assert_true(ike_engine_next_sa(p.b.engine, 0, &sa));
    assert_int_equal(order(&p.b, (struct ike_order){.kind = ORDER_CHECK, .ike_id = sa.id}), ORDER_DONE);
    wait_for(&p.a, 60 * IKE_SECOND);
    assert_int_equal(p.a.ike_down + p.b.ike_down, 0);
    pair_stop(&p);
}

/* The Delete of the SA that was replaced is repeated for longer than that of any other. */
static void the_delete_of_a_replaced_sa_is_patient(void **state)
{
    struct pair p;
    (void)state;
    pair_start(&p, "aes256gcm16-prfsha384-x25519", "aes256gcm16-prfsha384-x25519", "correct horse");
    order(&p.a, initiate);
    p.a.lose_after = p.a.sent + 1; /* CREATE_CHILD_SA arrives */
    p.a.lose = 4;
    order(&p.a, rekey);
    assert_int_equal(ike_engine_sa_count(p.b.engine), 2);
    wait_for(&p.a, 10 * IKE_SECOND);
    wait_for(&p.b, 5 * IKE_SECOND);
    assert_int_equal(ike_engine_sa_count(p.b.engine), 1);
    assert_int_equal(ike_engine_sa_count(p.a.engine), 1);
    pair_stop(&p);
}

static void an_unknown_name_is_refused(void **state)
{
    struct pair p;
    (void)state;
    pair_start(&p, HYBRID, HYBRID, "correct horse");
    assert_int_equal(order(&p.a, (struct ike_order){.kind = ORDER_INITIATE, .conn = BYTES_LIT("nobody")}), ORDER_UNKNOWN_NAME);
    assert_int_equal(order(&p.a, terminate), ORDER_NO_MATCH);
    pair_stop(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tunnel_comes_up_and_goes_down),
        cmocka_unit_test(both_data_planes_get_the_same_keys_crosswise),
        cmocka_unit_test(a_lost_request_is_sent_again),
        cmocka_unit_test(a_silent_peer_is_given_up),
        cmocka_unit_test(a_wrong_secret_is_told_at_both_ends),
        cmocka_unit_test(no_common_proposal_is_told_at_both_ends),
        cmocka_unit_test(a_peer_that_is_alive_answers),
        cmocka_unit_test(the_peers_rekey_prevails_when_it_never_hears_of_ours),
        cmocka_unit_test(the_delete_of_a_replaced_sa_is_patient),
        cmocka_unit_test(an_unknown_name_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
