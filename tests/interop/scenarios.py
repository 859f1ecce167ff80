"""The interoperability scenarios, as data.  Each runs in both roles."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scenario:
    name: str
    ike: str  # braid's IKE proposals
    peer_ike: str = ""  # the peer's, where they differ
    esp: str = "aes256gcm16"
    chosen: str = ""  # the IKE proposal both sides must end up with, where it is not `ike`
    outer: int = 4  # IP version on the outer link
    fragments: int = 1280  # largest IP datagram of an IKE fragment; 0: no fragmentation
    encap: str = "no"  # pretend a NAT; strongSwan's user-space ESP does so by itself
    peer_psk: str = "one secret"
    failure: str = ""  # there must be no tunnel, and the message must match this


GCM = "aes256gcm16-prfsha384-"
SEVEN = "ke1_mlkem512-ke2_mlkem768-ke3_mlkem1024-ke4_ecp256-ke5_ecp384-ke6_ecp521-ke7_modp2048"
NO_AUTHENTICATION = "AUTH(ENTICATION)?_FAILED|authentication of the peer failed|refused our authentication"
NO_PROPOSAL = "NO_PROP(OSAL_CHOSEN)?|no proposal chosen"

# fmt: off
WITH_STRONGSWAN = [
    Scenario("x25519 + mlkem768",        GCM + "x25519-ke1_mlkem768"),
    Scenario("ecp384 + mlkem1024",       GCM + "ecp384-ke1_mlkem1024"),
    Scenario("x25519 + mlkem512",        GCM + "x25519-ke1_mlkem512"),
    Scenario("modp3072 + mlkem768",      GCM + "modp3072-ke1_mlkem768"),
    Scenario("ecp256 alone",             GCM + "ecp256"),

    Scenario("seven additional rounds",  GCM + "x25519-" + SEVEN),
    Scenario("additional types 2 and 4", GCM + "x25519-ke2_mlkem768-ke4_ecp384"),
    Scenario("none offered, not needed", GCM + "x25519-ke1_mlkem768-ke1_none", peer_ike=GCM + "x25519-ke1_mlkem768",
                                         chosen=GCM + "x25519-ke1_mlkem768"),
    Scenario("none offered and taken",   GCM + "x25519-ke1_mlkem768-ke1_none", peer_ike=GCM + "x25519",
                                         chosen=GCM + "x25519"),
    Scenario("peer without additional",  GCM + "x25519-ke1_mlkem768, " + GCM + "x25519", peer_ike=GCM + "x25519",
                                         chosen=GCM + "x25519"),

    Scenario("fragments of 576",         GCM + "x25519-ke1_mlkem1024", fragments=576),
    Scenario("fragments of 1280",        GCM + "x25519-ke1_mlkem1024", fragments=1280),
    Scenario("no fragments",             GCM + "x25519-ke1_mlkem1024", fragments=0),

    Scenario("AES-GCM",                  "aes128gcm16-prfsha256-x25519-ke1_mlkem768",      esp="aes128gcm16"),
    Scenario("AES-CBC and HMAC",         "aes256-sha256-x25519-ke1_mlkem768",              esp="aes256-sha256"),
    Scenario("ChaCha20-Poly1305",        "chacha20poly1305-prfsha256-x25519-ke1_mlkem768", esp="chacha20poly1305"),

    Scenario("IPv6 outside",             GCM + "x25519-ke1_mlkem768", outer=6),

    Scenario("wrong pre-shared key",     GCM + "x25519-ke1_mlkem768", peer_psk="another secret", failure=NO_AUTHENTICATION),
    Scenario("no common proposal",       GCM + "x25519-ke1_mlkem768", peer_ike="aes128-sha256-ecp256", failure=NO_PROPOSAL),
]

# It needs PF_KEY and kernel IPsec, so these run in lab/kernel.
WITH_OPENIKED = [
    Scenario("classical IKEv2",          "aes256-sha256-x25519", esp="aes256-sha1", encap="yes"),
]
# fmt: on

# How swanctl reports what a proposal's keywords mean: the fields of an IKE or Child SA.
REPORTED = {
    "aes128gcm16": {"encr-alg": "AES_GCM_16", "encr-keysize": "128"},
    "aes256gcm16": {"encr-alg": "AES_GCM_16", "encr-keysize": "256"},
    "aes256": {"encr-alg": "AES_CBC", "encr-keysize": "256"},
    "chacha20poly1305": {"encr-alg": "CHACHA20_POLY1305"},
    "sha1": {"integ-alg": "HMAC_SHA1_96"},
    "sha256": {"integ-alg": "HMAC_SHA2_256_128"},
    "prfsha256": {"prf-alg": "PRF_HMAC_SHA2_256"},
    "prfsha384": {"prf-alg": "PRF_HMAC_SHA2_384"},
}
KEY_EXCHANGES = {
    "x25519": "CURVE_25519",
    "ecp256": "ECP_256",
    "ecp384": "ECP_384",
    "ecp521": "ECP_521",
    "modp2048": "MODP_2048",
    "modp3072": "MODP_3072",
    "mlkem512": "ML_KEM_512",
    "mlkem768": "ML_KEM_768",
    "mlkem1024": "ML_KEM_1024",
}


def reported(proposal):
    """The fields swanctl must show for an SA that chose exactly this proposal."""
    fields = {}
    for keyword in proposal.split("-"):
        if keyword in REPORTED:
            fields |= REPORTED[keyword]
        elif keyword.startswith("ke"):
            slot, method = keyword.split("_")
            fields["ake" + slot[2:]] = KEY_EXCHANGES[method]
        else:
            fields["dh-group"] = KEY_EXCHANGES[keyword]
    return fields
