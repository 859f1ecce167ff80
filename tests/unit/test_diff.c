/*
 * diff: what is different between two configurations, key by key, as one would say it.
 */
#include "../support/unit.h"

#include "config/diff.h"
#include "config/load.h"

#include <stdio.h>
#include <string.h>

static char said[8192];

static void say(void *self, const struct diff_line *line)
{
    size_t len = strlen(said);
    (void)self;
    snprintf(said + len, sizeof said - len, "%c %s/%s %s: %s > %s\n", "+-~"[line->kind],
             line -> conn ? line -> conn : "", line->child ? line->child : "",
             line->key ? line->key : "", line->before ? line->before : "",
             line->after ? line->after : "");
}

static struct loaded *load(const char *text, const char *braid)
{
    struct problem_list problems;
    problem_list_init(&problems);
    struct loaded *l = config_load_text(bytes_str(text), bytes_str(braid), &problems);
    problem_list_print(&problems, stderr);
    problem_list_free(&problems);
    assert_non_null(l);
    return l;
}

static void expect(const char *before, const char *after, const char *text)
{
    struct loaded *a = load(before, ""), *b = load(after, "engine { retransmit_tries = 7 }");
    said[0] = '\0';
    diff_configs(a->config, b->config, say, NULL);
    assert_string_equal(said, text);
    loaded_free(a);
    loaded_free(b);
}

#define AUTH "local { auth = psk\n id = me } remote { auth = psk\n id = you }\n"
#define SECRET "secrets { ike-1 { secret = 0123456789abcdef } }\n"
#define CONNS(...) "connections { " __VA_ARGS__ " }\n" SECRET

static void the_same_is_no_difference(void **state)
{
    (void)state;
    expect(CONNS("a { " AUTH "children { net { } } }"), CONNS("a { version = 2\n " AUTH "children { net { mode = tunnel } } }"),
           "");
}

static void connections_and_children_come_and_go(void **state)
{
    (void)state;
    expect(CONNS("a { " AUTH "children { x { } y { } } } b { " AUTH " }"),
           CONNS("c { " AUTH " } a { " AUTH "children { y { } z { } } }"),
           "+ c/ :  > \n+ a/z :  > \n- a/x :  > \n- b/ :  > \n");
}

static void each_key_is_said_before_and_after(void **state)
{
    (void)state;
    expect(CONNS("a { proposals = aes256-sha256-ecp256\n remote_addrs = 192.0.2.1\n dpd_delay = 30s\n " AUTH
                 "children { x { local_ts = 10.1.0.0/16\n esp_proposals = aes256gcm16\n } } }"),
           CONNS("a { proposals = aes256gcm16-prfsha256-x25519-ke1_mlkem768\n remote_addrs = 192.0.2.1-192.0.2.9, "
                 "gw.example\n unique = replace\n encap = yes\n local { auth = psk\n id = me.example } remote { auth = psk\n id = *.you }\n"
                 "children { x { local_ts = 10.2.0.0/16, 10.3.0.0/16\n esp_proposals = aes256gcm16-esn\n copy_df = no } } }"),
           "~ a/ remote_addrs: 192.0.2.1 > 192.0.2.1-192.0.2.9, gw.example\n"
           "~ a/ proposals: aes256-prfsha256-sha256-ecp256 > aes256gcm16-prfsha256-x25519-ke1_mlkem768\n"
           "~ a/ encap: no > yes\n"
           "~ a/ dpd_delay: 30s > 0s\n"
           "~ a/ unique: no > replace\n"
           "~ a/ local.id: me > me.example\n"
           "~ a/ remote.id: you > *.you\n"
           "~ a/x esp_proposals: aes256gcm16 > aes256gcm16-esn\n"
           "~ a/x local_ts: 10.1.0.0/16 > 10.2.0.0/16, 10.3.0.0/16\n"
           "~ a/x copy_df: yes > no\n");
}

static void settings_of_the_engine_count(void **state)
{
    (void)state;
    struct loaded *a = load(CONNS(""), "engine { retransmit_timeout = 1s\n retransmit_base = 2 }"),
                  *b = load(CONNS(""), "engine { cookie_threshold = 0 }");
    said[0] = '\0';
    diff_configs(a->config, b->config, say, NULL);
    assert_string_equal(said, "~ / engine.retransmit_timeout: 1s > 500ms\n"
                              "~ / engine.retransmit_base: 2.0 > 1.8\n"
                              "~ / engine.cookie_threshold: 64 > 0\n");
    loaded_free(a);
    loaded_free(b);
}

static void settings_of_the_daemon_count(void **state)
{
    (void)state;
    struct loaded *a = load(CONNS(""), "network { port = 600 }\nlog { ike = debug }"),
                  *b = load(CONNS(""), "plane { device = vpn0 }");
    said[0] = '\0';
    diff_daemon(&a->daemon, &b->daemon, say, NULL);
    assert_string_equal(said, "~ / log.ike: debug > info\n"
                              "~ / network.port: 600 > 500\n"
                              "~ / plane.device: braid0 > vpn0\n");
    loaded_free(a);
    loaded_free(b);
}

static void secrets_are_named_and_never_told(void **state)
{
    (void)state;
    struct loaded *a = load("secrets { ike-a { secret = first\n id = x } ike-b { secret = same\n id = y }\n"
                            "ike-c { secret = gone } }",
                            ""),
                  *b = load("secrets { ike-b { secret = same\n id = y\n id2 = \"*.z\" } ike-a { secret = second\n id = x }\n"
                            "ike-d { secret = here } }",
                            "");
    said[0] = '\0';
    diff_secrets(&a->secrets, &b->secrets, say, NULL);
    assert_string_equal(said, "~ / secrets.ike-a.secret:  > \n"
                              "~ / secrets.ike-b.id: y > y, *.z\n"
                              "- / secrets.ike-c:  > \n"
                              "+ / secrets.ike-d:  > \n");
    loaded_free(a);
    loaded_free(b);
}

static void what_sections_ask_of_keys_counts(void **state)
{
    (void)state;
    struct loaded *a = load("connections { a { local { auth = pubkey\n certs = one.pem }\n"
                            "remote { auth = pubkey } } }",
                            ""),
                  *b = load("connections { a { local { auth = pubkey\n certs = one.pem, two.pem }\n"
                            "remote { auth = mldsa87\n cacerts = ca.pem\n revocation = strict } } }",
                            "");
    said[0] = '\0';
    diff_sections(&a->sections, &b->sections, say, NULL);
    assert_string_equal(said, "~ a/ local.certs: one.pem > one.pem, two.pem\n"
                              "~ a/ remote.auth: any signature > mldsa87\n"
                              "~ a/ remote.revocation: relaxed > strict\n"
                              "~ a/ remote.cacerts:  > ca.pem\n");
    said[0] = '\0';
    diff_sections(&b->sections, &b->sections, say, NULL);
    assert_string_equal(said, "");
    loaded_free(a);
    loaded_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_is_no_difference),
        cmocka_unit_test(connections_and_children_come_and_go),
        cmocka_unit_test(each_key_is_said_before_and_after),
        cmocka_unit_test(settings_of_the_engine_count),
        cmocka_unit_test(settings_of_the_daemon_count),
        cmocka_unit_test(secrets_are_named_and_never_told),
        cmocka_unit_test(what_sections_ask_of_keys_counts),
    };
    return cmocka_run_group_tests_name("diff", tests, NULL, NULL);
}
