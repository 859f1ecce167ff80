#!/usr/bin/env python3
"""An independent ESP (RFC 4303), on python3-cryptography, that prints esp_vectors.h.

    python3 tests/vectors/esp_vectors.py > tests/vectors/esp_vectors.h

It shares no code with braid: layouts are written down again from RFC 4106 (GCM), 4309 (CCM), 7634 (ChaCha20-Poly1305),
3686 (CTR), 3602 (CBC), 2404, 4868 and 4494 (MACs). Keys and payloads come from SHA-256 of a label, so the output is stable.
"""
import hashlib
import hmac
import struct

from cryptography.hazmat.primitives import cmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305


def octets(label, count):
    out = b""
    while len(out) < count:
        out += hashlib.sha256(f"{label}/{len(out)}".encode()).digest()
    return out[:count]


def gcm(key, salt, iv, aad, text, icv):
    sealed = AESGCM(key).encrypt(salt + iv, text, aad)
    return sealed[: len(text) + icv]  # a shorter GCM tag is a prefix of the long one


def ccm(key, salt, iv, aad, text, icv):
    return AESCCM(key, tag_length=icv).encrypt(salt + iv, text, aad)


def chacha(key, salt, iv, aad, text, icv):
    return ChaCha20Poly1305(key).encrypt(salt + iv, text, aad)


def cbc(key, salt, iv, text):
    e = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return e.update(text) + e.finalize()


def ctr(key, salt, iv, text):
    e = Cipher(algorithms.AES(key), modes.CTR(salt + iv + struct.pack(">I", 1))).encryptor()
    return e.update(text) + e.finalize()


def aes_cmac(key, text):
    m = cmac.CMAC(algorithms.AES(key))
    m.update(text)
    return m.finalize()


# keyword: cipher, key, salt, iv, alignment, icv
AEADS = {f"aes{bits}gcm{icv}": (gcm, bits // 8, 4, 8, 4, icv) for bits in (128, 192, 256) for icv in (8, 12, 16)}
AEADS |= {f"aes{bits}ccm{icv}": (ccm, bits // 8, 3, 8, 4, icv) for bits in (128, 192, 256) for icv in (8, 12, 16)}
AEADS["chacha20poly1305"] = (chacha, 32, 4, 8, 4, 16)
CIPHERS = {f"aes{bits}": (cbc, bits // 8, 0, 16, 16) for bits in (128, 192, 256)}
CIPHERS |= {f"aes{bits}ctr": (ctr, bits // 8, 4, 8, 4) for bits in (128, 192, 256)}
# keyword: MAC, key, icv
MACS = {
    "sha1": (lambda k, t: hmac.digest(k, t, "sha1"), 20, 12),
    "sha256": (lambda k, t: hmac.digest(k, t, "sha256"), 32, 16),
    "sha384": (lambda k, t: hmac.digest(k, t, "sha384"), 48, 24),
    "sha512": (lambda k, t: hmac.digest(k, t, "sha512"), 64, 32),
    "aescmac": (aes_cmac, 16, 12),
}


def padded(payload, align, next_header):
    pad = -(len(payload) + 2) % align
    return payload + bytes(range(1, pad + 1)) + bytes([pad, next_header])


def ipv4(label, size):
    """Only what opens a tunnel packet is right: version, header length, total length, protocol, addresses."""
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, size, 1, 0, 64, 17, 0, bytes([10, 1, 0, 1]), bytes([10, 2, 0, 1]))
    return header + octets(label, size - 20)


def ipv6(label, size):
    return struct.pack(">IHBB", 6 << 28, size - 40, 17, 64) + octets("src", 16) + octets("dst", 16) + octets(label, size - 40)


def show(encr, integ, ekey, ikey, spi, seq, esn, iv, next_header, payload, packet):
    print(f'{{"{encr}", {chr(34) + integ + chr(34) if integ else "NULL"}, {spi:#010x}, UINT64_C({seq:#x}), {str(esn).lower()}, {next_header},')
    for value in (ekey, ikey, iv, payload, packet):
        print(f' "{value.hex()}",')
    print("},")


def vector(encr, integ, esn, number):
    label = f"{encr}/{integ}/{esn}"
    seq = 0x0000000300000010 + number if esn else 0x10 + number
    spi = 0xC0000000 + number
    next_header, payload = [(4, ipv4(label, 20 + number % 90)), (41, ipv6(label, 40 + number % 70)), (6, octets(label, 1 + number % 50))][number % 3]
    if integ is None:
        run, key_len, salt_len, iv_len, align, icv = AEADS[encr]
        ekey, ikey, iv = octets(label + "/key", key_len + salt_len), b"", struct.pack(">Q", seq)
        aad = struct.pack(">IQ", spi, seq) if esn else struct.pack(">II", spi, seq)
        sealed = run(ekey[:key_len], ekey[key_len:], iv, aad, padded(payload, align, next_header), icv)
        packet = struct.pack(">II", spi, seq & 0xFFFFFFFF) + iv + sealed
    else:
        run, key_len, salt_len, iv_len, align = CIPHERS[encr]
        mac, mac_key_len, icv = MACS[integ]
        ekey, ikey = octets(label + "/key", key_len + salt_len), octets(label + "/mac", mac_key_len)
        iv = struct.pack(">Q", seq) if iv_len == 8 else octets(label + "/iv", 16)
        packet = struct.pack(">II", spi, seq & 0xFFFFFFFF) + iv
        packet += run(ekey[:key_len], ekey[key_len:], iv, padded(payload, align, next_header))
        packet += mac(ikey, packet + (struct.pack(">I", seq >> 32) if esn else b""))[:icv]
    show(encr, integ, ekey, ikey, spi, seq, esn, iv, next_header, payload, packet)


suites = [(a, None) for a in AEADS] + [(c, m) for c in CIPHERS for m in MACS]
print("/* Printed by esp_vectors.py. encr, integ, spi, seq, esn, next header, encryption key | salt, MAC key, IV, payload, packet. */")
print("/* clang-format off */")
for i, (encr_name, integ_name) in enumerate(suites):
    for with_esn in (False, True):
        vector(encr_name, integ_name, with_esn, 2 * i + with_esn)
print("/* clang-format on */")
