"""ML-KEM, from FIPS 203, with hashlib and Python's integers. Algorithm numbers are those of the standard.

An oracle for test vectors: it is slow, and neither its time nor its memory is safe. Run as a program it checks itself
against the accumulated vectors of C2SP's CCTV collection (ML-KEM/README.md there), of which only a hash is published.
"""

import hashlib
import sys

Q, N = 3329, 256

#              k  eta1 eta2 du  dv
PARAMETERS = {
    "mlkem512": (2, 3, 2, 10, 4),
    "mlkem768": (3, 2, 2, 10, 4),
    "mlkem1024": (4, 2, 2, 11, 5),
}


def reverse7(i):
    return int(format(i, "07b")[::-1], 2)


ZETAS = [pow(17, reverse7(i), Q) for i in range(128)]          # Appendix A
GAMMAS = [pow(17, 2 * reverse7(i) + 1, Q) for i in range(128)]


def G(data):
    h = hashlib.sha3_512(data).digest()
    return h[:32], h[32:]


def H(data):
    return hashlib.sha3_256(data).digest()


def J(data):
    return hashlib.shake_256(data).digest(32)


def byte_encode(d, f):
    """Algorithm 5."""
    value = 0
    for i, c in enumerate(f):
        value |= c << (d * i)
    return value.to_bytes(32 * d, "little")


def byte_decode(d, data):
    """Algorithm 6."""
    value = int.from_bytes(data, "little")
    m = Q if d == 12 else 1 << d
    return [(value >> (d * i) & ((1 << d) - 1)) % m for i in range(N)]


def compress(d, f):
    """4.7: round(2^d / q * x) mod 2^d, halves upwards."""
    return [((c << (d + 1)) + Q) // (2 * Q) % (1 << d) for c in f]


def decompress(d, f):
    return [(2 * Q * c + (1 << d)) >> (d + 1) for c in f]


def sample_ntt(seed):
    """Algorithm 7. 1,200 octets of stream are more than any seed here has needed; running out would be an error."""
    stream = hashlib.shake_128(seed).digest(1200)
    out = []
    for i in range(0, len(stream), 3):
        a, b, c = stream[i:i + 3]
        for d in (a + 256 * (b % 16), b // 16 + 16 * c):
            if d < Q:
                out.append(d)
    return out[:N] if len(out) >= N else sys.exit("an unlucky seed")


def sample_cbd(eta, data):
    """Algorithm 8."""
    bits = int.from_bytes(data, "little")
    mask = (1 << eta) - 1
    return [(bin(bits >> (2 * i * eta) & mask).count("1") - bin(bits >> ((2 * i + 1) * eta) & mask).count("1")) % Q
            for i in range(N)]


def ntt(f):
    """Algorithm 9."""
    f, i, length = f[:], 1, 128
    while length >= 2:
        for start in range(0, N, 2 * length):
            zeta, i = ZETAS[i], i + 1
            for j in range(start, start + length):
                t = zeta * f[j + length] % Q
                f[j + length] = (f[j] - t) % Q
                f[j] = (f[j] + t) % Q
        length //= 2
    return f


def inverse_ntt(f):
    """Algorithm 10."""
    f, i, length = f[:], 127, 2
    while length <= 128:
        for start in range(0, N, 2 * length):
            zeta, i = ZETAS[i], i - 1
            for j in range(start, start + length):
                t = f[j]
                f[j] = (t + f[j + length]) % Q
                f[j + length] = zeta * (f[j + length] - t) % Q
        length *= 2
    return [c * 3303 % Q for c in f]


def multiply(f, g):
    """Algorithms 11 and 12."""
    out = []
    for i in range(128):
        a0, a1, b0, b1 = f[2 * i], f[2 * i + 1], g[2 * i], g[2 * i + 1]
        out += [(a0 * b0 + a1 * b1 * GAMMAS[i]) % Q, (a0 * b1 + a1 * b0) % Q]
    return out


def add(f, g):
    return [(a + b) % Q for a, b in zip(f, g)]


def subtract(f, g):
    return [(a - b) % Q for a, b in zip(f, g)]


def dot(u, v):
    total = [0] * N
    for f, g in zip(u, v):
        total = add(total, multiply(f, g))
    return total


def make_matrix(k, rho):
    return [[sample_ntt(rho + bytes([j, i])) for j in range(k)] for i in range(k)]


def sample_vector(eta, seed, first, count):
    return [sample_cbd(eta, hashlib.shake_256(seed + bytes([first + i])).digest(64 * eta)) for i in range(count)]


def pke_keygen(name, d):
    """Algorithm 13."""
    k, eta1 = PARAMETERS[name][:2]
    rho, sigma = G(d + bytes([k]))
    a = make_matrix(k, rho)
    s = [ntt(f) for f in sample_vector(eta1, sigma, 0, k)]
    e = [ntt(f) for f in sample_vector(eta1, sigma, k, k)]
    t = [add(dot(row, s), error) for row, error in zip(a, e)]
    return b"".join(byte_encode(12, f) for f in t) + rho, b"".join(byte_encode(12, f) for f in s)


def pke_encrypt(name, ek, m, r):
    """Algorithm 14."""
    k, eta1, eta2, du, dv = PARAMETERS[name]
    t = [byte_decode(12, ek[384 * i:384 * i + 384]) for i in range(k)]
    a = make_matrix(k, ek[384 * k:])
    y = [ntt(f) for f in sample_vector(eta1, r, 0, k)]
    e1 = sample_vector(eta2, r, k, k)
    e2 = sample_vector(eta2, r, 2 * k, 1)[0]
    columns = [[a[j][i] for j in range(k)] for i in range(k)]
    u = [add(inverse_ntt(dot(column, y)), error) for column, error in zip(columns, e1)]
    mu = decompress(1, byte_decode(1, m))
    v = add(add(inverse_ntt(dot(t, y)), e2), mu)
    return b"".join(byte_encode(du, compress(du, f)) for f in u) + byte_encode(dv, compress(dv, v))


def pke_decrypt(name, dk, c):
    """Algorithm 15."""
    k, _, _, du, dv = PARAMETERS[name]
    u = [decompress(du, byte_decode(du, c[32 * du * i:32 * du * (i + 1)])) for i in range(k)]
    v = decompress(dv, byte_decode(dv, c[32 * du * k:]))
    s = [byte_decode(12, dk[384 * i:384 * i + 384]) for i in range(k)]
    w = subtract(v, inverse_ntt(dot(s, [ntt(f) for f in u])))
    return byte_encode(1, compress(1, w))


def keygen(name, d, z):
    """Algorithm 16."""
    ek, dk = pke_keygen(name, d)
    return ek, dk + ek + H(ek) + z


def is_encapsulation_key(name, ek):
    """7.2: the length, and every coefficient below q."""
    k = PARAMETERS[name][0]
    if len(ek) != 384 * k + 32:
        return False
    return all(byte_encode(12, byte_decode(12, p)) == p for p in (ek[384 * i:384 * i + 384] for i in range(k)))


def encapsulate(name, ek, m):
    """Algorithm 17."""
    key, r = G(m + H(ek))
    return key, pke_encrypt(name, ek, m, r)


def decapsulate(name, dk, c):
    """Algorithm 18."""
    k = PARAMETERS[name][0]
    dk_pke, ek, h, z = dk[:384 * k], dk[384 * k:768 * k + 32], dk[768 * k + 32:768 * k + 64], dk[768 * k + 64:]
    m = pke_decrypt(name, dk_pke, c)
    key, r = G(m + h)
    return key if pke_encrypt(name, ek, m, r) == c else J(z + c)


# C2SP/CCTV ML-KEM/README.md: hash over `count` rounds. The values for 10,000 rounds are the published ones; they take
# this program some ten minutes. Those for 100 are what it gives on the way there.
ACCUMULATED = {
    10000: {"mlkem512": "705dcffc87f4e67e35a09dcaa31772e86f3341bd3ccf1e78a5fef99ae6a35a13",
            "mlkem768": "f959d18d3d1180121433bf0e05f11e7908cf9d03edc150b2b07cb90bef5bc1c1",
            "mlkem1024": "e3bf82b013307b2e9d47dde791ff6dfc82e694e6382404abdb948b908b75bad5"},
    100: {"mlkem512": "449120c6e320ef3e9fbfa2316e5f2d2e1e6dd37d8ff5d086d5d2db7d42aff0a1",
          "mlkem768": "8d65b902f28edc683cebee2872962fd165a4d197c9e24ec74caa4470270df0b7",
          "mlkem1024": "c3ffe9ebecfa479c142656cbfbc6417efa05b77e994fe538eef4daed166363df"},
}


def accumulate(name, count):
    """d, z, m and a false ciphertext from one SHAKE-128; ek, dk, ct, and both secrets into another."""
    k, _, _, du, dv = PARAMETERS[name]
    ct_len = 32 * (du * k + dv)
    each = 96 + ct_len
    stream = hashlib.shake_128(b"").digest(each * count)
    total = hashlib.shake_128()
    for i in range(count):
        part = stream[each * i:each * (i + 1)]
        ek, dk = keygen(name, part[:32], part[32:64])
        key, ct = encapsulate(name, ek, part[64:96])
        assert is_encapsulation_key(name, ek) and decapsulate(name, dk, ct) == key
        for piece in (ek, dk, ct, key, decapsulate(name, dk, part[96:])):
            total.update(piece)
    return total.hexdigest(32)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    for name, expected in ACCUMULATED[count].items():
        print(name, "ok" if accumulate(name, count) == expected else "WRONG")


if __name__ == "__main__":
    main()
