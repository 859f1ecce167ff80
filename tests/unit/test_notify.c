/* notify: bodies are read as their RFCs draw them, written the same, and refused when they cannot be. */
#include "../support/unit.h"
#include "wire/notify.h"

static uint8_t buffer[512];
static struct writer w;

static int set_up(void **state)
{
    (void)state;
    w = writer_make(buffer, sizeof buffer);
    return 0;
}

static void check_written(struct bytes data)
{
    assert_false(w.fault);
    assert_bytes_equal(writer_view(&w), data);
    w = writer_make(buffer, sizeof buffer);
    free_bytes(data);
}

static void numbers_have_their_exact_length(void **state)
{
    (void)state;
    uint16_t method;
    uint32_t u32;
    uint8_t u8;
    assert_true(notify_invalid_ke_read(BYTES_LIT("\x00\x24"), &method));
    assert_int_equal(method, 36);
    assert_false(notify_invalid_ke_read(BYTES_LIT("\x24"), &method));
    assert_false(notify_invalid_ke_read(BYTES_LIT("\x00\x24\x00"), &method));
    assert_true(notify_u32_read(BYTES_LIT("\x00\x00\x00\x05"), &u32));
    assert_int_equal(u32, 5);
    assert_false(notify_u32_read(BYTES_LIT("\x00\x00\x05"), &u32));
    assert_true(notify_u8_read(BYTES_LIT("\x36"), &u8));
    assert_int_equal(u8, 54);
    assert_false(notify_u8_read(BYTES_NONE, &u8));
    notify_invalid_ke_write(&w, 36);
    notify_u32_write(&w, 5);
    notify_u8_write(&w, 54);
    check_written(hex("0024 00000005 36"));
}

static void hash_algorithms_are_a_list_of_numbers(void **state)
{
    (void)state;
    struct reader r = reader_make(BYTES_LIT("\x00\x02\x00\x05\x00"));
    uint16_t hash;
    assert_true(notify_hashes_next(&r, &hash));
    assert_int_equal(hash, HASH_SHA2_256);
    assert_true(notify_hashes_next(&r, &hash));
    assert_int_equal(hash, HASH_IDENTITY);
    assert_false(notify_hashes_next(&r, &hash));
    notify_hashes_write(&w, (const uint16_t[]){HASH_SHA2_256, HASH_IDENTITY}, 2);
    check_written(hex("0002 0005"));
}

static void an_address_shows_its_family_by_its_length(void **state)
{
    (void)state;
    struct addr a;
    assert_true(notify_address_read(BYTES_LIT("\xc0\x00\x02\x01"), &a));
    assert_int_equal(a.family, ADDR_V4);
    notify_address_write(&w, &a);
    check_written(hex("c0000201"));
    struct bytes v6 = hex("20010db8000000000000000000000001");
    assert_true(notify_address_read(v6, &a));
    assert_int_equal(a.family, ADDR_V6);
    notify_address_write(&w, &a);
    check_written(v6);
    assert_false(notify_address_read(BYTES_LIT("\xc0\x00\x02"), &a));
    assert_false(notify_address_read(BYTES_NONE, &a));
    a.family = ADDR_NONE;
    notify_address_write(&w, &a);
    assert_true(w.fault);
}

static void ip_compression_has_an_index_and_a_transform(void **state)
{
    (void)state;
    struct notify_ipcomp c;
    assert_true(notify_ipcomp_read(BYTES_LIT("\x12\x34\x02"), &c));
    assert_int_equal(c.cpi, 0x1234);
    assert_int_equal(c.transform, 2);
    notify_ipcomp_write(&w, &c);
    check_written(hex("1234 02"));
    assert_false(notify_ipcomp_read(BYTES_LIT("\x12\x34"), &c));
}

static void a_redirect_names_a_gateway_and_may_bind_a_nonce(void **state)
{
    (void)state;
    struct notify_redirect g;
    struct bytes data = hex("01 04 c0000201 aabb");
    assert_true(notify_redirect_read(data, &g));
    assert_int_equal(g.type, GATEWAY_IPV4);
    assert_int_equal(g.gateway.len, 4);
    assert_int_equal(g.nonce.len, 2);
    notify_redirect_write(&w, &g);
    check_written(data);
    assert_true(notify_redirect_read(BYTES_LIT("\x03\x02gw"), &g));
    assert_int_equal(g.nonce.len, 0);
    assert_false(notify_redirect_read(BYTES_LIT("\x03\x03gw"), &g));
    assert_false(notify_redirect_read(BYTES_LIT("\x03\x00"), &g));
    assert_false(notify_redirect_read(BYTES_LIT("\x01\x03\x01\x02\x03"), &g));
    assert_false(notify_redirect_read(BYTES_LIT("\x02\x04\x01\x02\x03\x04"), &g));
    assert_false(notify_redirect_read(BYTES_LIT("\x01"), &g));
}

static void fields_that_are_too_long_are_not_written(void **state)
{
    (void)state;
    static const uint8_t name[256];
    notify_redirect_write(&w, &(struct notify_redirect){.type = GATEWAY_FQDN, .gateway = BYTES_OF(name)});
    assert_true(w.fault);
    w = writer_make(buffer, sizeof buffer);
    notify_ppk_key_write(&w, &(struct notify_ppk_key){.ppk.id = BYTES_LIT("id"), .confirmation = BYTES_LIT("short")});
    assert_true(w.fault);
}

static void a_ticket_has_a_lifetime(void **state)
{
    (void)state;
    struct notify_ticket t;
    assert_true(notify_ticket_read(BYTES_LIT("\x00\x00\x0e\x10tick"), &t));
    assert_int_equal(t.lifetime, 3600);
    notify_ticket_write(&w, &t);
    check_written(hex("00000e10 7469636b"));
    assert_false(notify_ticket_read(BYTES_LIT("\x00\x00\x0e\x10"), &t)); /* no ticket */
    assert_false(notify_ticket_read(BYTES_LIT("\x00\x0e\x10"), &t));
}

static void a_ppk_identity_has_a_type_and_a_name(void **state)
{
    (void)state;
    struct notify_ppk p;
    struct notify_ppk_key k;
    assert_true(notify_ppk_read(BYTES_LIT("\x02ppk1"), &p));
    assert_int_equal(p.type, PPK_FIXED);
    assert_bytes_equal(p.id, BYTES_LIT("ppk1"));
    assert_false(notify_ppk_read(BYTES_LIT("\x02"), &p));
    assert_false(notify_ppk_read(BYTES_NONE, &p));

    assert_true(notify_ppk_key_read(BYTES_LIT("\x02ppk1CONFIRM8"), &k));
    assert_bytes_equal(k.ppk.id, BYTES_LIT("ppk1"));
    assert_bytes_equal(k.confirmation, BYTES_LIT("CONFIRM8"));
    notify_ppk_key_write(&w, &k);
    check_written(exact(BYTES_LIT("\x02ppk1CONFIRM8")));
    assert_false(notify_ppk_key_read(BYTES_LIT("\x02"
                                               "CONFIRM8"),
                                     &k));
    assert_false(notify_ppk_key_read(BYTES_LIT("CONFIRM8"), &k));
    assert_false(notify_ppk_key_read(BYTES_LIT("short"), &k));
}

/* RFC 9593 3.2: the three shapes. */
static void authentication_methods_are_announced_in_three_shapes(void **state)
{
    (void)state;
    struct bytes data = hex("02 02  03 01 02  0a 0e 00 30050603 2b6570");
    struct reader r = reader_make(data);
    struct auth_announcement a;
    assert_true(notify_auth_methods_next(&r, &a));
    assert_int_equal(a.method, AUTH_PSK);
    assert_false(a.has_link);
    notify_auth_methods_write(&w, &a);
    assert_true(notify_auth_methods_next(&r, &a));
    assert_int_equal(a.method, AUTH_RSA);
    assert_true(a.has_link);
    assert_int_equal(a.link, 2);
    notify_auth_methods_write(&w, &a);
    assert_true(notify_auth_methods_next(&r, &a));
    assert_int_equal(a.method, AUTH_DIGITAL_SIGNATURE);
    assert_int_equal(a.algorithm.len, 7);
    notify_auth_methods_write(&w, &a);
    assert_false(notify_auth_methods_next(&r, &a));
    check_written(data);
}

static void what_follows_a_bad_announcement_is_ignored(void **state)
{
    (void)state;
    static const char *const bad[] = {"00 0202", "01 0202", "05 0e 00", "02"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct bytes data = hex(bad[i]);
        struct reader r = reader_make(data);
        struct auth_announcement a;
        assert_false(notify_auth_methods_next(&r, &a));
        assert_false(notify_auth_methods_next(&r, &a));
        free_bytes(data);
    }
    notify_auth_methods_write(&w, &(struct auth_announcement){.method = 14, .algorithm = BYTES_LIT("x")});
    assert_true(w.fault);
}

static void synchronisation_and_puzzles_have_fixed_fields(void **state)
{
    (void)state;
    struct notify_id_sync s;
    struct notify_puzzle p;
    uint64_t step;
    struct bytes data = hex("01020304 00000005 00000006");
    assert_true(notify_id_sync_read(data, &s));
    assert_int_equal(s.nonce, 0x01020304);
    assert_int_equal(s.send_mid, 5);
    assert_int_equal(s.receive_mid, 6);
    notify_id_sync_write(&w, &s);
    check_written(data);
    assert_false(notify_id_sync_read(BYTES_LIT("12345678901"), &s));

    assert_true(notify_counter_sync_read(BYTES_LIT("\0\0\0\x07"), &step));
    assert_int_equal(step, 7);
    assert_true(notify_counter_sync_read(BYTES_LIT("\0\0\0\x01\0\0\0\x07"), &step));
    assert_int_equal(step, UINT64_C(0x100000007));
    assert_false(notify_counter_sync_read(BYTES_LIT("12345"), &step));
    notify_counter_sync_write(&w, 7, false);
    notify_counter_sync_write(&w, 7, true);
    check_written(hex("00000007 0000000000000007"));

    assert_true(notify_puzzle_read(BYTES_LIT("\0\x05\x14"), &p));
    assert_int_equal(p.prf, 5);
    assert_int_equal(p.difficulty, 20);
    notify_puzzle_write(&w, &p);
    check_written(hex("0005 14"));
    assert_false(notify_puzzle_read(BYTES_LIT("\0\x05"), &p));
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(numbers_have_their_exact_length),
        TEST(hash_algorithms_are_a_list_of_numbers),
        TEST(an_address_shows_its_family_by_its_length),
        TEST(ip_compression_has_an_index_and_a_transform),
        TEST(a_redirect_names_a_gateway_and_may_bind_a_nonce),
        TEST(fields_that_are_too_long_are_not_written),
        TEST(a_ticket_has_a_lifetime),
        TEST(a_ppk_identity_has_a_type_and_a_name),
        TEST(authentication_methods_are_announced_in_three_shapes),
        TEST(what_follows_a_bad_announcement_is_ignored),
        TEST(synchronisation_and_puzzles_have_fixed_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
