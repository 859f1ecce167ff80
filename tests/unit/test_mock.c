/* mock: it remembers what it was told. */
#include "../support/unit.h"

#include "dataplane/mock.h"

static struct ike_plane make_add(uint32_t id, uint8_t key)
{
    static const struct selector all = {
        .family = ADDR_V4, .to = {255, 255, 255, 255}, .to_port = UINT16_MAX};
    struct ike_plane p = {.op = PLANE_ADD,
                          .child = {.id = id, .spi_in = id + 100, .spi_out = id + 200}};
    p.child.local_ts = p.child.remote_ts = (struct selectors){1, &all};
    p.in.encr = p.out.encr = (struct secret){.len = 36};
    memset(p.in.encr.data, key, 36);
    return p;
}

static void it_remembers_what_is_installed(void **state)
{
    (void)state;
    struct dataplane *m = mock_new();
    struct ike_plane one = make_add(1, 7), two = make_add(2, 8),
                     gone = {.op = PLANE_REMOVE, .child = {.id = 1}};
    assert_true(m->apply(m->self, 0, &one));
    assert_true(m->apply(m->self, 0, &two));
    assert_int_equal(mock_counts(m).installed, 2);
    assert_int_equal(mock_child(m, 0)->id, 1);
    assert_int_equal(mock_child_by_id(m, 2)->spi_out, 202);
    assert_int_equal(mock_child_by_id(m, 2)->local_ts.count, 1);
    assert_true(m->apply(m->self, 0, &gone));
    assert_null(mock_child_by_id(m, 1));
    assert_int_equal(mock_child(m, 0)->id, 2);
    assert_null(mock_child(m, 1));
    assert_int_equal(mock_counts(m).adds, 2);
    assert_int_equal(mock_counts(m).removes, 1);
    m->close(m->self);
}

static void fingerprints_tell_whether_two_hosts_agree(void **state)
{
    (void)state;
    struct dataplane *m = mock_new(), *other = mock_new();
    struct ike_plane ours = make_add(1, 7), theirs = make_add(9, 0);
    theirs.out = ours.in;
    assert_true(m->apply(m->self, 0, &ours));
    assert_true(other->apply(other->self, 0, &theirs));
    assert_true(mock_child(m, 0)->key_in == mock_child(other, 0)->key_out);
    assert_true(mock_child(m, 0)->key_in != mock_child(m, 0)->key_out);
    m->close(m->self);
    other->close(other->self);
}

static void a_move_changes_the_path(void **state)
{
    (void)state;
    struct dataplane *m = mock_new();
    struct ike_plane one = make_add(1, 7),
                     move = {.op = PLANE_MOVE,
                             .child = {.id = 1, .encap = true, .path.remote.port = 4501}};
    assert_true(m->apply(m->self, 0, &one));
    assert_true(m->apply(m->self, 0, &move));
    assert_int_equal(mock_child(m, 0)->path.remote.port, 4501);
    assert_true(mock_child(m, 0)->encap);
    m->close(m->self);
}

static void it_fails_when_told_to(void **state)
{
    (void)state;
    struct dataplane *m = mock_new();
    struct plane_report r;
    struct ike_plane one = make_add(1, 7);
    mock_fail_next(m, "no room");
    assert_false(m->apply(m->self, 0, &one));
    assert_true(m->report(m->self, &r));
    assert_int_equal(r.kind, REPORT_FAILED);
    assert_int_equal(r.child_id, 1);
    assert_string_equal(r.text, "no room");
    assert_false(m->report(m->self, &r));
    assert_true(m->apply(m->self, 0, &one));
    assert_false(m->apply(m->self, 0, &one)); /* the id is taken */
    assert_int_equal(mock_counts(m).refused, 2);
    m->close(m->self);
}

static void sightings_limits_and_usage_can_be_set(void **state)
{
    (void)state;
    struct dataplane *m = mock_new();
    struct endpoint from = {{ADDR_V4, {192, 0, 2, 1}}, 4500};
    struct ike_plane one = make_add(1, 7);
    struct plane_usage u = {.in_bytes = 5};
    struct plane_report r;
    assert_false(m->usage(m->self, 1, &u));
    assert_true(m->apply(m->self, 0, &one));
    assert_true(mock_set_usage(m, 1, &(struct plane_usage){.in_bytes = 77}));
    assert_true(m->usage(m->self, 1, &u));
    assert_int_equal(u.in_bytes, 77);
    mock_see(m, 1, &from);
    assert_true(m->report(m->self, &r));
    assert_int_equal(r.kind, REPORT_SEEN);
    assert_true(endpoint_equal(&r.from, &from));
    mock_exhaust(m, 1, true);
    assert_true(m->report(m->self, &r));
    assert_int_equal(r.kind, REPORT_LIMIT);
    assert_int_equal(r.child_id, 1);
    assert_true(r.hard);
    assert_int_equal(m->descriptors(m->self)[0], -1);
    m->close(m->self);
}

static void traps_are_remembered_and_acquire_when_told_to(void **state)
{
    (void)state;
    struct dataplane *m = mock_new();
    struct ike_plane one = make_add(1, 7);
    struct plane_trap trap = {.id = 5, .local_ts = one.child.local_ts, .remote_ts = one.child.remote_ts};
    struct plane_report r;
    char why[160];
    assert_true(m->trap(m->self, &trap, why, sizeof why));
    trap.id = 6;
    assert_true(m->trap(m->self, &trap, why, sizeof why));
    assert_int_equal(mock_counts(m).traps, 2);
    assert_int_equal(mock_trap(m, 0)->id, 5);
    m->untrap(m->self, 5);
    m->untrap(m->self, 5);
    assert_int_equal(mock_counts(m).traps, 1);
    assert_int_equal(mock_trap(m, 0)->remote_ts.count, 1);
    mock_acquire(m, 6);
    assert_true(m->report(m->self, &r));
    assert_int_equal(r.kind, REPORT_ACQUIRE);
    assert_int_equal(r.child_id, 6);
    m->close(m->self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_remembers_what_is_installed),
        cmocka_unit_test(fingerprints_tell_whether_two_hosts_agree),
        cmocka_unit_test(a_move_changes_the_path),
        cmocka_unit_test(it_fails_when_told_to),
        cmocka_unit_test(sightings_limits_and_usage_can_be_set),
        cmocka_unit_test(traps_are_remembered_and_acquire_when_told_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
