/* names: see names.h. Every function is a switch that iana.def writes. */
#include "wire/names.h"

#include <stddef.h>

int kex_slot(uint8_t transform_type)
{
    switch (transform_type) {
#define KEX_SLOT(slot, transform) \
    case TRANSFORM_##transform: \
        return slot;
#include "wire/iana.def"
    default:
        return NOT_A_KEX_SLOT;
    }
}

uint8_t kex_slot_type(int slot)
{
    switch (slot) {
#define KEX_SLOT(slot, transform) \
    case slot: \
        return TRANSFORM_##transform;
#include "wire/iana.def"
    default:
        return 0;
    }
}

const char *exchange_name(uint8_t exchange)
{
    switch (exchange) {
#define EXCHANGE(number, name) \
    case number: \
        return #name;
#include "wire/iana.def"
    default:
        return NULL;
    }
}

const char *payload_name(uint8_t payload)
{
    switch (payload) {
#define PAYLOAD(number, name, text) \
    case number: \
        return text;
#include "wire/iana.def"
    default:
        return NULL;
    }
}

const char *transform_name(uint8_t type)
{
    switch (type) {
#define TRANSFORM(number, name) \
    case number: \
        return #name;
#include "wire/iana.def"
    default:
        return NULL;
    }
}

const char *notify_name(uint16_t notify)
{
    switch (notify) {
#define NOTIFY(number, name) \
    case number: \
        return #name;
#include "wire/iana.def"
    default:
        return NULL;
    }
}

const char *protocol_name(uint8_t protocol)
{
    switch (protocol) {
#define PROTOCOL(number, name) \
    case number: \
        return #name;
#include "wire/iana.def"
    default:
        return NULL;
    }
}

const char *id_type_name(uint8_t type)
{
    switch (type) {
#define ID_TYPE(number, name) \
    case number: \
        return #name;
#include "wire/iana.def"
    default:
        return NULL;
    }
}

const char *auth_method_name(uint8_t method)
{
    switch (method) {
#define AUTH_METHOD(number, name) \
    case number: \
        return #name;
#include "wire/iana.def"
    default:
        return NULL;
    }
}

const char *cert_encoding_name(uint8_t encoding)
{
    switch (encoding) {
#define CERT_ENCODING(number, name) \
    case number: \
        return #name;
#include "wire/iana.def"
    default:
        return NULL;
    }
}

const char *cp_type_name(uint8_t type)
{
    switch (type) {
#define CP_TYPE(number, name) \
    case number: \
        return #name;
#include "wire/iana.def"
    default:
        return NULL;
    }
}

const char *cp_attribute_name(uint16_t type)
{
    switch (type) {
#define CP_ATTRIBUTE(number, name) \
    case number: \
        return #name;
#include "wire/iana.def"
    default:
        return NULL;
    }
}

const char *hash_name(uint16_t hash)
{
    switch (hash) {
#define HASH_ID(number, name) \
    case number: \
        return #name;
#include "wire/iana.def"
    default:
        return NULL;
    }
}
