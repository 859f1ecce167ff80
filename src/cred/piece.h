/*
 * piece: single certificates, keys and lists as control clients bring them and are shown them:
 * octets in, octets out. What comes in is PEM or DER, of an operator's making but otherwise
 * anything; a private key must not be encrypted.
 */
#ifndef BRAID_CRED_PIECE_H
#define BRAID_CRED_PIECE_H

#include "cred/wallet.h"

enum piece_result { PIECE_ADDED,
                    PIECE_UNREADABLE,
                    PIECE_NO_CA, /* it was to be an anchor */
                    PIECE_NO_ROOM };

enum piece_result piece_add_cert(struct wallet *w, struct bytes text, uint8_t uses);
enum piece_result piece_add_list(struct wallet *w, struct bytes text);
enum piece_result piece_add_public(struct wallet *w, struct bytes text);
/* `type`: "rsa", "ecdsa", "ed25519", "ed448", or "any". */
enum piece_result piece_add_key(struct wallet *w, struct bytes text, const char *type,
                                uint8_t id[WALLET_ID_LEN]);

enum piece_flag { PIECE_PLAIN,
                  PIECE_CA,
                  PIECE_AA,
                  PIECE_OCSP };

/* Of certificates. */
enum piece_flag piece_flag_of(const struct wallet_item *i);
/* DER of a certificate, list or public key, to be freed with free(). False: out of memory. */
bool piece_octets(const struct wallet_item *i, struct bytes *der);
/* "C=CH, CN=moon", cut where the room ends; what does not print is `?`. */
void piece_subject(X509 *cert, char *to, size_t room);

#endif
