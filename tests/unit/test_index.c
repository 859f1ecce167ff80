/* index: SAs found by who talks to whom, and by their connection. */
#include "../support/unit.h"

#include "ike/index.h"

struct world {
    struct memory memory;
    struct ike_engine e;
};

static void begin(struct world *w)
{
    *w = (struct world){0};
    memory_make(&w->memory);
    w->e.seed = (struct siphash_key){1, 2};
    for (int i = 0; i < INDEXES; i++)
        w->e.index[i] = table_make(&w->memory.alloc, 3);
}

static void end(struct world *w)
{
    for (int i = 0; i < INDEXES; i++) {
        assert_int_equal(w->e.index[i].count, 0);
        table_free(&w->e.index[i]);
    }
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
        index_enter(&w.e, &a, INDEX_PEER);
        assert_ptr_equal(index_first(&w.e, &b, INDEX_PEER), cases[i].equal ? &a : NULL);
        index_leave(&w.e, &a, INDEX_PEER);
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
    index_enter(&w.e, &a, INDEX_PEER);
    assert_null(index_first(&w.e, &other_type, INDEX_PEER));
    assert_null(index_first(&w.e, &other_way, INDEX_PEER));
    assert_null(index_first(&w.e, &other_name, INDEX_PEER));
    index_leave(&w.e, &a, INDEX_PEER);
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
            index_enter(&w.e, &sa[k], INDEX_PEER);
            index_enter(&w.e, &sa[k], INDEX_PEER); /* once more is not twice */
        }
        for (int gone = 0; gone < COUNT; gone++) {
            int count = 0;
            index_leave(&w.e, &sa[orders[i][gone]], INDEX_PEER);
            index_leave(&w.e, &sa[orders[i][gone]], INDEX_PEER);
            for (struct ike_sa *at = index_first(&w.e, &sa[0], INDEX_PEER); at; at = index_next(at, INDEX_PEER))
                count++;
            assert_int_equal(count, COUNT - 1 - gone);
        }
        assert_null(index_peer_up(&w.e, &sa[1]));
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
    index_enter(&w.e, &coming, INDEX_PEER);
    assert_non_null(index_first(&w.e, &asks, INDEX_PEER));
    assert_null(index_peer_up(&w.e, &asks));
    index_enter(&w.e, &up, INDEX_PEER);
    assert_ptr_equal(index_peer_up(&w.e, &asks), &up);
    assert_null(index_peer_up(&w.e, &up)); /* another one, not itself */
    index_leave(&w.e, &coming, INDEX_PEER);
    index_leave(&w.e, &up, INDEX_PEER);
    end(&w);
}

static void without_memory_an_sa_is_not_found_and_nothing_breaks(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    struct ike_sa sa = between(name(ID_FQDN, "hub"), name(ID_FQDN, "one"));
    w.memory.fail_at = 1;
    index_enter(&w.e, &sa, INDEX_PEER);
    assert_null(index_first(&w.e, &sa, INDEX_PEER));
    index_leave(&w.e, &sa, INDEX_PEER);
    end(&w);
}

static void connections_are_found_by_name(void **state)
{
    static const struct conf_conn hub = {.name = "hub"}, spoke = {.name = "spoke"};
    struct world w;
    (void)state;
    begin(&w);
    struct ike_sa sa[3] = {{.conn = &hub}, {.conn = &spoke}, {.conn = &hub}};
    for (int i = 0; i < 3; i++)
        index_enter(&w.e, &sa[i], INDEX_CONN);
    assert_ptr_equal(index_of_conn(&w.e, BYTES_LIT("hub")), &sa[2]);
    assert_ptr_equal(index_next(&sa[2], INDEX_CONN), &sa[0]);
    assert_null(index_next(&sa[0], INDEX_CONN));
    assert_ptr_equal(index_of_conn(&w.e, BYTES_LIT("spoke")), &sa[1]);
    assert_null(index_of_conn(&w.e, BYTES_LIT("hu")));
    for (int i = 0; i < 3; i++)
        index_leave(&w.e, &sa[i], INDEX_CONN);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_hosts_are_equal_in_either_case),
        cmocka_unit_test(both_identities_and_their_types_count),
        cmocka_unit_test(sas_leave_in_any_order),
        cmocka_unit_test(one_that_is_not_up_yet_is_there_but_not_up),
        cmocka_unit_test(connections_are_found_by_name),
        cmocka_unit_test(without_memory_an_sa_is_not_found_and_nothing_breaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
