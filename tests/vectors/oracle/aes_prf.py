"""AES-128 and the two PRFs of IKEv2 built on it, for the oracle. Slow and plain: nothing here is shared with braid.

AES: FIPS 197. CMAC: RFC 4493, as a PRF RFC 4615. XCBC: RFC 3566, as a PRF RFC 4434.
"""


def _make_sbox():
    """The S-box from its definition: inverse in GF(2^8), then the affine map (FIPS 197 5.1.1)."""
    exp, log, value = [0] * 255, [0] * 256, 1
    for i in range(255):
        exp[i], log[value] = value, i
        value ^= (value << 1) ^ (0x11B if value & 0x80 else 0)
        value &= 0xFF
    box = []
    for byte in range(256):
        inverse = exp[-log[byte] % 255] if byte else 0
        out = 0x63
        for shift in range(5):
            out ^= (inverse << shift | inverse >> (8 - shift)) & 0xFF
        box.append(out)
    return box


SBOX = _make_sbox()


def _double(byte):
    return (byte << 1 ^ (0x1B if byte & 0x80 else 0)) & 0xFF


def _expand_key(key):
    words = [list(key[i:i + 4]) for i in range(0, 16, 4)]
    round_constant = 1
    for i in range(4, 44):
        word = list(words[i - 1])
        if i % 4 == 0:
            word = [SBOX[b] for b in word[1:] + word[:1]]
            word[0] ^= round_constant
            round_constant = _double(round_constant)
        words.append([a ^ b for a, b in zip(words[i - 4], word)])
    return [sum(words[i:i + 4], []) for i in range(0, 44, 4)]


def _mix(column):
    total = column[0] ^ column[1] ^ column[2] ^ column[3]
    return [b ^ total ^ _double(b ^ column[(i + 1) % 4]) for i, b in enumerate(column)]


def aes128(key, block):
    round_keys = _expand_key(key)
    state = [a ^ b for a, b in zip(block, round_keys[0])]
    for number in range(1, 11):
        state = [SBOX[state[(i + 4 * (i % 4)) % 16]] for i in range(16)]  # SubBytes and ShiftRows
        if number < 10:
            state = sum((_mix(state[i:i + 4]) for i in range(0, 16, 4)), [])
        state = [a ^ b for a, b in zip(state, round_keys[number])]
    return bytes(state)


def _xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def _cbc_mac(key, data, whole_mask, padded_mask):
    """CBC-MAC whose last block is masked: with one value if it is whole, else padded with 10* and the other."""
    blocks = [data[i:i + 16] for i in range(0, len(data), 16)] or [b""]
    last = blocks.pop()
    if len(last) == 16:
        last = _xor(last, whole_mask)
    else:
        last = _xor(last + b"\x80" + bytes(15 - len(last)), padded_mask)
    mac = bytes(16)
    for block in blocks + [last]:
        mac = aes128(key, _xor(mac, block))
    return mac


def cmac(key, data):
    def next_subkey(block):
        value = int.from_bytes(block, "big") << 1
        return (value & (1 << 128) - 1 ^ (0x87 if value >> 128 else 0)).to_bytes(16, "big")

    first = next_subkey(aes128(key, bytes(16)))
    return _cbc_mac(key, data, first, next_subkey(first))


def xcbc(key, data):
    k1, k2, k3 = (aes128(key, bytes([i]) * 16) for i in (1, 2, 3))
    return _cbc_mac(k1, data, k2, k3)


def prf_cmac(key, data):
    return cmac(key if len(key) == 16 else cmac(bytes(16), key), data)


def prf_xcbc(key, data):
    if len(key) > 16:
        key = xcbc(bytes(16), key)
    return xcbc(key + bytes(16 - len(key)), data)


def self_test():
    """The examples of FIPS 197, RFC 4615 and RFC 4434."""
    h = bytes.fromhex
    count = h("000102030405060708090a0b0c0d0e0f10111213")
    assert aes128(count[:16], h("00112233445566778899aabbccddeeff")) == h("69c4e0d86a7b0430d8cdb78070b4c55a")
    assert prf_cmac(count[:16] + h("edcb"), count) == h("84a348a4a45d235babfffc0d2b4da09a")
    assert prf_cmac(count[:16], count) == h("980ae87b5f4c9c5214f5b6a8455e4c2d")
    assert prf_cmac(count[:10], count) == h("290d9e112edb09ee141fcf64c0b72f3d")
    assert prf_xcbc(count[:16], count) == h("47f51b4564966215b8985c63055ed308")
    assert prf_xcbc(count[:10], count) == h("0fa087af7d866e7653434e602fdde835")
    assert prf_xcbc(count[:16] + h("edcb"), count) == h("8cd3c93ae598a9803006ffb67c40e9e4")
