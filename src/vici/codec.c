/* codec: VICI packets and messages. See codec.h. */
#include "vici/codec.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { LENGTH_LEN = 4,
       FIRST_ROOM = 512,
       FORMAT_MAX = 4096 };

static bool has_name(enum vici_type type)
{
    return type == VICI_CMD_REQUEST || type == VICI_EVENT_REGISTER ||
           type == VICI_EVENT_UNREGISTER || type == VICI_EVENT;
}

static bool has_message(enum vici_type type)
{
    return type == VICI_CMD_REQUEST || type == VICI_CMD_RESPONSE || type == VICI_EVENT;
}

static bool is_printable(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.at[i] < ' ' || name.at[i] > '~')
            return false;
    }
    return name.len <= VICI_NAME_MAX;
}

/* ---- building -------------------------------------------------------------------------------- */

void vici_out_init(struct vici_out *o)
{
    *o = (struct vici_out){.at = NULL};
}

void vici_out_free(struct vici_out *o)
{
    wipe(o->at, o->cap);
    free(o->at);
    vici_out_init(o);
}

/* Room for len more octets, or a fault. */
static uint8_t *grow(struct vici_out *o, size_t len)
{
    if (o->fault || len > LENGTH_LEN + VICI_SEGMENT_MAX - o->len) {
        o->fault = true;
        return NULL;
    }
    if (len > o->cap - o->len) {
        size_t cap = o->cap ? o->cap : FIRST_ROOM;
        while (cap < o->len + len)
            cap *= 2;
        uint8_t *at = realloc(o->at, cap);
        if (!at) {
            o->fault = true;
            return NULL;
        }
        o->at = at;
        o->cap = cap;
    }
    o->len += len;
    return o->at + o->len - len;
}

static void put_octet(struct vici_out *o, unsigned octet)
{
    uint8_t *at = grow(o, 1);
    if (at)
        *at = (uint8_t)octet;
}

static void put_octets(struct vici_out *o, struct bytes b)
{
    uint8_t *at = grow(o, b.len);
    if (at && b.len > 0)
        memcpy(at, b.at, b.len);
}

static void put_name(struct vici_out *o, const char *name)
{
    struct bytes b = bytes_str(name);
    o->fault |= !is_printable(b);
    put_octet(o, (unsigned)b.len);
    put_octets(o, b);
}

static void put_value(struct vici_out *o, struct bytes value)
{
    uint8_t *at = value.len > VICI_VALUE_MAX ? NULL : grow(o, 2);
    o->fault |= at == NULL;
    if (at)
        put_u16(at, (uint16_t)value.len);
    put_octets(o, value);
}

void vici_begin(struct vici_out *o, enum vici_type type, const char *name)
{
    o->len = 0;
    o->depth = 0;
    o->in_list = o->fault = false;
    put_octets(o, bytes_make("\0\0\0\0", LENGTH_LEN));
    put_octet(o, type);
    o->fault |= has_name(type) != (name != NULL);
    if (name)
        put_name(o, name);
}

void vici_section(struct vici_out *o, const char *name)
{
    o->fault |= o->in_list || o->depth == VICI_DEPTH_MAX;
    o->depth++;
    put_octet(o, VICI_SECTION_START);
    put_name(o, name);
}

void vici_section_end(struct vici_out *o)
{
    o->fault |= o->in_list || o->depth == 0;
    o->depth -= o->depth > 0;
    put_octet(o, VICI_SECTION_END);
}

void vici_list(struct vici_out *o, const char *name)
{
    o->fault |= o->in_list;
    o->in_list = true;
    put_octet(o, VICI_LIST_START);
    put_name(o, name);
}

void vici_item(struct vici_out *o, struct bytes value)
{
    o->fault |= !o->in_list;
    put_octet(o, VICI_LIST_ITEM);
    put_value(o, value);
}

void vici_item_str(struct vici_out *o, const char *value)
{
    vici_item(o, bytes_str(value));
}

void vici_list_end(struct vici_out *o)
{
    o->fault |= !o->in_list;
    o->in_list = false;
    put_octet(o, VICI_LIST_END);
}

void vici_key(struct vici_out *o, const char *name, struct bytes value)
{
    o->fault |= o->in_list;
    put_octet(o, VICI_KEY_VALUE);
    put_name(o, name);
    put_value(o, value);
}

void vici_key_str(struct vici_out *o, const char *name, const char *value)
{
    vici_key(o, name, bytes_str(value));
}

void vici_keyf(struct vici_out *o, const char *name, const char *format, ...)
{
    char text[FORMAT_MAX];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (len < 0)
        o->fault = true;
    else
        vici_key(o, name, bytes_str(text)); /* what is longer is cut: these are texts for people */
}

void vici_key_uint(struct vici_out *o, const char *name, uint64_t value)
{
    vici_keyf(o, name, "%llu", (unsigned long long)value);
}

void vici_key_int(struct vici_out *o, const char *name, int64_t value)
{
    vici_keyf(o, name, "%lld", (long long)value);
}

void vici_key_hex(struct vici_out *o, const char *name, uint64_t value, unsigned digits)
{
    vici_keyf(o, name, "%0*llx", (int)digits, (unsigned long long)value);
}

void vici_key_bool(struct vici_out *o, const char *name, bool value)
{
    vici_key_str(o, name, value ? "yes" : "no");
}

bool vici_finish(struct vici_out *o, struct bytes *segment)
{
    *segment = BYTES_NONE;
    if (o->fault || o->depth > 0 || o->in_list || o->len <= LENGTH_LEN)
        return false;
    put_u32(o->at, (uint32_t)(o->len - LENGTH_LEN));
    *segment = bytes_make(o->at, o->len);
    return true;
}

/* ---- reading --------------------------------------------------------------------------------- */

struct vici_in vici_in_make(struct bytes message)
{
    return (struct vici_in){.rest = message};
}

/* A length field of `width` octets and what it counts, off the front of *rest. */
static bool take_counted(struct bytes *rest, size_t width, struct bytes *out)
{
    if (rest->len < width)
        return false;
    size_t len = width == 1 ? rest->at[0] : get_u16(rest->at);
    if (rest->len - width < len)
        return false;
    *out = bytes_make(rest->at + width, len);
    *rest = bytes_make(rest->at + width + len, rest->len - width - len);
    return true;
}

/* What each element consists of, where it may stand, and what it changes. */
/* clang-format off */
static const struct grammar {
    bool name, value;
    bool in_list; /* stands in a list, else outside of one */
    int depth;    /* change of depth */
    int list;     /* +1 opens a list, -1 closes it */
} grammar[] = {
    [VICI_SECTION_START] = {.name = true, .depth = 1},
    [VICI_SECTION_END] = {.depth = -1},
    [VICI_KEY_VALUE] = {.name = true, .value = true},
    [VICI_LIST_START] = {.name = true, .list = 1},
    [VICI_LIST_ITEM] = {.value = true, .in_list = true},
    [VICI_LIST_END] = {.in_list = true, .list = -1},
};
/* clang-format on */

static enum vici_element bad(struct vici_in *in)
{
    in->rest = BYTES_NONE;
    in->depth = 1; /* never a proper end again */
    return VICI_BAD;
}

enum vici_element vici_next(struct vici_in *in)
{
    in->name = in->value = BYTES_NONE;
    if (in->rest.len == 0)
        return in->depth == 0 && !in->in_list ? VICI_END : bad(in);
    uint8_t type = in->rest.at[0];
    if (type < VICI_SECTION_START || type > VICI_LIST_END)
        return bad(in);
    const struct grammar *g = &grammar[type];
    if (g->in_list != in->in_list || (g->depth < 0 && in->depth == 0) ||
        (g->depth > 0 && in->depth == VICI_DEPTH_MAX))
        return bad(in);
    struct bytes rest = bytes_make(in->rest.at + 1, in->rest.len - 1);
    if (g->name && (!take_counted(&rest, 1, &in->name) || !is_printable(in->name)))
        return bad(in);
    if (g->value && !take_counted(&rest, 2, &in->value))
        return bad(in);
    in->rest = rest;
    in->depth = (unsigned)((int)in->depth + g->depth);
    in->in_list = g->list > 0 || (in->in_list && g->list == 0);
    return (enum vici_element)type;
}

bool vici_skip(struct vici_in *in)
{
    unsigned depth = in->in_list ? in->depth : in->depth - 1;
    enum vici_element e;
    do {
        e = vici_next(in);
        if (e == VICI_BAD || e == VICI_END)
            return false;
    } while (in->in_list || in->depth > depth);
    return true;
}

struct bytes vici_content(struct vici_in *in)
{
    const uint8_t *start = in->rest.at;
    if (in->depth == 0 || in->in_list || !vici_skip(in))
        return BYTES_NONE;
    return bytes_make(start,
                      (size_t)(in->rest.at - start) - 1); /* without the octet that closes it */
}

static bool is_sound(struct bytes message)
{
    struct vici_in in = vici_in_make(message);
    enum vici_element e;
    do
        e = vici_next(&in);
    while (e != VICI_END && e != VICI_BAD);
    return e == VICI_END;
}

bool vici_packet_read(struct bytes packet, struct vici_packet *out)
{
    *out = (struct vici_packet){.type = VICI_CMD_REQUEST};
    if (packet.len == 0 || packet.len > VICI_SEGMENT_MAX || packet.at[0] > VICI_EVENT)
        return false;
    struct vici_packet p = {.type = (enum vici_type)packet.at[0]};
    struct bytes rest = bytes_make(packet.at + 1, packet.len - 1);
    if (has_name(p.type) &&
        (!take_counted(&rest, 1, &p.name) || p.name.len == 0 || !is_printable(p.name)))
        return false;
    if (has_message(p.type) ? !is_sound(rest) : rest.len > 0)
        return false;
    p.message = rest;
    *out = p;
    return true;
}

/* ---- finding --------------------------------------------------------------------------------- */

/*
 * Step to the next element at this level that is of a kind and has a name; sections and lists in
 * between are skipped.
 */
static bool step_to(struct vici_in *in, enum vici_element wanted, struct bytes name)
{
    for (;;) {
        enum vici_element e = vici_next(in);
        if (e == VICI_END || e == VICI_BAD || e == VICI_SECTION_END)
            return false;
        if (e == wanted && bytes_equal(in->name, name))
            return true;
        if ((e == VICI_SECTION_START || e == VICI_LIST_START) && !vici_skip(in))
            return false;
    }
}

bool vici_find(struct bytes message, const char *path, struct bytes *value)
{
    *value = BYTES_NONE;
    for (const char *dot = strchr(path, '.'); dot; dot = strchr(path, '.')) {
        struct vici_in in = vici_in_make(message);
        if (!step_to(&in, VICI_SECTION_START, bytes_make(path, (size_t)(dot - path))))
            return false;
        message = vici_content(&in);
        path = dot + 1;
    }
    struct vici_in in = vici_in_make(message);
    bool found = step_to(&in, VICI_KEY_VALUE, bytes_str(path));
    if (found)
        *value = in.value;
    return found;
}

int64_t vici_find_int(struct bytes message, const char *path, int64_t fallback)
{
    struct bytes value;
    char text[32], *end;
    if (!vici_find(message, path, &value) || value.len == 0 || value.len >= sizeof text ||
        memchr(value.at, 0, value.len))
        return fallback;
    memcpy(text, value.at, value.len);
    text[value.len] = '\0';
    long long n = strtoll(text, &end, 0);
    return *end || isspace((uint8_t)text[0]) ? fallback : n;
}

bool vici_find_bool(struct bytes message, const char *path, bool fallback)
{
    /* clang-format off */
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"1", true},  {"yes", true}, {"true", true},   {"enabled", true},
                 {"0", false}, {"no", false}, {"false", false}, {"disabled", false}};
    /* clang-format on */
    struct bytes value;
    if (!vici_find(message, path, &value))
        return fallback;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i].word) == value.len &&
            strncasecmp(words[i].word, (const char *)value.at, value.len) == 0)
            return words[i].value;
    }
    return fallback;
}

bool vici_find_list(struct bytes message, const char *name, struct vici_in *in)
{
    *in = vici_in_make(message);
    return step_to(in, VICI_LIST_START, bytes_str(name));
}

/* ---- framing --------------------------------------------------------------------------------- */

void vici_frames_init(struct vici_frames *f)
{
    *f = (struct vici_frames){.at = NULL};
}

void vici_frames_free(struct vici_frames *f)
{
    if (f->at)
        wipe(f->at, f->cap);
    free(f->at);
    vici_frames_init(f);
}

/* Is the next segment longer than allowed? Asked as soon as its length is there. */
static bool is_too_long(const struct vici_frames *f)
{
    return f->len - f->taken >= LENGTH_LEN && get_u32(f->at + f->taken) > VICI_SEGMENT_MAX;
}

void vici_frames_forget(struct vici_frames *f)
{
    if (f->taken == 0)
        return;
    memmove(f->at, f->at + f->taken, f->len - f->taken);
    wipe(f->at + (f->len - f->taken), f->taken);
    f->len -= f->taken;
    f->taken = 0;
}

/* Not realloc: it would leave what is here behind. */
static bool grow_frames(struct vici_frames *f, size_t least)
{
    size_t cap = f->cap ? f->cap : FIRST_ROOM;
    while (cap < least)
        cap *= 2;
    uint8_t *at = malloc(cap);
    if (!at)
        return false;
    if (f->len > 0)
        memcpy(at, f->at, f->len);
    if (f->at)
        wipe(f->at, f->cap);
    free(f->at);
    f->at = at;
    f->cap = cap;
    return true;
}

bool vici_frames_put(struct vici_frames *f, struct bytes octets)
{
    if (f->fault)
        return false;
    vici_frames_forget(f);
    if (octets.len > f->cap - f->len && !grow_frames(f, f->len + octets.len)) {
        f->fault = true;
        return false;
    }
    if (octets.len > 0)
        memcpy(f->at + f->len, octets.at, octets.len);
    f->len += octets.len;
    f->fault = is_too_long(f);
    return !f->fault;
}

bool vici_frames_take(struct vici_frames *f, struct bytes *packet)
{
    *packet = BYTES_NONE;
    if (f->fault || f->len - f->taken < LENGTH_LEN)
        return false;
    f->fault = is_too_long(f);
    size_t len = get_u32(f->at + f->taken);
    if (f->fault || f->len - f->taken - LENGTH_LEN < len)
        return false;
    *packet = bytes_make(f->at + f->taken + LENGTH_LEN, len);
    f->taken += LENGTH_LEN + len;
    return true;
}
