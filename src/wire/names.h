/*
 * names: every IANA number braid knows, with its name; generated from the one list in iana.def.
 *
 * enum exchange_type, payload_type, transform_type, notify_type, protocol_id, id_type, auth_method, cert_encoding,
 * cp_type, cp_attribute_type, ts_type, hash_id. For each there is a function from number to name that gives NULL
 * for a number we do not know.
 */
#ifndef BRAID_WIRE_NAMES_H
#define BRAID_WIRE_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#define EXCHANGE(number, name) EXCHANGE_##name = number,
#define PAYLOAD(number, name, text) PAYLOAD_##name = number,
#define TRANSFORM(number, name) TRANSFORM_##name = number,
#define NOTIFY(number, name) NOTIFY_##name = number,
#define PROTOCOL(number, name) PROTOCOL_##name = number,
#define ID_TYPE(number, name) ID_##name = number,
#define AUTH_METHOD(number, name) AUTH_##name = number,
#define CERT_ENCODING(number, name) CERT_##name = number,
#define CP_TYPE(number, name) CP_##name = number,
#define CP_ATTRIBUTE(number, name) CP_ATTR_##name = number,
#define TS_TYPE(number, name) TS_##name = number,
#define HASH_ID(number, name) HASH_##name = number,
enum iana_number { /* one enum: numbers of different registries never meet in one variable */
#include "wire/iana.def"
};

/* Transform ids that the protocol itself speaks of; all others live in crypto/alg.def. */
enum {
    KE_NONE = 0, /* RFC 9370 2.2.2: this further exchange does not take place; in ESP: no fresh secret */
    SN_32 = 0,   /* RFC 9827: 32-bit sequence numbers ("no ESN") */
    SN_64 = 1,   /* extended sequence numbers */
    ATTRIBUTE_KEY_LENGTH = 14,
};

/*
 * An exchange of keys may stand in eight transform types: type 4, and those of RFC 9370 in ascending order. They
 * are slots 0 to 7.
 */
enum {
    KEX_SLOTS = 8,
    NOT_A_KEX_SLOT = -1,
};
int kex_slot(uint8_t transform_type); /* 0 to 7, or NOT_A_KEX_SLOT */
uint8_t kex_slot_type(int slot);      /* the inverse, 0 <= slot < KEX_SLOTS */

const char *exchange_name(uint8_t exchange);
const char *payload_name(uint8_t payload); /* short, as strongSwan logs it: "SA", "KE", "IDi", "No", "N" */
const char *transform_name(uint8_t type);
const char *notify_name(uint16_t notify);
const char *protocol_name(uint8_t protocol);
const char *id_type_name(uint8_t type);
const char *auth_method_name(uint8_t method);
const char *cert_encoding_name(uint8_t encoding);
const char *cp_type_name(uint8_t type);
const char *cp_attribute_name(uint16_t type);
const char *hash_name(uint16_t hash);

/* Below 16384 a notify reports an error (RFC 7296 3.10.1). */
static inline bool notify_is_error(uint16_t notify)
{
    return notify < 16384;
}

#endif
