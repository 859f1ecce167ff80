/*
 * value: what a value may say, one function per type: text in, plain value out, or a fault that
 * says what is wrong and which part of the text.
 *
 * Nothing here knows keys, sections or files; schema.c brings the two together. Arrays come from
 * the arena. Inputs may be anything.
 */
#ifndef BRAID_CONFIG_VALUE_H
#define BRAID_CONFIG_VALUE_H

#include "base/arena.h"
#include <braid/config.h>
#include <braid/secrets.h>

struct value_fault {
    char text[320];    /* what is wrong, for people; "" = the type's own sentence will do */
    size_t at, len;    /* which part of the value; len 0 = all of it */
    char warning[320]; /* set on success: it works, but should not be used */
    bool not_yet;      /* the value is right, but what it asks for is not there */
};

/* A row of an enumeration: several words may mean the same. The table ends with word NULL. */
struct value_word {
    const char *word;
    int value;
};

/* Set the fault to a sentence about `part` of `whole`; always gives false. */
bool value_fail(struct value_fault *f, struct bytes whole, struct bytes part, const char *format,
                ...) __attribute__((format(printf, 4, 5)));

/* The same about something that is right but not supported yet. */
bool value_not_yet(struct value_fault *f, struct bytes whole, struct bytes part, const char *format,
                   ...) __attribute__((format(printf, 4, 5)));

struct bytes value_trim(struct bytes text);
/*
 * The next item of a list separated by commas, trimmed; empty ones are left out. False at the
 * end.
 */
bool value_item(struct bytes *rest, struct bytes *item);
bool value_is(struct bytes text, const char *word); /* equal but for case */

/* ---- plain types (swanctl.conf: bool, uint, time, bytes, enumerations, actions) -------------- */

bool value_bool(struct bytes text, bool *out);
/* base 0 as in C: 0x hexadecimal, leading 0 octal */
bool value_uint(struct bytes text, uint64_t max, uint64_t *out);
bool value_time(struct bytes text, ike_time *out); /* "4h", "90 s", "30" */
/* the same with decimals and milliseconds: "0.5", "1.5s", "200ms" */
bool value_fine_time(struct bytes text, ike_time *out);
bool value_permille(struct bytes text, uint32_t *out); /* "1.8" is 1800 */
bool value_size(struct bytes text, uint64_t *out);     /* "1g", 1024-based */
bool value_word(struct bytes text, const struct value_word *words, int *out);
bool value_actions(struct bytes text, uint8_t *out); /* "trap|start" */
bool value_dscp(struct bytes text, uint8_t *out);    /* "101110": binary digits, the last six count */

/* A mark of packets, or the id of an interface: a number and a mask, or what a word stands for. */
enum value_mark_kind { MARK_NUMBER,
                       MARK_UNIQUE,     /* "%unique": each SA its own */
                       MARK_UNIQUE_DIR, /* "%unique-dir": and each direction */
                       MARK_SAME };     /* "%same": that of the SA */
struct value_mark {
    uint32_t value, mask;
    uint32_t kind; /* enum value_mark_kind */
};
bool value_mark(struct bytes text, struct value_mark *out);  /* "42/0xff", "%unique", "%same" */
bool value_if_id(struct bytes text, struct value_mark *out); /* "42", "%unique", "%unique-dir" */

/* ---- addresses ------------------------------------------------------------------------------- */

bool value_addr(struct bytes text, struct addr *out); /* one address, nothing else */
/* Address, CIDR block or a-b as a range. False if it is none of them. */
bool value_range(struct bytes text, struct addr *from, struct addr *to);
/* One item of local_addrs or remote_addrs. */
bool value_endpoint(struct bytes text, struct arena *a, struct conf_endpoint *out,
                    struct value_fault *f);

/* ---- what the protocol speaks of ------------------------------------------------------------- */

/* One item of local_ts or remote_ts. */
bool value_selector(struct bytes text, struct selector *out, struct value_fault *f);
/* An identity; patterns only where they make sense. */
bool value_identity(struct bytes text, bool may_match, struct arena *a, struct conf_identity *out,
                    struct value_fault *f);
/* A distinguished name as DER: "C=CH, O=braid, CN=gate" or "/C=CH/O=braid/CN=gate". */
bool value_dn(struct bytes text, struct arena *a, struct bytes *out, struct value_fault *f);
/*
 * A list of proposals for `protocol` (PROTOCOL_IKE or PROTOCOL_ESP). The item `default` stands
 * for the built-in ones.
 */
bool value_proposals(struct bytes text, uint8_t protocol, struct arena *a, struct proposals *out,
                     struct value_fault *f);
const char *value_default_proposals(uint8_t protocol); /* as one would write them */
/* `auth`: the method, and what it demands of signatures in IKE and in the peer's chain. */
bool value_auth(struct bytes text, enum conf_auth_class *class, struct cred_rule *ike,
                struct cred_rule *chain, struct value_fault *f);
/*
 * A command that is run without a shell: an absolute path and words, with blanks between them. What
 * a shell would make something else of is refused.
 */
bool value_command(struct bytes text, struct value_fault *f);
/* A secret: 0x hexadecimal, 0s Base64, else as it stands. */
bool value_secret(struct bytes text, struct arena *a, struct bytes *out, struct value_fault *f);
bool value_hex(struct bytes digits, struct arena *a,
               struct bytes *out); /* pairs of digits, colons between them allowed */

#endif
