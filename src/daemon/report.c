/*
 * report: see report.h.
 */
#include "daemon/report.h"

#include "cred/keyring.h"

#include "daemon/history.h"
#include "wire/names.h"
#include "wire/print.h"

#include <stdio.h>

enum { TEXT_LEN = 512 };

/* ---- single values --------------------------------------------------------------------------- */

#define KEY_PRINTED(o, key, print, value) \
    do { \
        char printed[TEXT_LEN]; \
        struct text text = text_make(printed, sizeof printed); \
        print(&text, (value)); \
        vici_key_str((o), (key), printed); \
    } while (0)

static void key_yes(struct vici_out *o, const char *key, bool value)
{
    if (value)
        vici_key_str(o, key, "yes");
}

static void key_alg(struct vici_out *o, const char *name_key, const char *size_key, const struct alg *alg)
{
    if (!alg)
        return;
    vici_key_str(o, name_key, alg->name);
    if (size_key && alg->key_bits != 0)
        vici_key_uint(o, size_key, alg->key_bits);
}

/* Slot 0 is the key exchange everybody knows; the further ones are numbered as their transform types. */
static void keys_kex(struct vici_out *o, uint16_t count, const struct alg *const *kex, const uint8_t *slot)
{
    for (uint16_t i = 0; i < count; i++) {
        if (slot[i] == 0)
            vici_key_str(o, "dh-group", kex[i]->name);
        else
            vici_key_str(o, (const char[]){'a', 'k', 'e', (char)('0' + slot[i]), '\0'}, kex[i]->name);
    }
}

static void list_kex(struct vici_out *o, bool quantum_safe, uint16_t count, const struct alg *const *kex)
{
    vici_key_bool(o, "quantum-safe", quantum_safe);
    vici_list(o, "key-exchanges");
    for (uint16_t i = 0; i < count; i++)
        vici_item_str(o, kex[i]->name);
    vici_list_end(o);
}

static void list_ts(struct vici_out *o, const char *name, const struct selectors *ts)
{
    vici_list(o, name);
    for (uint16_t i = 0; i < ts->count; i++) {
        char printed[TEXT_LEN];
        struct text text = text_make(printed, sizeof printed);
        print_selector(&text, &ts->at[i]);
        vici_item_str(o, printed);
    }
    vici_list_end(o);
}

static uint64_t seconds_since(ike_time at)
{
    ike_time now = loop_now();
    return now > at ? (now - at) / IKE_SECOND : 0;
}

/* Seconds until `at`, negative when it is past; nothing when it never comes. */
static void key_until(struct vici_out *o, const char *key, ike_time at)
{
    if (at != 0 && at != IKE_NEVER)
        vici_key_int(o, key, ((int64_t)at - (int64_t)loop_now()) / (int64_t)IKE_SECOND);
}

/* How the last rekey of what has these names went. */
static void keys_history(struct vici_out *o, const struct daemon *d, const char *conn, const char *child)
{
    const struct last_rekey *last = history_find(d, conn, child);
    if (!last)
        return;
    vici_key_str(o, "last-rekey", last->reason == IKE_REASON_NONE ? "ok" : ike_reason_name(last->reason));
    if (last->detail[0] != '\0')
        vici_key_str(o, "last-rekey-detail", last->detail);
    vici_key_uint(o, "last-rekey-ago", seconds_since(last->at));
    vici_key_uint(o, "rekeyed", last->rekeyed);
}

/* ---- Child SAs ------------------------------------------------------------------------------- */

static void keys_usage(struct vici_out *o, struct daemon *d, uint32_t child_id)
{
    struct plane_usage use = {0};
    (void)d->plane->usage(d->plane->self, child_id, &use);
    vici_key_uint(o, "bytes-in", use.in_bytes);
    vici_key_uint(o, "packets-in", use.in_packets);
    if (use.last_in != 0)
        vici_key_uint(o, "use-in", seconds_since(use.last_in));
    vici_key_uint(o, "bytes-out", use.out_bytes);
    vici_key_uint(o, "packets-out", use.out_packets);
    if (use.last_out != 0)
        vici_key_uint(o, "use-out", seconds_since(use.last_out));
}

static void keys_installed(struct vici_out *o, struct daemon *d, const struct ike_child_info *c)
{
    vici_key_str(o, "protocol", "ESP");
    key_yes(o, "encap", c->encap);
    vici_key_hex(o, "spi-in", c->spi_in, 8);
    vici_key_hex(o, "spi-out", c->spi_out, 8);
    key_alg(o, "encr-alg", "encr-keysize", c->encr);
    key_alg(o, "integ-alg", NULL, c->integ);
    keys_kex(o, c->kex_count, c->kex, c->kex_slot);
    if (c->esn)
        vici_key_str(o, "esn", "1");
    keys_usage(o, d, c->id);
    key_until(o, "rekey-time", c->rekey_at);
    key_until(o, "life-time", c->life_at);
    vici_key_uint(o, "install-time", seconds_since(c->installed_at));
}

void report_child_keys(struct vici_out *o, struct daemon *d, const char *conn,
                       const struct ike_child_info *c)
{
    vici_key_str(o, "name", c->name);
    vici_key_uint(o, "uniqueid", c->id);
    vici_key_uint(o, "reqid", c->reqid);
    vici_key_str(o, "state", c->state);
    vici_key_str(o, "mode", c->transport ? "TRANSPORT" : "TUNNEL");
    if (c->installed_at != 0)
        keys_installed(o, d, c);
    list_ts(o, "local-ts", &c->local_ts);
    list_ts(o, "remote-ts", &c->remote_ts);
    list_kex(o, c->quantum_safe, c->kex_count, c->kex);
    keys_history(o, d, conn, c->name);
}

void report_child(struct vici_out *o, struct daemon *d, const char *conn,
                  const struct ike_child_info *c)
{
    char section[VICI_NAME_MAX + 1];
    snprintf(section, sizeof section, "%.200s-%u", c->name, c->id);
    vici_section(o, section);
    report_child_keys(o, d, conn, c);
    vici_section_end(o);
}

static bool is_wanted(const struct report_filter *f, const struct ike_child_info *c)
{
    return (f->child_id == 0 || f->child_id == c->id) &&
           (!f->child || f->child[0] == '\0' || strcmp(f->child, c->name) == 0);
}

static void report_children(struct vici_out *o, struct daemon *d, const struct ike_sa_info *sa,
                            const struct report_filter *filter)
{
    struct ike_child_info c = {.id = 0};
    vici_section(o, "child-sas");
    while (ike_engine_next_child(d->engine, sa->id, c.id, &c))
        if (is_wanted(filter, &c))
            report_child(o, d, sa->conn, &c);
    vici_section_end(o);
}

/* ---- IKE SAs --------------------------------------------------------------------------------- */

/* Before it is known an identity is any. */
static void key_identity(struct vici_out *o, const char *key, const struct identity *id)
{
    if (id->type == 0)
        vici_key_str(o, key, "%any");
    else
        KEY_PRINTED(o, key, print_identity, id);
}

void report_sa_keys(struct vici_out *o, struct daemon *d, const struct ike_sa_info *sa)
{
    vici_key_uint(o, "uniqueid", sa->id);
    vici_key_str(o, "version", "2");
    vici_key_str(o, "state", sa->state);
    KEY_PRINTED(o, "local-host", print_addr, &sa->path.local.addr);
    vici_key_uint(o, "local-port", sa->path.local.port);
    key_identity(o, "local-id", &sa->ours);
    KEY_PRINTED(o, "remote-host", print_addr, &sa->path.remote.addr);
    vici_key_uint(o, "remote-port", sa->path.remote.port);
    key_identity(o, "remote-id", &sa->theirs);
    key_yes(o, "initiator", sa->initiator);
    vici_key_hex(o, "initiator-spi", sa->spi_i, 16);
    vici_key_hex(o, "responder-spi", sa->spi_r, 16);
    key_yes(o, "nat-local", sa->nat_local);
    key_yes(o, "nat-remote", sa->nat_remote);
    key_yes(o, "nat-any", sa->nat_local || sa->nat_remote);
    key_alg(o, "encr-alg", "encr-keysize", sa->encr);
    key_alg(o, "integ-alg", NULL, sa->integ);
    key_alg(o, "prf-alg", NULL, sa->prf);
    keys_kex(o, sa->kex_count, sa->kex, sa->kex_slot);
    vici_key_bool(o, "ppk", sa->ppk);
    if (strcmp(sa->state, "ESTABLISHED") == 0) {
        vici_key_uint(o, "established", seconds_since(sa->established_at));
        key_until(o, "rekey-time", sa->rekey_at);
        key_until(o, "reauth-time", sa->reauth_at);
        key_until(o, "expire-time", sa->expire_at);
    }
    list_kex(o, sa->quantum_safe, sa->kex_count, sa->kex);
    if (sa->auth_ours && sa->auth_theirs) {
        vici_key_str(o, "local-auth", sa->auth_ours);
        vici_key_str(o, "remote-auth", sa->auth_theirs);
        vici_key_bool(o, "auth-quantum-safe", sa->auth_quantum_safe);
    }
    vici_key_bool(o, "fragmentation", sa->fragmentation);
    key_yes(o, "cookie", sa->cookie);
    if (sa->kex_asked)
        vici_key_str(o, "method-asked", sa->kex_asked->name);
    keys_history(o, d, sa->conn, NULL);
}

void report_sa(struct vici_out *o, struct daemon *d, const struct ike_sa_info *sa,
               const struct report_filter *filter)
{
    vici_section(o, sa->conn ? sa->conn : "(unnamed)");
    report_sa_keys(o, d, sa);
    if (!filter->no_children)
        report_children(o, d, sa, filter);
    vici_section_end(o);
}

/* ---- connections ----------------------------------------------------------------------------- */

/* "10.0.0.0/8" where it is a block, else "a-b", or one address. */
static void print_range(struct text *text, const struct addr *from, const struct addr *to)
{
    char printed[TEXT_LEN];
    struct text block = text_make(printed, sizeof printed);
    struct selector s = {.family = from->family, .to_port = UINT16_MAX};
    memcpy(s.from, from->ip, sizeof s.from);
    memcpy(s.to, to->ip, sizeof s.to);
    print_selector(&block, &s);
    if (!addr_equal(from, to) && strchr(printed, '/')) {
        text_add(text, printed);
        return;
    }
    print_addr(text, from);
    if (!addr_equal(from, to)) {
        text_char(text, '-');
        print_addr(text, to);
    }
}

static void list_endpoints(struct vici_out *o, const char *name, const struct conf_endpoint *list,
                           uint16_t count)
{
    vici_list(o, name);
    if (count == 0)
        vici_item_str(o, "%any");
    for (uint16_t i = 0; i < count; i++) {
        char printed[TEXT_LEN];
        struct text text = text_make(printed, sizeof printed);
        const struct conf_endpoint *e = &list[i];
        if (e->host)
            text_add(&text, e->host);
        else if (e->from.family == ADDR_NONE)
            text_add(&text, "%any");
        else
            print_range(&text, &e->from, &e->to);
        vici_item_str(o, printed);
    }
    vici_list_end(o);
}

static const char *const uniques[] = {
    [UNIQUE_NO] = "UNIQUE_NO",
    [UNIQUE_NEVER] = "UNIQUE_NEVER",
    [UNIQUE_REPLACE] = "UNIQUE_REPLACE",
    [UNIQUE_KEEP] = "UNIQUE_KEEP",
};
static const char *const actions[] = {"none", "trap", "start", "trap | start"}; /* by enum conf_action bits */

static void item_transform(struct vici_out *o, const struct transform *t)
{
    char printed[64];
    uint8_t type = kex_slot(t->type) != NOT_A_KEX_SLOT ? TRANSFORM_KE : t->type;
    const struct alg *alg = alg_find(type, t->id, t->key_bits);
    if (type == TRANSFORM_SN)
        snprintf(printed, sizeof printed, "%s", t->id ? "EXT_SEQ" : "NO_EXT_SEQ");
    else if (alg && t->key_bits)
        snprintf(printed, sizeof printed, "%s_%u", alg->name, t->key_bits);
    else if (alg || t->id == 0)
        snprintf(printed, sizeof printed, "%s", alg ? alg->name : "KE_NONE");
    else
        snprintf(printed, sizeof printed, "(%u)", t->id);
    vici_item_str(o, printed);
}

/* All transforms of a type as a list; none: no list. */
static void list_transforms(struct vici_out *o, const struct proposal *p, uint8_t type, int slot,
                            const char *name)
{
    bool open = false;
    for (uint16_t i = 0; i < p->count; i++) {
        const struct transform *t = &p->transform[i];
        if (slot == NOT_A_KEX_SLOT ? t->type != type : kex_slot(t->type) != slot)
            continue;
        if (!open)
            vici_list(o, name);
        open = true;
        item_transform(o, t);
    }
    if (open)
        vici_list_end(o);
}

/* In the order strongSwan gives them. */
static void report_proposal(struct vici_out *o, const struct proposal *p)
{
    list_transforms(o, p, TRANSFORM_ENCR, NOT_A_KEX_SLOT, "encr");
    list_transforms(o, p, TRANSFORM_INTEG, NOT_A_KEX_SLOT, "integ");
    list_transforms(o, p, TRANSFORM_PRF, NOT_A_KEX_SLOT, "prf");
    list_transforms(o, p, 0, 0, "ke");
    for (int slot = 1; slot <= 7; slot++)
        list_transforms(o, p, 0, slot, (const char[]){'a', 'k', 'e', (char)('0' + slot), '\0'});
    list_transforms(o, p, TRANSFORM_SN, NOT_A_KEX_SLOT, "sn");
}

static void report_proposals(struct vici_out *o, const char *name, const struct proposals *list)
{
    char number[8];
    vici_section(o, name);
    for (uint16_t i = 0; i < list->count; i++) {
        snprintf(number, sizeof number, "%u", i);
        vici_section(o, number);
        report_proposal(o, &list->at[i]);
        vici_section_end(o);
    }
    vici_section_end(o);
}

static void add_subject(void *self, const char *subject)
{
    vici_item_str(self, subject);
}

static void list_certs(struct vici_out *o, const char *key, const struct conf_auth *auth, bool cas)
{
    vici_list(o, key);
    keyring_each_named(auth->keys, cas, add_subject, o);
    vici_list_end(o);
}

static void report_auth(struct vici_out *o, const char *name, const struct conf_auth *auth)
{
    static const char *const always[] = {"groups", "cert_policy"};
    vici_section(o, name);
    if (auth->id_text)
        vici_key_str(o, "id", auth->id_text);
    vici_key_str(o, "class", conf_auth_name(auth->class));
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++) {
        vici_list(o, always[i]);
        vici_list_end(o);
    }
    list_certs(o, "certs", auth, false);
    list_certs(o, "cacerts", auth, true);
    vici_section_end(o);
}

static void report_auths(struct vici_out *o, const char *side, const struct conf_auth *auth,
                         uint8_t count)
{
    for (unsigned i = 0; i < count; i++) {
        char name[sizeof "remote-" + 3];
        snprintf(name, sizeof name, "%s-%u", side, i + 1);
        report_auth(o, name, &auth[i]);
    }
}

static void report_conf_child(struct vici_out *o, const struct conf_child *c)
{
    vici_section(o, c->name);
    vici_key_str(o, "mode", c->mode == MODE_TRANSPORT ? "TRANSPORT" : "TUNNEL");
    vici_key_uint(o, "rekey_time", c->rekey_for / IKE_SECOND);
    vici_key_uint(o, "rekey_bytes", c->rekey_bytes);
    vici_key_uint(o, "rekey_packets", c->rekey_packets);
    vici_key_str(o, "dpd_action", actions[c->dpd_action & 3]);
    vici_key_str(o, "close_action", actions[c->close_action & 3]);
    report_proposals(o, "esp_proposals", &c->esp);
    vici_section(o, "ah_proposals");
    vici_section_end(o);
    list_ts(o, "local-ts", &c->local_ts);
    list_ts(o, "remote-ts", &c->remote_ts);
    vici_section_end(o);
}

void report_trap(struct vici_out *o, const struct standby_info *t)
{
    char name[256];
    snprintf(name, sizeof name, "%.127s/%.127s", t->conn, t->child);
    vici_section(o, name);
    vici_key_str(o, "child", t->child);
    vici_key_uint(o, "reqid", t->id);
    vici_key_str(o, "ike", t->conn);
    vici_key_str(o, "mode", t->mode == MODE_TRANSPORT ? "TRANSPORT" : "TUNNEL");
    list_ts(o, "local-ts", t->local_ts);
    list_ts(o, "remote-ts", t->remote_ts);
    vici_section_end(o);
}

void report_conn(struct vici_out *o, const struct conf_conn *c)
{
    vici_section(o, c->name);
    list_endpoints(o, "local_addrs", c->local_addrs, c->local_count);
    list_endpoints(o, "remote_addrs", c->remote_addrs, c->remote_count);
    vici_key_uint(o, "local_port", c->local_port ? c->local_port : 500);
    vici_key_uint(o, "remote_port", c->remote_port ? c->remote_port : 500);
    vici_key_str(o, "version", "IKEv2");
    vici_key_uint(o, "reauth_time", c->reauth_for / IKE_SECOND);
    vici_key_uint(o, "rekey_time", c->rekey_for / IKE_SECOND);
    vici_key_str(o, "unique", uniques[c->unique]);
    report_proposals(o, "proposals", &c->ike);
    if (c->dpd_for != 0)
        vici_key_uint(o, "dpd_delay", c->dpd_for / IKE_SECOND);
    report_auths(o, "local", c->local, c->local_rounds);
    report_auths(o, "remote", c->remote, c->remote_rounds);
    vici_section(o, "children");
    for (uint16_t i = 0; i < c->child_count; i++)
        report_conf_child(o, &c->child[i]);
    vici_section_end(o);
    vici_section_end(o);
}
