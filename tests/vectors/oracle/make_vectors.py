"""Writes the vector tables of tests/vectors/*.h: the published vectors, and for rows without any those of the oracle.

Usage: python3 make_vectors.py DIRECTORY. The output depends on nothing but these scripts; the tables are committed, so
Python is not needed to run the tests. Every published vector is computed anew here and must come out the same.
"""

import hashlib
import hmac
import os
import sys

import aes
import chacha
import dh
import mlkem
import published

HEAD = """/*
 * {name}_vectors: {what}.
 * Written by tests/vectors/oracle/make_vectors.py: change that, not this.
 */
"""

HASHES = {"sha1": "sha1", "sha256": "sha256", "sha384": "sha384", "sha512": "sha512"}
ICV_LEN = {"sha1": 12, "sha256": 16, "sha384": 24, "sha512": 32, "aesxcbc": 12, "aescmac": 12}
PARTNER = "sha256"  # protects the ciphers that need a MAC


def stream(label, length):
    """Octets that are arbitrary, but always the same."""
    return hashlib.shake_128(b"braid " + label.encode()).digest(length)


def unhex(text):
    return None if text is None else bytes.fromhex(text)


def mac(name, key, message):
    if name in HASHES:
        return hmac.new(key, message, HASHES[name]).digest()
    return {"aesxcbc": aes.xcbc_prf, "aescmac": aes.cmac_prf}[name](key, message)


def seal(row, key, iv, aad, plain, partner_key):
    """Ciphertext and ICV by the oracle; row is a keyword of alg.def."""
    if row == "chacha20poly1305":
        return chacha.seal(key[:32], key[32:] + iv, aad, plain)
    size = int(row[3:6]) // 8
    mode, key, salt = row[6:], key[:size], key[size:]
    if mode.startswith("gcm"):
        text, tag = aes.gcm(key, salt + iv, aad, plain)
        return text, tag[:int(mode[3:])]
    if mode.startswith("ccm"):
        return aes.ccm(key, salt + iv, aad, plain, int(mode[3:]))
    text = aes.ctr(key, salt, iv, plain) if mode == "ctr" else aes.cbc(key, iv, plain)
    return text, mac(PARTNER, partner_key, aad + iv + text)[:ICV_LEN[PARTNER]]


def check(source, got, expected):
    if got != expected:
        sys.exit(f"{source}: the oracle disagrees with what is published")


def is_aead(row):
    return "cm" in row or row.startswith("chacha")


# ---- what goes into the tables -----------------------------------------------------------------------------

def prf_vectors():
    for row, source, key, message, output in published.PRF:
        check(source, mac(row[3:], unhex(key), unhex(message)), unhex(output))
        yield row, source, unhex(key), unhex(message), unhex(output)
    for row in ("prfsha1", "prfsha256", "prfsha384", "prfsha512", "prfaesxcbc", "prfaescmac"):
        for key_len, message_len in ((0, 3), (16, 200), (64, 129), (129, 1), (300, 1000)):
            key, message = stream(f"{row} key {key_len}", key_len), stream(f"{row} message {message_len}", message_len)
            yield row, "oracle", key, message, mac(row[3:], key, message)


def integ_vectors():
    for row, source, key, message, icv in published.INTEG:
        check(source, mac(row, unhex(key), unhex(message))[:ICV_LEN[row]], unhex(icv))
        yield row, source, unhex(key), unhex(message), unhex(icv)


def encr_vectors():
    for row, source, key, iv, aad, plain, text, icv in published.ENCR:
        key, iv, aad, plain, text, icv = map(unhex, (key, iv, aad, plain, text, icv))
        partner_key = b"" if is_aead(row) else stream(row + source, 32)
        got_text, got_icv = seal(row, key, iv, aad, plain, partner_key)
        check(source, got_text, text)
        if icv is not None:
            check(source, got_icv, icv)
        else:
            source += "; ICV: oracle"
        yield row, source, key, partner_key, iv, aad, plain, text, got_icv
    rows = [(f"aes{bits}{mode}", bits // 8 + salt) for bits in (128, 192, 256)
            for mode, salt in (("", 0), ("ctr", 4), *((f"ccm{n}", 3) for n in (8, 12, 16)),
                               *((f"gcm{n}", 4) for n in (8, 12, 16)))]
    for row, key_len in rows + [("chacha20poly1305", 36)]:
        is_cbc = row in ("aes128", "aes192", "aes256")
        lengths = ((0, 16), (8, 48), (32, 208), (60, 0)) if is_cbc else ((0, 1), (8, 47), (32, 205), (60, 0))
        for aad_len, plain_len in lengths:
            pick = lambda what, n: stream(f"{row} {what} {plain_len}", n)
            key, iv = pick("key", key_len), pick("iv", 16 if is_cbc else 8)
            partner_key = b"" if is_aead(row) else pick("integ", 32)
            aad, plain = pick("aad", aad_len), pick("plain", plain_len)
            yield row, "oracle", key, partner_key, iv, aad, plain, *seal(row, key, iv, aad, plain, partner_key)


def kex_vectors():
    for row, source, i, gi, r, gr, secret in published.KEX:
        i, gi, r, gr, secret = map(unhex, (i, gi, r, gr, secret))
        check(source, dh.public(row, i), gi)
        check(source, dh.public(row, r), gr)
        check(source, dh.secret(row, i, gr), secret)
        check(source, dh.secret(row, r, gi), secret)
        yield row, source, i, gi, r, gr, secret
    for row in dh.MODP:
        i, r = stream(row + " i", 40), stream(row + " r", 40)
        gi, gr = dh.public(row, i), dh.public(row, r)
        secret = dh.secret(row, i, gr)
        check(row, dh.secret(row, r, gi), secret)
        yield row, "RFC 3526, oracle", i, gi, r, gr, secret


def mlkem_vectors():
    for row in mlkem.PARAMETERS:
        d, z, m = (stream(f"{row} {what}", 32) for what in "dzm")
        ek, dk = mlkem.keygen(row, d, z)
        key, ct = mlkem.encapsulate(row, ek, m)
        check(row, mlkem.decapsulate(row, dk, ct), key)
        flipped = ct[:100] + bytes([ct[100] ^ 4]) + ct[101:]
        yield row, "FIPS 203, oracle", d + z, m, ek, ct, key, flipped, mlkem.decapsulate(row, dk, flipped)


# ---- writing them ------------------------------------------------------------------------------------------

def field(value):
    if isinstance(value, str):
        return [f'"{value}"']
    text = value.hex()
    return [f'"{text[i:i + 100]}"' for i in range(0, len(text), 100)] or ['""']


def write_table(directory, name, what, rows):
    with open(os.path.join(directory, name + "_vectors.h"), "w") as out:
        out.write(HEAD.format(name=name, what=what) + f"static const struct {name}_vector {name}_vectors[] = {{\n")
        for row in rows:
            out.write("    {" + ",\n     ".join("\n     ".join(field(v)) for v in row) + "},\n")
        out.write("};\n")


def main():
    for source, key, nonce, aad, plain, text, icv in published.CCM:
        check(source, aes.ccm(*map(unhex, (key, nonce, aad, plain)), len(icv) // 2), (unhex(text), unhex(icv)))
    directory = sys.argv[1]
    write_table(directory, "prf", "row, source, key, message, output", prf_vectors())
    write_table(directory, "integ", "row, source, key, message, ICV", integ_vectors())
    write_table(directory, "encr",
                "row, source, key | salt, key of the MAC (sha256), IV, associated data, plaintext, ciphertext, ICV",
                encr_vectors())
    write_table(directory, "kex", "row, source, private i, public i, private r, public r, shared secret",
                kex_vectors())
    write_table(directory, "mlkem", "row, source, d | z, m, ek, ct, secret, ct with a flipped bit, its secret",
                mlkem_vectors())


if __name__ == "__main__":
    main()
