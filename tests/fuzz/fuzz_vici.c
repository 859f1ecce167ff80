/*
 * fuzz_vici: a stream of octets, cut into pieces by its first octet, through framing and reading.
 * A message that is sound is built again from its elements and must be the same octets.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "vici/codec.h"

/* The name as text for the builder. */
static const char *text_of(struct bytes name, char to[VICI_NAME_MAX + 1])
{
    if (name.len > 0)
        memcpy(to, name.at, name.len);
    to[name.len] = '\0';
    return to;
}

static void rebuild(const struct vici_packet *p, struct bytes packet)
{
    static struct vici_out out;
    char name[VICI_NAME_MAX + 1];
    struct bytes segment;
    struct vici_in in = vici_in_make(p->message);
    vici_begin(&out, p->type, p->name.len ? text_of(p->name, name) : NULL);
    for (enum vici_element e = vici_next(&in); e != VICI_END; e = vici_next(&in)) {
        text_of(in.name, name);
        switch (e) {
        case VICI_SECTION_START:
            vici_section(&out, name);
            break;
        case VICI_SECTION_END:
            vici_section_end(&out);
            break;
        case VICI_KEY_VALUE:
            vici_key(&out, name, in.value);
            break;
        case VICI_LIST_START:
            vici_list(&out, name);
            break;
        case VICI_LIST_ITEM:
            vici_item(&out, in.value);
            break;
        case VICI_LIST_END:
            vici_list_end(&out);
            break;
        default:
            abort();
        }
    }
    if (!vici_finish(&out, &segment) ||
        !bytes_equal(bytes_make(segment.at + 4, segment.len - 4), packet))
        abort();
    vici_out_free(&out);
}

static void look_into(struct bytes message)
{
    struct bytes value;
    struct vici_in in;
    vici_find(message, "a.b.c", &value);
    vici_find_int(message, "a.n", 0);
    vici_find_bool(message, "a", false);
    vici_find_list(message, "l", &in);
    in = vici_in_make(message);
    if (vici_next(&in) == VICI_SECTION_START)
        vici_content(&in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vici_frames frames;
    struct vici_packet p;
    struct bytes packet;
    size_t step = size > 0 ? (size_t)data[0] + 1 : 1;
    look_into(bytes_make(data, size)); /* not checked before: must be survived all the same */
    vici_frames_init(&frames);
    for (size_t at = 1; at < size; at += step) {
        if (!vici_frames_put(&frames, bytes_make(data + at, size - at < step ? size - at : step)))
            break;
        while (vici_frames_take(&frames, &packet)) {
            if (!vici_packet_read(packet, &p))
                continue;
            look_into(p.message);
            rebuild(&p, packet);
        }
    }
    vici_frames_free(&frames);
    return 0;
}
