/* peers: SAs found by who talks to whom. */
#include "../support/unit.h"

#include "ike/peers.h"

struct world {
    struct memory memory;
    struct ike_engine e;
};

static void begin(struct world *w)
{
    *w = (struct world){0};
    memory_make(&w->memory);
    w->e.seed = (struct siphash_key){1, 2};
    w->e.by_peer = table_make(&w->memory.alloc, 3);
}

static void end(struct world *w)
{
    assert_int_equal(w->e.by_peer.count, 0);
    table_free(&w->e.by_peer);
    memory_check(&w->memory);
}

static struct identity name(uint8_t type, const char *text)
{
    return (struct identity){type, bytes_str(text)};
}

static struct ike_sa between(struct identity ours, struct identity theirs)
{
    return (struct ike_sa){.phase = PHASE_UP, .ours_id = ours, .theirs_id = theirs};
}

static const char long_name[] = "a.very.long.name.that.does.not.fit.into.one.piece.of.the.hash."
                                "and.goes.on.behind.it.example";
static const char LONG_NAME[] = "A.very.long.name.that.does.not.fit.into.one.piece.of.the.hash."
                                "and.goes.on.behind.it.EXAMPLE";

static void names_of_hosts_are_equal_in_either_case(void **state)
{
    static const struct {
        uint8_t type;
        const char *a, *b;
        bool equal;
    } cases[] = {
        {ID_FQDN, "gate.example", "Gate.EXAMPLE", true},
        {ID_FQDN, "gate.example", "gate.examples", false},
        {ID_FQDN, "", "", true},
        {ID_FQDN, long_name, LONG_NAME, true},
        {ID_RFC822_ADDR, "Ann@mail.example", "Ann@MAIL.example", true},
        {ID_RFC822_ADDR, "Ann@mail.example", "ann@mail.example", false},
        {ID_RFC822_ADDR, "A@B@mail.example", "A@b@mail.example", false},
        {ID_RFC822_ADDR, "MAIL.example", "mail.example", true},
        {ID_KEY_ID, "gate.example", "Gate.example", false},
        {ID_KEY_ID, "gate.example", "gate.example", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        struct identity ours = name(ID_FQDN, "hub.example");
        begin(&w);
        struct ike_sa a = between(ours, name(cases[i].type, cases[i].a)),
                      b = between(ours, name(cases[i].type, cases[i].b));
        peers_enter(&w.e, &a);
        assert_ptr_equal(peers_first(&w.e, &b), cases[i].equal ? &a : NULL);
        peers_leave(&w.e, &a);
        end(&w);
    }
}

static void both_identities_and_their_types_count(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    struct ike_sa a = between(name(ID_FQDN, "hub"), name(ID_FQDN, "one")),
                  other_type = between(name(ID_FQDN, "hub"), name(ID_KEY_ID, "one")),
                  other_way = between(name(ID_FQDN, "one"), name(ID_FQDN, "hub")),
                  other_name = between(name(ID_FQDN, "two"), name(ID_FQDN, "one"));
    peers_enter(&w.e, &a);
    assert_null(peers_first(&w.e, &other_type));
    assert_null(peers_first(&w.e, &other_way));
    assert_null(peers_first(&w.e, &other_name));
    peers_leave(&w.e, &a);
    end(&w);
}

static void sas_leave_in_any_order(void **state)
{
    enum { COUNT = 4 };
    static const int orders[][COUNT] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}, {2, 0, 3, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        struct world w;
        struct ike_sa sa[COUNT];
        begin(&w);
        for (int k = 0; k < COUNT; k++) {
            sa[k] = between(name(ID_FQDN, "hub"), name(ID_FQDN, "one"));
            sa[k].phase = k == 0 ? PHASE_KEYED : PHASE_UP;
            peers_enter(&w.e, &sa[k]);
            peers_enter(&w.e, &sa[k]); /* once more is not twice */
        }
        for (int gone = 0; gone < COUNT; gone++) {
            int count = 0;
            peers_leave(&w.e, &sa[orders[i][gone]]);
            peers_leave(&w.e, &sa[orders[i][gone]]);
            for (struct ike_sa *at = peers_first(&w.e, &sa[0]); at; at = at->next_same_peer)
                count++;
            assert_int_equal(count, COUNT - 1 - gone);
        }
        assert_null(peers_up(&w.e, &sa[1]));
        end(&w);
    }
}

static void one_that_is_not_up_yet_is_there_but_not_up(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    struct ike_sa coming = between(name(ID_FQDN, "hub"), name(ID_FQDN, "one")), up = coming,
                  asks = coming;
    coming.phase = PHASE_KEYED;
    peers_enter(&w.e, &coming);
    assert_non_null(peers_first(&w.e, &asks));
    assert_null(peers_up(&w.e, &asks));
    peers_enter(&w.e, &up);
    assert_ptr_equal(peers_up(&w.e, &asks), &up);
    assert_null(peers_up(&w.e, &up)); /* another one, not itself */
    peers_leave(&w.e, &coming);
    peers_leave(&w.e, &up);
    end(&w);
}

static void without_memory_an_sa_is_not_found_and_nothing_breaks(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    struct ike_sa sa = between(name(ID_FQDN, "hub"), name(ID_FQDN, "one"));
    w.memory.fail_at = 1;
    peers_enter(&w.e, &sa);
    assert_null(peers_first(&w.e, &sa));
    peers_leave(&w.e, &sa);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_hosts_are_equal_in_either_case),
        cmocka_unit_test(both_identities_and_their_types_count),
        cmocka_unit_test(sas_leave_in_any_order),
        cmocka_unit_test(one_that_is_not_up_yet_is_there_but_not_up),
        cmocka_unit_test(without_memory_an_sa_is_not_found_and_nothing_breaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
