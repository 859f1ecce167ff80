"""Authentication end to end: certificates of every kind from `braid pki`, raw keys, and PPKs (RFC 8784)."""

import os
import shutil
import subprocess

from gateway import BOX, Gateway, expect
from tests import NO_AUTHENTICATION, expect_no_sas, only_sa, test

PUBKEY = {"local_auth": "pubkey", "remote_auth": "pubkey"}
PPK = 64 * "5"


def pki(*arguments):
    done = subprocess.run([os.path.join(Gateway.programs, "braid"), "pki", *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    expect(done.returncode == 0, f"braid pki {' '.join(arguments)}: {done.stdout}")


def folder(name):
    path = os.path.join(BOX, "pki", name)
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path


def issue(kind, *gateways, ca=None, **options):
    """Certificates of one new CA, or of `ca`. Where they are, by gateway."""
    made = {}
    if not ca:
        ca = folder("ca")
        pki("ca", "--dir", ca, "--type", kind, "--subject", "O=braid, CN=test CA")
    for gateway in gateways:
        made[gateway] = folder(gateway.name)
        more = [f"--{key}={value}" for key, value in options.items()]
        pki("issue", "--dir", ca, "--type", kind, "--id", f"{gateway.name}.example", "--out", made[gateway], *more)
    return made


def tunnel_with(left, right, made, **changes):
    for gateway in (right, left):
        gateway.start(files=made[gateway], **{**PUBKEY, **changes})
    output = left.up()
    left.ping()
    return output


def key_type_works(left, right, kind, shown, quantum):
    made = issue(kind, left, right)
    tunnel_with(left, right, made)
    for gateway in (left, right):
        sa = only_sa(gateway)
        expect(sa["local-auth"] == shown and sa["remote-auth"] == shown, f"{gateway.name}: {sa}")
        expect(sa["auth-quantum-safe"] == quantum, f"{gateway.name}: {sa}")
    left.stop()
    right.stop()


@test
def classical_certificates_authenticate(left, right):
    for kind, shown in (("rsa", "RSA_EMSA_PSS_SHA2_256"), ("ecdsa256", "ECDSA_WITH_SHA2_256"), ("ecdsa384", "ECDSA_WITH_SHA2_384"),
                        ("ecdsa521", "ECDSA_WITH_SHA2_512"), ("ed25519", "ED25519"), ("ed448", "ED448")):
        key_type_works(left, right, kind, shown, "no")


@test
def post_quantum_certificates_authenticate(left, right):
    for kind, shown in (("mldsa44", "ML_DSA_44"), ("mldsa65", "ML_DSA_65"), ("mldsa87", "ML_DSA_87"),
                        ("slhdsa/sha2_128s", "SLH_DSA_SHA2_128S"), ("slhdsa/shake_128f", "SLH_DSA_SHAKE_128F")):
        key_type_works(left, right, kind, shown, "yes")


@test
def a_chain_with_a_sub_ca_is_sent_and_believed(left, right):
    root, below = folder("root"), folder("below")
    pki("ca", "--dir", root, "--type", "mldsa65", "--subject", "O=braid, CN=root")
    pki("ca", "--dir", below, "--type", "mldsa65", "--subject", "O=braid, CN=below", "--issuer", root)
    tunnel_with(left, right, issue("mldsa65", left, right, ca=below))


@test
def the_subject_is_the_identity_when_none_is_given(left, right):
    made = issue("ed25519", left, right)
    for gateway in (right, left):
        gateway.start(files=made[gateway], **PUBKEY, local_id=f"CN={gateway.name}.example",
                      remote_id=f'"CN={gateway.other.name}.example"', local_more=f"certs = {gateway.name}.example.pem")
        text = gateway.conf().replace(f"id = CN={gateway.name}.example\n", "\n")
        gateway.write("swanctl.conf", text)
        status, output = gateway.braid("reload")
        expect(status == 0, output)
    left.up()
    expect(only_sa(right)["remote-id"] == "CN=left.example", str(right.sas()))


@test
def raw_public_keys_authenticate(left, right):
    made = {}
    for gateway in (left, right):
        made[gateway] = folder(gateway.name)
        for name in ("private", "pubkey"):
            os.makedirs(os.path.join(made[gateway], name))
    for gateway in (left, right):
        key = os.path.join(made[gateway], "private", "own.pem")
        subprocess.run(["openssl", "genpkey", "-algorithm", "ML-DSA-65", "-out", key], check=True, stderr=subprocess.DEVNULL)
        for other in (left, right):
            public = os.path.join(made[other], "pubkey", f"{gateway.name}.pem")
            subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", public], check=True)
    for gateway in (right, left):
        gateway.start(files=made[gateway], **PUBKEY, local_more=f"pubkeys = {gateway.name}.pem",
                      remote_more=f"pubkeys = {gateway.other.name}.pem")
    left.up()
    expect(only_sa(left)["remote-auth"] == "ML_DSA_65", str(left.sas()))
    left.stop()
    left.start(files=made[left], **PUBKEY, local_more="pubkeys = left.pem", remote_more="pubkeys = left.pem")
    left.fail_up("the signature is wrong")
    right.stop()
    right.start(files=made[right], **PUBKEY, more="send_cert = always", local_more="pubkeys = right.pem", remote_more="pubkeys = left.pem")
    left.fail_up("the raw public key it sent is not one of those")


# ---- what is refused -----------------------------------------------------------------------------


def refused(left, right, reason):
    """Left initiates; right says why not, and left is told that it is so."""
    left.fail_up(NO_AUTHENTICATION)
    expect(reason in right.log(), f"the log of right does not say `{reason}`")
    expect_no_sas(left, right)


@test
def a_certificate_of_another_ca_is_refused(left, right):
    made = {**issue("ecdsa256", left), **issue("ecdsa256", right)}
    for gateway in (right, left):
        gateway.start(files=made[gateway], **PUBKEY)
    refused(left, right, "no trusted CA issued it")


@test
def a_certificate_for_somebody_else_is_refused(left, right):
    made = issue("ecdsa256", left, right)
    right.start(files=made[right], **PUBKEY, remote_id="other.example")
    left.start(files=made[left], **PUBKEY, local_id="other.example", local_more="certs = left.example.pem")
    refused(left, right, "not for the identity it claims")


@test
def a_revoked_certificate_is_refused(left, right):
    made = issue("ecdsa256", left, right)
    lists = os.path.join(made[right], "x509crl")
    os.makedirs(lists)
    pki("crl", "--dir", os.path.join(BOX, "pki", "ca"), "--revoke", os.path.join(made[left], "x509", "left.example.pem"), "--out", lists)
    for gateway in (right, left):
        gateway.start(files=made[gateway], **PUBKEY)
    refused(left, right, "it is revoked")


@test
def without_a_list_strict_revocation_refuses(left, right):
    made = issue("ecdsa256", left, right)
    right.start(files=made[right], **PUBKEY, remote_more="revocation = strict")
    left.start(files=made[left], **PUBKEY)
    refused(left, right, "no revocation list says that it is good")
    right.stop()
    right.start(files=made[right], **PUBKEY, remote_more="revocation = ifuri")
    left.up()


@test
def post_quantum_or_nothing(left, right):
    made = issue("ecdsa256", left, right)
    right.start(files=made[right], local_auth="pubkey", remote_auth="pubkey-mldsa")
    left.start(files=made[left], **PUBKEY)
    refused(left, right, "does not allow")


# ---- PPK -----------------------------------------------------------------------------------------


def secret_of(name, key=PPK):
    return f"ppk-1 {{ id = {name}\n secret = 0x{key} }}"


NAMED = {"more": "ppk_id = lab-ppk", "secrets": secret_of("lab-ppk")}
REQUIRED = {**NAMED, "more": "ppk_id = lab-ppk\n ppk_required = yes"}


def with_ppk(left, right, ours, theirs):
    right.start(**theirs)
    left.start(**ours)


def expect_ppk(used, *gateways):
    for gateway in gateways:
        expect(only_sa(gateway)["ppk"] == used, f"{gateway.name}: {gateway.sas()}")


@test
def a_ppk_goes_into_the_keys_when_both_have_it(left, right):
    for ours, theirs in ((NAMED, {"secrets": secret_of("lab-ppk")}), (REQUIRED, REQUIRED), (REQUIRED, NAMED)):
        with_ppk(left, right, ours, theirs)
        left.up()
        left.ping()
        expect_ppk("yes", left, right)
        left.stop()
        right.stop()


@test
def an_optional_ppk_the_peer_lacks_is_done_without(left, right):
    for theirs in ({}, {"secrets": secret_of("another")}):
        with_ppk(left, right, NAMED, theirs)
        left.up()
        left.ping()
        expect_ppk("no", left, right)
        left.stop()
        right.stop()


@test
def a_required_ppk_is_never_done_without(left, right):
    with_ppk(left, right, REQUIRED, {})
    left.fail_up("a PPK is required")
    left.stop()
    right.stop()
    with_ppk(left, right, {}, REQUIRED)
    left.fail_up(NO_AUTHENTICATION)
    expect("a PPK is required" in right.log(), "right does not say why")
    left.stop()
    right.stop()
    with_ppk(left, right, REQUIRED, {"secrets": secret_of("another")})
    left.fail_up(NO_AUTHENTICATION)
    expect("not known here" in right.log(), "right does not say why")


@test
def a_wrong_ppk_fails_even_where_it_is_optional(left, right):
    with_ppk(left, right, NAMED, {"secrets": secret_of("lab-ppk", 64 * "6")})
    left.fail_up(NO_AUTHENTICATION)
    expect_no_sas(left, right)


@test
def certificates_and_ppk_go_together(left, right):
    made = issue("mldsa65", left, right)
    tunnel_with(left, right, made, **REQUIRED)
    expect_ppk("yes", left, right)
