/*
 * fuzz_notify: the first octet picks a reader of a notify body, the rest is the body. What is read is written the
 * same.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "../support/unit.h"
#include "wire/notify.h"

static struct writer writer;

static bool try_invalid_ke(struct bytes data)
{
    uint16_t method;
    bool ok = notify_invalid_ke_read(data, &method);
    notify_invalid_ke_write(&writer, method);
    return ok;
}

static bool try_u32(struct bytes data)
{
    uint32_t value;
    bool ok = notify_u32_read(data, &value);
    notify_u32_write(&writer, value);
    return ok;
}

static bool try_u8(struct bytes data)
{
    uint8_t value;
    bool ok = notify_u8_read(data, &value);
    notify_u8_write(&writer, value);
    return ok;
}

static bool try_address(struct bytes data)
{
    struct addr a;
    if (!notify_address_read(data, &a))
        return false;
    notify_address_write(&writer, &a);
    return true;
}

static bool try_ipcomp(struct bytes data)
{
    struct notify_ipcomp c;
    bool ok = notify_ipcomp_read(data, &c);
    notify_ipcomp_write(&writer, &c);
    return ok;
}

static bool try_redirect(struct bytes data)
{
    struct notify_redirect g;
    bool ok = notify_redirect_read(data, &g);
    notify_redirect_write(&writer, &g);
    return ok;
}

static bool try_ticket(struct bytes data)
{
    struct notify_ticket t;
    bool ok = notify_ticket_read(data, &t);
    notify_ticket_write(&writer, &t);
    return ok;
}

static bool try_ppk(struct bytes data)
{
    struct notify_ppk p;
    bool ok = notify_ppk_read(data, &p);
    notify_ppk_write(&writer, &p);
    return ok;
}

static bool try_ppk_key(struct bytes data)
{
    struct notify_ppk_key p;
    if (!notify_ppk_key_read(data, &p))
        return false;
    notify_ppk_key_write(&writer, &p);
    return true;
}

static bool try_id_sync(struct bytes data)
{
    struct notify_id_sync s;
    bool ok = notify_id_sync_read(data, &s);
    notify_id_sync_write(&writer, &s);
    return ok;
}

static bool try_counter_sync(struct bytes data)
{
    uint64_t step;
    bool ok = notify_counter_sync_read(data, &step);
    notify_counter_sync_write(&writer, step, data.len == 8);
    return ok;
}

static bool try_puzzle(struct bytes data)
{
    struct notify_puzzle p;
    bool ok = notify_puzzle_read(data, &p);
    notify_puzzle_write(&writer, &p);
    return ok;
}

static bool try_hashes(struct bytes data)
{
    struct reader r = reader_make(data);
    uint16_t hash;
    while (notify_hashes_next(&r, &hash))
        notify_hashes_write(&writer, &hash, 1);
    return data.len % 2 == 0;
}

static bool try_auth_methods(struct bytes data)
{
    struct reader r = reader_make(data);
    struct auth_announcement a;
    size_t read = 0;
    while (notify_auth_methods_next(&r, &a)) {
        notify_auth_methods_write(&writer, &a);
        read = reader_offset(&r);
    }
    return read == data.len;
}

static bool (*const readers[])(struct bytes data) = {
    try_invalid_ke,
    try_u32,
    try_u8,
    try_address,
    try_ipcomp,
    try_redirect,
    try_ticket,
    try_ppk,
    try_ppk_key,
    try_id_sync,
    try_counter_sync,
    try_puzzle,
    try_hashes,
    try_auth_methods,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    uint8_t *buffer = malloc(size + 32);
    struct bytes body = exact(bytes_make(data + 1, size - 1));
    writer = writer_make(buffer, size + 32);
    bool ok = readers[data[0] % (sizeof readers / sizeof *readers)](body);
    if (ok && (writer.fault || !bytes_equal(writer_view(&writer), body)))
        abort();
    free_bytes(body);
    free(buffer);
    return 0;
}
