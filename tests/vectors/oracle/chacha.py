"""ChaCha20-Poly1305 (RFC 8439), from its definition. An oracle for test vectors, never for data."""

import struct


def rotate(v, n):
    return (v << n | v >> (32 - n)) & 0xFFFFFFFF


def quarter(s, a, b, c, d):
    for x, y, z, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[x] = (s[x] + s[y]) & 0xFFFFFFFF
        s[z] = rotate(s[z] ^ s[x], n)


def block(key, counter, nonce):
    start = list(struct.unpack("<16I", b"expand 32-byte k" + key + struct.pack("<I", counter) + nonce))
    s = start[:]
    for _ in range(10):
        for i in range(4):
            quarter(s, i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(s, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return struct.pack("<16I", *((x + y) & 0xFFFFFFFF for x, y in zip(s, start)))


def poly1305(key, data):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for i in range(0, len(data), 16):
        total = (total + int.from_bytes(data[i:i + 16] + b"\x01", "little")) * r % (2**130 - 5)
    return ((total + int.from_bytes(key[16:], "little")) % 2**128).to_bytes(16, "little")


def seal(key, nonce, aad, data):
    """RFC 8439 2.8; returns ciphertext and tag."""
    stream = b"".join(block(key, 1 + i, nonce) for i in range(len(data) // 64 + 1))
    text = bytes(a ^ b for a, b in zip(data, stream))
    pad = lambda b: b + bytes(-len(b) % 16)
    mac = pad(aad) + pad(text) + struct.pack("<QQ", len(aad), len(text))
    return text, poly1305(block(key, 0, nonce)[:32], mac)
