/*
 * fuzz_vici_load: any octets as the message of each command that carries something to be loaded.
 * The first octet chooses the command, the rest is the message (checked as a whole, as the packet
 * layer does). A refusal says something; what is accepted is whole and can be shown.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "vici/read.h"

static void expect(bool condition)
{
    if (!condition)
        abort();
}

static void load_conn(struct bytes name, struct bytes content)
{
    struct vici_refusal why = {""};
    struct problem_list problems;
    problem_list_init(&problems);
    struct loaded *l = vici_read_conn(name, content, &problems, &why);
    const struct config *c = l ? l->config : NULL;
    expect((c == NULL) == (why.text[0] != '\0'));
    expect(!c || (problems.errors == 0 && c->conn_count == 1 && c->conn->ike.count > 0));
    expect(!c || bytes_equal(bytes_str(c->conn->name), name));
    for (struct problem *p = problems.first; p; p = p->next)
        free(problem_text(p, true));
    loaded_free(l);
    problem_list_free(&problems);
}

static void load_pool(struct bytes name, struct bytes content)
{
    struct conf_pool pool;
    struct vici_refusal why = {""};
    bool ok = vici_read_pool(name, content, &pool, &why);
    expect(ok == (why.text[0] == '\0'));
    if (!ok)
        return;
    expect(pool.base && pool.size > 0 && pool.from.family == pool.to.family);
    for (uint16_t i = 0; i < pool.attribute_count; i++)
        expect(pool.attribute[i].type != 0);
    pool_free(&pool);
}

static void load_authority(struct bytes name, struct bytes content)
{
    struct vici_refusal why = {""};
    struct problem_list problems;
    problem_list_init(&problems);
    struct loaded *l = vici_read_authority(name, content, &problems, &why);
    expect((l == NULL) == (why.text[0] != '\0'));
    expect(!l || l->authorities.count == 1);
    loaded_free(l);
    problem_list_free(&problems);
}

static void load_shared(struct bytes message)
{
    struct vici_shared shared;
    struct vici_refusal why = {""};
    bool ok = vici_read_shared(message, &shared, &why);
    expect(ok == (why.text[0] == '\0'));
    if (!ok)
        return;
    expect(shared.entry.name && shared.entry.data.len > 0);
    vici_shared_free(&shared);
}

static void check(bool (*with)(struct bytes, struct vici_refusal *), struct bytes message)
{
    struct vici_refusal why = {""};
    expect(with(message, &why) == (why.text[0] == '\0'));
}

static bool read_cert(struct bytes message, struct vici_refusal *why)
{
    struct vici_cert c;
    bool ok = vici_read_cert(message, &c, why);
    expect(!ok || (c.data.len > 0 && c.type != VICI_CERT_ANY && c.flag != VICI_FLAG_ANY));
    return ok;
}

static bool read_filter(struct bytes message, struct vici_refusal *why)
{
    struct vici_cert c;
    return vici_read_cert_filter(message, &c, why);
}

static bool read_key(struct bytes message, struct vici_refusal *why)
{
    struct vici_key k;
    bool ok = vici_read_key(message, &k, why);
    expect(!ok || (k.data.len > 0 && k.type));
    return ok;
}

/* Each section at the top, as the commands go through them. */
static void each_section(struct bytes message, void (*load)(struct bytes name, struct bytes content))
{
    struct vici_in in = vici_in_make(message);
    while (vici_next(&in) == VICI_SECTION_START) {
        struct bytes name = in.name;
        load(name, vici_content(&in));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* clang-format off */
    static bool (*const checks[])(struct bytes, struct vici_refusal *) = {
        read_cert, read_key, read_filter, vici_check_redirect};
    /* clang-format on */
    uint8_t packet[4096] = {VICI_CMD_RESPONSE};
    struct vici_packet p;
    size_t len = size > 0 && size < sizeof packet ? size - 1 : 0;
    if (len > 0)
        memcpy(packet + 1, data + 1, len);
    if (len == 0 || !vici_packet_read(bytes_make(packet, len + 1), &p))
        return 0;
    switch (data[0] % 8) {
    case 0:
        each_section(p.message, load_pool);
        break;
    case 1:
        each_section(p.message, load_authority);
        break;
    case 2:
        load_shared(p.message);
        break;
    case 3:
    case 4:
    case 5:
    case 6:
        check(checks[data[0] % 8 - 3], p.message);
        break;
    default:
        each_section(p.message, load_conn);
    }
    return 0;
}
