/*
 * codec: the packets and messages of the VICI control protocol, as octets. No I/O, no meaning.
 *
 *     segment = uint32 length | packet                       a stream is a sequence of segments
 *     packet  = uint8 type [uint8 len, name] [message]       which parts there are depends on the type
 *     message = element ...                                  sections nest, lists hold items only
 *
 * Building: vici_begin, then elements, then vici_finish; faults are sticky and asked for once.
 * Reading: vici_packet_read, then vici_next until the end. The reader is strict: what is not
 * closed, cut off, or in a wrong place is bad. Names are printable ASCII; those of elements may
 * be empty (the counters of all connections stand in a section without a name).
 */
#ifndef BRAID_VICI_CODEC_H
#define BRAID_VICI_CODEC_H

#include "base/bytes.h"

enum {
    VICI_SEGMENT_MAX = 512 * 1024, /* octets after the length */
    VICI_NAME_MAX = 255,
    VICI_VALUE_MAX = 65535,
    VICI_DEPTH_MAX = 32, /* sections within sections; the protocol has no limit, we have */
};

enum vici_type {
    VICI_CMD_REQUEST = 0,  /* client to server; name, message */
    VICI_CMD_RESPONSE = 1, /* message */
    VICI_CMD_UNKNOWN = 2,
    VICI_EVENT_REGISTER = 3,   /* client to server; name */
    VICI_EVENT_UNREGISTER = 4, /* client to server; name */
    VICI_EVENT_CONFIRM = 5,
    VICI_EVENT_UNKNOWN = 6,
    VICI_EVENT = 7, /* name, message */
};

/* ---- building -------------------------------------------------------------------------------- */

/*
 * A segment under construction, in memory that grows. Reusable: vici_begin starts anew in the
 * same memory.
 */
struct vici_out {
    uint8_t *at;
    size_t len, cap;
    unsigned depth; /* open sections */
    bool in_list;
    bool fault; /* out of memory, over the limit, or elements in an impossible order */
};

void vici_out_init(struct vici_out *o);
void vici_out_free(struct vici_out *o);

void vici_begin(struct vici_out *o, enum vici_type type,
                const char *name); /* name: for types that have one, else NULL */
void vici_section(struct vici_out *o, const char *name);
void vici_section_end(struct vici_out *o);
void vici_list(struct vici_out *o, const char *name);
void vici_item(struct vici_out *o, struct bytes value);
void vici_item_str(struct vici_out *o, const char *value);
void vici_list_end(struct vici_out *o);
void vici_key(struct vici_out *o, const char *name, struct bytes value);
void vici_key_str(struct vici_out *o, const char *name, const char *value);
void vici_key_uint(struct vici_out *o, const char *name, uint64_t value);
void vici_key_int(struct vici_out *o, const char *name, int64_t value);
/* lower case, that many digits */
void vici_key_hex(struct vici_out *o, const char *name, uint64_t value, unsigned digits);
void vici_key_bool(struct vici_out *o, const char *name, bool value); /* "yes" or "no" */
void vici_keyf(struct vici_out *o, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * The finished segment, its length in front; valid until the next vici_begin. False on a fault,
 * also if something is still open.
 */
bool vici_finish(struct vici_out *o, struct bytes *segment);

/* ---- reading --------------------------------------------------------------------------------- */

/* One packet: what a segment holds after its length. Views borrow it. */
struct vici_packet {
    enum vici_type type;
    struct bytes name;    /* empty where the type has none */
    struct bytes message; /* checked as a whole by vici_packet_read */
};

/* False: unknown type, a bad name, trailing octets, or a malformed message. Hostile input. */
bool vici_packet_read(struct bytes packet, struct vici_packet *out);

enum vici_element {
    VICI_END = 0,           /* of the message */
    VICI_SECTION_START = 1, /* name */
    VICI_SECTION_END = 2,
    VICI_KEY_VALUE = 3,  /* name, value */
    VICI_LIST_START = 4, /* name */
    VICI_LIST_ITEM = 5,  /* value */
    VICI_LIST_END = 6,
    VICI_BAD = 255,
};

/* A position in a message. Copying one is allowed: it remembers a place. */
struct vici_in {
    struct bytes rest;
    unsigned depth;
    bool in_list;
    struct bytes name, value; /* of the element vici_next returned */
};

struct vici_in vici_in_make(struct bytes message);
enum vici_element vici_next(struct vici_in *in);
/* After VICI_SECTION_START or VICI_LIST_START: go behind its end. False if the message is bad. */
bool vici_skip(struct vici_in *in);
/*
 * After VICI_SECTION_START: a message made of the section's content alone; `in` goes behind its
 * end.
 */
struct bytes vici_content(struct vici_in *in);

/*
 * The value of the first key at a path ("child-sas.net-1.state": sections, then the key). False
 * if there is none. Names with dots cannot be reached.
 */
bool vici_find(struct bytes message, const char *path, struct bytes *value);
/* The same as a number (base 0 as in C), or `fallback` when absent or malformed. */
int64_t vici_find_int(struct bytes message, const char *path, int64_t fallback);
/* The same as a truth value (1 yes true enabled / 0 no false disabled, any case), or `fallback`. */
bool vici_find_bool(struct bytes message, const char *path, bool fallback);
/*
 * Position on the items of a list at top level: then vici_next gives VICI_LIST_ITEM ...
 * VICI_LIST_END. False if there is no such list.
 */
bool vici_find_list(struct bytes message, const char *name, struct vici_in *in);

/* ---- framing --------------------------------------------------------------------------------- */

/* Collects a stream and hands out whole packets. */
struct vici_frames {
    uint8_t *at;
    size_t len, cap, taken;
    bool fault; /* a segment over the limit, or out of memory: the connection is to be closed */
};

void vici_frames_init(struct vici_frames *f);
void vici_frames_free(struct vici_frames *f);
/*
 * Add octets of the stream, any number. False on a fault. Views of packets taken before become
 * invalid.
 */
bool vici_frames_put(struct vici_frames *f, struct bytes octets);
/*
 * The next complete packet (without its length), or false when more octets are needed. Valid
 * until the next put.
 */
bool vici_frames_take(struct vici_frames *f, struct bytes *packet);
/* Wipe what was taken: it may have held a private key. Views of it become invalid. */
void vici_frames_forget(struct vici_frames *f);

#endif
