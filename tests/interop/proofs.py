"""How the two sides of a scenario prove who they are: certificates, raw keys, other identities, PPKs.

One CA per kind of key, from `braid pki`; what is wrong on purpose comes from the openssl command.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass

from world import SHARED, Trouble


@dataclass(frozen=True)
class Proof:
    key: str = ""  # kind of key, as `braid pki --type` has it; none: a shared key
    ours: str = "pubkey"  # what braid's `local.auth` says
    theirs: str = "pubkey"  # and the peer's
    sub_ca: bool = False
    raw: bool = False  # raw public keys instead of certificates
    bad: str = ""  # what is wrong with the peer's certificate: expired, usage, identity, issuer
    listed: str = ""  # what a revocation list says of the peer, of which braid demands one: good, revoked, unreachable
    ids: tuple = ()  # identities of braid and of the peer, where they are not host names
    ppk: tuple = ("", "")  # lines about a PPK in the connection of each side
    has_ppk: tuple = (False, False)  # and who has it
    same_ppk: bool = True


PPK = "0x" + 32 * "5a"
NOBODY = "http://127.0.0.1:9/crl.pem"  # listens there
OTHER_PPK = "0x" + 32 * "a5"


def run(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise Trouble(f"{' '.join(command)}: {done.stdout}")


def pki(programs, *arguments):
    run(f"{programs}/braid", "pki", *arguments)


def make_ca(programs, proof, name):
    """The folder of a CA, made once."""
    path = os.path.join(SHARED, "pki", f"{name}-{proof.key}-{proof.sub_ca}")
    if os.path.exists(path):
        return path
    os.makedirs(path)
    if not proof.sub_ca:
        pki(programs, "ca", "--dir", path, "--type", proof.key, "--subject", f"O=braid, CN={name} {proof.key}")
        return path
    root = path + "-root"
    pki(programs, "ca", "--dir", root, "--type", proof.key, "--subject", f"O=braid, CN={name} root {proof.key}")
    pki(programs, "ca", "--dir", path, "--type", proof.key, "--subject", f"O=braid, CN={name} below {proof.key}", "--issuer", root)
    return path


def spoil(proof, host, ca, directory):
    """The peer's certificate once more, with what is wrong with it."""
    cert, key = (os.path.join(directory, folder, f"{host.identity}.pem") for folder in ("x509", "private"))
    usage = "codeSigning" if proof.bad == "usage" else "serverAuth,clientAuth"
    dates = ["-not_before", "20200101000000Z", "-not_after", "20210101000000Z"] if proof.bad == "expired" else ["-days", "30"]
    request = cert + ".csr"
    run("openssl", "req", "-new", "-key", key, "-subj", f"/CN={host.identity}", "-out", request,
        "-addext", f"subjectAltName=DNS:{host.identity}", "-addext", f"extendedKeyUsage={usage}")
    run("openssl", "x509", "-req", "-in", request, "-CA", f"{ca}/ca.pem", "-CAkey", f"{ca}/ca.key", "-copy_extensions", "copyall",
        "-out", cert, *dates)
    os.remove(request)


def issue(programs, proof, host, is_peer):
    """The CA of a host, and the folder with its certificate and key, made once."""
    stranger = proof.bad == "issuer" and is_peer
    ca = make_ca(programs, proof, "stranger" if stranger else "trusted" + proof.listed)
    kept = os.path.join(SHARED, "pki", f"{os.path.basename(ca)}-{host.name}-{proof.bad}")
    if os.path.exists(kept):
        return ca, kept
    names = "somebody.else" if proof.bad == "identity" and is_peer else host.identity
    where = ["--crl", NOBODY] if proof.listed else []
    pki(programs, "issue", "--dir", ca, "--type", proof.key, "--id", names, "--name", host.identity, "--out", kept, *where)
    if proof.bad in ("expired", "usage") and is_peer:
        spoil(proof, host, ca, kept)
    if stranger:
        trusted = make_ca(programs, proof, "trusted")
        shutil.copy(f"{trusted}/ca.pem", f"{kept}/x509ca/ca.pem")
    return ca, kept


def demand_list(programs, proof, host, other):
    """Braid's folder gets the list that it demands, unless there is none to be had."""
    ca, peers = issue(programs, proof, other, True)
    revoke = ["--revoke", f"{peers}/x509/{other.identity}.pem"] if proof.listed == "revoked" else []
    if proof.listed != "unreachable":
        os.makedirs(f"{host.directory}/x509crl")
        pki(programs, "crl", "--dir", ca, "--out", f"{host.directory}/x509crl", *revoke)
    return {"remote_more": "revocation = strict"}


def give_certificate(programs, proof, host, other, is_peer):
    ca, kept = issue(programs, proof, host, is_peer)
    shutil.copytree(kept, host.directory, dirs_exist_ok=True)
    if proof.sub_ca and is_peer:  # strongSwan reads only the first certificate of a file
        shutil.copy(f"{ca}/ca.pem", f"{host.directory}/x509ca/below.pem")
    demand = demand_list(programs, proof, host, other) if proof.listed and not is_peer else {}
    return {"local_more": f"certs = {host.identity}.pem", **demand}


def give_raw_key(proof, host, other):
    for folder in ("private", "pubkey"):
        os.makedirs(os.path.join(host.directory, folder))
    for who in (host, other):
        key = os.path.join(SHARED, "pki", f"raw-{who.name}.pem")
        if not os.path.exists(key):
            os.makedirs(os.path.dirname(key), exist_ok=True)
            run("openssl", "genpkey", "-algorithm", proof.key, "-out", key)
        run("openssl", "pkey", "-in", key, "-pubout", "-out", f"{host.directory}/pubkey/{who.name}.pem")
    shutil.copy(os.path.join(SHARED, "pki", f"raw-{host.name}.pem"), f"{host.directory}/private/own.pem")
    return {"local_more": f"pubkeys = {host.name}.pem", "remote_more": f"pubkeys = {other.name}.pem"}


def prepare(programs, proof, host, other, is_peer):
    """Puts files beside the configuration of a host. What its template needs to know."""
    values = {"local_auth": "psk", "remote_auth": "psk", "local_more": "", "remote_more": "",
              "conn_more": proof.ppk[is_peer], "secrets_more": ""}
    if proof.ids:
        values |= {"local_id": proof.ids[is_peer], "remote_id": proof.ids[not is_peer]}
    if proof.has_ppk[is_peer]:
        value = PPK if proof.same_ppk or not is_peer else OTHER_PPK
        values["secrets_more"] = f"ppk-1 {{ id = lab-ppk\n secret = {value} }}"
    if proof.key:
        values |= {"local_auth": proof.theirs if is_peer else proof.ours, "remote_auth": "pubkey"}
        values |= give_raw_key(proof, host, other) if proof.raw else give_certificate(programs, proof, host, other, is_peer)
    return values
