"""The interoperability scenarios, as data.  Each runs in both roles: we set up the IKE SA, or the peer.

What happens once it is up is a list of steps (steps.py): "rekey child by us", "rekey ike by both",
"create child by peer", "check by us" (liveness).
"""

from dataclasses import dataclass, replace

from proofs import Ocsp, Proof


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
    reason: str = ""  # and braid's log this
    peer_reason: str = ""  # and the peer's this
    proof: Proof = Proof()  # how the sides prove who they are
    then: tuple = ()  # steps, while a ping every 10 ms goes through the tunnel
    conn: str = ""  # more keys of the connection, on both sides
    our_conn: str = ""  # and on ours alone
    first_child_is_fresh: bool = False  # it has key exchanges of its own: a childless start
    make_before_break: str = "yes"
    may_lose: bool = False  # pings, while there is no SA
    roles: tuple = ("initiator", "responder")  # ours


GCM = "aes256gcm16-prfsha384-"
HYBRID = GCM + "x25519-ke1_mlkem768"
THREE = HYBRID + "-ke2_ecp384"
NAMED = "ppk_id = lab-ppk"
REQUIRED = NAMED + "\n ppk_required = yes"
ONE = "-ke1_mlkem768"
TWO = "-ke1_mlkem768-ke2_ecp384"
SEVEN = "ke1_mlkem512-ke2_mlkem768-ke3_mlkem1024-ke4_ecp256-ke5_ecp384-ke6_ecp521-ke7_modp2048"
NO_AUTHENTICATION = "AUTH(ENTICATION)?_FAILED|authentication of the peer failed|refused our authentication"
NO_PROPOSAL = "NO_PROP(OSAL_CHOSEN)?|no proposal chosen"



def second(*who):
    """The second round of authentication for "us", "peer" or both: what braid's connection says of it, and the peer's."""
    def section(side, whose):
        return f"{side}-2 {{ auth = psk\n id = {whose}-2.example\n round = 7 }}\n"
    ours, theirs = ("".join(section("local" if w == here else "remote", w) for w in who) for here in ("us", "peer"))
    return ours, theirs


def by_everybody(what, times=1):
    """The same step by each side and by both at the same moment."""
    return tuple(f"{what} by {who}" for who in ("us", "peer", "both") for _ in range(times))


CHILD, IKE = by_everybody("rekey child"), by_everybody("rekey ike")
CREATE = ("create both by both", "rekey second by both", "end second by us", "end third by peer",
          "create child by us", "rekey second by us", "end second by us",
          "create child by peer", "rekey second by peer", "end second by peer")
IN_A_ROW = "rekey ike by us", "rekey ike by peer", "rekey ike by us"
OVER_IT = "rekey ike by us", "rekey child by us", "rekey ike by peer", "rekey child by peer", *CHILD


def each_checked(steps, who):
    return tuple(part for step in steps for part in (step, f"check by {who}"))


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

    Scenario("new Child SA, no own exchange",    GCM + "x25519" + ONE,                                     then=CREATE),
    Scenario("new Child SA, PFS",                GCM + "x25519" + ONE, esp="aes256gcm16-x25519",           then=CREATE),
    Scenario("new Child SA, 1 additional",       GCM + "x25519" + ONE, esp="aes256gcm16-x25519" + ONE,     then=CREATE),
    Scenario("new Child SA, 2 additional",       GCM + "x25519" + ONE, esp="aes256gcm16-x25519" + TWO,     then=CREATE),

    Scenario("new Child SA, 7 additional",       GCM + "x25519" + ONE, esp="aes256gcm16-x25519-" + SEVEN,  then=CREATE),

    Scenario("Child rekey, no own exchange",     GCM + "x25519" + ONE,                                     then=CHILD),
    Scenario("Child rekey, PFS",                 GCM + "x25519" + ONE, esp="aes256gcm16-x25519",           then=CHILD),
    Scenario("Child rekey, 1 additional",        GCM + "x25519" + ONE, esp="aes256gcm16-x25519" + ONE,     then=CHILD),
    Scenario("Child rekey, 2 additional",        GCM + "x25519" + ONE, esp="aes256gcm16-x25519" + TWO,     then=CHILD),
    Scenario("Child rekey, 7 additional",        GCM + "x25519" + ONE, esp="aes256gcm16-x25519-" + SEVEN,  then=CHILD),
    Scenario("Child rekey, only its own additional", GCM + "x25519",   esp="aes256gcm16-x25519" + ONE,     then=CHILD),

    Scenario("IKE rekey, no additional",         GCM + "x25519",                                           then=IKE),
    Scenario("IKE rekey, 1 additional",          GCM + "x25519" + ONE,                                     then=IKE),
    Scenario("IKE rekey, 2 additional",          GCM + "x25519" + TWO,                                     then=IKE),
    Scenario("IKE rekey, 7 additional",          GCM + "x25519-" + SEVEN,                                  then=IKE),

    Scenario("Child rekey by both, ten times",   GCM + "x25519" + ONE,                          then=("rekey child by both",) * 10),

    Scenario("3 IKE rekeys, we check",           GCM + "x25519" + ONE, then=each_checked(IN_A_ROW, "us")),
    Scenario("3 IKE rekeys, the peer checks",    GCM + "x25519" + ONE, then=each_checked(IN_A_ROW, "peer")),
    Scenario("Child rekey over rekeyed IKE SA",  GCM + "x25519" + ONE, esp="aes256gcm16-x25519" + ONE,     then=OVER_IT),
    Scenario("rekey in fragments of 576",        GCM + "x25519-ke1_mlkem1024", esp="aes256gcm16-x25519-ke1_mlkem1024",
                                                 fragments=576,  then=CHILD + IKE),
    Scenario("rekey in fragments of 1280",       GCM + "x25519-ke1_mlkem1024", esp="aes256gcm16-x25519-ke1_mlkem1024",
                                                 fragments=1280, then=CHILD + IKE),

    Scenario("childless start",                  GCM + "x25519" + ONE, esp="aes256gcm16-x25519" + ONE, conn="childless = force",
                                                 first_child_is_fresh=True, then=("rekey ike by us", "rekey child by peer")),
    Scenario("childless start, then a rekey",    GCM + "x25519" + ONE + ", " + GCM + "x25519", esp="aes256gcm16-x25519" + ONE,
                                                 chosen=GCM + "x25519" + ONE, conn="childless = force", our_conn="late_rounds = yes", roles=("initiator",),
                                                 first_child_is_fresh=True, then=("rekey ike by us", "rekey child by us")),
    Scenario("reauthentication",                 GCM + "x25519" + ONE, then=("reauth ike by us", "check by us", "reauth ike by peer")),
    Scenario("reauthentication, break first",    GCM + "x25519" + ONE, make_before_break="no", may_lose=True,
                                                 then=("reauth ike by us", "reauth ike by peer")),

    Scenario("RSA-3072, PKCS#1",         HYBRID, proof=Proof("rsa3072", "rsa/pkcs1", "rsa-sha256")),
    Scenario("RSA-3072, PSS",            HYBRID, proof=Proof("rsa3072", "rsa/pss", "rsa/pss-sha256")),
    Scenario("ECDSA P-256",              HYBRID, proof=Proof("ecdsa256")),
    Scenario("ECDSA P-384",              THREE,  proof=Proof("ecdsa384")),
    Scenario("ECDSA P-521",              HYBRID, proof=Proof("ecdsa521")),
    Scenario("Ed25519",                  THREE,  proof=Proof("ed25519")),
    Scenario("Ed448",                    HYBRID, proof=Proof("ed448")),
    Scenario("sub-CA",                   THREE,  proof=Proof("ecdsa256", sub_ca=True)),
    Scenario("raw public keys",          HYBRID, proof=Proof("ED25519", raw=True)),
    Scenario("PSK by FQDN",              HYBRID, proof=Proof(ids=("left.vpn.example", "@right.vpn.example"))),
    Scenario("PSK by IP address",        HYBRID, proof=Proof(ids=("10.9.0.1", "10.9.0.2"))),
    Scenario("PSK by mail address",      HYBRID, proof=Proof(ids=("left@vpn.example", "right@vpn.example"))),
    Scenario("PSK by key id",            HYBRID, proof=Proof(ids=('"@#6c656674"', '"@#7269676874"'))),
    Scenario("PSK by DN",                HYBRID, proof=Proof(ids=('"C=CH, O=braid, CN=left"', '"C=CH, O=braid, CN=right"'))),
    Scenario("PSK of all of a domain",   HYBRID, proof=Proof(ids=("left@vpn.example", "right@vpn.example"), expects="*@vpn.example")),
    Scenario("PSK of anybody",           HYBRID, proof=Proof(expects="%any")),
    Scenario("PPK, both have it",        HYBRID, proof=Proof(ppk=(NAMED, NAMED), has_ppk=(True, True))),
    Scenario("PPK, required by both",    THREE,  proof=Proof(ppk=(REQUIRED, REQUIRED), has_ppk=(True, True))),
    Scenario("PPK, peer lacks it",       HYBRID, proof=Proof(ppk=(NAMED, ""), has_ppk=(True, False))),
    Scenario("PPK, we lack it",          HYBRID, proof=Proof(ppk=("", NAMED), has_ppk=(False, True))),
    Scenario("PPK and certificates",     HYBRID, proof=Proof("ed25519", ppk=(REQUIRED, REQUIRED), has_ppk=(True, True))),
    Scenario("PPK required, peer lacks it", HYBRID, proof=Proof(ppk=(REQUIRED, ""), has_ppk=(True, False)),
                                         failure=NO_AUTHENTICATION + "|no secret", reason="a PPK is required"),
    Scenario("PPK required by the peer, we lack it", THREE, proof=Proof(ppk=("", REQUIRED), has_ppk=(False, True)),
                                         roles=("initiator",),  # as initiator the peer gives up without a word
                                         failure=NO_AUTHENTICATION + "|no secret", peer_reason="PPK required"),
    Scenario("OCSP, good",               HYBRID, proof=Proof("ecdsa256", ocsp=Ocsp(at=("us", "peer"), demand=("strict", "strict")))),
    Scenario("OCSP, the peer is revoked", HYBRID, proof=Proof("ecdsa256", ocsp=Ocsp(at=("us",), demand=("relaxed", ""), revoked="peer")),
                                         failure=NO_AUTHENTICATION, reason="it is revoked, as OCSP says"),
    Scenario("OCSP, we are revoked",     THREE,  proof=Proof("ecdsa256", ocsp=Ocsp(at=("peer",), demand=("", "relaxed"), revoked="us")),
                                         failure=NO_AUTHENTICATION, peer_reason="certificate was revoked"),
    Scenario("OCSP unreachable, we are strict", THREE, proof=Proof("ecdsa256", ocsp=Ocsp(demand=("strict", ""))),
                                         failure=NO_AUTHENTICATION, reason="nor does an OCSP response"),
    Scenario("OCSP unreachable, the peer is strict", HYBRID, proof=Proof("ecdsa256", ocsp=Ocsp(demand=("", "strict"))),
                                         failure=NO_AUTHENTICATION, peer_reason="constraint check failed: RULE_CRL_VALIDATION"),
    Scenario("OCSP unreachable, both relaxed", HYBRID, proof=Proof("ecdsa256", ocsp=Ocsp(demand=("relaxed", "relaxed")))),
    Scenario("OCSP in band, the peer brings it", HYBRID, conn="ocsp = both",
                                         proof=Proof("ecdsa256", ocsp=Ocsp(at=("peer",), demand=("strict", "")))),
    Scenario("OCSP in band, we bring it", HYBRID, conn="ocsp = both",
                                         proof=Proof("ecdsa256", ocsp=Ocsp(at=("us",), demand=("", "strict")))),
    # strongSwan with a PSK first wants all of the responder's rounds at once
    Scenario("signature, then PSK, both",    HYBRID, proof=Proof("ecdsa256", rounds=second("us", "peer"))),
    Scenario("signature, then PSK, of ours", THREE,  proof=Proof("ed25519", rounds=second("us"))),
    Scenario("signature, then PSK, of the peer", HYBRID, proof=Proof("ecdsa256", rounds=second("peer"))),
    Scenario("signature, then PSK, and a PPK", HYBRID, proof=Proof("ed25519", ppk=(REQUIRED, REQUIRED), has_ppk=(True, True),
                                                                   rounds=second("us", "peer"))),
    Scenario("second round left out",        HYBRID, proof=Proof("ecdsa256", rounds=(second("peer")[0], "")),
                                             failure=NO_AUTHENTICATION, reason="less often than is configured|does not do that"),
    Scenario("revocation list, good",        HYBRID, proof=Proof("ecdsa256", listed="good")),
    Scenario("revocation list, revoked",     THREE,  proof=Proof("ecdsa256", listed="revoked"), failure=NO_AUTHENTICATION,
                                         reason="it is revoked"),
    Scenario("revocation list, unreachable", HYBRID, proof=Proof("ecdsa256", listed="unreachable"), failure=NO_AUTHENTICATION,
                                         reason="no revocation list says that it is good"),
    Scenario("PPK, not the same",        HYBRID, proof=Proof(ppk=(NAMED, NAMED), has_ppk=(True, True), same_ppk=False),
                                         failure=NO_AUTHENTICATION, reason="PPK"),
    Scenario("expired certificate",      HYBRID, proof=Proof("ecdsa256", bad="expired"), failure=NO_AUTHENTICATION,
                                         reason="it has expired"),
    Scenario("wrong extended key usage", HYBRID, proof=Proof("ecdsa256", bad="usage"), failure=NO_AUTHENTICATION,
                                         reason="its extended key usage does not allow IKE"),
    Scenario("certificate of somebody else", HYBRID, proof=Proof("ecdsa256", bad="identity"), failure=NO_AUTHENTICATION,
                                         reason="(WRONG_ID|not for the identity|no connection fits)"),
    Scenario("certificate of an unknown CA", HYBRID, proof=Proof("ecdsa256", bad="issuer"), failure=NO_AUTHENTICATION,
                                         reason="no trusted CA issued it"),

    Scenario("wrong pre-shared key",     GCM + "x25519-ke1_mlkem768", peer_psk="another secret", failure=NO_AUTHENTICATION),
    Scenario("no common proposal",       GCM + "x25519-ke1_mlkem768", peer_ike="aes128-sha256-ecp256", failure=NO_PROPOSAL),
]

# Every proof once with two rounds of key exchange and once with three: what is listed above has one of the two.
WITH_STRONGSWAN += [replace(s, name=f"{s.name}, {'three rounds' if s.ike == HYBRID else 'two rounds'}",
                            ike=THREE if s.ike == HYBRID else HYBRID)
                    for s in WITH_STRONGSWAN if s.proof != Proof() and not s.failure]

# Post-quantum signatures, which the peers here lack: both sides are braid, and so one role says it all.
WITH_BRAID = [Scenario(f"{kind}{rounds}", ike, proof=Proof(kind, believes=f"pubkey-{kind}"), roles=("both",))
              for kind in ("mldsa44", "mldsa65", "mldsa87", "slhdsa/sha2_128s", "slhdsa/sha2_128f", "slhdsa/sha2_256f")
              for rounds, ike in (("", HYBRID), (", three rounds", THREE))]

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


def without_key_exchange(proposal):
    """What remains for the first Child SA, whose keys come from the IKE SA alone."""
    return "-".join(word for word in proposal.split("-") if word not in KEY_EXCHANGES and not word.startswith("ke"))


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
