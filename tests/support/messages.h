/*
 * messages: IKE messages for tests: made at random from a seed, and compared field by field.
 */
#ifndef BRAID_TESTS_MESSAGES_H
#define BRAID_TESTS_MESSAGES_H

#include "unit.h"
#include "wire/message.h"

/* Every payload family is made with every kind of content that can be sent. Arrays and octets live in the arena. */
struct ike_msg random_message(struct dice *d, struct arena *arena);
/* One payload of this type, appended to m. */
void random_payload(struct dice *d, struct arena *arena, struct ike_msg *m, uint8_t type);

/*
 * Equal as far as sending goes: header but for next, length and V bit; payloads with all their fields. Bodies that are
 * taken apart are compared taken apart, all others as octets. body_at of SK is not compared.
 */
bool messages_equal(const struct ike_msg *a, const struct ike_msg *b);

#endif
