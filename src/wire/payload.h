/*
 * payload: what message.c and the payload_*.c files share. Nobody else includes it.
 *
 * Each payload family has one file with a decode and an encode function, and message.c has one table of them. A
 * decoder reads the body of one payload, everything after the generic header, from a reader that ends where the
 * payload ends; it reads like the figure of the RFC and asks for faults once, at the end of a structure. An encoder
 * appends the body.
 *
 * An encoder sets the writer's fault for a value that no octets can express, so that decode(encode(m)) == m whenever
 * encode succeeds. Reserved fields are ignored on receipt and zero when sent.
 */
#ifndef BRAID_WIRE_PAYLOAD_H
#define BRAID_WIRE_PAYLOAD_H

#include "wire/message.h"

struct decoder {
    struct arena *arena;
    const uint8_t *start; /* of the whole input, */
    size_t start_at;      /* which stands at this offset of the datagram */
    struct decode_error error;
};

/* Give up here, unless an earlier error is known: that one counts. The reader is faulted. */
void decode_fail(struct decoder *d, struct reader *r, enum decode_class class, const char *what);
/* Unless ok, the input is INVALID_SYNTAX here. */
void decode_expect(struct decoder *d, struct reader *r, bool ok, const char *what);
/* The end of a structure: everything was read, and nothing is left. False if not, or if anything failed before. */
bool decode_end(struct decoder *d, struct reader *r, const char *what);
/* count elements in the arena; NULL for none, and NULL with the decoder's error set when there is no memory. */
void *decode_array(struct decoder *d, struct reader *r, size_t count, size_t size);

typedef void payload_decoder(struct decoder *d, struct reader *r, struct payload *p);
typedef void payload_encoder(struct writer *w, const struct payload *p);

payload_decoder payload_sa_decode, payload_ke_decode, payload_id_decode, payload_cert_decode, payload_auth_decode;
payload_decoder payload_notify_decode, payload_delete_decode, payload_ts_decode, payload_cp_decode;
payload_decoder payload_opaque_decode, payload_sk_decode, payload_skf_decode;

payload_encoder payload_sa_encode, payload_ke_encode, payload_id_encode, payload_cert_encode, payload_auth_encode;
payload_encoder payload_notify_encode, payload_delete_encode, payload_ts_encode, payload_cp_encode;
payload_encoder payload_opaque_encode, payload_sk_encode, payload_skf_encode;

#endif
