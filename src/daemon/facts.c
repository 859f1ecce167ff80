/*
 * facts: see facts.h.
 */
#include "daemon/facts.h"

#include <stdio.h>
#include <string.h>

/* What stands before the next `end`, which is skipped; false if there is none. */
static bool take_until(struct bytes *rest, uint8_t end, struct bytes *out)
{
    const uint8_t *at = rest->len > 0 ? memchr(rest->at, end, rest->len) : NULL;
    if (!at)
        return false;
    size_t len = (size_t)(at - rest->at);
    *out = bytes_make(rest->at, len);
    *rest = bytes_make(at + 1, rest->len - len - 1);
    return true;
}

bool facts_next(struct bytes *rest, struct bytes *key, struct bytes *value)
{
    return take_until(rest, '\n', value) && take_until(value, '=', key);
}

const char *facts_find(const char *facts, const char *key, char *to, size_t room)
{
    struct bytes rest = bytes_str(facts ? facts : ""), k, v;
    to[0] = '\0';
    while (facts_next(&rest, &k, &v))
        if (bytes_equal(k, bytes_str(key))) {
            snprintf(to, room, "%.*s", (int)v.len, (const char *)v.at);
            break;
        }
    return to;
}

/* The parts of a value as a list. */
static void list_parts(struct vici_out *o, const char *name, struct bytes value, uint8_t between)
{
    struct bytes part;
    vici_list(o, name);
    while (take_until(&value, between, &part))
        vici_item(o, part);
    if (value.len > 0)
        vici_item(o, value);
    vici_list_end(o);
}

/* All values of a key as a list; nothing if there are none. */
static void list_all(struct vici_out *o, const char *facts, const char *key)
{
    struct bytes rest = bytes_str(facts), k, v;
    bool any = false;
    while (facts_next(&rest, &k, &v)) {
        if (!bytes_equal(k, bytes_str(key)))
            continue;
        if (!any)
            vici_list(o, key);
        any = true;
        vici_item(o, v);
    }
    if (any)
        vici_list_end(o);
}

/* "ENCR;AES_CBC_128,AES_CBC_256;AES_GCM_16_256;" */
static void report_transform(struct vici_out *o, struct bytes value)
{
    struct bytes type, offered, accepted;
    char name[16];
    if (!take_until(&value, ';', &type) || !take_until(&value, ';', &offered) ||
        !take_until(&value, ';', &accepted))
        return;
    snprintf(name, sizeof name, "%.*s", (int)type.len, (const char *)type.at);
    vici_section(o, name);
    list_parts(o, "offered", offered, ',');
    list_parts(o, "accepted", accepted, ',');
    vici_key(o, "match", value);
    vici_section_end(o);
}

static void report_transforms(struct vici_out *o, const char *facts)
{
    struct bytes rest = bytes_str(facts), k, v;
    bool any = false;
    while (facts_next(&rest, &k, &v)) {
        if (!bytes_equal(k, BYTES_LIT("transform")))
            continue;
        if (!any)
            vici_section(o, "transforms");
        any = true;
        report_transform(o, v);
    }
    if (any)
        vici_section_end(o);
}

void facts_report(struct vici_out *o, const char *facts)
{
    static const char *const plain[] = {"mismatch", "accept-here", "offer-there", "exchange",
                                        "transmissions", "network", "local-id", "local-auth", "remote-id",
                                        "remote-auth", "fragmentation", "cookie", "method-asked"};
    static const char *const selectors[] = {"offered-local-ts", "offered-remote-ts",
                                            "accepted-local-ts", "accepted-remote-ts"};
    char value[1024];
    if (!facts)
        return;
    list_all(o, facts, "offered");
    list_all(o, facts, "accepted");
    report_transforms(o, facts);
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        if (facts_find(facts, plain[i], value, sizeof value)[0] != '\0')
            vici_key_str(o, plain[i], value);
    for (size_t i = 0; i < sizeof selectors / sizeof selectors[0]; i++)
        if (facts_find(facts, selectors[i], value, sizeof value)[0] != '\0')
            list_parts(o, selectors[i], bytes_str(value), ' ');
}
