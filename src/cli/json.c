/* json: see json.h. */
#include "cli/json.h"

#include "vici/codec.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

/* clang-format off */
static const char *const numbers[] = {
    "uniqueid",      "version",        "local-port",     "remote-port",
    "local_port",    "remote_port",    "encr-keysize",   "integ-keysize",
    "established",   "rekey-time",     "reauth-time",    "life-time", "expire-time",
    "install-time",  "reqid",          "bytes-in",       "bytes-out",
    "packets-in",    "packets-out",    "use-in",         "use-out",
    "rekey_time",    "reauth_time",    "rekey_bytes",    "rekey_packets",
    "dpd_delay",     "matches",        "terminated",     "mid",
    "sent-bytes",    "received-bytes", "sent-fragments", "received-fragments",
    "transmissions", "microseconds",   "ike-id",         "last-rekey-ago",
    "rekeyed",         "ago",
    "times",         "count",          NULL};
/* clang-format on */
/* clang-format off */
static const char *const truths[] = {"quantum-safe", "initiator", "encap",    "nat-local",
                                     "nat-remote",   "nat-any",   "nat-fake", "success",
                                     "ppk",          "up",        "configured", NULL};
/* clang-format on */

static bool is_among(struct bytes key, const char *const *words)
{
    for (; *words; words++) {
        if (bytes_equal(key, bytes_str(*words)))
            return true;
    }
    return false;
}

json_t *json_from_bytes(struct bytes text)
{
    json_t *whole = json_stringn((const char *)text.at, text.len);
    if (whole)
        return whole;
    char *copy = malloc(text.len + 1);
    for (size_t i = 0; copy && i < text.len; i++)
        copy[i] = text.at[i] >= ' ' && text.at[i] < 127 ? (char)text.at[i] : '?';
    json_t *replaced = copy ? json_stringn(copy, text.len) : NULL;
    free(copy);
    return replaced;
}

static json_t *from_value(struct bytes key, struct bytes value)
{
    char digits[24], *end;
    if (is_among(key, truths))
        return json_boolean(bytes_equal(value, BYTES_LIT("yes")));
    if (!is_among(key, numbers) || value.len == 0 || value.len >= sizeof digits)
        return json_from_bytes(value);
    memcpy(digits, value.at, value.len);
    digits[value.len] = '\0';
    long long n = strtoll(digits, &end, 10);
    return *end == '\0' ? json_integer(n) : json_from_bytes(value);
}

static json_t *from_list(struct vici_in *in)
{
    json_t *list = json_array();
    while (list && vici_next(in) == VICI_LIST_ITEM)
        json_array_append_new(list, json_from_bytes(in->value));
    return list;
}

static void put(json_t *object, struct bytes name, json_t *value)
{
    char key[VICI_NAME_MAX + 1];
    memcpy(key, name.at, name.len);
    key[name.len] = '\0';
    json_object_set_new(object, key, value);
}

/* The elements up to the end of this section (or of the message). The codec bounds the depth. */
static json_t *from_section(struct vici_in *in)
{
    json_t *object = json_object();
    for (;;) {
        enum vici_element e = vici_next(in);
        struct bytes name = in->name;
        if (e == VICI_KEY_VALUE)
            put(object, name, from_value(name, in->value));
        else if (e == VICI_SECTION_START)
            put(object, name, from_section(in));
        else if (e == VICI_LIST_START)
            put(object, name, from_list(in));
        else
            return object;
    }
}

json_t *json_from_vici(struct bytes message)
{
    struct vici_in in = vici_in_make(message);
    return from_section(&in);
}

void json_add_named(json_t *array, struct bytes name, struct bytes content)
{
    json_t *object = json_object();
    json_object_set_new(object, "name", json_from_bytes(name));
    json_object_update_new(object, json_from_vici(content));
    json_array_append_new(array, object);
}

void json_show(json_t *value)
{
    json_dumpf(value, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(value);
}
