#!/usr/bin/env python3
"""An independent oracle for the key derivation of IKEv2 with several key exchanges.

It computes what src/ike/keys.c and src/ike/transcript.c compute, from the formulas of the RFCs alone and with
Python's hashlib, and writes tests/vectors/kdf_vectors.inc. Inputs are SHAKE-128 of their names, so the file is the
same in every run.

    kdf.py            write the file
    kdf.py --check    say whether the file is what would be written
"""
import hashlib
import hmac
import pathlib
import sys

import aes_prf

OUT = pathlib.Path(__file__).resolve().parent.parent / "kdf_vectors.inc"

# ---- the formulas -------------------------------------------------------------------------------------------------


class Prf:
    def __init__(self, number, key_len, function, fixed_key=False):
        self.number, self.key_len, self.function, self.fixed_key = number, key_len, function, fixed_key

    def __call__(self, key, data):
        return self.function(key, data)

    def plus(self, key, seed, length):
        """RFC 7296 2.13"""
        out = block = b""
        counter = 1
        while len(out) < length:
            block = self(key, block + seed + bytes([counter]))
            out += block
            counter += 1
        return out[:length]


def hmac_with(name):
    return lambda key, data: hmac.new(key, data, name).digest()


PRF = {
    "sha1": Prf(2, 20, hmac_with("sha1")),
    "xcbc": Prf(4, 16, aes_prf.prf_xcbc, fixed_key=True),
    "sha256": Prf(5, 32, hmac_with("sha256")),
    "sha384": Prf(6, 48, hmac_with("sha384")),
    "sha512": Prf(7, 64, hmac_with("sha512")),
    "cmac": Prf(8, 16, aes_prf.prf_cmac, fixed_key=True),
}

# name: (transform id, Key Length attribute, octets of key and salt)
ENCR = {
    "aes128": (12, 128, 16), "aes192": (12, 192, 24), "aes256": (12, 256, 32), "aes256ctr": (13, 256, 36),
    "aes256ccm16": (16, 256, 35), "aes128gcm16": (20, 128, 20), "aes256gcm16": (20, 256, 36), "chacha20": (28, 0, 36),
}
# name: (transform id, octets of key); "-" stands beside an AEAD
INTEG = {
    "-": (0, 0), "sha1": (2, 20), "xcbc": (5, 16), "cmac": (8, 16),
    "sha256": (12, 32), "sha384": (13, 48), "sha512": (14, 64),
}


class Suite:
    def __init__(self, encr, integ, prf):
        self.name = f"{encr} {integ} prf-{prf}"
        self.encr, self.integ, self.prf = ENCR[encr], INTEG[integ], PRF[prf]

    def numbers(self):
        return f"{self.encr[0]}, {self.encr[1]}, {self.integ[0]}, {self.prf.number}"


SUITES = [
    Suite("aes256gcm16", "-", "sha256"), Suite("aes128gcm16", "-", "sha384"), Suite("chacha20", "-", "sha512"),
    Suite("aes256ccm16", "-", "sha256"), Suite("aes256", "sha256", "sha256"), Suite("aes128", "sha384", "sha384"),
    Suite("aes192", "sha512", "sha512"), Suite("aes256ctr", "sha1", "sha1"), Suite("aes128", "xcbc", "xcbc"),
    Suite("aes128", "cmac", "cmac"), Suite("aes256gcm16", "-", "xcbc"),
]

KEYS = ("d", "ai", "ar", "ei", "er", "pi", "pr")


def expand(suite, skeyseed, ni, nr, spi_i, spi_r):
    """RFC 7296 2.14: {SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr}"""
    p, a, e = suite.prf.key_len, suite.integ[1], suite.encr[2]
    lengths = dict(d=p, ai=a, ar=a, ei=e, er=e, pi=p, pr=p)
    stream = suite.prf.plus(skeyseed, ni + nr + spi_i + spi_r, sum(lengths.values()))
    keys = {}
    for name in KEYS:
        keys[name], stream = stream[:lengths[name]], stream[lengths[name]:]
    return keys


def first(suite, ni, nr, spi_i, spi_r, sk0):
    """RFC 7296 2.14: SKEYSEED = prf(Ni | Nr, g^ir)"""
    key = ni[:8] + nr[:8] if suite.prf.fixed_key else ni + nr
    return expand(suite, suite.prf(key, sk0), ni, nr, spi_i, spi_r)


def chain(suite, ni, nr, spi_i, spi_r, d, sk):
    """RFC 9370 2.2.2: SKEYSEED(n) = prf(SK_d(n-1), SK(n) | Ni | Nr)"""
    return expand(suite, suite.prf(d, sk + ni + nr), ni, nr, spi_i, spi_r)


def concatenation(ni, nr, sk):
    """RFC 9370 2.2.4: SK(0) | Ni | Nr | SK(1) | ... | SK(n)"""
    return b"".join(sk[:1]) + ni + nr + b"".join(sk[1:])


def rekey(suite, old_prf, d, ni, nr, spi_i, spi_r, sk):
    """RFC 7296 2.18: SKEYSEED with the old PRF, the expansion with the new one and the new SPIs"""
    return expand(suite, old_prf(d, concatenation(ni, nr, sk)), ni, nr, spi_i, spi_r)


def child(suite, d, ni, nr, sk):
    """RFC 7296 2.17: initiator's traffic first, encryption before integrity"""
    e, a = suite.encr[2], suite.integ[1]
    stream = suite.prf.plus(d, concatenation(ni, nr, sk), 2 * (e + a))
    return stream[:e], stream[e:e + a], stream[e + a:2 * e + a], stream[2 * e + a:]


def early_ppk(suite, ppk, d, ni, nr, spi_i, spi_r):
    """RFC 9867: SKEYSEED' = prf+(PPK, SK_d), as long as a key of the PRF; all keys follow from it"""
    return expand(suite, suite.prf.plus(ppk, d, suite.prf.key_len), ni, nr, spi_i, spi_r)


def confirmation(suite, ppk, ni, nr, spi_i, spi_r):
    """RFC 9867: the first eight octets of prf(PPK, Ni | Nr | SPIi | SPIr)"""
    return suite.prf(ppk, ni + nr + spi_i + spi_r)[:8]


def covered(header, first_payload, reserved, plain):
    """RFC 9242 3.3.2, figure 1: A | P of a message as if it had not been fragmented"""
    a_len = 28 + 4
    adjusted = header[:16] + bytes([46]) + header[17:24] + (a_len + len(plain)).to_bytes(4, "big")
    return adjusted + bytes([first_payload, reserved]) + (4 + len(plain)).to_bytes(2, "big") + plain


# ---- inputs and output --------------------------------------------------------------------------------------------

lines = []


def octets(label, length):
    return hashlib.shake_128(label.encode()).digest(length)


def quote(data):
    return '"' + data.hex() + '"'


def put(macro, *fields):
    text = [f if isinstance(f, str) else str(f) if isinstance(f, int) else quote(f) for f in fields]
    lines.append(f"{macro}({', '.join(text)})")


def comment(text):
    lines.append(f"\n/* {text} */")


def secrets(sk):
    return "SECRETS(" + ", ".join(quote(s) for s in sk) + ")" if sk else "NO_SECRETS"


def put_keys(macro, inputs, keys):
    put(macro, *inputs, *(keys[name] for name in KEYS))


# The secrets of eight key exchanges: X25519, ML-KEM, ECP-384, MODP-2048, ECP-521, X448, ECP-256, brainpool 512.
SECRET_LENS = (32, 32, 48, 256, 66, 56, 32, 64)
NONCE_LENS = ((32, 32), (16, 16), (256, 256), (33, 17))


def one_suite(number, suite):
    comment(suite.name)
    ni_len, nr_len = NONCE_LENS[number % len(NONCE_LENS)]
    ni, nr = octets(f"Ni {number}", ni_len), octets(f"Nr {number}", nr_len)
    spi_i, spi_r = octets(f"SPIi {number}", 8), octets(f"SPIr {number}", 8)
    sk = [octets(f"SK({i}) {number}", length) for i, length in enumerate(SECRET_LENS)]
    if number % 2:
        sk = sk[3:] + sk[:3]
    if number == 0:
        sk[7] = octets("SK of MODP-8192", 1024)
    seed = (suite.numbers(), ni, nr, spi_i, spi_r)

    keys = first(suite, ni, nr, spi_i, spi_r, sk[0])
    put_keys("FIRST", (*seed, sk[0]), keys)
    for step in (1, 2, 3):
        chained = chain(suite, ni, nr, spi_i, spi_r, keys["d"], sk[step])
        put_keys("CHAIN", (*seed, keys["d"], sk[step]), chained)
        keys = chained

    ni, nr = octets(f"Ni' {number}", nr_len), octets(f"Nr' {number}", ni_len)
    spi_i, spi_r = octets(f"SPIi' {number}", 8), octets(f"SPIr' {number}", 8)
    seed = (suite.numbers(), ni, nr, spi_i, spi_r)
    for count in (1, 3, 8):
        put_keys("REKEY", (*seed, suite.prf.number, keys["d"], secrets(sk[:count])),
                 rekey(suite, suite.prf, keys["d"], ni, nr, spi_i, spi_r, sk[:count]))
    for old in ("sha256", "sha512", "cmac"):  # the PRF changes
        d_old = octets(f"SK_d {old} {number}", PRF[old].key_len)
        put_keys("REKEY", (*seed, PRF[old].number, d_old, secrets(sk[:2])),
                 rekey(suite, PRF[old], d_old, ni, nr, spi_i, spi_r, sk[:2]))
    for count in (0, 1, 3, 8):
        put("CHILD", suite.numbers(), keys["d"], ni, nr, secrets(sk[:count]), *child(suite, keys["d"], ni, nr, sk[:count]))

    ppk = octets(f"PPK {number}", 8 + 13 * number)
    mixed = (suite.prf.plus(ppk, keys[name], suite.prf.key_len) for name in ("d", "pi", "pr"))
    put("PPK", suite.prf.number, ppk, keys["d"], keys["pi"], keys["pr"], *mixed)
    put_keys("EARLY_PPK", (*seed, ppk, confirmation(suite, ppk, ni, nr, spi_i, spi_r), keys["d"]),
             early_ppk(suite, ppk, keys["d"], ni, nr, spi_i, spi_r))
    return keys


def prf_plus():
    comment("prf+")
    for name, prf in PRF.items():
        for length in (1, 16, 64, 65, 300):
            key, seed = octets(f"K {name} {length}", prf.key_len), octets(f"S {name} {length}", length)
            put("PRF_PLUS", prf.number, key, seed, prf.plus(key, seed, length))


def transcript(name):
    """Three such exchanges, of several shapes, and what both sides sign after none, one, two and three of them."""
    prf = PRF[name]
    comment(f"AUTH and IntAuth, prf-{name}")
    put("TRANSCRIPT", prf.number)
    messages = {side: octets(f"message {side} {name}", 200) for side in "ir"}
    for side, number in (("i", 1), ("r", 0)):
        put("MESSAGE", number, messages[side])
    running = {"i": b"", "r": b""}
    put_octets(prf, name, 1, messages, running)
    shapes = ((34, 0, 0, 8), (34, 0x80, 0x10, 1192), (0, 0x7F, 0, 0))  # first payload, reserved, V flag, |P|
    for mid, (first_payload, reserved, version_flag, plain_len) in enumerate(shapes, 1):
        for side, number, flags in (("i", 1, 0x08), ("r", 0, 0x20)):
            plain = octets(f"P {side} {mid} {name}", plain_len)
            key = octets(f"SK_p{side} {mid} {name}", prf.key_len)
            header = octets(f"SPIs {name}", 16) + bytes([53, 0x20, 43, flags | version_flag]) + mid.to_bytes(4, "big")
            header += octets(f"length {side} {mid} {name}", 4)
            running[side] = prf(key, running[side] + covered(header, first_payload, reserved, plain))
            put("COVER", number, key, header, first_payload, reserved, plain, running[side])
        put_octets(prf, name, mid + 1, messages, running)


def put_octets(prf, name, auth_mid, messages, running):
    """RFC 7296 2.15, RFC 9242 3.3.2: the same IntAuth, initiator's half first, whoever signs"""
    int_auth = running["i"] + running["r"] + auth_mid.to_bytes(4, "big") if running["i"] else b""
    for side, number in (("i", 1), ("r", 0)):
        nonce = octets(f"nonce {side} {auth_mid} {name}", 32)
        id_body = b"\2\0\0\0" + f"{side}.example.org".encode()
        key = octets(f"SK_p{side} last {auth_mid} {name}", prf.key_len)
        signed = messages[side] + nonce + prf(key, id_body) + int_auth
        put("OCTETS", number, nonce, id_body, key, auth_mid, signed)


def main():
    aes_prf.self_test()
    lines.append("/* Made by tests/vectors/oracle/kdf.py: do not edit. See tests/vectors/test_kdf.c for the macros. */")
    for number, suite in enumerate(SUITES):
        one_suite(number, suite)
    prf_plus()
    for name in PRF:
        transcript(name)
    text = "\n".join(lines) + "\n"
    if "--check" in sys.argv[1:]:
        sys.exit(0 if OUT.read_text() == text else f"{OUT} is not what {sys.argv[0]} writes")
    OUT.write_text(text)


if __name__ == "__main__":
    main()
