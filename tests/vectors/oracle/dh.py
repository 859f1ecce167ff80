"""Diffie-Hellman in the groups of IKEv2: MODP (RFC 3526), prime curves (RFC 5903, RFC 5639), X25519 and X448
(RFC 7748).

Textbook arithmetic on Python's integers: an oracle for test vectors, never for data.
"""

# ---- MODP: p = 2^n - 2^(n-64) - 1 + 2^64 * (floor(2^(n-130) * pi) + c), generator 2 ------------------------

MODP = {"modp2048": (2048, 124476), "modp3072": (3072, 1690314), "modp4096": (4096, 240904),
        "modp6144": (6144, 929484), "modp8192": (8192, 4743158)}


def pi_scaled(bits):
    """floor(2^bits * pi), by Machin's formula with 64 bits to spare."""
    one = 1 << (bits + 64)

    def arctan_inverse(x):
        term = one // x
        total, n, sign = term, 3, -1
        while term:
            term //= x * x
            total += sign * (term // n)
            n, sign = n + 2, -sign
        return total
    return (4 * (4 * arctan_inverse(5) - arctan_inverse(239))) >> 64


def modp_prime(name):
    n, c = MODP[name]
    return 2**n - 2**(n - 64) - 1 + 2**64 * (pi_scaled(n - 130) + c)


def modp_public(name, private):
    return modp_secret(name, private, (2).to_bytes(MODP[name][0] // 8, "big"))


def modp_secret(name, private, peer):
    size = MODP[name][0] // 8
    return pow(int.from_bytes(peer, "big"), int.from_bytes(private, "big"), modp_prime(name)).to_bytes(size, "big")


# ---- y^2 = x^3 + ax + b over GF(p): p, a, b, base point ----------------------------------------------------

P256 = 2**256 - 2**224 + 2**192 + 2**96 - 1
P384 = 2**384 - 2**128 - 2**96 + 2**32 - 1
P521 = 2**521 - 1


def number(text):
    return int(text, 16)


CURVES = {
    "ecp256": (
        P256,
        -3,
        0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    ),
    "ecp384": (
        P384,
        -3,
        0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
        0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
        0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
    ),
    "ecp521": (
        P521,
        -3,
        number("0051953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E156193951EC7E937B1652"
               "C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00"),
        number("00C6858E06B70404E9CD9E3ECB662395B4429C648139053FB521F828AF606B4D3DBAA14B5E77EFE75928FE1D"
               "C127A2FFA8DE3348B3C1856A429BF97E7E31C2E5BD66"),
        number("011839296A789A3BC0045C8A5FB42C7D1BD998F54449579B446817AFBD17273E662C97EE72995EF42640C550"
               "B9013FAD0761353C7086A272C24088BE94769FD16650"),
    ),
    "ecp256bp": (
        0xA9FB57DBA1EEA9BC3E660A909D838D726E3BF623D52620282013481D1F6E5377,
        0x7D5A0975FC2C3057EEF67530417AFFE7FB8055C126DC5C6CE94A4B44F330B5D9,
        0x26DC5C6CE94A4B44F330B5D9BBD77CBF958416295CF7E1CE6BCCDC18FF8C07B6,
        0x8BD2AEB9CB7E57CB2C4B482FFC81B7AFB9DE27E1E3BD23C23A4453BD9ACE3262,
        0x547EF835C3DAC4FD97F8461A14611DC9C27745132DED8E545C1D54C72F046997,
    ),
    "ecp384bp": (
        0x8CB91E82A3386D280F5D6F7E50E641DF152F7109ED5456B412B1DA197FB71123ACD3A729901D1A71874700133107EC53,
        0x7BC382C63D8C150C3C72080ACE05AFA0C2BEA28E4FB22787139165EFBA91F90F8AA5814A503AD4EB04A8C7DD22CE2826,
        0x04A8C7DD22CE28268B39B55416F0447C2FB77DE107DCD2A62E880EA53EEB62D57CB4390295DBC9943AB78696FA504C11,
        0x1D1C64F068CF45FFA2A63A81B7C13F6B8847A3E77EF14FE3DB7FCAFE0CBD10E8E826E03436D646AAEF87B2E247D4AF1E,
        0x8ABE1D7520F9C2A45CB1EB8E95CFD55262B70B29FEEC5864E19C054FF99129280E4646217791811142820341263C5315,
    ),
    "ecp512bp": (
        number("AADD9DB8DBE9C48B3FD4E6AE33C9FC07CB308DB3B3C9D20ED6639CCA703308717D4D9B009BC66842AECDA12A"
               "E6A380E62881FF2F2D82C68528AA6056583A48F3"),
        number("7830A3318B603B89E2327145AC234CC594CBDD8D3DF91610A83441CAEA9863BC2DED5D5AA8253AA10A2EF1C9"
               "8B9AC8B57F1117A72BF2C7B9E7C1AC4D77FC94CA"),
        number("3DF91610A83441CAEA9863BC2DED5D5AA8253AA10A2EF1C98B9AC8B57F1117A72BF2C7B9E7C1AC4D77FC94CA"
               "DC083E67984050B75EBAE5DD2809BD638016F723"),
        number("81AEE4BDD82ED9645A21322E9C4C6A9385ED9F70B5D916C1B43B62EEF4D0098EFF3B1F78E2D0D48D50D1687B"
               "93B97D5F7C6D5047406A5E688B352209BCB9F822"),
        number("7DDE385D566332ECC0EABFA9CF7822FDF209F70024A57B1AA000C55B881F8111B2DCDE494A5F485E5BCA4BD8"
               "8A2763AED1CA2B2FA8F0540678CD1E0F3AD80892"),
    ),
}


def point_add(curve, s, t):
    p, a = curve[0], curve[1]
    if s is None or t is None:
        return s or t
    if s[0] == t[0] and (s[1] + t[1]) % p == 0:
        return None
    if s == t:
        slope = (3 * s[0] * s[0] + a) * pow(2 * s[1], -1, p)
    else:
        slope = (t[1] - s[1]) * pow(t[0] - s[0], -1, p)
    x = (slope * slope - s[0] - t[0]) % p
    return x, (slope * (s[0] - x) - s[1]) % p


def point_multiply(curve, k, point):
    total = None
    while k:
        if k & 1:
            total = point_add(curve, total, point)
        point = point_add(curve, point, point)
        k >>= 1
    return total


def is_on_curve(curve, point):
    p, a, b = curve[:3]
    return (point[1] ** 2 - point[0] ** 3 - a * point[0] - b) % p == 0


def curve_len(name):
    return (CURVES[name][0].bit_length() + 7) // 8


def curve_public(name, private):
    n = curve_len(name)
    x, y = point_multiply(CURVES[name], int.from_bytes(private, "big"), CURVES[name][3:])
    return x.to_bytes(n, "big") + y.to_bytes(n, "big")


def curve_secret(name, private, peer):
    n = curve_len(name)
    point = int.from_bytes(peer[:n], "big"), int.from_bytes(peer[n:], "big")
    assert is_on_curve(CURVES[name], point)
    return point_multiply(CURVES[name], int.from_bytes(private, "big"), point)[0].to_bytes(n, "big")


# ---- RFC 7748 5 --------------------------------------------------------------------------------------------

MONTGOMERY = {"x25519": (2**255 - 19, 255, 121665, 9), "x448": (2**448 - 2**224 - 1, 448, 39081, 5)}


def montgomery_secret(name, private, peer):
    p, bits, a24, _ = MONTGOMERY[name]
    k = bytearray(private)
    if name == "x25519":
        k[0] &= 248
        k[31] = k[31] & 127 | 64
    else:
        k[0] &= 252
        k[55] |= 128
    scalar = int.from_bytes(k, "little")
    u = int.from_bytes(peer, "little") % 2**bits % p
    x2, z2, x3, z3, swap = 1, 0, u, 1, 0
    for t in range(bits - 1, -1, -1):
        bit = scalar >> t & 1
        if swap ^ bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        da, cb = d * a, c * b
        x3, z3 = (da + cb) ** 2 % p, u * (da - cb) ** 2 % p
        aa, bb = a * a % p, b * b % p
        x2, z2 = aa * bb % p, (aa - bb) * (aa + a24 * (aa - bb)) % p
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, p - 2, p) % p).to_bytes(len(private), "little")


def montgomery_public(name, private):
    return montgomery_secret(name, private, MONTGOMERY[name][3].to_bytes(len(private), "little"))


# ---- all of them by the row's keyword ----------------------------------------------------------------------

def public(name, private):
    for family, function in ((MODP, modp_public), (CURVES, curve_public), (MONTGOMERY, montgomery_public)):
        if name in family:
            return function(name, private)
    raise KeyError(name)


def secret(name, private, peer):
    for family, function in ((MODP, modp_secret), (CURVES, curve_secret), (MONTGOMERY, montgomery_secret)):
        if name in family:
            return function(name, private, peer)
    raise KeyError(name)
