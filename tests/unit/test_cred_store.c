/* store: the right key for a pair of identities, and MACs that fit. */
#include "../support/unit.h"

#include "cred/store.h"

#include <string.h>

enum { PSK_METHOD = 2 };

/* ---- a PRF one can look through: out[i] = key[i % len] + octets summed up, all mixed by position  */

static enum crypto_result toy_prf(void *self, const struct alg *prf, struct bytes key,
                                  const struct bytes *parts, size_t count, uint8_t *out)
{
    uint32_t h = 2166136261u;
    if (self)
        return CRYPTO_FAULT;
    for (size_t i = 0; i < key.len; i++)
        h = (h ^ key.at[i]) * 16777619u;
    for (size_t k = 0; k < count; k++) {
        for (size_t i = 0; i < parts[k].len; i++)
            h = (h ^ parts[k].at[i]) * 16777619u;
    }
    for (uint16_t i = 0; i < prf->out_len; i++, h = (h ^ i) * 16777619u)
        out[i] = (uint8_t)(h >> 8);
    return CRYPTO_OK;
}

static const struct crypto toy = {.prf = toy_prf};
static const struct alg prf32 = {.out_len = 32};
static const struct conf_conn psk_conn = {.local[0].class = CONF_AUTH_PSK,
                                          .remote[0].class = CONF_AUTH_PSK};

static struct bytes mac_with(const char *psk, struct bytes octets, uint8_t out[32])
{
    const struct bytes pad = BYTES_LIT("Key Pad for IKEv2");
    uint8_t key[32];
    toy_prf(NULL, &prf32, bytes_str(psk), &pad, 1, key);
    toy_prf(NULL, &prf32, bytes_make(key, 32), &octets, 1, out);
    return bytes_make(out, 32);
}

/* ---- building lists -------------------------------------------------------------------------- */

static struct identity name(const char *text)
{
    return (struct identity){.type = strchr(text, '@') ? 3 : 2, .data = bytes_str(text)};
}

/* "moon" exact, "*.org" a pattern, "%any" anybody. */
static struct conf_identity owner(const char *text)
{
    bool suffix = text[0] == '*';
    return (struct conf_identity){
        .any = strcmp(text, "%any") == 0, .suffix = suffix, .id = name(text + suffix)};
}

struct secret_row {
    const char *psk, *owners[4];
};

static struct cred_store *make_store(const struct secret_row *rows, size_t count)
{
    struct secret_entry list[8];
    struct conf_identity owners[8][4];
    for (size_t i = 0; i < count; i++) {
        list[i] = (struct secret_entry){
            .kind = SECRET_IKE, .name = "s", .data = bytes_str(rows[i].psk), .owner = owners[i]};
        for (; list[i].owner_count < 4 && rows[i].owners[list[i].owner_count];
             list[i].owner_count++)
            owners[i][list[i].owner_count] = owner(rows[i].owners[list[i].owner_count]);
    }
    struct cred_store *store =
        cred_store_new(&(struct secret_list){.count = (uint32_t)count, .at = list});
    assert_non_null(store);
    assert_int_equal(cred_store_count(store), count);
    return store;
}

static struct ike_ask make_ask(enum ask_kind kind, const char *ours, const char *theirs)
{
    return (struct ike_ask){.kind = kind,
                            .ticket = {.spi = 7, .serial = 9},
                            .conn = &psk_conn,
                            .prf = &prf32,
                            .ours = name(ours),
                            .theirs = name(theirs),
                            .octets = BYTES_LIT("octets to be signed")};
}

/* Which key is taken for this pair? NULL: none. */
static void check_choice(const struct cred_store *store, const char *ours, const char *theirs,
                         const char *psk)
{
    struct ike_ask ask = make_ask(ASK_SIGN, ours, theirs);
    struct ike_answer answer;
    uint8_t buffer[PRF_LEN_MAX], mac[32];
    cred_answer(store, &toy, &ask, &answer, buffer);
    assert_int_equal(answer.status, psk ? ANSWER_OK : ANSWER_NO_SECRET);
    assert_int_equal(answer.ticket.spi, 7);
    assert_int_equal(answer.ticket.serial, 9);
    if (!psk)
        return;
    assert_int_equal(answer.method, PSK_METHOD);
    assert_bytes_equal(answer.auth, mac_with(psk, ask.octets, mac));
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void the_best_match_wins(void **state)
{
    (void)state;
    static const struct secret_row rows[] = {
        {"anybody", {NULL}},
        {"org", {"*.org"}},
        {"pair", {"moon.org", "sun.org"}},
        {"sun", {"sun.org"}},
        {"mail", {"carol@sun.org"}},
    };
    struct cred_store *store = make_store(rows, 5);
    check_choice(store, "moon.org", "sun.org", "pair");
    check_choice(store, "mars.org", "sun.org", "sun");
    check_choice(store, "moon.org", "venus.org", "org");
    check_choice(store, "moon.org", "sun.net", "anybody");
    check_choice(store, "x.net", "carol@sun.org", "mail");
    check_choice(store, "moon.org", "SUN.ORG", "pair");
    cred_store_free(store);
}

static void a_secret_of_two_is_not_for_a_third(void **state)
{
    (void)state;
    static const struct secret_row rows[] = {{"pair", {"moon.org", "sun.org"}}};
    struct cred_store *store = make_store(rows, 1);
    check_choice(store, "moon.org", "sun.org", "pair");
    check_choice(store, "sun.org", "moon.org", "pair");
    check_choice(store, "moon.org", "mallory.org", NULL);
    cred_store_free(store);
}

static void a_secret_of_ours_alone_is_for_every_peer(void **state)
{
    (void)state;
    static const struct secret_row rows[] = {{"ours", {"moon.org"}}};
    struct cred_store *store = make_store(rows, 1);
    check_choice(store, "moon.org", "sun.org", "ours");
    check_choice(store, "sun.org", "venus.org", NULL);
    cred_store_free(store);
}

static void any_matches_but_comes_last(void **state)
{
    (void)state;
    static const struct secret_row rows[] = {
        {"any", {"%any"}}, {"first", {"sun.org"}}, {"second", {"sun.org"}}};
    struct cred_store *store = make_store(rows, 3);
    check_choice(store, "moon.org", "sun.org", "first");
    check_choice(store, "moon.org", "venus.org", "any");
    cred_store_free(store);
}

static void an_empty_store_has_no_secret(void **state)
{
    (void)state;
    struct cred_store *store = make_store(NULL, 0);
    check_choice(store, "moon.org", "sun.org", NULL);
    cred_store_free(store);
    cred_store_free(NULL);
}

static enum answer_status verify(const struct cred_store *store, const struct crypto *crypto,
                                 struct bytes auth, uint8_t method)
{
    struct ike_ask ask = make_ask(ASK_VERIFY, "moon.org", "sun.org");
    struct ike_answer answer;
    uint8_t buffer[PRF_LEN_MAX];
    ask.auth = auth;
    ask.method = method;
    cred_answer(store, crypto, &ask, &answer, buffer);
    assert_int_equal(answer.auth.len, 0);
    return answer.status;
}

static void only_the_right_mac_verifies(void **state)
{
    (void)state;
    static const struct secret_row rows[] = {{"key", {NULL}}};
    struct cred_store *store = make_store(rows, 1);
    uint8_t mac[33] = {0};
    mac_with("key", BYTES_LIT("octets to be signed"), mac);
    assert_int_equal(verify(store, &toy, bytes_make(mac, 32), PSK_METHOD), ANSWER_OK);
    assert_int_equal(verify(store, &toy, bytes_make(mac, 31), PSK_METHOD), ANSWER_REFUSED);
    assert_int_equal(verify(store, &toy, bytes_make(mac, 33), PSK_METHOD), ANSWER_REFUSED);
    assert_int_equal(verify(store, &toy, BYTES_NONE, PSK_METHOD), ANSWER_REFUSED);
    assert_int_equal(verify(store, &toy, bytes_make(mac, 32), 14), ANSWER_REFUSED);
    for (size_t i = 0; i < 32; i++) {
        mac[i] ^= 1;
        assert_int_equal(verify(store, &toy, bytes_make(mac, 32), PSK_METHOD), ANSWER_REFUSED);
        mac[i] ^= 1;
    }
    cred_store_free(store);
}

static void faults_and_other_methods_are_told_apart(void **state)
{
    (void)state;
    static const struct secret_row rows[] = {{"key", {NULL}}};
    static const struct conf_conn cert_conn = {.local[0].class = CONF_AUTH_PUBKEY,
                                               .remote[0].class = CONF_AUTH_PUBKEY};
    struct cred_store *store = make_store(rows, 1);
    struct crypto broken = {.self = &broken, .prf = toy_prf};
    uint8_t buffer[PRF_LEN_MAX];
    struct ike_answer answer;
    assert_int_equal(verify(store, &broken, BYTES_LIT("x"), PSK_METHOD), ANSWER_FAULT);
    struct ike_ask ask = make_ask(ASK_SIGN, "a", "b");
    ask.conn = &cert_conn;
    cred_answer(store, &toy, &ask, &answer, buffer);
    assert_int_equal(answer.status, ANSWER_REFUSED);
    cred_store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_match_wins),
        cmocka_unit_test(a_secret_of_two_is_not_for_a_third),
        cmocka_unit_test(a_secret_of_ours_alone_is_for_every_peer),
        cmocka_unit_test(any_matches_but_comes_last),
        cmocka_unit_test(an_empty_store_has_no_secret),
        cmocka_unit_test(only_the_right_mac_verifies),
        cmocka_unit_test(faults_and_other_methods_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
