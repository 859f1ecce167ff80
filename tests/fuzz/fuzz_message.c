/*
 * fuzz_message: any datagram. The version and the length of its header are made right, so that the payloads are
 * reached.
 *
 * What decodes is held against the grammar and printed. What can be sent must survive another round unchanged, and only
 * what the codec documents as not sendable may be refused by it.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "../support/messages.h"
#include "wire/grammar.h"
#include "wire/print.h"

enum { ARENA_LIMIT = 1 << 20 };

static void require(bool ok)
{
    if (!ok)
        abort();
}

static bool has_unknown_attribute(const struct proposals *sa)
{
    for (unsigned i = 0; i < sa->count; i++)
        for (unsigned k = 0; k < sa->at[i].count; k++)
            if (sa->at[i].transform[k].unknown_attr)
                return true;
    return false;
}

static bool has_unknown_selector(const struct selectors *ts)
{
    for (unsigned i = 0; i < ts->count; i++)
        if (ts->at[i].family == ADDR_NONE)
            return true;
    return false;
}

static bool can_be_sent(const struct ike_msg *m)
{
    for (unsigned i = 0; i < m->count; i++) {
        const struct payload *p = &m->payload[i];
        if (p->type == PAYLOAD_SA && has_unknown_attribute(&p->u.sa))
            return false;
        if ((p->type == PAYLOAD_TSi || p->type == PAYLOAD_TSr) && has_unknown_selector(&p->u.ts))
            return false;
    }
    return true;
}

static void send_and_compare(const struct ike_msg *m, size_t len, struct arena *arena)
{
    uint8_t *buffer = malloc(len);
    struct writer w = writer_make(buffer, len);
    ike_message_encode(&w, m); /* never longer than it came: unknown attributes are all that is lost */
    require(w.fault == !can_be_sent(m));
    if (!w.fault) {
        struct ike_msg again = ike_msg_make();
        require(ike_message_decode(writer_view(&w), arena, &again).class == DECODE_OK);
        require(messages_equal(m, &again));
    }
    free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < IKE_HEADER_LEN || size > DATAGRAM_LEN_MAX)
        return 0;
    struct memory memory;
    memory_make(&memory);
    struct arena arena = arena_make(&memory.alloc, ARENA_LIMIT);
    struct bytes datagram = exact(bytes_make(data, size));
    uint8_t *at = (uint8_t *)(uintptr_t)datagram.at;
    at[17] = (uint8_t)(0x20 | (at[17] & 0x0f));
    put_u32(at + 24, (uint32_t)size);

    struct ike_msg m = ike_msg_make();
    struct decode_error e = ike_message_decode(datagram, &arena, &m);
    if (e.class == DECODE_OK) {
        char buffer[512];
        struct text text = text_make(buffer, sizeof buffer);
        print_ike_msg(&text, &m);
        (void)grammar_check(&m);
        send_and_compare(&m, size, &arena);
    } else {
        require(e.what && e.offset <= size && m.count == 0);
    }
    arena_wipe(&arena);
    free_bytes(datagram);
    require(memory.blocks == 0 && memory.unwiped == 0);
    return 0;
}
