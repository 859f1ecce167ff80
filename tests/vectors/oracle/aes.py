"""AES (FIPS 197) and the modes IPsec uses, from their definitions, with Python's integers and nothing else.

Slow and not constant-time: an oracle for test vectors, never for data.
"""


def make_sbox():
    """The inverse in GF(2^8) followed by the affine map, FIPS 197 5.1.1."""
    box = [0x63] * 256
    p = q = 1
    while True:
        p ^= (p << 1) ^ (0x11B if p & 0x80 else 0)  # p runs through the powers of 3,
        p &= 0xFF
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 0xFF
        if q & 0x80:
            q ^= 0x09  # q through those of its inverse
        x = q
        for shift in (1, 2, 3, 4):
            x ^= (q << shift | q >> (8 - shift)) & 0xFF
        box[p] = x ^ 0x63
        if p == 1:
            return box


SBOX = make_sbox()


def double(b):
    return (b << 1) ^ (0x11B if b & 0x80 else 0)


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def expand_key(key):
    words = [key[i:i + 4] for i in range(0, len(key), 4)]
    nk, rcon = len(words), 1
    for i in range(nk, 4 * (nk + 7)):
        w = words[-1]
        if i % nk == 0:
            w = bytes(SBOX[b] for b in w[1:] + w[:1])
            w = bytes([w[0] ^ rcon]) + w[1:]
            rcon = double(rcon)
        elif nk > 6 and i % nk == 4:
            w = bytes(SBOX[b] for b in w)
        words.append(xor(words[i - nk], w))
    return [b"".join(words[i:i + 4]) for i in range(0, len(words), 4)]


def encrypt_block(key, block):
    keys = expand_key(key)
    s = xor(block, keys[0])
    for number, round_key in enumerate(keys[1:], 1):
        s = [SBOX[b] for b in s]
        s = [s[(i + 4 * (i % 4)) % 16] for i in range(16)]  # ShiftRows
        if number < len(keys) - 1:
            mixed = []
            for c in range(0, 16, 4):
                col = s[c:c + 4]
                total = col[0] ^ col[1] ^ col[2] ^ col[3]
                mixed += [col[i] ^ total ^ double(col[i] ^ col[(i + 1) % 4]) for i in range(4)]
            s = mixed
        s = xor(s, round_key)
    return bytes(s)


def blocks(data):
    return [data[i:i + 16] for i in range(0, len(data), 16)]


def pad16(data):
    return data + bytes(-len(data) % 16)


def cbc(key, iv, data):
    out = []
    for block in blocks(data):
        iv = encrypt_block(key, xor(block, iv))
        out.append(iv)
    return b"".join(out)


def counter_stream(key, first, data):
    """XOR with the encryptions of first, first + 1, ... (the last four octets count)."""
    head, count = first[:12], int.from_bytes(first[12:], "big")
    out = b""
    for block in blocks(data):
        out += xor(block, encrypt_block(key, head + (count % 2**32).to_bytes(4, "big")))
        count += 1
    return out


def ctr(key, salt, iv, data):
    """RFC 3686 4."""
    return counter_stream(key, salt + iv + (1).to_bytes(4, "big"), data)


def gf128_multiply(x, y):
    """SP 800-38D 6.3; bit 0 is the most significant one."""
    z, v = 0, y
    for i in range(127, -1, -1):
        if x >> i & 1:
            z ^= v
        v = v >> 1 ^ (0xE1 << 120 if v & 1 else 0)
    return z


def gcm(key, nonce, aad, data):
    """SP 800-38D 7.1 with a nonce of 12 octets; returns ciphertext and the whole tag."""
    h = int.from_bytes(encrypt_block(key, bytes(16)), "big")
    text = counter_stream(key, nonce + (2).to_bytes(4, "big"), data)
    lengths = (8 * len(aad)).to_bytes(8, "big") + (8 * len(text)).to_bytes(8, "big")
    y = 0
    for block in blocks(pad16(aad) + pad16(text) + lengths):
        y = gf128_multiply(y ^ int.from_bytes(block, "big"), h)
    return text, xor(y.to_bytes(16, "big"), encrypt_block(key, nonce + (1).to_bytes(4, "big")))


def ccm(key, nonce, aad, data, tag_len):
    """RFC 3610 2. L follows from the nonce."""
    len_len = 15 - len(nonce)
    flags = (64 if aad else 0) | (tag_len - 2) // 2 << 3 | len_len - 1
    first = bytes([flags]) + nonce + len(data).to_bytes(len_len, "big")
    header = pad16(len(aad).to_bytes(2, "big") + aad) if aad else b""
    mac = cbc(key, bytes(16), first + header + pad16(data))[-16:]
    start = bytes([len_len - 1]) + nonce
    pad = [encrypt_block(key, start + i.to_bytes(len_len, "big")) for i in range(len(data) // 16 + 2)]
    return xor(data, b"".join(pad[1:])), xor(mac, pad[0])[:tag_len]


def cmac(key, data):
    """RFC 4493 2.4."""
    def shift(k):
        v = int.from_bytes(k, "big") << 1
        return ((v ^ (0x87 if v >> 128 else 0)) % 2**128).to_bytes(16, "big")
    k1 = shift(encrypt_block(key, bytes(16)))
    head = max(0, (len(data) - 1) // 16 * 16)
    last = data[head:]
    last = xor(last, k1) if len(last) == 16 else xor(pad16(last + b"\x80"), shift(k1))
    return cbc(key, bytes(16), data[:head] + last)[-16:]


def xcbc(key, data):
    """RFC 3566 4."""
    k1, k2, k3 = (encrypt_block(key, bytes([i] * 16)) for i in (1, 2, 3))
    head = max(0, (len(data) - 1) // 16 * 16)
    last = data[head:]
    last = xor(last, k2) if len(last) == 16 else xor(pad16(last + b"\x80"), k3)
    return cbc(k1, bytes(16), data[:head] + last)[-16:]


def xcbc_prf(key, data):
    """RFC 4434 2: a key of any length."""
    key = xcbc(bytes(16), key) if len(key) > 16 else pad16(key) if key else bytes(16)
    return xcbc(key, data)


def cmac_prf(key, data):
    """RFC 4615 3: a key of any length."""
    return cmac(key if len(key) == 16 else cmac(bytes(16), key), data)
