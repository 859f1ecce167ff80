/*
 * dn: do two distinguished names (DER, X.501) say the same?
 *
 * The same name is written in several ways: as PrintableString, UTF8String, IA5String or
 * TeletexString, in capitals or not. Those differences do not count (RFC 5280 7.1, without the
 * folding of white space and of letters beyond ASCII); everything else does. What is not
 * well-formed is equal to nothing.
 */
#ifndef BRAID_WIRE_DN_H
#define BRAID_WIRE_DN_H

#include "base/bytes.h"

bool dn_equal(struct bytes a, struct bytes b);

#endif
