/*
 * notify: the bodies of those Notify payloads that have a structure (RFC 7296 3.10.1 and the RFCs of the extensions).
 *
 * One pair of functions per body: *_read takes the notify's data and gives false when it cannot be; *_write appends the data. Hostile input.
 */
#ifndef BRAID_WIRE_NOTIFY_H
#define BRAID_WIRE_NOTIFY_H

#include "wire/message.h"

/* INVALID_KE_PAYLOAD: the key exchange method the responder wants (RFC 7296 1.2). */
bool notify_invalid_ke_read(struct bytes data, uint16_t *method);

/* NAT_DETECTION_*: 20 octets of SHA-1, compared whole, so there is nothing to take apart. SIGNATURE_HASH_ALGORITHMS (RFC 7427 4): */
bool notify_hashes_next(struct reader *r, uint16_t *hash);

/* SET_WINDOW_SIZE, REKEY_SA's target, UNSUPPORTED_CRITICAL_PAYLOAD's type, INVALID_MESSAGE_ID's id, ... */
bool notify_u32_read(struct bytes data, uint32_t *value);  /* SET_WINDOW_SIZE, AUTH_LIFETIME, INVALID_MESSAGE_ID */
bool notify_u8_read(struct bytes data, uint8_t *value);    /* UNSUPPORTED_CRITICAL_PAYLOAD */

#endif
