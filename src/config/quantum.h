/*
 * quantum: can a quantum computer read what a proposal protects, should somebody record it today?
 *
 * A pure part over the values of a configuration. One post-quantum key exchange among those that
 * are carried out is enough (RFC 9370): what counts is a slot in which nothing but post-quantum
 * methods may be chosen.
 */
#ifndef BRAID_CONFIG_QUANTUM_H
#define BRAID_CONFIG_QUANTUM_H

#include "base/text.h"
#include <braid/config.h>

enum quantum {
    QUANTUM_UNSAFE,  /* whatever is chosen */
    QUANTUM_DEPENDS, /* on what the peer chooses */
    QUANTUM_SAFE,    /* whatever is chosen */
};

enum quantum quantum_of_proposal(const struct proposal *p);
enum quantum quantum_of_proposals(const struct proposals *list);

/* A proposal as one writes it: "aes256gcm16-prfsha384-x25519-ke1_mlkem768". */
void quantum_words(struct text *t, const struct proposal *p);
/* The same made safe: a further round of ML-KEM-768, or the way out of one taken away. */
void quantum_remedy(struct text *t, const struct proposal *p);

#endif
