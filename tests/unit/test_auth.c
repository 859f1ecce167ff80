/*
 * Authentication between two engines: methods that are announced, chosen, demanded and refused.
 * Certificates and keys lie in a folder as the daemon reads it; nothing here is made up but the
 * network.
 */
#include "../support/cred_world.h"
#include "../support/duo.h"

#include "crypto/ossl.h"

#include <stdlib.h>
#include <string.h>

/* ---- two hosts, each with a folder ----------------------------------------------------------- */

/* moon begins, sun answers: the names of the folders' owners and of their identities. */
struct host {
    const char *name;
    struct cred_world world;
    struct duo_config config;
};

static struct host moon_host, sun_host;
static struct crypto *backend;

static int begin_hosts(void **state)
{
    (void)state;
    moon_host.name = "moon.example";
    sun_host.name = "sun.example";
    cred_world_begin(&moon_host.world);
    cred_world_begin(&sun_host.world);
    backend = ossl_crypto_new();
    return backend ? 0 : -1;
}

static int end_hosts(void **state)
{
    (void)state;
    ossl_crypto_free(backend);
    cred_world_end(&moon_host.world);
    cred_world_end(&sun_host.world);
    return 0;
}

static X509 *quantum_root;
static EVP_PKEY *quantum_root_key;

/* A key and a certificate for it, of the root or its post-quantum like; named after its kind. */
static void give_cert(struct host *h, const char *type, bool quantum_ca)
{
    char file[64];
    EVP_PKEY *key = new_key(type);
    struct pki_request r = {.subject = "O=braid",
                            .ids = &h->name,
                            .id_count = 1,
                            .key = key,
                            .issuer = quantum_ca ? quantum_root : root,
                            .issuer_key = quantum_ca ? quantum_root_key : root_key,
                            .path_len = -1};
    X509 *cert = certify(r);
    snprintf(file, sizeof file, "%s.pem", type);
    cred_world_put_cert(&h->world, "x509", file, cert);
    cred_world_put_key(&h->world, file, key, NULL);
    X509_free(cert);
    EVP_PKEY_free(key);
}

/*
 * A connection of host `h` with its peer. `conn` are further keys of the connection, `local` and
 * `remote` of the sections, `secrets` the whole of that section.
 */
struct lines {
    const char *conn, *local, *remote, *secrets;
};

static void configure(struct host *h, const struct lines *l)
{
    bool is_moon = h == &moon_host;
    FILE *f = cred_world_open(&h->world, ".", "swanctl.conf");
    fprintf(f,
            "connections {\n net {\n local_addrs = 192.0.2.%d\n remote_addrs = 192.0.2.%d\n"
            " %s\n local {\n id = %s\n %s\n }\n remote {\n id = %s\n %s\n }\n"
            " children {\n net {\n esp_proposals = aes256gcm16\n local_ts = 10.%d.0.0/16\n"
            " remote_ts = 10.%d.0.0/16\n }\n }\n }\n}\nsecrets {\n%s\n}\n",
            is_moon ? 1 : 2, is_moon ? 2 : 1, l->conn ? l->conn : "", h->name,
            l->local ? l->local : "auth = psk",
            is_moon ? sun_host.name : moon_host.name, l->remote ? l->remote : "auth = psk",
            is_moon ? 1 : 2, is_moon ? 2 : 1,
            l->secrets ? l->secrets
                       : "ike {\n secret = \"a key of thirty-two characters..\"\n }\n");
    fclose(f);
    h->config = duo_config_load(h->world.dir);
}

/* Moon sets the connection up; what happened is in `duo`, to be given to drop. */
static void bring_up(struct duo *duo)
{
    struct ike_order up = {
        .kind = ORDER_INITIATE, .conn = BYTES_LIT("net"), .child = BYTES_LIT("net")};
    duo_make(duo, &moon_host.config, &sun_host.config, backend);
    assert_int_equal(duo_order(duo, &duo->a, &up), ORDER_DONE);
    while (duo->a.ike_up + duo->a.ike_down == 0 && duo_tick(duo, duo->now + 300 * IKE_SECOND))
        ;
}

static void meet(struct duo *duo, const struct lines *moon_lines, const struct lines *sun_lines)
{
    configure(&moon_host, moon_lines);
    configure(&sun_host, sun_lines);
    bring_up(duo);
}

static void drop(struct duo *duo)
{
    duo_free(duo);
    duo_config_free(&moon_host.config);
    duo_config_free(&sun_host.config);
}

static bool is_up(const struct duo *duo)
{
    return duo->a.child_up == 1 && duo->b.child_up == 1;
}

static struct ike_sa_info only_sa(const struct side *s)
{
    struct ike_sa_info info;
    assert_true(ike_engine_next_sa(s->engine, 0, &info));
    return info;
}

#define assert_says(said, words) check_says((said), (words), __FILE__, __LINE__)
static void check_says(const char *said, const char *words, const char *file, int line)
{
    if (strstr(said, words))
        return;
    print_error("said \"%s\", not \"%s\"\n", said, words);
    _fail(file, line);
}

/* ---- announced methods (RFC 9593) ------------------------------------------------------------ */

#define PLAIN "proposals = aes256gcm16-prfsha256-x25519"
#define ROUND_ONLY "aes256gcm16-prfsha256-x25519-ke1_mlkem768"
#define ROUND "proposals = " ROUND_ONLY
#define BOTH_CERTS "auth = pubkey\n certs = ecdsa.pem, mldsa65.pem"

/* Of two certificates the one whose kind the peer accepts is used, in either role. */
static void of_several_certificates_the_announced_kind_is_used(void **state)
{
    (void)state;
    give_cert(&moon_host, "ecdsa", false);
    give_cert(&moon_host, "mldsa65", false);
    give_cert(&sun_host, "mldsa65", false);
    give_cert(&sun_host, "ecdsa", false);
    static const struct {
        const char *conn, *moon_accepts, *sun_accepts, *moon, *sun;
    } rows[] = {
        {PLAIN, "auth = pubkey-ike:ecdsa", "auth = pubkey-ike:mldsa65", "ML_DSA_65",
         "ECDSA_WITH_SHA2_256"},
        {ROUND, "auth = pubkey-ike:mldsa65", "auth = pubkey-ike:ecdsa", "ECDSA_WITH_SHA2_256",
         "ML_DSA_65"},
        {ROUND, "auth = pubkey-ike:ecdsa", "auth = pubkey-ike:mldsa65", "ML_DSA_65",
         "ECDSA_WITH_SHA2_256"},
        {PLAIN, "auth = pubkey", "auth = pubkey-ike:mldsa", "ML_DSA_65", "ECDSA_WITH_SHA2_256"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct duo duo;
        meet(&duo, &(struct lines){rows[i].conn, BOTH_CERTS, rows[i].moon_accepts, NULL},
             &(struct lines){rows[i].conn, BOTH_CERTS, rows[i].sun_accepts, NULL});
        if (!is_up(&duo))
            print_error("row %zu: %s | %s\n", i, duo.a.detail, duo.b.detail);
        assert_true(is_up(&duo));
        assert_string_equal(only_sa(&duo.a).auth_ours, rows[i].moon);
        assert_string_equal(only_sa(&duo.a).auth_theirs, rows[i].sun);
        drop(&duo);
    }
}

/* Everything is accepted: too long for IKE_SA_INIT, so the list comes in an exchange of its own. */
static void a_long_list_comes_later(void **state)
{
    (void)state;
    static const char *const conns[] = {ROUND, PLAIN ", " ROUND_ONLY};
    give_cert(&moon_host, "mldsa65", false);
    give_cert(&sun_host, "mldsa65", false);
    for (size_t i = 0; i < 2; i++) {
        struct lines lines = {conns[i], "auth = pubkey", "auth = pubkey", NULL};
        struct duo duo;
        meet(&duo, &lines, &lines);
        assert_true(is_up(&duo));
        assert_int_equal(duo.a.rounds, 1);
        drop(&duo);
    }
    struct lines plain = {PLAIN, "auth = pubkey", "auth = pubkey", NULL};
    struct duo duo;
    meet(&duo, &plain, &plain);
    assert_true(is_up(&duo));
    assert_int_equal(duo.a.rounds, 0);
    drop(&duo);
}

static void a_refusal_names_what_the_peer_accepts(void **state)
{
    (void)state;
    give_cert(&moon_host, "ed25519", false);
    give_cert(&sun_host, "mldsa65", false);
    const char *ours = "auth = pubkey\n certs = ed25519.pem";
    struct duo duo;
    meet(&duo, &(struct lines){PLAIN, ours, "auth = pubkey", NULL},
         &(struct lines){PLAIN, "auth = pubkey\n certs = mldsa65.pem",
                         "auth = pubkey-ike:mldsa65", NULL});
    assert_false(is_up(&duo));
    assert_int_equal(duo.a.trouble, IKE_REASON_AUTH_REFUSED_BY_PEER);
    assert_says(duo.a.detail,
                "we authenticate with ED25519, but the peer accepts only ML_DSA_65");
    assert_says(duo.b.detail, "not one that `auth` allows");
    drop(&duo);

    meet(&duo, &(struct lines){PLAIN, ours, "auth = pubkey", NULL},
         &(struct lines){PLAIN, "auth = pubkey\n certs = mldsa65.pem", "auth = psk", NULL});
    assert_says(duo.a.detail,
                "we authenticate with ED25519, but the peer accepts only pre-shared key");
    drop(&duo);
}

/* ---- quantum_safe_auth ----------------------------------------------------------------------- */

#define DEMAND PLAIN "\n quantum_safe_auth = required"
#define MLDSA "auth = pubkey\n certs = mldsa65.pem"

/* Trusted, and post-quantum itself. */
static void make_quantum_root(void)
{
    quantum_root_key = new_key("mldsa44");
    quantum_root = certify(ca_request("O=braid, CN=lattice", quantum_root_key, NULL, NULL));
    cred_world_put_cert(&moon_host.world, "x509ca", "lattice.pem", quantum_root);
    cred_world_put_cert(&sun_host.world, "x509ca", "lattice.pem", quantum_root);
}

static void drop_quantum_root(void)
{
    X509_free(quantum_root);
    EVP_PKEY_free(quantum_root_key);
}

static void only_what_withstands_a_quantum_computer_is_believed(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        bool quantum_ca, is_up;
        const char *says;
    } rows[] = {
        {"mldsa65", true, true, ""},
        {"mldsa65", false, false, "its key or signature is of a kind that `auth` does not allow"},
        {"ecdsa", true, false, "its key or signature is of a kind that `auth` does not allow"},
    };
    make_quantum_root();
    give_cert(&sun_host, "mldsa65", true);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char local[100];
        struct duo duo;
        give_cert(&moon_host, rows[i].key, rows[i].quantum_ca);
        snprintf(local, sizeof local, "auth = pubkey\n certs = %s.pem", rows[i].key);
        meet(&duo, &(struct lines){PLAIN, local, "auth = pubkey", NULL},
             &(struct lines){DEMAND, MLDSA, "auth = pubkey", NULL});
        assert_int_equal(is_up(&duo), rows[i].is_up);
        assert_says(duo.b.detail, rows[i].says);
        if (is_up(&duo))
            assert_true(only_sa(&duo.b).auth_quantum_safe);
        drop(&duo);
    }
    drop_quantum_root();
}

/* The certificate that is at fault is named, wherever it stands in the chain. */
static void a_classical_ca_is_named(void **state)
{
    (void)state;
    make_quantum_root();
    give_cert(&sun_host, "mldsa65", true);
    give_cert(&moon_host, "mldsa65", false);
    struct duo duo;
    meet(&duo, &(struct lines){PLAIN, MLDSA, "auth = pubkey", NULL},
         &(struct lines){DEMAND, MLDSA, "auth = pubkey", NULL});
    assert_says(duo.b.detail, "CN=root");
    drop(&duo);
    drop_quantum_root();
}

/* As initiator it holds as well, and after the responder's IKE_AUTH nothing is left of the SA. */
static void the_demand_holds_for_the_responder_too(void **state)
{
    (void)state;
    make_quantum_root();
    give_cert(&moon_host, "mldsa65", true);
    give_cert(&sun_host, "ed25519", true);
    struct duo duo;
    meet(&duo, &(struct lines){DEMAND, MLDSA, "auth = pubkey", NULL},
         &(struct lines){PLAIN, "auth = pubkey\n certs = ed25519.pem", "auth = pubkey", NULL});
    assert_int_equal(duo.a.ike_up, 0);
    assert_says(duo.a.detail, "of a kind that `auth` does not allow");
    while (duo_tick(&duo, duo.now + 60 * IKE_SECOND))
        ;
    assert_int_equal(ike_engine_sa_count(duo.b.engine), 0);
    drop(&duo);
    drop_quantum_root();
}

/* A guessable secret that came after loading, over VICI say, is refused when it is used. */
static void a_weak_shared_key_is_no_proof(void **state)
{
    (void)state;
    static const struct {
        const char *secrets;
        bool is_up;
    } rows[] = {{"ike {\n secret = \"kD8-fq2Zr0\"\n }", false},
                {"ike {\n secret = \"passwordpasswordpassword\"\n }", false},
                {"ike {\n secret = \"kD8-fq2Zr0Lw7sXy\"\n }", true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct duo duo;
        struct lines demand = {DEMAND, NULL, NULL, NULL}, weak = {PLAIN, NULL, NULL, NULL};
        weak.secrets = rows[i].secrets;
        configure(&sun_host, &demand);
        cred_store_free(sun_host.config.secrets);
        sun_host.config.secrets = NULL;
        configure(&moon_host, &weak);
        sun_host.config.secrets = cred_store_new(&moon_host.config.loaded->secrets);
        bring_up(&duo);
        assert_int_equal(is_up(&duo), rows[i].is_up);
        if (!rows[i].is_up)
            assert_says(duo.b.detail, "quantum_safe_auth = required, but the peer authenticates "
                                      "with PSK");
        drop(&duo);
    }
}

/* ---- PPKs (RFC 8784, RFC 9867) --------------------------------------------------------------- */

#define PSK_SECRET "ike {\n secret = \"a key of thirty-two characters..\"\n }\n"
#define PPK_OF(name, value) "ppk {\n id = " name "\n secret = \"" value "\"\n }\n"
#define ONE_PPK PPK_OF("qkd", "thirty-two octets that are one..")
#define OTHER_PPK PPK_OF("qkd", "thirty-two octets that are two..")
#define THIRD_PPK PPK_OF("third", "thirty-two octets that are not..")

/* What a side is configured with. */
enum has { NONE,
           ONE,
           OTHER,
           THIRD };
static const char *const secrets_of[] = {PSK_SECRET, PSK_SECRET ONE_PPK, PSK_SECRET OTHER_PPK,
                                         PSK_SECRET THIRD_PPK};

struct ppk_row {
    bool moon_asks; /* ppk_id = qkd */
    enum has moon, sun;
    bool moon_required, sun_required;
    bool is_up, is_in;
    const char *moon_says, *sun_says;
};

/*
 * Every cell of table 1 of RFC 8784 3 and its like for the initiator. Whoever requires a PPK never
 * goes on without, whoever does not goes on unless both have different ones.
 */
static const struct ppk_row ppk_rows[] = {
    /* asks, moon, sun, moon requires, sun requires, up, in */
    {false, NONE, NONE, false, false, true, false, "", ""},
    {false, NONE, ONE, false, false, true, false, "", ""},
    {false, NONE, ONE, false, true, false, false, "AUTHENTICATION_FAILED", "a PPK is required"},
    {true, ONE, NONE, false, false, true, false, "", ""},
    {true, ONE, NONE, true, false, false, false, "a PPK is required, but the peer uses none",
     "the peer reports AUTHENTICATION_FAILED"},
    {true, ONE, ONE, false, false, true, true, "", ""},
    {true, ONE, ONE, true, false, true, true, "", ""},
    {true, ONE, ONE, false, true, true, true, "", ""},
    {true, ONE, ONE, true, true, true, true, "", ""},
    {true, ONE, THIRD, false, false, true, false, NULL, "PPK"},
    {true, ONE, THIRD, true, false, false, false, NULL, "PPK"},
    {true, ONE, THIRD, false, true, false, false, NULL, "PPK"},
    {true, ONE, OTHER, false, false, false, false, "PPK", "the PPK is not the same on both sides"},
    {true, ONE, OTHER, true, false, false, false, "PPK", "the PPK is not the same on both sides"},
    {true, ONE, OTHER, false, true, false, false, NULL, "PPK"},
    {true, ONE, OTHER, true, true, false, false, NULL, "PPK"},
};

static void check_ppk_row(const struct ppk_row *row, bool early, size_t i)
{
    char moon_conn[200], sun_conn[200];
    snprintf(moon_conn, sizeof moon_conn, PLAIN "%s%s%s", early ? "" : "\n ppk_early = no",
             row->moon_asks ? "\n ppk_id = qkd" : "",
             row->moon_required ? "\n ppk_required = yes" : "");
    snprintf(sun_conn, sizeof sun_conn, PLAIN "%s",
             row->sun_required ? "\n ppk_required = yes" : "");
    struct duo duo;
    configure(&moon_host, &(struct lines){moon_conn, NULL, NULL, secrets_of[row->moon]});
    configure(&sun_host, &(struct lines){sun_conn, NULL, NULL, secrets_of[row->sun]});
    bring_up(&duo);
    if (is_up(&duo) != row->is_up)
        print_error("row %zu, %s: %s | %s\n", i, early ? "early" : "late", duo.a.detail,
                    duo.b.detail);
    assert_int_equal(is_up(&duo), row->is_up);
    assert_says(duo.a.detail, row->moon_says ? row->moon_says : "");
    assert_says(duo.b.detail, row->sun_says);
    if (is_up(&duo)) {
        assert_int_equal(only_sa(&duo.a).ppk, row->is_in);
        assert_int_equal(only_sa(&duo.b).ppk, row->is_in);
        assert_int_equal(duo.a.rounds, early && row->moon_asks && row->sun != NONE);
    }
    while (!row->is_up && duo_tick(&duo, duo.now + 10 * IKE_SECOND))
        ;
    assert_true(row->is_up || ike_engine_sa_count(duo.b.engine) == 0); /* nothing is left half open */
    drop(&duo);
}

static void a_ppk_is_used_or_missed_as_configured(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ppk_rows / sizeof ppk_rows[0]; i++) {
        check_ppk_row(&ppk_rows[i], false, i);
        check_ppk_row(&ppk_rows[i], true, i);
    }
}

/* It goes in behind the secret of the key exchange that travels in the same messages. */
static void a_ppk_goes_along_with_a_key_exchange(void **state)
{
    (void)state;
    struct lines asking = {ROUND "\n ppk_id = qkd\n ppk_required = yes", NULL, NULL,
                           secrets_of[ONE]},
                 serving = {ROUND "\n ppk_required = yes", NULL, NULL, secrets_of[ONE]};
    struct duo duo;
    meet(&duo, &asking, &serving);
    assert_true(is_up(&duo));
    assert_int_equal(duo.a.rounds, 1);
    assert_true(only_sa(&duo.b).ppk && only_sa(&duo.b).quantum_safe);
    drop(&duo);
}

/* A required PPK makes up for signatures that fall to a quantum computer, an optional one does not. */
static void a_required_ppk_fulfils_the_demand(void **state)
{
    (void)state;
    struct duo duo;
    give_cert(&moon_host, "ed25519", false);
    for (int early = 0; early < 2; early++)
        for (int required = 0; required < 2; required++) {
            char conn[200];
            snprintf(conn, sizeof conn, PLAIN "\n ppk_id = qkd\n ppk_early = %s\n ppk_required = %s",
                     early ? "yes" : "no", required ? "yes" : "no");
            struct lines asking = {conn, "auth = pubkey\n certs = ed25519.pem", "auth = psk",
                                   secrets_of[ONE]};
            configure(&moon_host, &asking);
            snprintf(conn, sizeof conn, PLAIN "\n quantum_safe_auth = required\n ppk_required = %s",
                     required ? "yes" : "no");
            configure(&sun_host, &(struct lines){conn, "auth = psk", "auth = pubkey", secrets_of[ONE]});
            bring_up(&duo);
            assert_int_equal(is_up(&duo), required);
            assert_says(duo.b.detail, required ? "" : "does not allow");
            assert_true(!required || only_sa(&duo.b).auth_quantum_safe);
            drop(&duo);
        }
}

/* ---- PPKs that serve once --------------------------------------------------------------------- */

#define KEY_1 "11223344556677889900aabbccddeeff11223344556677889900aabbccddeeff"
#define KEY_2 "22223344556677889900aabbccddeeff11223344556677889900aabbccddeeff"

static void write_keys(const struct host *h, const char *text)
{
    FILE *f = cred_world_open(&h->world, "ppk", "keys");
    fputs(text, f);
    fclose(f);
}

static void meet_again(struct duo *duo)
{
    struct ike_order down = {.kind = ORDER_TERMINATE, .conn = BYTES_LIT("net")};
    struct ike_order up = {
        .kind = ORDER_INITIATE, .conn = BYTES_LIT("net"), .child = BYTES_LIT("net")};
    duo_order(duo, &duo->a, &down);
    duo->a.child_up = duo->b.child_up = duo->a.ike_up = duo->a.ike_down = 0;
    assert_int_equal(duo_order(duo, &duo->a, &up), ORDER_DONE);
}

static void keys_of_a_file_serve_once(void **state)
{
    (void)state;
    char moon_secrets[300], sun_secrets[300];
    static const char format[] = PSK_SECRET "ppk {\n id = qkd\n file = %s/ppk/keys\n }\n";
    snprintf(moon_secrets, sizeof moon_secrets, format, moon_host.world.dir);
    snprintf(sun_secrets, sizeof sun_secrets, format, sun_host.world.dir);
    static const char both[] = "ppk_id = qkd\n ppk_required = yes\n ppk_early = %s";
    for (int early = 0; early < 2; early++) {
        char conn[200];
        snprintf(conn, sizeof conn, both, early ? "yes" : "no");
        write_keys(&moon_host, "# of the lab\n\nk1 " KEY_1 "\nbroken 12x\nk2\t" KEY_2);
        write_keys(&sun_host, "k2 " KEY_2 "\nk1 " KEY_1 "\n");
        struct duo duo;
        meet(&duo, &(struct lines){conn, NULL, NULL, moon_secrets},
             &(struct lines){conn, NULL, NULL, sun_secrets});
        assert_true(is_up(&duo) && only_sa(&duo.b).ppk);
        meet_again(&duo);
        assert_true(is_up(&duo));
        meet_again(&duo); /* both keys have served */
        assert_false(is_up(&duo));
        assert_says(duo.a.detail, "the PPK that is required is not at hand: 'qkd'");
        write_keys(&moon_host, "k3 " KEY_1 "\n"); /* the file is read anew */
        write_keys(&sun_host, "k3 " KEY_1 "\n");
        meet_again(&duo);
        assert_true(is_up(&duo));
        drop(&duo);
    }
}

/* The name of the source is no name of a key: it would use up what is there. */
static void a_peer_cannot_name_the_file(void **state)
{
    (void)state;
    struct ppk_taken taken;
    struct ppk_used *used = ppk_used_new();
    char path[200];
    write_keys(&sun_host, "k1 " KEY_1 "\n");
    snprintf(path, sizeof path, "%s/ppk/keys", sun_host.world.dir);
    assert_false(ppk_file_take(path, BYTES_LIT("qkd"), used, &taken));
    assert_false(ppk_file_take(path, BYTES_LIT("k"), used, &taken));
    assert_false(ppk_file_take("/nonexistent", BYTES_NONE, used, &taken));
    assert_true(ppk_file_take(path, BYTES_NONE, used, &taken));
    assert_int_equal(taken.key.len, 32);
    assert_int_equal(taken.key.data[0], 0x11);
    assert_false(ppk_file_take(path, BYTES_LIT("k1"), used, &taken));
    ppk_used_free(used);
}

static void keys_of_a_file_serve_once_each_whatever_their_number(void **state)
{
    (void)state;
    enum { KEYS = 1500 };
    static char text[PPK_FILE_LEN_MAX + 2];
    struct ppk_taken taken;
    struct ppk_used *used = ppk_used_new();
    size_t len = 0;
    char path[200], name[24];
    for (int i = 0; i < KEYS; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "key-%d " KEY_1 "\n", i);
    write_keys(&sun_host, text);
    snprintf(path, sizeof path, "%s/ppk/keys", sun_host.world.dir);
    for (int i = 0; i < KEYS; i++) {
        assert_true(ppk_file_take(path, BYTES_NONE, used, &taken));
        snprintf(name, sizeof name, "key-%d", i);
        assert_bytes_equal(bytes_make(taken.id, taken.id_len), bytes_str(name));
        assert_false(ppk_file_take(path, bytes_str(name), used, &taken));
    }
    assert_false(ppk_file_take(path, BYTES_NONE, used, &taken));
    ppk_used_free(used);
    used = ppk_used_new();
    memset(text + len, '#', sizeof text - len - 1); /* an octet too many */
    write_keys(&sun_host, text);
    assert_false(ppk_file_take(path, BYTES_NONE, used, &taken));
    text[PPK_FILE_LEN_MAX] = '\0';
    write_keys(&sun_host, text);
    assert_true(ppk_file_take(path, BYTES_NONE, used, &taken));
    ppk_used_free(used);
}

/* ---- NULL authentication (RFC 7619) ----------------------------------------------------------- */

static void write_null_conf(struct host *h, const char *local, const char *remote)
{
    bool is_moon = h == &moon_host;
    FILE *f = cred_world_open(&h->world, ".", "swanctl.conf");
    fprintf(f,
            "connections {\n net {\n local_addrs = 192.0.2.%d\n remote_addrs = 192.0.2.%d\n " PLAIN
            "\n unique = replace\n local {\n %s\n }\n remote {\n %s\n }\n"
            " children {\n net {\n esp_proposals = aes256gcm16\n }\n }\n }\n}\n"
            "secrets {\n" PSK_SECRET "}\n",
            is_moon ? 1 : 2, is_moon ? 2 : 1, local, remote);
    fclose(f);
    h->config = duo_config_load(h->world.dir);
}

static void nobody_is_let_in_without_a_proof_but_where_it_is_said(void **state)
{
    (void)state;
    static const char null[] = "auth = null", psk[] = "auth = psk",
                      moon_psk[] = "auth = psk\n id = moon.example",
                      sun_psk[] = "auth = psk\n id = sun.example";
    static const struct {
        const char *moon_local, *moon_remote, *sun_local, *sun_remote, *ours, *theirs;
    } rows[] = {
        {null, null, null, null, "NULL", "NULL"},
        {null, sun_psk, sun_psk, null, "NULL", "PSK"},
        {moon_psk, null, null, moon_psk, "PSK", "NULL"},
        {null, psk, psk, psk, NULL, NULL},          /* the responder wants a proof */
        {psk, psk, null, psk, NULL, NULL},          /* the initiator does */
        {moon_psk, psk, sun_psk, null, NULL, NULL}, /* an identity where none is believed */
        {"auth = null\n id = moon.example", psk, psk, psk, NULL, NULL},
        {"auth = null\n id = moon.example", psk, psk, null, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct duo duo;
        write_null_conf(&moon_host, rows[i].moon_local, rows[i].moon_remote);
        write_null_conf(&sun_host, rows[i].sun_local, rows[i].sun_remote);
        bring_up(&duo);
        if (is_up(&duo) != (rows[i].ours != NULL))
            print_error("row %zu: %s | %s\n", i, duo.a.detail, duo.b.detail);
        assert_int_equal(is_up(&duo), rows[i].ours != NULL);
        if (is_up(&duo)) {
            assert_string_equal(only_sa(&duo.a).auth_ours, rows[i].ours);
            assert_string_equal(only_sa(&duo.a).auth_theirs, rows[i].theirs);
            assert_false(only_sa(&duo.a).auth_quantum_safe);
        }
        drop(&duo);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(of_several_certificates_the_announced_kind_is_used,
                                        begin_hosts, end_hosts),
        cmocka_unit_test_setup_teardown(only_what_withstands_a_quantum_computer_is_believed,
                                        begin_hosts, end_hosts),
        cmocka_unit_test_setup_teardown(a_classical_ca_is_named, begin_hosts, end_hosts),
        cmocka_unit_test_setup_teardown(the_demand_holds_for_the_responder_too, begin_hosts,
                                        end_hosts),
        cmocka_unit_test_setup_teardown(a_weak_shared_key_is_no_proof, begin_hosts, end_hosts),
        cmocka_unit_test_setup_teardown(a_ppk_is_used_or_missed_as_configured, begin_hosts,
                                        end_hosts),
        cmocka_unit_test_setup_teardown(a_ppk_goes_along_with_a_key_exchange, begin_hosts,
                                        end_hosts),
        cmocka_unit_test_setup_teardown(a_required_ppk_fulfils_the_demand, begin_hosts, end_hosts),
        cmocka_unit_test_setup_teardown(keys_of_a_file_serve_once, begin_hosts, end_hosts),
        cmocka_unit_test_setup_teardown(a_peer_cannot_name_the_file, begin_hosts, end_hosts),
        cmocka_unit_test_setup_teardown(keys_of_a_file_serve_once_each_whatever_their_number, begin_hosts, end_hosts),
        cmocka_unit_test_setup_teardown(nobody_is_let_in_without_a_proof_but_where_it_is_said,
                                        begin_hosts, end_hosts),
        cmocka_unit_test_setup_teardown(a_long_list_comes_later, begin_hosts, end_hosts),
        cmocka_unit_test_setup_teardown(a_refusal_names_what_the_peer_accepts, begin_hosts,
                                        end_hosts),
    };
    return cmocka_run_group_tests(tests, make_authorities, drop_authorities);
}
