/* read: what load commands carry, and the words they are refused with. */
#include "../support/unit.h"

#include "vici/read.h"

#include <stdlib.h>

/* ---- messages from text ---------------------------------------------------------------------- */

/*
 * "name {", "}", "key=value", "key=[item item]": one a line. Enough for tests, and easier to read
 * than calls.
 */
static struct bytes message(struct vici_out *o, const char *text)
{
    char line[512], *at = line;
    struct bytes segment;
    vici_out_init(o);
    vici_begin(o, VICI_CMD_RESPONSE, NULL);
    for (; *text; at = line) {
        while (*text && *text != '\n')
            *at++ = *text++;
        *at = '\0';
        text += *text == '\n';
        char *value = strchr(line, '='), *start = line + strspn(line, " ");
        if (*start == '}')
            vici_section_end(o);
        else if (!value) {
            *strchr(start, ' ') = '\0';
            vici_section(o, start);
        } else if (*value = '\0', value[1] != '[')
            vici_key_str(o, start, value + 1);
        else {
            vici_list(o, start);
            for (char *item = strtok(value + 2, " ]"); item; item = strtok(NULL, " ]"))
                vici_item_str(o, item);
            vici_list_end(o);
        }
    }
    assert_true(vici_finish(o, &segment));
    return bytes_make(segment.at + 5, segment.len - 5);
}

static struct loaded *read_conn(const char *text, struct vici_refusal *why)
{
    struct vici_out o;
    struct problem_list problems;
    problem_list_init(&problems);
    struct loaded *l = vici_read_conn(BYTES_LIT("home"), message(&o, text), &problems, why);
    assert_int_equal(l == NULL, problems.errors > 0);
    problem_list_free(&problems);
    vici_out_free(&o);
    return l;
}

#define PPK65 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0"
#define PSK "local {\nauth=psk\n}\nremote {\nauth=psk\nid=moon\n}\n"

static void a_connection_is_read_as_from_a_file(void **state)
{
    struct vici_refusal why;
    (void)state;
    struct loaded *l = read_conn("local_addrs=[192.0.2.1 2001:db8::1]\nremote_addrs=[192.0.2.2]\n"
                                 "proposals=[aes256-sha256-x25519 default]\nversion=2\n" PSK
                                 "children {\nnet {\nlocal_ts=[10.1.0.0/16]\nremote_ts=[]\n}\n}\n",
                                 &why);
    assert_non_null(l);
    const struct config *c = l->config;
    assert_int_equal(c->conn_count, 1);
    assert_string_equal(c->conn->name, "home");
    assert_int_equal(c->conn->local_count, 2);
    assert_int_equal(c->conn->child_count, 1);
    assert_true(c->conn->ike.count > 1);
    assert_int_equal(c->conn->child->remote_ts.count, 1); /* an empty list is no list */
    assert_true(c->conn->rekey_for == 4 * 3600 * IKE_SECOND);
    loaded_free(l);
}

static void a_wrong_connection_is_refused_in_known_words(void **state)
{
    /* clang-format off */
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"versoin=2\n", "unknown option: versoin, config discarded"},
        {"proposals=aes256-sha256-x25519\n", "unknown option: proposals, config discarded"},
        {"version=[2]\n", "unknown option: version, config discarded"},
        {"version=3\n", "invalid value for: version, config discarded"},
        {"version=\n", "invalid value for: version, config discarded"},
        {"proposals=[aes256-sha257-x25519]\n", "invalid value for: proposals, config discarded"},
        {"encap=perhaps\n", "invalid value for: encap, config discarded"},
        {"encap=y\x01\n", "invalid value for: encap, config discarded"},
        {"locl {\n}\n", "invalid section: locl"},
        {"children {\nnet {\nmode=tunel\n}\n}\n", "invalid value for: mode, config discarded"},
        {"children {\nnet {\nlocal_ts=10.0.0.0/8\n}\n}\n", "unknown option: local_ts, config discarded"},
        {"children {\nnet {\ncolour=red\n}\n}\n", "unknown option: colour, config discarded"},
        {"aggressive=yes\n", "not supported yet: aggressive, config discarded"},
        {"local {\nauth=psk\nid=*.org\n}\n", "invalid value for: id, config discarded"},
        {"local {\ncert-1 {\n}\n}\n", "handle or file path missing: cert-1"},
        {"local {\ncert {\nhandle=1\n}\n}\n", "not supported yet: handle, config discarded"},
        {"local {\ncert {\nfile=x.pem\n}\n}\n", "invalid value for: file, config discarded"},
        {"local {\ncerts=x\n}\n", "unknown option: certs, config discarded"},
        {"local-1 {\nauth=psk\n}\nlocal-2 {\nauth=psk\nround=x\n}\n", "invalid value for: round, config discarded"},
        {"local-1 {\n}\nlocal-2 {\n}\nlocal-3 {\n}\nlocal-4 {\n}\nlocal-5 {\n}\n", "invalid value for: local-5, config discarded"},
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct vici_refusal why = {""};
        assert_null(read_conn(cases[i].text, &why));
        assert_string_equal(why.text, cases[i].why);
    }
}

static void a_shared_secret_is_read(void **state)
{
    struct vici_out o;
    struct vici_shared s;
    struct vici_refusal why;
    (void)state;
    struct bytes m = message(&o, "id=ike-home\ntype=ike\ndata=0xabc\nowners=[moon *.example]\n");
    assert_true(vici_read_shared(m, &s, &why));
    assert_string_equal(s.entry.name, "ike-home");
    assert_true(bytes_equal(s.entry.data, BYTES_LIT("0xabc"))); /* decoded by the client */
    assert_int_equal(s.entry.owner_count, 2);
    assert_true(s.entry.owner[1].suffix);
    vici_shared_free(&s);
    vici_out_free(&o);
}

static void a_wrong_shared_secret_is_refused_in_known_words(void **state)
{
    /* clang-format off */
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"data=x\n", "shared key type missing"},
        {"type=ROT13\ndata=x\n", "invalid shared key type: ROT13"},
        {"type=EAP\ndata=x\n", "shared keys of type EAP are not supported yet"},
        {"type=NTLM\ndata=x\n", "shared keys of type NTLM are not supported yet"},
        {"type=PPK\ndata=x\n", "a PPK needs an owner: its name"},
        {"type=PPK\nowners=[me]\ndata=" PPK65 "\n", "a PPK may have at most 64 octets"},
        {"type=IKE\n", "shared key data missing"},
        {"type=IKE\ndata=x\nowners=[a*b]\n", "parsing shared key owners failed"},
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct vici_out o;
        struct vici_shared s;
        struct vici_refusal why = {""};
        assert_false(vici_read_shared(message(&o, cases[i].text), &s, &why));
        assert_string_equal(why.text, cases[i].why);
        vici_out_free(&o);
    }
}

/* ---- pools ----------------------------------------------------------------------------------- */

static bool read_pool(const char *text, struct conf_pool *p, struct vici_refusal *why)
{
    struct vici_out o;
    bool ok = vici_read_pool(BYTES_LIT("p"), message(&o, text), p, why);
    vici_out_free(&o);
    return ok;
}

static void a_pool_is_read(void **state)
{
    struct conf_pool p;
    struct vici_refusal why = {""};
    (void)state;
    assert_true(read_pool("addrs=10.3.0.10-10.3.1.9\ndns=[10.0.0.1 2001:db8::1]\nsubnet=[10.0.0.0/9]\n"
                          "25=[example.org]\n",
                          &p, &why));
    assert_string_equal(p.base, "10.3.0.10");
    assert_int_equal(p.size, 256);
    assert_int_equal(p.attribute_count, 4);
    assert_int_equal(p.attribute[0].type, 3);
    assert_int_equal(p.attribute[1].type, 10);
    assert_true(bytes_equal(p.attribute[2].value, bytes_make("\x0a\0\0\0\xff\x80\0\0", 8)));
    assert_true(bytes_equal(p.attribute[3].value, BYTES_LIT("example.org")));
    pool_free(&p);
}

static void a_wrong_pool_is_refused_in_known_words(void **state)
{
    /* clang-format off */
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "missing addrs for pool 'p'"},
        {"addrs=10.0.0.0/8\naddrs=10.0.0.0/8\n", "multiple addrs defined"},
        {"addrs=here\n", "invalid addrs value: here"},
        {"addrs=10.3.0.215/29\n", "invalid addrs value: 10.3.0.215/29"},
        {"colour=[red]\n", "invalid attribute: colour"},
        {"dns=10.0.0.1\n", "invalid attribute: dns"},
        {"dns=[here]\n", "invalid attribute value for dns"},
        {"netmask=[2001:db8::1]\n", "invalid attribute value for netmask"},
        {"0=[x]\n", "invalid attribute: 0"},
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct conf_pool p;
        struct vici_refusal why = {""};
        assert_false(read_pool(cases[i].text, &p, &why));
        assert_string_equal(why.text, cases[i].why);
    }
}

/* ---- the rest -------------------------------------------------------------------------------- */

static bool check_authority(struct bytes m, struct vici_refusal *why)
{
    struct problem_list problems;
    problem_list_init(&problems);
    struct loaded *l = vici_read_authority(BYTES_LIT("a"), m, &problems, why);
    problem_list_free(&problems);
    loaded_free(l);
    return l != NULL;
}

static bool check_cert(struct bytes m, struct vici_refusal *why)
{
    struct vici_cert c;
    return vici_read_cert(m, &c, why);
}

static bool check_filter(struct bytes m, struct vici_refusal *why)
{
    struct vici_cert c;
    return vici_read_cert_filter(m, &c, why);
}

static bool check_key(struct bytes m, struct vici_refusal *why)
{
    struct vici_key k;
    return vici_read_key(m, &k, why);
}

static void other_requests_are_refused_in_known_words(void **state)
{
    /* clang-format off */
    static const struct {
        bool (*check)(struct bytes message, struct vici_refusal *why);
        const char *text, *why;
    } cases[] = {
        {check_cert, "", "certificate type missing"},
        {check_cert, "type=ANY\n", "invalid certificate type 'ANY'"},
        {check_cert, "type=X510\n", "invalid certificate type 'X510'"},
        {check_cert, "type=X509\nflag=XX\n", "invalid certificate flag 'XX'"},
        {check_cert, "type=X509\nflag=CA\n", "certificate data missing"},
        {check_filter, "type=X510\n", "invalid certificate type 'X510'"},
        {check_key, "", "key type missing"},
        {check_key, "type=dsa\n", "invalid key type: dsa"},
        {check_key, "type=any\n", "key data missing"},
        {check_authority, "", "CA certificate missing: a"},
        {check_authority, "cacrt=x\n", "unknown option: cacrt, authority discarded"},
        {check_authority, "crl_uris=x\n", "unknown option: crl_uris, authority discarded"},
        {check_authority, "cacert=x\nfile=/x\n", "invalid value for: a, authority discarded"},
        {check_authority, "handle=01\n", "not supported yet: handle, authority discarded"},
        {check_authority, "file=x\n", "invalid value for: file, authority discarded"},
        {vici_check_redirect, "", "missing target gateway"},
        {vici_check_redirect, "gateway=x\npeer-ip=y\n", "invalid peer IP selector"},
        {vici_check_redirect, "gateway=x\n", "missing redirect selector"},
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct vici_out o;
        struct vici_refusal why = {""};
        assert_false(cases[i].check(message(&o, cases[i].text), &why));
        assert_string_equal(why.text, cases[i].why);
        vici_out_free(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_is_read_as_from_a_file),
        cmocka_unit_test(a_wrong_connection_is_refused_in_known_words),
        cmocka_unit_test(a_shared_secret_is_read),
        cmocka_unit_test(a_wrong_shared_secret_is_refused_in_known_words),
        cmocka_unit_test(a_pool_is_read),
        cmocka_unit_test(a_wrong_pool_is_refused_in_known_words),
        cmocka_unit_test(other_requests_are_refused_in_known_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
