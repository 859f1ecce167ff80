/*
 * commands_creds: requests that bring, take and list certificates, keys, secrets and authorities.
 * What they carry is read by vici/read.c; where it goes is the business of creds and its wallets.
 */
#include "daemon/commands.h"

#include "config/memory.h"
#include "config/value.h"
#include "cred/piece.h"
#include "cred/trust.h"
#include "daemon/creds.h"
#include "daemon/inquire.h"
#include "daemon/request.h"
#include "vici/read.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- shared secrets -------------------------------------------------------------------------- */

static void cmd_load_shared(struct session *s, struct bytes message)
{
    struct vici_shared shared;
    struct vici_refusal why = {""};
    if (vici_read_shared(message, &shared, &why) && !creds_put(s->d, &shared))
        request_refuse(&why, "out of memory");
    request_answer(s, &why);
}

static void cmd_unload_shared(struct session *s, struct bytes message)
{
    struct bytes id = request_text(message, "id");
    if (id.len == 0) {
        session_fail(s, "unique identifier missing");
        return;
    }
    creds_remove(s->d, id);
    session_succeed(s);
}

static void cmd_get_shared(struct session *s, struct bytes message)
{
    size_t at = 0;
    const char *id;
    (void)message;
    struct vici_out *o = session_answer(s);
    vici_list(o, "keys");
    while ((id = creds_next_id(s->d, &at)) != NULL)
        vici_item_str(o, id);
    vici_list_end(o);
    session_send_answer(s);
}

static void cmd_clear_creds(struct session *s, struct bytes message)
{
    (void)message;
    creds_clear(s->d);
    session_succeed(s);
}

/* ---- certificates ---------------------------------------------------------------------------- */

static const char *const type_names[] = {[VICI_CERT_X509] = "X509",
                                         [VICI_CERT_AC] = "X509_AC",
                                         [VICI_CERT_CRL] = "X509_CRL",
                                         [VICI_CERT_OCSP] = "OCSP_RESPONSE",
                                         [VICI_CERT_PUBKEY] = "PUBKEY"};

static enum piece_result put_cert(struct wallet *w, const struct vici_cert *c)
{
    static const uint8_t uses[] = {[VICI_FLAG_NONE] = 0,
                                   [VICI_FLAG_CA] = WALLET_ANCHOR,
                                   [VICI_FLAG_AA] = WALLET_AA,
                                   [VICI_FLAG_OCSP] = WALLET_OCSP,
                                   [VICI_FLAG_ANY] = 0};
    switch (c->type) {
    case VICI_CERT_X509:
        return piece_add_cert(w, c->data, uses[c->flag]);
    case VICI_CERT_CRL:
        return piece_add_list(w, c->data);
    case VICI_CERT_PUBKEY:
        return piece_add_public(w, c->data);
    default:
        return PIECE_UNREADABLE; /* nobody here would know what to do with it */
    }
}

static void cmd_load_cert(struct session *s, struct bytes message)
{
    struct vici_cert c;
    struct vici_refusal why = {""};
    if (vici_read_cert(message, &c, &why)) {
        enum piece_result r = put_cert(creds_of_clients(s->d), &c);
        if (r == PIECE_UNREADABLE)
            request_refuse(&why, "parsing %s certificate failed", type_names[c.type]);
        else if (r == PIECE_NO_CA)
            request_refuse(&why, "ca certificate lacks CA basic constraint, rejected");
        else if (r == PIECE_NO_ROOM)
            request_refuse(&why, "out of memory, or too many certificates");
        else
            creds_changed(s->d);
    }
    request_answer(s, &why);
}

static void cmd_flush_certs(struct session *s, struct bytes message)
{
    struct vici_cert c;
    struct vici_refusal why = {""};
    bool good = vici_read_cert_filter(message, &c, &why);
    if (good && (c.type == VICI_CERT_ANY || c.type == VICI_CERT_X509))
        creds_forget_peers(s->d);
    /* what is known of revocation goes as a whole */
    if (good &&
        (c.type == VICI_CERT_ANY || c.type == VICI_CERT_CRL || c.type == VICI_CERT_OCSP))
        inquire_forget(s->d);
    request_answer(s, &why);
}

/* ---- the list of certificates: the kinds in the protocol's order, of each first the files' ---- */

/* clang-format off */
static const struct {
    enum wallet_kind kind;
    enum vici_cert_type type;
    enum vici_cert_flag flag; /* of X509 */
    const char *flag_name;
} cert_order[] = {
    {WALLET_PUBLIC, VICI_CERT_PUBKEY, VICI_FLAG_ANY,  NULL},
    {WALLET_CERT,   VICI_CERT_X509,   VICI_FLAG_NONE, "NONE"},
    {WALLET_CERT,   VICI_CERT_X509,   VICI_FLAG_CA,   "CA"},
    {WALLET_CERT,   VICI_CERT_X509,   VICI_FLAG_AA,   "AA"},
    {WALLET_CERT,   VICI_CERT_X509,   VICI_FLAG_OCSP, "OCSP"},
    {WALLET_LIST,   VICI_CERT_CRL,    VICI_FLAG_ANY,  NULL},
};
/* clang-format on */
enum { CERT_PHASES = CREDS_WALLETS * sizeof cert_order / sizeof cert_order[0],
       SUBJECT_LEN = 512,
       ARENA_MAX = 1 << 20 };

static bool is_wanted(const struct list *l, size_t row, const struct wallet_item *i)
{
    /* clang-format off */
    static const enum vici_cert_flag flags[] = {[PIECE_PLAIN] = VICI_FLAG_NONE,
                                                [PIECE_CA] = VICI_FLAG_CA,
                                                [PIECE_AA] = VICI_FLAG_AA,
                                                [PIECE_OCSP] = VICI_FLAG_OCSP};
    /* clang-format on */
    const struct identity id = {l->id_type, bytes_make(l->ike, l->id_len)};
    if (i->kind != WALLET_CERT)
        return l->id_len == 0;
    return flags[piece_flag_of(i)] == cert_order[row].flag &&
           (l->id_len == 0 || trust_identity(i->cert, &id));
}

static bool is_row_wanted(const struct list *l, size_t row)
{
    return (l->cert_type == VICI_CERT_ANY || l->cert_type == cert_order[row].type) &&
           (l->cert_flag == VICI_FLAG_ANY || l->cert_type != VICI_CERT_X509 ||
            l->cert_flag == cert_order[row].flag);
}

static void report_cert(const struct session *s, size_t row, const struct wallet_item *i)
{
    struct bytes der;
    const struct wallet *all = creds_of_files(s->d);
    struct vici_out *o = event_begin(s->d, EVENT_LIST_CERT);
    vici_key_str(o, "type", type_names[cert_order[row].type]);
    if (cert_order[row].flag_name)
        vici_key_str(o, "flag", cert_order[row].flag_name);
    if (i->kind != WALLET_LIST && wallet_find_key(all, i->key_id))
        vici_key_str(o, "has_privkey", "yes");
    if (piece_octets(i, &der))
        vici_key(o, "data", der);
    free((void *)(uintptr_t)der.at);
}

/* A client's may be in the files, too: it is shown once. */
static bool is_shown_already(const struct daemon *d, const struct wallet *w,
                             const struct wallet_item *i)
{
    return w != creds_of_files(d) && wallet_holds(creds_of_files(d), i);
}

/* As strongSwan does: the newest of each kind first. An item has no serial 0. */
static bool next_cert(struct session *s)
{
    struct list *l = &s->list;
    while (l->phase < CERT_PHASES) {
        size_t row = l->phase / CREDS_WALLETS;
        const struct wallet *w =
            l->phase % CREDS_WALLETS ? creds_of_clients(s->d) : creds_of_files(s->d);
        const struct wallet_item *i =
            is_row_wanted(l, row) ? wallet_before(w, cert_order[row].kind, l->after) : NULL;
        l->after = i ? (uint32_t)i->serial : 0;
        l->phase += i == NULL;
        if (!i || !is_wanted(l, row, i) || is_shown_already(s->d, w, i))
            continue;
        report_cert(s, row, i);
        event_send_to(s);
        return true;
    }
    return false;
}

static void answer_nothing(struct session *s)
{
    session_answer(s);
    session_send_answer(s);
}

/* A name too long for the list, or none at all, is that of no certificate. */
static bool read_subject(struct bytes text, struct list *l)
{
    struct arena arena = arena_make(&memory_libc, ARENA_MAX);
    struct conf_identity id;
    struct value_fault fault;
    bool good = text.len == 0 || value_identity(text, true, &arena, &id, &fault);
    if (good && text.len > 0 && !id.any) {
        good = id.id.data.len > 0 && id.id.data.len <= sizeof l->ike && !id.suffix;
        l->id_type = id.id.type;
        l->id_len = good ? (uint16_t)id.id.data.len : 0;
        if (good)
            memcpy(l->ike, id.id.data.at, id.id.data.len);
    }
    arena_wipe(&arena);
    return good;
}

static void cmd_list_certs(struct session *s, struct bytes message)
{
    struct vici_cert filter;
    struct vici_refusal why = {""};
    struct list list = {.next = next_cert};
    if (!vici_read_cert_filter(message, &filter, &why) ||
        !read_subject(request_text(message, "subject"), &list)) {
        answer_nothing(s);
        return;
    }
    list.cert_type = (uint8_t)filter.type;
    list.cert_flag = (uint8_t)filter.flag;
    list_begin(s, EVENT_LIST_CERT, &list);
}

/* ---- private keys ---------------------------------------------------------------------------- */

static void print_id(char text[2 * WALLET_ID_LEN + 1], const uint8_t id[WALLET_ID_LEN])
{
    for (size_t i = 0; i < WALLET_ID_LEN; i++)
        snprintf(text + 2 * i, 3, "%02x", id[i]);
}

static void cmd_load_key(struct session *s, struct bytes message)
{
    struct vici_key key;
    struct vici_refusal why = {""};
    uint8_t id[WALLET_ID_LEN];
    char text[2 * WALLET_ID_LEN + 1];
    if (vici_read_key(message, &key, &why)) {
        enum piece_result r = piece_add_key(creds_of_clients(s->d), key.data, key.type, id);
        if (r == PIECE_UNREADABLE)
            request_refuse(&why, "parsing %s private key failed", key.shown);
        else if (r != PIECE_ADDED)
            request_refuse(&why, "out of memory, or too many keys");
    }
    if (why.text[0] != '\0') {
        session_fail(s, why.text);
        return;
    }
    print_id(text, id);
    struct vici_out *o = session_answer(s);
    vici_key_str(o, "success", "yes");
    vici_key_str(o, "id", text);
    session_send_answer(s);
}

static bool read_id(struct bytes text, uint8_t id[WALLET_ID_LEN])
{
    struct arena arena = arena_make(&memory_libc, ARENA_MAX);
    struct bytes octets;
    bool good = value_hex(text, &arena, &octets) && octets.len == WALLET_ID_LEN;
    if (good)
        memcpy(id, octets.at, WALLET_ID_LEN);
    arena_wipe(&arena);
    return good;
}

static void cmd_unload_key(struct session *s, struct bytes message)
{
    struct bytes text = request_text(message, "id");
    uint8_t id[WALLET_ID_LEN];
    bool found = false;
    if (text.len == 0) {
        session_fail(s, "key id missing");
        return;
    }
    if (read_id(text, id)) {
        found = wallet_remove_key(creds_of_files(s->d), id);
        found = wallet_remove_key(creds_of_clients(s->d), id) || found;
    }
    if (found)
        session_succeed(s);
    else
        session_fail(s, "key not found");
}

static void list_keys(struct daemon *d, struct vici_out *o, const struct wallet *w)
{
    const struct wallet_item *i;
    char text[2 * WALLET_ID_LEN + 1];
    for (uint64_t at = 0; (i = wallet_before(w, WALLET_KEY, at)) != NULL;
         at = i->serial) {
        if (is_shown_already(d, w, i))
            continue;
        print_id(text, i->key_id);
        vici_item_str(o, text);
    }
}

static void cmd_get_keys(struct session *s, struct bytes message)
{
    (void)message;
    struct vici_out *o = session_answer(s);
    vici_list(o, "keys");
    list_keys(s->d, o, creds_of_files(s->d));
    list_keys(s->d, o, creds_of_clients(s->d));
    vici_list_end(o);
    session_send_answer(s);
}

static void cmd_load_token(struct session *s, struct bytes message)
{
    session_fail(s, request_text(message, "handle").len > 0 ? "loading private key from token failed"
                                                            : "keyid missing");
}

/* ---- authorities ----------------------------------------------------------------------------- */

static void cmd_load_authority(struct session *s, struct bytes message)
{
    struct vici_in in = vici_in_make(message);
    struct vici_refusal why = {""};
    struct problem_list problems;
    problem_list_init(&problems);
    while (why.text[0] == '\0' && request_section(&in, &why)) {
        struct bytes name = in.name;
        struct loaded *l = vici_read_authority(name, vici_content(&in), &problems, &why);
        if (l)
            keyring_free(request_keys(s->d, l, &problems, &why));
        loaded_free(l);
    }
    request_log_problems(s->d, &problems);
    problem_list_free(&problems);
    request_answer(s, &why);
}

static void cmd_unload_authority(struct session *s, struct bytes message)
{
    struct bytes name = request_text(message, "name");
    if (name.len == 0) {
        session_fail(s, "unload: missing authority name");
        return;
    }
    bool found = wallet_remove_authority(creds_of_files(s->d), name);
    found = wallet_remove_authority(creds_of_clients(s->d), name) || found;
    if (!found) {
        request_fail_unload(s, "authority", name);
        return;
    }
    creds_changed(s->d);
    session_succeed(s);
}

static void cmd_get_authorities(struct session *s, struct bytes message)
{
    const struct wallet *const wallets[] = {creds_of_files(s->d), creds_of_clients(s->d)};
    const struct wallet_item *i;
    (void)message;
    struct vici_out *o = session_answer(s);
    vici_list(o, "authorities");
    for (size_t w = 0; w < CREDS_WALLETS; w++)
        for (uint64_t at = 0; (i = wallet_after(wallets[w], WALLET_AUTHORITY, at)) != NULL;
             at = i->serial)
            if (!is_shown_already(s->d, wallets[w], i))
                vici_item_str(o, i->authority.name);
    vici_list_end(o);
    session_send_answer(s);
}

static void list_names(struct vici_out *o, const char *key, const struct name_list *names)
{
    vici_list(o, key);
    for (uint16_t i = 0; i < names->count; i++)
        vici_item_str(o, names->at[i]);
    vici_list_end(o);
}

static void report_authority(const struct session *s, const struct wallet_item *i)
{
    char subject[SUBJECT_LEN];
    const struct wallet_authority *a = &i->authority;
    struct vici_out *o = event_begin(s->d, EVENT_LIST_AUTHORITY);
    piece_subject(a->ca, subject, sizeof subject);
    vici_section(o, a->name);
    vici_key_str(o, "cacert", subject);
    list_names(o, "crl_uris", &a->crl_uris);
    list_names(o, "ocsp_uris", &a->ocsp_uris);
    if (a->cert_uri_base)
        vici_key_str(o, "cert_uri_base", a->cert_uri_base);
    vici_section_end(o);
}

static bool next_authority(struct session *s)
{
    struct list *l = &s->list;
    while (l->phase < CREDS_WALLETS) {
        const struct wallet *w = l->phase ? creds_of_clients(s->d) : creds_of_files(s->d);
        const struct wallet_item *i = wallet_after(w, WALLET_AUTHORITY, l->after);
        l->after = i ? (uint32_t)i->serial : 0;
        l->phase += i == NULL;
        if (!i || is_shown_already(s->d, w, i) ||
            (l->ike[0] != '\0' && strcmp(l->ike, i->authority.name) != 0))
            continue;
        report_authority(s, i);
        event_send_to(s);
        return true;
    }
    return false;
}

static void cmd_list_authorities(struct session *s, struct bytes message)
{
    struct bytes name = request_text(message, "name");
    struct list list = {.next = next_authority};
    snprintf(list.ike, sizeof list.ike, "%.*s", (int)name.len, (const char *)name.at);
    list_begin(s, EVENT_LIST_AUTHORITY, &list);
}

/* ---- the table ------------------------------------------------------------------------------- */

const struct command commands_creds[] = {
    {"load-shared", cmd_load_shared},
    {"unload-shared", cmd_unload_shared},
    {"get-shared", cmd_get_shared},
    {"clear-creds", cmd_clear_creds},
    {"load-cert", cmd_load_cert},
    {"flush-certs", cmd_flush_certs},
    {"list-certs", cmd_list_certs},
    {"load-key", cmd_load_key},
    {"unload-key", cmd_unload_key},
    {"get-keys", cmd_get_keys},
    {"load-token", cmd_load_token},
    {"load-authority", cmd_load_authority},
    {"unload-authority", cmd_unload_authority},
    {"get-authorities", cmd_get_authorities},
    {"list-authorities", cmd_list_authorities},
    {NULL, NULL},
};
