/*
 * folder: the credentials that lie in the folders beside swanctl.conf.
 *
 *     DIR/x509     end entities (a file may hold its sub-CAs too)      DIR/private   private keys,
 *     DIR/x509ca   CAs: every one is trusted                           DIR/rsa       with or without
 *     DIR/x509ocsp OCSP responders believed as they are, and responses DIR/ecdsa     a passphrase
 *     DIR/x509crl  revocation lists                                    DIR/pkcs8
 *     DIR/x509aa   certificates of attribute authorities               DIR/pkcs12    containers: a key,
 *     DIR/pubkey   raw public keys (RFC 7670)                                        its certificate, CAs
 *
 * A CA in a container is not trusted for that: it is sent along, as one in x509 is.
 *
 * Every regular file is tried, PEM or DER. One that cannot be used is warned about: it is no reason
 * to do without the others.
 */
#ifndef BRAID_CRED_FOLDER_H
#define BRAID_CRED_FOLDER_H

#include "cred/sink.h"
#include "cred/wallet.h"

enum { FOLDER_PATH_MAX = 4096 };

/* Passphrases are found in `secrets`. False: out of memory, complained about. */
bool folder_load(struct wallet *w, const char *dir, const struct secret_list *secrets,
                 const struct cred_sink *sink);

/* DIR/FOLDER/NAME, or NAME if that is absolute. */
void folder_join(char to[FOLDER_PATH_MAX], const char *dir, const char *folder, const char *name);

#endif
