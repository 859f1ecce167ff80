/*
 * fuzz_print: hostile values as text. The first octet says how large the buffer is and what is printed; the text
 * must be printable ASCII, terminated, inside its buffer, and no different from the start of what a large buffer
 * gets.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "../support/unit.h"
#include "wire/print.h"

enum { LARGE = 1 << 17 };

static void print(struct text *t, uint8_t kind, struct bytes data, const struct ike_msg *m)
{
    struct identity id = {.type = (uint8_t)(kind % 14), .data = data};
    if (m)
        print_ike_msg(t, m);
    else
        print_identity(t, &id);
    for (unsigned i = 0; m && i < m->count; i++)
        for (unsigned k = 0; m->payload[i].type == PAYLOAD_SA && k < m->payload[i].u.sa.count; k++)
            print_proposal(t, &m->payload[i].u.sa.at[k]);
}

static void check_text(const struct text *t)
{
    if (t->len >= t->cap || t->at[t->len] != '\0' || strlen(t->at) != t->len)
        abort();
    for (size_t i = 0; i < t->len; i++)
        if (t->at[i] < ' ' || t->at[i] > '~')
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct memory memory;
    memory_make(&memory);
    struct arena arena = arena_make(&memory.alloc, LARGE);
    struct bytes body = exact(bytes_make(data + 2, size - 2));
    struct ike_msg m = ike_msg_make();
    bool is_message = data[0] & 1 && ike_payloads_decode(body, data[1], &arena, &m).class == DECODE_OK;

    size_t cap = 1 + data[0];
    char *small = malloc(cap), *large = malloc(LARGE);
    struct text cut = text_make(small, cap), whole = text_make(large, LARGE);
    print(&cut, data[1], body, is_message ? &m : NULL);
    print(&whole, data[1], body, is_message ? &m : NULL);
    check_text(&cut);
    check_text(&whole);
    if (memcmp(small, large, cut.len) != 0 || cut.cut != (cut.len < whole.len))
        abort();

    free(small);
    free(large);
    free_bytes(body);
    arena_wipe(&arena);
    return 0;
}
