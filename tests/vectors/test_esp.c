/*
 * esp: whole ESP packets against an independent implementation (esp_vectors.py), and against the
 * published AES-GCM-ESP packets of draft-mcgrew-gcm-test-01 section 4. Each vector is sealed and
 * opened; one flipped bit anywhere is refused.
 */
#include "../support/unit.h"

#include "crypto/ossl.h"
#include "esp/esp.h"

struct vector {
    const char *encr, *integ; /* keywords of alg.def */
    uint32_t spi;
    uint64_t seq;
    bool esn;
    uint8_t next_header;
    const char *encr_key, *integ_key, *iv, *payload, *packet;
};

static const struct vector ours[] = {
#include "esp_vectors.h"
};

/*
 * Their next header is 1, which tells a transport mode SA ICMP. The IV is not the sequence number,
 * so they can only be opened.
 */
static const struct vector published[] = {
    {"aes128gcm16", NULL, 0x4321, UINT64_C(0x8765432100000000), true, 1,
     "4c80cdefbb5d10da906ac73c3613a6342e443b68", "", "4956ed7e3b244cfe",
     "45000048699a000080114db7c0a80102c0a801010a9bf15638d3010000010000"
     "00000000045f736970045f756470037369700963796265726369747902646b00"
     "00210001",
     "00004321000000004956ed7e3b244cfe"
     "fecf537e729d5b07dc30df528dd22b768d1b98736696a6fd348509fa13ceac34"
     "cfa2436f14a3f3cf65925bf1f4a13c5d15b21e1884f5ff6247aeabb786b93bce"
     "61bc17d768fd9732459018148f6cbe722fd04796562dfdb4"},
    {"aes256gcm16", NULL, 0x4a2cbfe3, 2, false, 1,
     "abbccddef00112233445566778899aababbccddef00112233445566778899aab11223344", "",
     "0102030405060708",
     "4500003069a6400080062690c0a801029389155e0a9e008b2dc57ee000000000"
     "7002400020bf0000020405b401010402",
     "4a2cbfe3000000020102030405060708"
     "ff425c9b724599df7a3bcd510194e00d6a78107f1b0b1cbf06efae9d65a5d763"
     "748a637985771d347f0545659f14e99def842d8eb335f4eecfdbf831824b4c49"
     "15956c96"},
};

static struct crypto *crypto;
static struct memory memory;

static struct secret read_secret(const char *text)
{
    struct bytes b = hex(text);
    struct secret s = {.len = (uint8_t)b.len};
    assert_true(b.len <= SECRET_MAX);
    memcpy(s.data, b.at, b.len);
    free_bytes(b);
    return s;
}

static const struct alg *find(const char *keyword)
{
    return keyword ? alg_by_keyword(bytes_str(keyword)) : NULL;
}

struct keyed {
    struct secret encr, integ;
    struct esp_params params;
};

static void make_params(const struct vector *v, struct keyed *k)
{
    *k = (struct keyed){.encr = read_secret(v->encr_key), .integ = read_secret(v->integ_key)};
    k->params = (struct esp_params){
        .crypto = crypto,
        .encr = find(v->encr),
        .integ = find(v->integ),
        .encr_key = &k->encr,
        .integ_key = &k->integ,
        .spi = v->spi,
        .esn = v->esn,
        .transport = v->next_header != NEXT_IPV4 && v->next_header != NEXT_IPV6,
        .replay_window = 64,
    };
    assert_non_null(k->params.encr);
}

/* Opened by an SA whose window stands just before the packet. */
static enum esp_result open_packet(const struct vector *v, uint8_t *packet, size_t len,
                                   struct esp_payload *payload, bool *authentic)
{
    struct keyed k;
    struct esp_in in;
    make_params(v, &k);
    assert_true(esp_in_make(&in, &k.params, &memory.alloc));
    in.replay.top = v->seq - 1;
    enum esp_result result = esp_open(&in, packet, len, payload, authentic);
    assert_int_equal(in.replay.top, *authentic ? v->seq : v->seq - 1);
    esp_in_free(&in);
    return result;
}

static void check_open(const struct vector *v)
{
    struct bytes packet = hex(v->packet), want = hex(v->payload);
    struct esp_payload got;
    bool authentic;
    assert_int_equal(open_packet(v, (uint8_t *)(uintptr_t)packet.at, packet.len, &got, &authentic),
                     ESP_OK);
    assert_bytes_equal(bytes_make(got.at, got.len), want);
    assert_int_equal(got.next_header, v->next_header);
    assert_int_equal(got.seq, v->seq);
    free_bytes(packet);
    free_bytes(want);
}

static void check_seal(const struct vector *v)
{
    struct bytes want = hex(v->packet), payload = hex(v->payload), iv = hex(v->iv), got;
    struct keyed k;
    struct esp_pool pool = esp_pool_make(crypto);
    struct esp_out out;
    uint8_t buffer[ESP_HEADROOM + 256 + ESP_TAILROOM];
    make_params(v, &k);
    assert_true(esp_out_make(&out, &k.params, &pool));
    out.seq = v->seq - 1;
    memcpy(pool.octets, iv.at, iv.len); /* the next random octets, if any are drawn */
    pool.left = iv.len;
    memcpy(buffer + ESP_HEADROOM, payload.at, payload.len);
    assert_int_equal(esp_seal(&out, buffer + ESP_HEADROOM, payload.len, v->next_header, &got),
                     ESP_OK);
    assert_bytes_equal(got, want);
    assert_int_equal(esp_sealed_len(&out.form, payload.len), want.len);
    esp_out_free(&out);
    free_bytes(want);
    free_bytes(payload);
    free_bytes(iv);
}

/* From the sequence number on: with another SPI it would not even reach this SA. */
static void check_tampered(const struct vector *v)
{
    struct bytes whole = hex(v->packet);
    for (size_t i = 4; i < whole.len; i++) {
        struct bytes packet = exact(whole);
        uint8_t *at = (uint8_t *)(uintptr_t)packet.at;
        struct esp_payload got;
        bool authentic;
        at[i] ^= (uint8_t)(1u << i % 8);
        enum esp_result result = open_packet(v, at, packet.len, &got, &authentic);
        assert_true(result == ESP_AUTH || (i < 8 && result == ESP_REPLAY));
        free_bytes(packet);
    }
    free_bytes(whole);
}

#define EACH(table, check) \
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) \
    check(&table[i])

static void packets_of_another_implementation_are_opened(void **state)
{
    (void)state;
    EACH(ours, check_open);
}

static void our_packets_are_the_same_to_the_bit(void **state)
{
    (void)state;
    EACH(ours, check_seal);
}

static void the_published_gcm_packets_are_opened(void **state)
{
    (void)state;
    EACH(published, check_open);
}

static void one_flipped_bit_in_any_octet_is_refused(void **state)
{
    (void)state;
    EACH(ours, check_tampered);
    EACH(published, check_tampered);
}

/*
 * aesxcbc is held to RFC 3566 in the vectors of its own module; python3-cryptography does not have
 * it.
 */
static void every_esp_cipher_has_a_vector(void **state)
{
    (void)state;
    const struct alg *row;
    for (size_t i = 0; (row = alg_at(i)); i++) {
        bool found = row->type > 3 || row->type == 2 || strcmp(row->keyword, "aesxcbc") == 0;
        for (size_t v = 0; v < sizeof ours / sizeof ours[0]; v++)
            found = found || find(ours[v].encr) == row || find(ours[v].integ) == row;
        if (!found)
            fail_msg("no ESP vector for %s", row->keyword);
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
        cmocka_unit_test(packets_of_another_implementation_are_opened),
        cmocka_unit_test(our_packets_are_the_same_to_the_bit),
        cmocka_unit_test(the_published_gcm_packets_are_opened),
        cmocka_unit_test(one_flipped_bit_in_any_octet_is_refused),
        cmocka_unit_test(every_esp_cipher_has_a_vector),
    };
    return cmocka_run_group_tests(tests, make_crypto, free_crypto);
}
