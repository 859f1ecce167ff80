/* codec: packets and messages of the control protocol, built, read, and refused. */
#include "../support/unit.h"

#include "vici/codec.h"

#include <stdlib.h>
#include <string.h>

static struct vici_out out;

static int begin(void **state)
{
    (void)state;
    vici_out_init(&out);
    return 0;
}

static int end(void **state)
{
    (void)state;
    vici_out_free(&out);
    return 0;
}

/* ---- building -------------------------------------------------------------------------------- */

static void the_example_of_the_protocol_is_built(void **state)
{
    (void)state;
    struct bytes segment,
        expected = hex("00000018 00 08 6c6973742d736173 03 07 6e6f626c6f636b 0003 796573");
    vici_begin(&out, VICI_CMD_REQUEST, "list-sas");
    vici_key_bool(&out, "noblock", true);
    assert_true(vici_finish(&out, &segment));
    assert_bytes_equal(segment, expected);
    free_bytes(expected);
}

static void build_everything(void)
{
    vici_begin(&out, VICI_EVENT, "list-sa");
    vici_section(&out, "home");
    vici_key_uint(&out, "uniqueid", 42);
    vici_key_int(&out, "rekey-time", -3);
    vici_key_hex(&out, "spi", 0xabc, 8);
    vici_list(&out, "key-exchanges");
    vici_item_str(&out, "CURVE_25519");
    vici_item(&out, BYTES_LIT("ML_KEM_768"));
    vici_list_end(&out);
    vici_section(&out, "child-sas");
    vici_section(&out, "net-1");
    vici_keyf(&out, "state", "%s", "INSTALLED");
    vici_section_end(&out);
    vici_section_end(&out);
    vici_key_bool(&out, "quantum-safe", false);
    vici_section_end(&out);
    vici_list(&out, "empty");
    vici_list_end(&out);
}

static struct bytes packet_of(struct bytes segment)
{
    assert_int_equal(get_u32(segment.at), segment.len - 4);
    return exact(bytes_make(segment.at + 4, segment.len - 4));
}

static void what_is_built_is_read(void **state)
{
    (void)state;
    static const enum vici_element expected[] = {
        VICI_SECTION_START, VICI_KEY_VALUE, VICI_KEY_VALUE, VICI_KEY_VALUE,
        VICI_LIST_START, VICI_LIST_ITEM, VICI_LIST_ITEM, VICI_LIST_END,
        VICI_SECTION_START, VICI_SECTION_START, VICI_KEY_VALUE, VICI_SECTION_END,
        VICI_SECTION_END, VICI_KEY_VALUE, VICI_SECTION_END, VICI_LIST_START,
        VICI_LIST_END, VICI_END, VICI_END};
    struct bytes segment, value;
    struct vici_packet p;
    build_everything();
    assert_true(vici_finish(&out, &segment));
    struct bytes packet = packet_of(segment);
    assert_true(vici_packet_read(packet, &p));
    assert_int_equal(p.type, VICI_EVENT);
    assert_bytes_equal(p.name, BYTES_LIT("list-sa"));
    struct vici_in in = vici_in_make(p.message);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_int_equal(vici_next(&in), expected[i]);

    assert_int_equal(vici_find_int(p.message, "home.uniqueid", 0), 42);
    assert_int_equal(vici_find_int(p.message, "home.rekey-time", 0), -3);
    assert_true(vici_find(p.message, "home.spi", &value) &&
                bytes_equal(value, BYTES_LIT("00000abc")));
    assert_true(vici_find(p.message, "home.child-sas.net-1.state", &value) &&
                bytes_equal(value, BYTES_LIT("INSTALLED")));
    assert_false(vici_find_bool(p.message, "home.quantum-safe", true));
    assert_true(vici_find_bool(p.message, "home.spi", true)); /* no truth value: the fallback */
    assert_int_equal(vici_find_int(p.message, "home.child-sas.net-1.state", 5), 5);
    assert_false(vici_find(p.message, "home.state", &value) ||
                 vici_find(p.message, "away.uniqueid", &value) ||
                 vici_find(p.message, "home", &value));

    in = vici_in_make(p.message);
    assert_int_equal(vici_next(&in), VICI_SECTION_START);
    struct bytes home = vici_content(&in);
    assert_int_equal(vici_next(&in), VICI_LIST_START);
    assert_true(vici_skip(&in));
    assert_int_equal(vici_next(&in), VICI_END);
    assert_true(vici_find_list(home, "key-exchanges", &in));
    assert_true(vici_next(&in) == VICI_LIST_ITEM &&
                bytes_equal(in.value, BYTES_LIT("CURVE_25519")));
    assert_true(vici_next(&in) == VICI_LIST_ITEM && bytes_equal(in.value, BYTES_LIT("ML_KEM_768")));
    assert_int_equal(vici_next(&in), VICI_LIST_END);
    free_bytes(packet);
}

static void impossible_messages_are_not_built(void **state)
{
    (void)state;
    struct bytes segment;
    uint8_t *large = calloc(1, VICI_VALUE_MAX + 1);
    char long_name[VICI_NAME_MAX + 2];
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
#define REFUSED(steps) \
    do { \
        vici_begin(&out, VICI_CMD_RESPONSE, NULL); \
        steps; \
        assert_false(vici_finish(&out, &segment)); \
        assert_int_equal(segment.len, 0); \
    } while (0)
    REFUSED(vici_section(&out, "a"));
    REFUSED(vici_section_end(&out));
    REFUSED(vici_list(&out, "a"));
    REFUSED(vici_item_str(&out, "x"));
    REFUSED(vici_list(&out, "a"); vici_key_str(&out, "k", "v"); vici_list_end(&out));
    REFUSED(vici_list(&out, "a"); vici_list(&out, "b"); vici_list_end(&out));
    REFUSED(vici_key_str(&out, "a\n", "v"));
    REFUSED(vici_key_str(&out, long_name, "v"));
    REFUSED(vici_key(&out, "k", bytes_make(large, VICI_VALUE_MAX + 1)));
    REFUSED(for (int i = 0; i < VICI_DEPTH_MAX + 1; i++) vici_section(&out, "s");
            for (int i = 0; i < VICI_DEPTH_MAX + 1; i++) vici_section_end(&out));
    REFUSED(for (int i = 0; i < 9; i++) vici_key(&out, "k", bytes_make(large, VICI_VALUE_MAX)));
#undef REFUSED
    vici_begin(&out, VICI_CMD_REQUEST, NULL);
    assert_false(vici_finish(&out, &segment));
    vici_begin(&out, VICI_CMD_RESPONSE, NULL); /* a fault does not outlive its message */
    vici_key(&out, "k", bytes_make(large, VICI_VALUE_MAX));
    vici_section(&out, "");
    vici_section_end(&out);
    assert_true(vici_finish(&out, &segment));
    free(large);
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool is_read(const char *octets)
{
    struct bytes packet = hex(octets);
    struct vici_packet p;
    bool good = vici_packet_read(packet, &p);
    free_bytes(packet);
    return good;
}

static void packets_of_every_type_are_read(void **state)
{
    (void)state;
    assert_true(is_read("00 01 61"));
    assert_true(is_read("01"));
    assert_true(is_read("02"));
    assert_true(is_read("03 01 61"));
    assert_true(is_read("04 01 61"));
    assert_true(is_read("05"));
    assert_true(is_read("06"));
    assert_true(is_read("07 01 61"));
    assert_true(is_read("01 03 01 6b 0001 76"));
    assert_true(is_read("01 01 01 61 01 01 62 02 02"));
    assert_true(is_read("01 04 01 61 05 0000 05 0001 ff 06"));
}

static void malformed_packets_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",            /* nothing */
        "08",          /* unknown type */
        "00",          /* no name */
        "00 00",       /* an empty name */
        "00 02 61",    /* a name cut off */
        "00 01 0a",    /* a name that is not printable */
        "02 00",       /* something behind the end */
        "03 01 61 03", /* a register with a message */
        "01 00",       /* unknown element */
        "01 07",       /* unknown element */
        "01 03",       /* cut off in every part of a key */
        "01 03 01",
        "01 03 01 6b",
        "01 03 01 6b 00",
        "01 03 01 6b 0001",
        "01 01 01 61",                  /* an open section */
        "01 02",                        /* a section's end without section */
        "01 04 01 61",                  /* an open list */
        "01 05 0000",                   /* an item outside of a list */
        "01 06",                        /* a list's end without list */
        "01 04 01 61 03 01 6b 0000 06", /* a key in a list */
        "01 04 01 61 04 01 62 06 06",   /* a list in a list */
        "01 04 01 61 01 01 62 02 06",   /* a section in a list */
        "01 04 01 61 02 06",            /* a section's end in a list */
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (is_read(wrong[i]))
            fail_msg("was read: %s", wrong[i]);
    }
}

static void every_cut_and_every_flip_is_survived(void **state)
{
    (void)state;
    struct bytes segment;
    struct vici_packet p;
    build_everything();
    assert_true(vici_finish(&out, &segment));
    struct bytes packet = packet_of(segment);
    for (size_t len = 0; len < packet.len; len++) {
        struct bytes cut = exact(bytes_make(packet.at, len));
        vici_packet_read(cut, &p);
        free_bytes(cut);
    }
    for (size_t bit = 0; bit < packet.len * 8; bit++) {
        uint8_t *at = (uint8_t *)(uintptr_t)packet.at;
        struct bytes value;
        at[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (vici_packet_read(packet, &p))
            vici_find(p.message, "home.child-sas.net-1.state", &value);
        at[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    free_bytes(packet);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    uint8_t deep[1 + 3 * (VICI_DEPTH_MAX + 1) + VICI_DEPTH_MAX + 1] = {VICI_CMD_RESPONSE};
    struct vici_packet p;
    for (unsigned depth = VICI_DEPTH_MAX; depth <= VICI_DEPTH_MAX + 1; depth++) {
        uint8_t *at = deep + 1;
        for (unsigned i = 0; i < depth; i++) {
            memcpy(at, "\x01\x01s", 3);
            at += 3;
        }
        memset(at, VICI_SECTION_END, depth);
        assert_int_equal(vici_packet_read(bytes_make(deep, (size_t)(at - deep) + depth), &p),
                         depth == VICI_DEPTH_MAX);
    }
}

/* ---- framing --------------------------------------------------------------------------------- */

static void a_stream_is_cut_into_packets(void **state)
{
    (void)state;
    static const uint8_t stream[] = {0, 0, 0, 1, 5, 0, 0, 0, 0, 0, 0,
                                     0, 3, 0, 1, 'a', 0, 0, 0, 1, 6};
    static const size_t lens[] = {1, 0, 3, 1};
    for (size_t step = 1; step <= sizeof stream; step++) {
        struct vici_frames f;
        struct bytes packet;
        size_t seen = 0;
        vici_frames_init(&f);
        for (size_t at = 0; at < sizeof stream; at += step) {
            size_t len = sizeof stream - at < step ? sizeof stream - at : step;
            assert_true(vici_frames_put(&f, bytes_make(stream + at, len)));
            while (vici_frames_take(&f, &packet))
                assert_int_equal(packet.len, lens[seen++]);
        }
        assert_int_equal(seen, 4);
        vici_frames_free(&f);
    }
}

static void a_segment_over_the_limit_is_a_fault(void **state)
{
    (void)state;
    struct vici_frames f;
    struct bytes packet;
    vici_frames_init(&f);
    assert_true(vici_frames_put(&f, BYTES_LIT("\x00\x08\x00\x00"))); /* the limit itself */
    assert_false(vici_frames_take(&f, &packet));
    vici_frames_free(&f);
    assert_false(vici_frames_put(&f, BYTES_LIT("\x00\x08\x00\x01")));
    assert_true(f.fault);
    assert_false(vici_frames_put(&f, BYTES_LIT("x")) || vici_frames_take(&f, &packet));
    vici_frames_free(&f);
    assert_true(vici_frames_put(
        &f,
        BYTES_LIT(
            "\x00\x00\x00\x01\x05\xff\xff\xff\xff"))); /* a good one before it is still served */
    assert_true(vici_frames_take(&f, &packet));
    assert_false(vici_frames_take(&f, &packet));
    assert_true(f.fault);
    vici_frames_free(&f);
}

static bool holds(const struct vici_frames *f, const char *word)
{
    return f->at && memmem(f->at, f->cap, word, strlen(word));
}

static void what_was_taken_is_wiped(void **state)
{
    struct vici_frames f;
    struct bytes packet;
    uint8_t segment[4 + 3000] = {0, 0, 0x0b, 0xb8};
    (void)state;
    memcpy(segment + 4, "a private key", 13);
    vici_frames_init(&f);
    assert_true(vici_frames_put(&f, bytes_make(segment, 5))); /* in pieces: the buffer grows */
    assert_true(vici_frames_put(&f, bytes_make(segment + 5, sizeof segment - 5)));
    assert_true(vici_frames_put(&f, BYTES_LIT("\0\0\0\4next")));
    assert_true(vici_frames_take(&f, &packet));
    assert_int_equal(packet.len, 3000);
    assert_true(holds(&f, "private key"));
    vici_frames_forget(&f);
    assert_false(holds(&f, "private key"));
    assert_true(vici_frames_take(&f, &packet));
    assert_true(bytes_equal(packet, BYTES_LIT("next")));
    assert_true(vici_frames_put(&f, BYTES_NONE)); /* forgets as well */
    assert_false(holds(&f, "next"));
    vici_frames_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_protocol_is_built),
        cmocka_unit_test(what_is_built_is_read),
        cmocka_unit_test(impossible_messages_are_not_built),
        cmocka_unit_test(packets_of_every_type_are_read),
        cmocka_unit_test(malformed_packets_are_refused),
        cmocka_unit_test(every_cut_and_every_flip_is_survived),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(a_stream_is_cut_into_packets),
        cmocka_unit_test(a_segment_over_the_limit_is_a_fault),
        cmocka_unit_test(what_was_taken_is_wiped),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
