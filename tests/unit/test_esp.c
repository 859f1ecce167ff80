/*
 * esp: seal and open for every suite, mode and size; what is refused, and what is left unchanged
 * then.
 */
#include "../support/unit.h"

#include <stdlib.h>

#include "crypto/ossl.h"
#include "esp/esp.h"

enum {
    SPI = 0xc0ffee01,
    SIZE_MAX_TESTED = 1500,
    BUFFER_LEN = ESP_HEADROOM + 2048 + ESP_TAILROOM,
};

static struct crypto *crypto;
static struct memory memory;

/* Both ends of one direction. */
struct pair {
    struct secret encr_key, integ_key;
    struct esp_params params;
    struct esp_pool pool;
    struct esp_out out;
    struct esp_in in;
};

static void pair_make(struct pair *p, const struct alg *encr, const struct alg *integ, bool esn,
                      bool transport, uint32_t window)
{
    *p = (struct pair){.encr_key.len = (uint8_t)(encr->key_len + encr->salt_len),
                       .integ_key.len = (uint8_t)(integ ? integ->key_len : 0)};
    memset(p->encr_key.data, 0x11, p->encr_key.len);
    memset(p->integ_key.data, 0x22, p->integ_key.len);
    p->pool = esp_pool_make(crypto);
    p->params = (struct esp_params){
        .crypto = crypto,
        .encr = encr,
        .integ = integ,
        .encr_key = &p->encr_key,
        .integ_key = &p->integ_key,
        .spi = SPI,
        .esn = esn,
        .transport = transport,
        .replay_window = window,
    };
    assert_true(esp_out_make(&p->out, &p->params, &p->pool));
    assert_true(esp_in_make(&p->in, &p->params, &memory.alloc));
}

static void pair_free(struct pair *p)
{
    esp_out_free(&p->out);
    esp_in_free(&p->in);
}

static void gcm_pair(struct pair *p, bool esn, bool transport)
{
    pair_make(p, alg_by_keyword(BYTES_LIT("aes256gcm16")), NULL, esn, transport, 64);
}

/* A packet of this length that a tunnel lets through, or anything for transport mode. */
static void fill(uint8_t *at, size_t len, uint8_t next_header)
{
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)(i * 7 + len);
    if (next_header == NEXT_IPV4) {
        at[0] = 0x45;
        put_u16(at + 2, (uint16_t)len);
    } else if (next_header == NEXT_IPV6) {
        at[0] = 0x60;
        put_u16(at + 4, (uint16_t)(len - 40));
    }
}

static struct bytes seal(struct pair *p, uint8_t buffer[BUFFER_LEN], size_t len,
                         uint8_t next_header)
{
    struct bytes packet;
    fill(buffer + ESP_HEADROOM, len, next_header);
    assert_int_equal(esp_seal(&p->out, buffer + ESP_HEADROOM, len, next_header, &packet), ESP_OK);
    return packet;
}

/* In a block of exact size, so that the address sanitizer sees each octet beyond. */
static enum esp_result open_copy(struct pair *p, struct bytes packet, struct esp_payload *out,
                                 bool *authentic)
{
    struct bytes copy = exact(packet);
    enum esp_result result =
        esp_open(&p->in, (uint8_t *)(uintptr_t)copy.at, copy.len, out, authentic);
    out->at = NULL;
    free_bytes(copy);
    return result;
}

static enum esp_result open_result(struct pair *p, struct bytes packet)
{
    struct esp_payload out;
    bool authentic;
    return open_copy(p, packet, &out, &authentic);
}

/* ---- round trips ----------------------------------------------------------------------------- */

static void round_trip(struct pair *p, size_t len, uint8_t next_header)
{
    uint8_t buffer[BUFFER_LEN], want[BUFFER_LEN];
    struct esp_payload out;
    bool authentic;
    fill(want, len, next_header);
    struct bytes packet = seal(p, buffer, len, next_header);
    assert_true(packet.at >= buffer &&
                packet.at + packet.len <= buffer + ESP_HEADROOM + len + ESP_TAILROOM);
    assert_int_equal(packet.len, esp_sealed_len(&p->out.form, len));
    struct bytes copy = exact(packet);
    assert_int_equal(esp_open(&p->in, (uint8_t *)(uintptr_t)copy.at, copy.len, &out, &authentic),
                     ESP_OK);
    assert_true(authentic);
    assert_int_equal(out.next_header, next_header);
    assert_bytes_equal(bytes_make(out.at, out.len), bytes_make(want, len));
    free_bytes(copy);
}

static const struct shape {
    uint8_t next_header;
    bool transport;
    size_t least;
} shapes[] = {{NEXT_IPV4, false, 20}, {NEXT_IPV6, false, 40}, {6, true, 1}};

static void all_sizes(const struct alg *encr, const struct alg *integ, bool esn)
{
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        struct pair p;
        pair_make(&p, encr, integ, esn, shapes[i].transport, 64);
        for (size_t len = shapes[i].least; len <= SIZE_MAX_TESTED;
             len += len < 80 || len > 1440 ? 1 : 11)
            round_trip(&p, len, shapes[i].next_header);
        pair_free(&p);
    }
}

static void with_each_integ(const struct alg *encr)
{
    const struct alg *integ;
    for (size_t i = 0; (integ = alg_at(i)); i++) {
        if (integ->type == 3 && crypto->has(crypto->self, integ)) {
            all_sizes(encr, integ, false);
            all_sizes(encr, integ, true);
        }
    }
}

static void every_suite_carries_every_size_in_every_mode(void **state)
{
    (void)state;
    const struct alg *encr;
    for (size_t i = 0; (encr = alg_at(i)); i++) {
        if (encr->type != 1)
            continue;
        assert_true(crypto->has(crypto->self, encr));
        if (encr->flags & ALG_AEAD) {
            all_sizes(encr, NULL, false);
            all_sizes(encr, NULL, true);
        } else {
            with_each_integ(encr);
        }
    }
}

static void room_and_length_are_inverse(void **state)
{
    (void)state;
    const struct alg *sha = alg_by_keyword(BYTES_LIT("sha256")), *encr;
    for (size_t i = 0; (encr = alg_at(i)); i++) {
        if (encr->type != 1)
            continue;
        struct esp_form f = esp_form(encr, sha, false);
        for (size_t len = 0; len <= 1500; len++) {
            size_t room = esp_payload_room(&f, len);
            assert_true(room == 0 || esp_sealed_len(&f, room) <= len);
            assert_true(esp_sealed_len(&f, room + 1) > len);
        }
    }
}

/* ---- IVs and sequence numbers ---------------------------------------------------------------- */

static void an_iv_never_comes_twice(void **state)
{
    (void)state;
    static const char *const encr[] = {"aes128gcm16", "chacha20poly1305", "aes128ccm16",
                                       "aes128ctr", "aes256"};
    enum { COUNT = 500 };
    for (size_t e = 0; e < sizeof encr / sizeof encr[0]; e++) {
        struct pair p;
        uint8_t ivs[COUNT][IV_LEN_MAX] = {{0}}, buffer[BUFFER_LEN];
        pair_make(&p, alg_by_keyword(bytes_str(encr[e])), alg_by_keyword(BYTES_LIT("sha256")), true,
                  true, 64);
        for (size_t i = 0; i < COUNT; i++) {
            struct bytes packet = seal(&p, buffer, 10, 6);
            memcpy(ivs[i], packet.at + 8, p.out.form.iv_len);
            for (size_t k = 0; k < i; k++)
                assert_memory_not_equal(ivs[i], ivs[k], IV_LEN_MAX);
        }
        pair_free(&p);
    }
}

static void the_last_sequence_number_is_used_and_none_after_it(void **state)
{
    (void)state;
    for (int esn = 0; esn <= 1; esn++) {
        struct pair p;
        uint8_t buffer[BUFFER_LEN];
        struct bytes packet;
        gcm_pair(&p, esn, true);
        p.out.seq = (esn ? UINT64_MAX : UINT32_MAX) - 1;
        p.in.replay.top = p.out.seq;
        assert_int_equal(open_result(&p, seal(&p, buffer, 100, 6)), ESP_OK);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(esp_seal(&p.out, buffer + ESP_HEADROOM, 100, 6, &packet),
                             ESP_EXHAUSTED);
            assert_int_equal(packet.len, 0);
        }
        pair_free(&p);
    }
}

static void an_extended_number_crosses_2_to_the_32(void **state)
{
    (void)state;
    static const char *const encr[] = {"aes128gcm16", "aes128"};
    for (size_t e = 0; e < 2; e++) {
        struct pair p;
        uint8_t buffer[BUFFER_LEN];
        pair_make(&p, alg_by_keyword(bytes_str(encr[e])), alg_by_keyword(BYTES_LIT("sha256")), true,
                  true, 64);
        p.out.seq = p.in.replay.top = UINT64_C(0xffffffff) - 20;
        for (int i = 0; i < 50; i++)
            assert_int_equal(open_result(&p, seal(&p, buffer, 40, 6)), ESP_OK);
        pair_free(&p);
    }
}

static void a_packet_of_the_wrong_subspace_is_not_authentic(void **state)
{
    (void)state;
    struct pair p;
    uint8_t buffer[BUFFER_LEN];
    gcm_pair(&p, true, true);
    struct bytes packet = seal(&p, buffer, 40, 6);
    p.in.replay.top = UINT64_C(5) << 32;
    assert_int_equal(open_result(&p, packet), ESP_AUTH);
    pair_free(&p);
}

/* ---- replays --------------------------------------------------------------------------------- */

static void a_packet_is_taken_once(void **state)
{
    (void)state;
    struct pair p;
    uint8_t buffer[BUFFER_LEN];
    gcm_pair(&p, false, false);
    struct bytes packet = exact(seal(&p, buffer, 100, NEXT_IPV4));
    assert_int_equal(open_result(&p, packet), ESP_OK);
    assert_int_equal(open_result(&p, packet), ESP_REPLAY);
    free_bytes(packet);
    pair_free(&p);
}

static void without_a_window_repeats_pass(void **state)
{
    (void)state;
    struct pair p;
    uint8_t buffer[BUFFER_LEN];
    pair_make(&p, alg_by_keyword(BYTES_LIT("aes128gcm16")), NULL, false, false, 0);
    struct bytes packet = exact(seal(&p, buffer, 100, NEXT_IPV4));
    assert_int_equal(open_result(&p, packet), ESP_OK);
    assert_int_equal(open_result(&p, packet), ESP_OK);
    free_bytes(packet);
    pair_free(&p);
}

static void sixty_four_packets_arrive_in_any_order(void **state)
{
    (void)state;
    struct dice d = {7};
    struct pair p;
    struct bytes packet[64];
    uint8_t buffer[BUFFER_LEN];
    gcm_pair(&p, true, false);
    for (size_t i = 0; i < 64; i++)
        packet[i] = exact(seal(&p, buffer, 60 + i, NEXT_IPV4));
    for (size_t i = 63; i > 0; i--) {
        size_t k = dice_below(&d, i + 1);
        struct bytes kept = packet[i];
        packet[i] = packet[k];
        packet[k] = kept;
    }
    for (size_t i = 0; i < 64; i++)
        assert_int_equal(open_result(&p, packet[i]), ESP_OK);
    for (size_t i = 0; i < 64; i++) {
        assert_int_equal(open_result(&p, packet[i]), ESP_REPLAY);
        free_bytes(packet[i]);
    }
    pair_free(&p);
}

/* ---- tampering ------------------------------------------------------------------------------- */

/*
 * A forged packet must not move the window: the real one, with the same number, must still get in.
 */
static void a_forgery_changes_nothing(void **state)
{
    (void)state;
    struct pair p;
    uint8_t buffer[BUFFER_LEN];
    struct esp_payload out;
    bool authentic;
    gcm_pair(&p, true, false);
    struct bytes packet = exact(seal(&p, buffer, 100, NEXT_IPV4));
    struct replay before = p.in.replay;
    for (size_t i = 4; i < packet.len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct bytes forged = exact(packet);
            ((uint8_t *)(uintptr_t)forged.at)[i] ^= (uint8_t)(1u << bit);
            assert_true(open_copy(&p, forged, &out, &authentic) != ESP_OK);
            assert_false(authentic);
            assert_int_equal(out.len, 0);
            free_bytes(forged);
        }
    }
    assert_memory_equal(&before, &p.in.replay, sizeof before);
    assert_int_equal(p.in.replay.ring[0], 0);
    assert_int_equal(open_result(&p, packet), ESP_OK);
    free_bytes(packet);
    pair_free(&p);
}

static void every_shorter_or_longer_packet_is_refused(void **state)
{
    (void)state;
    static const char *const encr[] = {"aes256gcm16", "aes128", "aes128ctr", "chacha20poly1305",
                                       "aes128ccm8"};
    for (size_t e = 0; e < sizeof encr / sizeof encr[0]; e++) {
        struct pair p;
        uint8_t buffer[BUFFER_LEN] = {0};
        pair_make(&p, alg_by_keyword(bytes_str(encr[e])), alg_by_keyword(BYTES_LIT("sha256")),
                  false, false, 64);
        struct bytes packet = seal(&p, buffer, 100, NEXT_IPV4);
        for (size_t len = 0; len < packet.len + 20; len++) {
            enum esp_result result =
                len == packet.len ? ESP_AUTH : open_result(&p, bytes_make(packet.at, len));
            assert_true(result == ESP_AUTH || result == ESP_MALFORMED);
        }
        assert_int_equal(open_result(&p, packet), ESP_OK);
        pair_free(&p);
    }
}

/* ---- what an authentic packet may carry ------------------------------------------------------ */

/* Seal this plaintext, trailer included, as a peer with its own ideas would. */
static struct bytes seal_raw(struct pair *p, uint8_t *buffer, struct bytes text)
{
    uint8_t *at = buffer + ESP_HEADROOM, *start = at - 16;
    uint64_t seq = ++p->out.seq;
    put_u32(start, SPI);
    put_u32(start + 4, (uint32_t)seq);
    put_u64(start + 8, seq);
    memcpy(at, text.at, text.len);
    assert_int_equal(crypto->packet_seal(crypto->self, p->out.cipher, bytes_make(start, 8),
                                         BYTES_NONE, start + 8, at, text.len, at + text.len),
                     CRYPTO_OK);
    return bytes_make(start, 16 + text.len + 16);
}

static void check_raw(bool transport, const char *text, enum esp_result want, size_t want_len)
{
    struct pair p;
    uint8_t buffer[BUFFER_LEN];
    struct bytes plain = hex(text);
    struct esp_payload out;
    bool authentic;
    gcm_pair(&p, false, transport);
    assert_int_equal(open_copy(&p, seal_raw(&p, buffer, plain), &out, &authentic), want);
    assert_true(authentic);
    assert_int_equal(out.len, want_len);
    free_bytes(plain);
    pair_free(&p);
}

/* IP headers alone. */
#define V4(start, len) start "00" len "00000000400100000a0100010a020001"
#define V4_20 V4("45", "0014")
#define ZERO_16 "00000000000000000000000000000000"
#define V6(len) "60000000" len "1140" ZERO_16 ZERO_16

static void padding_must_be_1_2_3(void **state)
{
    (void)state;
    check_raw(true, "aabb 0006", ESP_OK, 2);
    check_raw(true, "aa 01 0106", ESP_OK, 1);
    check_raw(true, "aa 02 0106", ESP_MALFORMED, 0);
    check_raw(true, "aabbcc 010203 0306", ESP_OK, 3);
    check_raw(true, "aabbcc 010204 0306", ESP_MALFORMED, 0);
    check_raw(true, "aabbcc 000000 0306", ESP_MALFORMED, 0);
    check_raw(true, "0102 0206", ESP_OK, 0);
    check_raw(true, "0102 0306", ESP_MALFORMED, 0); /* longer than what is there */
    check_raw(true, "0102 ff06", ESP_MALFORMED, 0);
    check_raw(true, "010203040506 0606", ESP_OK, 0); /* more than alignment needs */
}

static void dummy_packets_are_recognized(void **state)
{
    (void)state;
    check_raw(true, "aabb 003b", ESP_DUMMY, 0);
    check_raw(false, "aabb 003b", ESP_DUMMY, 0);
    check_raw(false, "0102 023b", ESP_DUMMY, 0);
}

/* clang-format off */
static const struct inner {
    const char *text;
    enum esp_result want;
    size_t len;
} inners[] = {
    {V4_20                   "0102 0204", ESP_OK,        20},
    {V4_20 "0000deadbeef0000 0102 0204", ESP_OK,        20}, /* padding against traffic analysis */
    {V4_20                   "0102 0229", ESP_MALFORMED, 0}, /* IPv4 announced as IPv6 */
    {V4_20                   "0102 0206", ESP_MALFORMED, 0}, /* TCP in a tunnel */
    {V4("45", "0015")        "0102 0204", ESP_MALFORMED, 0}, /* longer than the payload */
    {V4("45", "0013")        "0102 0204", ESP_MALFORMED, 0}, /* shorter than its header */
    {V4("44", "0014")        "0102 0204", ESP_MALFORMED, 0}, /* a header too short */
    {V4("46", "0014")        "0102 0204", ESP_MALFORMED, 0}, /* a header longer than the packet */
    {                        "0102 0204", ESP_MALFORMED, 0}, /* nothing */
    {V6("0000")              "0102 0229", ESP_OK,        40},
    {V6("0001")              "0102 0229", ESP_MALFORMED, 0},
    {V6("0000")              "0102 0204", ESP_MALFORMED, 0}, /* IPv6 announced as IPv4 */
};
/* clang-format on */

static void in_tunnel_mode_the_inner_header_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof inners / sizeof inners[0]; i++)
        check_raw(false, inners[i].text, inners[i].want, inners[i].len);
}

/* ---- running out of things ------------------------------------------------------------------- */

static void an_sa_without_memory_is_not_made(void **state)
{
    (void)state;
    struct pair p;
    struct esp_in in;
    gcm_pair(&p, true, false);
    memory.fail_at = memory.takes + 1;
    assert_false(esp_in_make(&in, &p.params, &memory.alloc));
    memory.fail_at = 0;
    p.encr_key.len--; /* the backend refuses */
    assert_false(esp_in_make(&in, &p.params, &memory.alloc));
    struct esp_out out;
    assert_false(esp_out_make(&out, &p.params, &p.pool));
    pair_free(&p);
}

static bool no_random(void *self, uint8_t *out, size_t len)
{
    (void)self, (void)out, (void)len;
    return false;
}

static void without_randomness_cbc_does_not_seal(void **state)
{
    (void)state;
    struct pair p;
    struct crypto broken = *crypto;
    uint8_t buffer[BUFFER_LEN];
    struct bytes packet;
    broken.random = no_random;
    pair_make(&p, alg_by_keyword(BYTES_LIT("aes128")), alg_by_keyword(BYTES_LIT("sha256")), false,
              true, 64);
    p.pool = esp_pool_make(&broken);
    assert_int_equal(esp_seal(&p.out, buffer + ESP_HEADROOM, 20, 6, &packet), ESP_FAULT);
    assert_int_equal(packet.len, 0);
    pair_free(&p);
}

static void the_spi_is_read_if_there_is_one(void **state)
{
    (void)state;
    uint32_t spi = 0;
    assert_false(esp_spi(BYTES_NONE, &spi));
    assert_false(esp_spi(bytes_make("\1\2\3\4\5\6\7", 7), &spi));
    assert_true(esp_spi(bytes_make("\1\2\3\4\5\6\7\10", 8), &spi));
    assert_int_equal(spi, 0x01020304);
}

/* ---- tests: wear ----------------------------------------------------------------------------- */

static enum esp_result seal_one(struct pair *p)
{
    static uint8_t buffer[BUFFER_LEN];
    struct bytes packet;
    return esp_seal(&p->out, buffer + ESP_HEADROOM, 100, NEXT_IPV4, &packet);
}

static void a_key_wears_out_by_sequence_numbers(void **state)
{
    (void)state;
    struct pair p;
    gcm_pair(&p, false, false);
    assert_int_equal(esp_out_wear(&p.out), ESP_FRESH);
    p.out.seq = UINT32_MAX / 4 * 3;
    assert_int_equal(esp_out_wear(&p.out), ESP_WORN);
    p.out.seq = UINT32_MAX - 1;
    assert_int_equal(esp_out_wear(&p.out), ESP_WORN);
    assert_int_equal(seal_one(&p), ESP_OK);
    assert_int_equal(esp_out_wear(&p.out), ESP_SPENT);
    assert_int_equal(seal_one(&p), ESP_EXHAUSTED);
    pair_free(&p);
    gcm_pair(&p, true, false);
    p.out.seq = UINT32_MAX;
    assert_int_equal(esp_out_wear(&p.out), ESP_FRESH);
    pair_free(&p);
}

static void a_key_wears_out_by_what_it_enciphers(void **state)
{
    (void)state;
    static const struct {
        const char *encr, *integ;
        uint64_t gib;
    } suite[] = {
        {"aes256gcm16", NULL, 512}, {"aes128", "sha256", 64}, {"aes256ctr", "sha256", 512}};
    for (size_t i = 0; i < sizeof suite / sizeof suite[0]; i++) {
        struct pair p;
        const struct alg *integ = suite[i].integ ? alg_by_keyword(bytes_str(suite[i].integ)) : NULL;
        pair_make(&p, alg_by_keyword(bytes_str(suite[i].encr)), integ, true, false, 64);
        assert_int_equal(seal_one(&p), ESP_OK);
        assert_in_range(p.out.blocks, 7, 8);
        p.out.blocks = suite[i].gib << 26;
        p.out.blocks -= p.out.blocks / 4 + 1;
        assert_int_equal(esp_out_wear(&p.out), ESP_FRESH);
        p.out.blocks++;
        assert_int_equal(esp_out_wear(&p.out), ESP_WORN);
        p.out.blocks = (suite[i].gib << 26) - 1;
        assert_int_equal(seal_one(&p), ESP_OK);
        assert_int_equal(seal_one(&p), ESP_EXHAUSTED);
        pair_free(&p);
    }
}

static int make_crypto(void **state)
{
    (void)state;
    memory_make(&memory);
    crypto = ossl_crypto_new();
    return crypto ? 0 : -1;
}

static int free_crypto(void **state)
{
    (void)state;
    memory_check(&memory);
    ossl_crypto_free(crypto);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_suite_carries_every_size_in_every_mode),
        cmocka_unit_test(room_and_length_are_inverse),
        cmocka_unit_test(an_iv_never_comes_twice),
        cmocka_unit_test(the_last_sequence_number_is_used_and_none_after_it),
        cmocka_unit_test(an_extended_number_crosses_2_to_the_32),
        cmocka_unit_test(a_packet_of_the_wrong_subspace_is_not_authentic),
        cmocka_unit_test(a_packet_is_taken_once),
        cmocka_unit_test(without_a_window_repeats_pass),
        cmocka_unit_test(sixty_four_packets_arrive_in_any_order),
        cmocka_unit_test(a_forgery_changes_nothing),
        cmocka_unit_test(every_shorter_or_longer_packet_is_refused),
        cmocka_unit_test(padding_must_be_1_2_3),
        cmocka_unit_test(dummy_packets_are_recognized),
        cmocka_unit_test(in_tunnel_mode_the_inner_header_rules),
        cmocka_unit_test(an_sa_without_memory_is_not_made),
        cmocka_unit_test(without_randomness_cbc_does_not_seal),
        cmocka_unit_test(a_key_wears_out_by_sequence_numbers),
        cmocka_unit_test(a_key_wears_out_by_what_it_enciphers),
        cmocka_unit_test(the_spi_is_read_if_there_is_one),
    };
    return cmocka_run_group_tests(tests, make_crypto, free_crypto);
}
