/*
 * load: right configurations give the values they should, wrong ones the messages they should.
 *
 * The wrong ones stand in config_cases/broken*.txt, one behind the other:
 *
 *     --- a name for the case
 *     the file
 *     ===
 *     its problems, one a line, in order
 *
 * A case need not be complete: that `auth` is missing or a secret weak is left out of what is
 * compared unless it is expected.
 */
#include "../support/unit.h"

#include "config/load.h"
#include "config/schema.h"
#include "wire/names.h"
#include "wire/print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* One case for each kind of mistake, and one for each kind of wrong value. */
static const char *const case_files[] = {"tests/unit/config_cases/broken.txt",
                                         "tests/unit/config_cases/broken_values.txt"};
/* In the forms and with the features of strongSwan's own examples. */
static const char *const strongswan_file = "tests/unit/config_cases/strongswan.txt";

/* ---- wrong ones ------------------------------------------------------------------------------ */

/* What is wrong with nearly every short case. */
static const char *const common[] = {".auth is not given", " can be guessed: "};

static bool is_left_out(const char *line, const char *expected)
{
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++)
        if (strstr(line, common[i]) && !strstr(expected, common[i]))
            return true;
    return false;
}

/* All problems as lines. */
static char *say_all(const struct problem_list *problems, const char *expected)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    for (const struct problem *p = problems->first; p; p = p->next) {
        char *line = problem_text(p, false);
        if (!is_left_out(line, expected))
            fprintf(to, "%s\n", line);
        free(line);
    }
    fclose(to);
    return text;
}

/* False: other problems than expected, which are shown. */
static bool check_case(const char *name, const char *input, const char *expected)
{
    struct problem_list problems;
    problem_list_init(&problems);
    struct loaded *l = config_load_text(bytes_str(input), BYTES_NONE, &problems);
    char *said = say_all(&problems, expected);
    bool as_expected = strcmp(said, expected) == 0;
    if (!as_expected)
        print_error("case \"%s\" says\n%sand not\n%s", name, said, expected);
    assert_int_equal(l == NULL, problems.errors > 0);
    free(said);
    loaded_free(l);
    problem_list_free(&problems);
    return as_expected;
}

static char *read_file(const char *path)
{
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    char *text = calloc(1, 1 << 20);
    size_t len = fread(text, 1, (1 << 20) - 1, f);
    assert_true(len > 0);
    fclose(f);
    return text;
}

/* All cases of a file; how many there are. `look` has a say, too, in what is expected. */
static size_t check_cases(const char *path, void (*look)(const char *name, const char *expected))
{
    char *all = read_file(path);
    size_t cases = 0, wrong = 0;
    for (char *at = strstr(all, "--- "), *next; at; at = next, cases++) {
        char *name = at + 4, *end = strchr(name, '\n');
        char *middle = strstr(end, "\n===\n");
        next = strstr(end, "\n--- ");
        assert_non_null(middle);
        *end = *middle = '\0';
        if (next)
            *next++ = '\0';
        const char *expected = next == middle + 5 ? "" : middle + 5;
        char *input = end == middle ? end : end + 1;
        char *lines = NULL;
        assert_true(asprintf(&lines, "%s%s", expected,
                             *expected && expected[strlen(expected) - 1] != '\n' ? "\n" : "") >= 0);
        wrong += !check_case(name, input, lines);
        if (look)
            look(name, lines);
        free(lines);
    }
    free(all);
    assert_int_equal(wrong, 0);
    return cases;
}

static void every_broken_file_says_what_and_where(void **state)
{
    size_t cases = 0;
    (void)state;
    for (size_t i = 0; i < sizeof case_files / sizeof case_files[0]; i++)
        cases += check_cases(case_files[i], NULL);
    print_message("# %zu broken files\n", cases);
    assert_true(cases >= 200);
}

static size_t loading;

/* It loads, or something is not supported yet: never anything else. */
static void look_at_example(const char *name, const char *expected)
{
    bool loads = true;
    for (const char *line = expected, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        char text[512];
        snprintf(text, sizeof text, "%.*s", (int)(end - line), line);
        bool warns = strstr(text, ": warning: ") != NULL;
        if (!warns && !strstr(text, "not supported yet") && !strstr(text, "left out of braid"))
            fail_msg("%s: %s", name, text);
        loads = loads && warns;
    }
    loading += loads;
}

static void examples_in_strongswans_forms_load_or_lack_a_feature(void **state)
{
    (void)state;
    loading = 0;
    size_t cases = check_cases(strongswan_file, look_at_example);
    print_message("# %zu of %zu configurations in strongSwan's forms load\n", loading, cases);
    assert_true(cases >= 50);
}

static void problems_are_underlined(void **state)
{
    (void)state;
    struct problem_list problems;
    problem_list_init(&problems);
    assert_null(config_load_text(
        BYTES_LIT("connections {\n\thome {\n\t\tproposals = aes256-sha256-x25591\n\t}\n}\n"),
        BYTES_NONE, &problems));
    char *text = problem_text(problems.first, true);
    assert_string_equal(text, "swanctl.conf:3:29: connections.home.proposals: `x25591` is no "
                              "algorithm known here, did you mean `x25519`?\n"
                              "    \t\tproposals = aes256-sha256-x25591\n"
                              "    \t\t                          ^~~~~~");
    free(text);
    problem_list_free(&problems);
}

static void many_problems_are_counted_not_kept(void **state)
{
    (void)state;
    struct problem_list problems;
    problem_list_init(&problems);
    char *text = malloc(100000), *at = text;
    for (int i = 0; i < 5000; i++)
        at += sprintf(at, "= oops\n");
    assert_null(config_load_text(bytes_str(text), BYTES_NONE, &problems));
    size_t kept = 0;
    for (struct problem *p = problems.first; p; p = p->next)
        kept++;
    assert_int_equal(kept, PROBLEMS_MAX);
    assert_int_equal(problems.errors, 5000);
    free(text);
    problem_list_free(&problems);
}

/* ---- right ones ------------------------------------------------------------------------------ */

static struct loaded *load_good(const char *swanctl, const char *braid, size_t warnings)
{
    struct problem_list problems;
    problem_list_init(&problems);
    struct loaded *l = config_load_text(bytes_str(swanctl), bytes_str(braid), &problems);
    for (struct problem *p = problems.first; !l && p; p = p->next)
        print_error("%s:%u: %s\n", p->file, p->line, p->message);
    assert_non_null(l);
    assert_int_equal(problems.warnings, warnings);
    problem_list_free(&problems);
    return l;
}

#define PSK "local { auth = psk }\n remote { auth = psk }\n"

static void a_ten_line_file_is_enough(void **state)
{
    (void)state;
    struct loaded *l =
        load_good("connections {\n home {\n remote_addrs = vpn.example.org\n" PSK
                  "children { net { remote_ts = 10.0.0.0/8\n start_action = start } }\n }\n}\n"
                  "secrets { ike-home { secret = verysecret } }\n",
                  "", 1);
    assert_int_equal(l->config->conn_count, 1);
    const struct conf_conn *c = config_conn(l->config, BYTES_LIT("home"));
    assert_non_null(c);
    assert_int_equal(c->local_count, 0);
    assert_int_equal(c->remote_count, 1);
    assert_string_equal(c->remote_addrs[0].host, "vpn.example.org");
    assert_int_equal(c->remote_port, 500);
    assert_int_equal(c->local_port, 0);
    assert_int_equal(c->ike.count, 1);
    assert_int_equal(c->keyingtries, 1);
    assert_int_equal(c->rekey_for, 4 * 3600 * IKE_SECOND);
    assert_int_equal(c->over_for, 24 * 60 * IKE_SECOND);
    assert_int_equal(c->rand_for, 24 * 60 * IKE_SECOND);
    assert_int_equal(c->dpd_for, 0);
    assert_int_equal(c->fragmentation, FRAGMENTATION_YES);
    assert_false(c->mobike);
    assert_int_equal(c->line, 2);
    assert_string_equal(c->file, "swanctl.conf");
    assert_true(c->local[0].id.any && c->remote[0].id.any && !c->local[0].id_text);
    assert_int_equal(c->local[0].class, CONF_AUTH_PSK);
    const struct conf_child *child = config_child(c, BYTES_LIT("net"));
    assert_non_null(child);
    assert_true(child->local_ts.count == 1 && child->local_ts.at[0].dynamic);
    assert_int_equal(child->start_action, ACTION_START);
    assert_int_equal(child->rekey_for, 3600 * IKE_SECOND);
    assert_int_equal(child->life_for, 3960 * IKE_SECOND);
    assert_int_equal(child->rand_for, 360 * IKE_SECOND);
    assert_int_equal(child->replay_window, 32);
    assert_true(child->copy_df);
    assert_int_equal(l->secrets.count, 1);
    assert_true(bytes_equal(l->secrets.at[0].data, BYTES_LIT("verysecret")));
    assert_int_equal(l->secrets.at[0].owner_count, 0);
    assert_null(config_conn(l->config, BYTES_LIT("hom")));
    loaded_free(l);
}

static void everything_supported_at_once(void **state)
{
    (void)state;
    struct loaded *l =
        load_good("connections { a {\n version = 0\n local_addrs = 192.0.2.1, 2001:db8::/64\n "
                  "remote_addrs = 198.51.100.1-198.51.100.9, gate.example, %any\n"
                  "local_port = 5500\n remote_port = 5501\n proposals = "
                  "aes256gcm16-prfsha384-x25519-ke1_mlkem768, default\n encap = yes\n mobike = no\n"
                  "dpd_delay = 30s\n fragmentation = accept\n childless = prefer\n keyingtries = "
                  "0\n unique = replace\n"
                  "local-1 { auth = psk\n id = moon.example\n round = 1 }\n remote-1 { auth = "
                  "PSK\n id = \"*.example\" }\n"
                  "children { c1 { mode = transport\n esp_proposals = aes128-sha256\n local_ts = "
                  "10.0.0.0/8[tcp/22], dynamic\n replay_window = 256\n copy_df = no }\n"
                  "c2 { } } } }\n"
                  "secrets { ike-1 { secret = 0x0102\n id-a = moon.example\n id-b = *.example\n "
                  "id3 = %any }\n ike2 { secret = x } }\n",
                  "", 2); /* both secrets can be guessed */
    const struct conf_conn *c = &l->config->conn[0];
    assert_int_equal(c->local_count, 2);
    assert_int_equal(c->remote_count, 3);
    assert_int_equal(c->local_addrs[1].to.ip[15], 255);
    assert_string_equal(c->remote_addrs[1].host, "gate.example");
    assert_int_equal(c->local_port, 5500);
    assert_int_equal(c->remote_port, 5501);
    assert_int_equal(c->ike.count, 2);
    assert_true(c->encap);
    assert_int_equal(c->dpd_for, 30 * IKE_SECOND);
    assert_int_equal(c->fragmentation, FRAGMENTATION_ACCEPT);
    assert_int_equal(c->childless, CHILDLESS_PREFER);
    assert_int_equal(c->keyingtries, 0);
    assert_int_equal(c->unique, UNIQUE_REPLACE);
    assert_string_equal(c->local[0].id_text, "moon.example");
    assert_int_equal(c->local[0].id.id.type, ID_FQDN);
    assert_true(c->remote[0].id.suffix);
    assert_int_equal(c->child_count, 2);
    assert_int_equal(c->child[0].mode, MODE_TRANSPORT);
    assert_int_equal(c->child[0].local_ts.count, 2);
    assert_int_equal(c->child[0].replay_window, 256);
    assert_false(c->child[0].copy_df);
    assert_string_equal(c->child[1].name, "c2");
    assert_int_equal(c->child[1].esp.at[0].protocol, PROTOCOL_ESP);
    assert_int_equal(l->secrets.count, 2);
    assert_int_equal(l->secrets.at[0].owner_count, 3);
    assert_true(l->secrets.at[0].owner[1].suffix && l->secrets.at[0].owner[2].any);
    assert_string_equal(l->secrets.at[1].name, "ike2");
    loaded_free(l);
}

/*
 * The style of the examples people copy: templates, the values that are defaults there written
 * out, comments, odd spacing.
 */
static void a_file_in_the_style_of_the_field(void **state)
{
    (void)state;
    struct loaded *l = load_good(
        "# gateway\nconn-defaults {\n  version=2\n  mobike = no\n  aggressive = no\n  pull = yes\n "
        " ppk_required = no\n  reauth_time = 0\n  local {\n    auth = psk\n"
        "    id = @moon.example.org\n  }\n  remote {\n    auth = psk\n  }\n}\n"
        "child-defaults {\n  esp_proposals = aes128gcm128-x25519-ke1_mlkem512\n  dpd_action = "
        "none\n  close_action = none\n  policies = yes\n  ipcomp = no\n}\n"
        "connections {\n   gw-gw : conn-defaults {\n      local_addrs  = 192.168.0.1\n      "
        "remote_addrs = 192.168.0.2\n\n      remote {\n         id = sun.example.org\n      }\n"
        "      children {\n         net-net : child-defaults {\n            local_ts  = "
        "10.1.0.0/16\n            remote_ts = 10.2.0.0/16\n         }\n"
        "         alias : child-defaults {\n            local_ts  = 10.3.0.0/16 \n            "
        "remote_ts = 10.2.0.0/16\n         }\n      }\n"
        "      proposals = aes128-sha256-x25519-ke1_mlkem512\n   }\n}\n\nsecrets {\n   ike-1 {\n   "
        "   id-moon = moon.example.org\n"
        "      secret = 0sv+NkxY9LLZvwj4qCC2o/gGrWDF2d21jL\n   }\n}\npools {\n}\nauthorities "
        "{\n}\n",
        "", 0);
    const struct conf_conn *c = config_conn(l->config, BYTES_LIT("gw-gw"));
    assert_string_equal(c->local[0].id_text, "@moon.example.org");
    assert_string_equal(c->remote[0].id_text, "sun.example.org");
    assert_int_equal(c->remote[0].class, CONF_AUTH_PSK);
    assert_int_equal(c->child_count, 2);
    assert_string_equal(c->child[1].name, "alias");
    assert_int_equal(c->child[1].esp.at[0].count, 4);
    assert_int_equal(l->secrets.at[0].data.len, 24);
    loaded_free(l);
}

static void lifetimes_follow_from_each_other(void **state)
{
    (void)state;
    struct loaded *l =
        load_good("connections { a { " PSK "rekey_time = 0\n children {\n x { life_time = 1100s\n "
                  "life_bytes = 1100\n }\n y { rekey_time = 0 } } } "
                  "b { " PSK "reauth_time = 10h }\n"
                  "c { " PSK "reauth_time = 1h\n rekey_time = 3h } }",
                  "", 0);
    const struct conf_conn *c = &l->config->conn[0];
    assert_int_equal(c->over_for, 0);
    assert_int_equal(c->rand_for, 0);
    assert_int_equal(c->child[0].rekey_for, 1000 * IKE_SECOND);
    assert_int_equal(c->child[0].rand_for, 100 * IKE_SECOND);
    assert_int_equal(c->child[0].rekey_bytes, 1000);
    assert_int_equal(c->child[0].rand_bytes, 100);
    assert_int_equal(c->child[0].life_packets, 0);
    assert_int_equal(c->child[1].life_for, 0);
    c = &l->config->conn[1];
    assert_int_equal(c->rekey_for, 0);
    assert_int_equal(c->over_for, 3600 * IKE_SECOND);
    assert_int_equal(c->rand_for, 3600 * IKE_SECOND);
    c = &l->config->conn[2];
    assert_int_equal(c->over_for, 18 * 60 * IKE_SECOND);
    assert_int_equal(c->rand_for, 18 * 60 * IKE_SECOND);
    loaded_free(l);
}

/* ---- braid.conf ------------------------------------------------------------------------------ */

static void the_schema_and_the_engine_agree_on_defaults(void **state)
{
    (void)state;
    struct conf_engine defaults;
    struct loaded *l = load_good("", "", 0);
    conf_engine_defaults(&defaults);
    const struct conf_engine *e = &l->config->engine;
    assert_int_equal(e->retransmit_first_for, defaults.retransmit_first_for);
    assert_int_equal(e->retransmit_base_permille, defaults.retransmit_base_permille);
    assert_int_equal(e->retransmit_tries, defaults.retransmit_tries);
    assert_int_equal(e->retransmit_max_for, defaults.retransmit_max_for);
    assert_int_equal(e->half_open_for, defaults.half_open_for);
    assert_int_equal(e->half_open_max, defaults.half_open_max);
    assert_int_equal(e->half_open_per_source, defaults.half_open_per_source);
    assert_int_equal(e->cookie_threshold, defaults.cookie_threshold);
    assert_int_equal(e->keepalive_for, defaults.keepalive_for);
    assert_int_equal(e->fragment_size, defaults.fragment_size);
    assert_int_equal(e->message_max, defaults.message_max);
    assert_int_equal(e->message_max_early, defaults.message_max_early);
    assert_int_equal(e->follow_configured_order, defaults.follow_configured_order);
    assert_int_equal(l->daemon.port, 500);
    assert_int_equal(l->daemon.port_nat_t, 4500);
    assert_string_equal(l->daemon.plane_device, "braid0");
    assert_int_equal(l->daemon.log[CONF_LOG_VICI], CONF_LOG_INFO);
    loaded_free(l);
}

static void settings_of_the_daemon_are_read(void **state)
{
    (void)state;
    struct loaded *l = load_good("",
                                 "engine {\n retransmit_timeout = 200ms\n retransmit_base = 1.5\n "
                                 "fragment_size = 0\n prefer_configured_proposals = no\n}\n"
                                 "network { port = 5500 }\nplane { type = mock\n device = tun7\n "
                                 "mtu = 1400 }\nlog { default = error\n ike = debug }\n",
                                 0);
    assert_int_equal(l->config->engine.retransmit_first_for, 200 * IKE_MS);
    assert_int_equal(l->config->engine.retransmit_base_permille, 1500);
    assert_int_equal(l->config->engine.fragment_size, 0);
    assert_false(l->config->engine.follow_configured_order);
    assert_int_equal(l->daemon.port, 5500);
    assert_int_equal(l->daemon.plane, CONF_PLANE_MOCK);
    assert_int_equal(l->daemon.plane_mtu, 1400);
    assert_int_equal(l->daemon.log[CONF_LOG_IKE], CONF_LOG_DEBUG);
    assert_int_equal(l->daemon.log[CONF_LOG_NET], CONF_LOG_ERROR);
    loaded_free(l);
}

static void mistakes_in_braid_conf_are_located(void **state)
{
    (void)state;
    struct problem_list problems;
    problem_list_init(&problems);
    assert_null(
        config_load_text(BYTES_NONE,
                         BYTES_LIT("engin { }\nengine {\n retransmit_base = 99\n fragment_size = "
                                   "10\n cookie = 1\n}\nplane { device = a/b }\n"
                                   "log { ike = loud }\nnetwork { port = 70000 }\nkey = 1\n"),
                         &problems));
    char *said = say_all(&problems, "");
    assert_string_equal(
        said,
        "braid.conf:1:1: engin: nothing uses this section, did you mean `engine`?\n"
        "braid.conf:10:1: key: a key outside of all sections\n"
        "braid.conf:3:20: engine.retransmit_base: `99` is not a factor from 1 to 10, such as 1.8\n"
        "braid.conf:4:18: engine.fragment_size: `10` is not 0, or a number from 256 to 65535\n"
        "braid.conf:5:2: engine.cookie: unknown key\n"
        "braid.conf:9:18: network.port: `70000` is not a port number, 0 to 65535\n"
        "braid.conf:7:18: plane.device: `a/b` is not the name of a network device, at most 15 "
        "characters\n"
        "braid.conf:8:13: log.ike: `loud` is not one of silent, error, warning, notice, info, "
        "debug\n");
    free(said);
    problem_list_free(&problems);
}

/* ---- files ----------------------------------------------------------------------------------- */

static void put_file(const char *dir, const char *name, const char *text, mode_t mode)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod(path, mode), 0);
}

static void a_folder_is_loaded(void **state)
{
    (void)state;
    char dir[] = "/tmp/braid-load-XXXXXX", command[64], expected[256];
    struct problem_list problems;
    assert_non_null(mkdtemp(dir));
    problem_list_init(&problems);
    assert_null(config_load(dir, &problems));
    char *said = say_all(&problems, "");
    snprintf(expected, sizeof expected,
             "%s/swanctl.conf: cannot be read: No such file or directory\n", dir);
    assert_string_equal(said, expected);
    free(said);
    problem_list_free(&problems);

    put_file(dir, "swanctl.conf", "include more.conf\n", 0644);
    put_file(dir, "more.conf", "connections { a { " PSK "} }\nsecrets { ike { secret = x } }\n",
             0644);
    put_file(dir, "braid.conf", "network { port = 1500 }\n", 0644);
    struct loaded *l = config_load(dir, &problems);
    assert_non_null(l);
    assert_int_equal(l->daemon.port, 1500);
    said = say_all(&problems, "");
    snprintf(
        expected, sizeof expected,
        "%s/more.conf: warning: holds secrets, but everybody may read it (chmod o= %s/more.conf)\n",
        dir, dir);
    assert_string_equal(said, expected);
    free(said);
    problem_list_free(&problems);
    struct config *taken = l->config;
    l->config = NULL;
    loaded_free(l);
    assert_string_equal(taken->conn[0].name, "a");
    config_free(taken);

    put_file(dir, "more.conf", "connections { a { " PSK "} }\nsecrets { ike { secret = x } }\n",
             0600);
    l = config_load(dir, &problems);
    assert_non_null(l);
    assert_int_equal(problems.warnings, 1); /* that it can be guessed */
    loaded_free(l);
    problem_list_free(&problems);
    snprintf(command, sizeof command, "rm -r %s", dir);
    assert_int_equal(system(command), 0);
}

static void ten_thousand_connections_load(void **state)
{
    (void)state;
    char *text = malloc(10000 * 256), *at = text;
    at += sprintf(at, "d { " PSK "}\nconnections {\n");
    for (int i = 0; i < 10000; i++)
        at += sprintf(
            at,
            "c%d : d { remote_addrs = 10.0.%d.%d\n children { n { remote_ts = 10.%d.0.0/16 } } }\n",
            i, i / 256, i % 256, i % 256);
    sprintf(at, "}\n");
    struct loaded *l = load_good(text, "", 0);
    assert_int_equal(l->config->conn_count, 10000);
    loaded_free(l);
    free(text);
}

/* ---- the table ------------------------------------------------------------------------------- */

static void every_row_of_the_schema_makes_sense(void **state)
{
    (void)state;
    const struct schema_key *k;
    for (size_t i = 0; (k = schema_key_at(i)) != NULL; i++) {
        assert_non_null(k->help);
        assert_true(k->help[0] != '\0');
        assert_true(k->type != TYPE_WORD || k->of);
        assert_true((k->type != TYPE_UINT && k->type != TYPE_FRAGMENT) || k->of);
        for (size_t j = 0; j < i; j++) {
            const struct schema_key *other = schema_key_at(j);
            assert_true(other->section != k->section || strcmp(other->name, k->name) != 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_broken_file_says_what_and_where),
        cmocka_unit_test(examples_in_strongswans_forms_load_or_lack_a_feature),
        cmocka_unit_test(problems_are_underlined),
        cmocka_unit_test(many_problems_are_counted_not_kept),
        cmocka_unit_test(a_ten_line_file_is_enough),
        cmocka_unit_test(everything_supported_at_once),
        cmocka_unit_test(a_file_in_the_style_of_the_field),
        cmocka_unit_test(lifetimes_follow_from_each_other),
        cmocka_unit_test(the_schema_and_the_engine_agree_on_defaults),
        cmocka_unit_test(settings_of_the_daemon_are_read),
        cmocka_unit_test(mistakes_in_braid_conf_are_located),
        cmocka_unit_test(a_folder_is_loaded),
        cmocka_unit_test(ten_thousand_connections_load),
        cmocka_unit_test(every_row_of_the_schema_makes_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
