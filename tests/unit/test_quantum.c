/*
 * quantum: which proposals withstand a quantum computer, and how one that does not is mended.
 * Proposals are read as they stand in a configuration.
 */
#include "../support/unit.h"

#include "config/load.h"
#include "config/owner.h"
#include "config/quantum.h"

#include <stdio.h>
#include <string.h>

static struct loaded *load(const char *proposals, const char *secret_id)
{
    char text[1024];
    struct problem_list problems;
    snprintf(text, sizeof text,
             "connections { c { proposals = %s\n local { auth = psk\n id = a.example }\n"
             "remote { auth = psk\n id = *.b.example } } }\n"
             "secrets { ike-1 { id = %s\n secret = 0123456789abcdef }\n"
             "ike-2 { id = b.b.example\n secret = 0123456789abcdef } }\n",
             proposals, secret_id);
    problem_list_init(&problems);
    struct loaded *l = config_load_text(bytes_str(text), BYTES_NONE, &problems);
    problem_list_print(&problems, stderr);
    problem_list_free(&problems);
    assert_non_null(l);
    return l;
}

static void expect(const char *proposals, enum quantum is, const char *remedy)
{
    struct loaded *l = load(proposals, "a.example");
    const struct conf_conn *c = &l->config->conn[0];
    char room[512];
    struct text words = text_make(room, sizeof room);
    assert_int_equal(quantum_of_proposals(&c->ike), is);
    if (remedy) {
        quantum_remedy(&words, &c->ike.at[0]);
        assert_string_equal(room, remedy);
        loaded_free(l);
        l = load(room, "a.example"); /* it is one that can be written, and it helps */
        assert_int_equal(quantum_of_proposals(&l->config->conn[0].ike), QUANTUM_SAFE);
    }
    loaded_free(l);
}

static void one_post_quantum_round_is_enough(void **state)
{
    (void)state;
    expect("default", QUANTUM_SAFE, NULL);
    expect("aes256gcm16-prfsha256-x25519-ke1_mlkem768", QUANTUM_SAFE, NULL);
    expect("aes256gcm16-prfsha256-mlkem512", QUANTUM_SAFE, NULL);
    expect("aes256gcm16-prfsha256-x25519-ke1_ecp256-ke1_ecp384-ke2_mlkem1024", QUANTUM_SAFE, NULL);
}

static void a_classical_proposal_gets_a_round(void **state)
{
    (void)state;
    expect("aes256-sha256-ecp256", QUANTUM_UNSAFE, "aes256-prfsha256-sha256-ecp256-ke1_mlkem768");
    expect("aes256gcm16-prfsha256-x25519-ke1_ecp384", QUANTUM_UNSAFE,
           "aes256gcm16-prfsha256-x25519-ke1_ecp384-ke2_mlkem768");
}

static void a_way_out_is_closed(void **state)
{
    (void)state;
    expect("aes256gcm16-prfsha256-x25519-ke1_mlkem768-ke1_none", QUANTUM_DEPENDS,
           "aes256gcm16-prfsha256-x25519-ke1_mlkem768");
    expect("aes256gcm16-prfsha256-x25519-ke1_mlkem768, aes256gcm16-prfsha256-x25519",
           QUANTUM_DEPENDS, NULL);
}

static void secrets_serve_by_their_owners(void **state)
{
    (void)state;
    static const struct {
        const char *owner;
        bool serves;
    } rows[] = {{"a.example", true}, {"x.B.example", true}, {"*.example", true}, {"%any", true}, {"c.example", false}, {"192.0.2.1", false}, {"x@b.example", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct loaded *l = load("default", rows[i].owner);
        assert_int_equal(owner_secret_may_serve(&l->secrets.at[0], &l->config->conn[0]),
                         rows[i].serves);
        loaded_free(l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_post_quantum_round_is_enough),
        cmocka_unit_test(a_classical_proposal_gets_a_round),
        cmocka_unit_test(a_way_out_is_closed),
        cmocka_unit_test(secrets_serve_by_their_owners),
    };
    return cmocka_run_group_tests_name("quantum", tests, NULL, NULL);
}
