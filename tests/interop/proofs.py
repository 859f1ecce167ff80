"""How the two sides of a scenario prove who they are: certificates, raw keys, other identities, PPKs.

One CA per kind of key, from `braid pki`; what is wrong on purpose comes from the openssl command.
"""

import contextlib
import os
import shutil
import subprocess
import time
from dataclasses import dataclass

from world import SHARED, Trouble


@dataclass(frozen=True)
class Ocsp:
    """The certificates say to ask at 127.0.0.1, so each side reaches only the responder of its own host."""

    at: tuple = ()  # who has a responder: us, peer
    demand: tuple = ("", "")  # what we and the peer demand of the other's certificate: strict, relaxed
    revoked: str = ""  # whose certificate is


@dataclass(frozen=True)
class Proof:
    key: str = ""  # kind of key, as `braid pki --type` has it; none: a shared key
    ours: str = "pubkey"  # what braid's `local.auth` says
    theirs: str = "pubkey"  # and the peer's
    believes: str = "pubkey"  # what `remote.auth` of both says
    sub_ca: bool = False
    raw: bool = False  # raw public keys instead of certificates
    bad: str = ""  # what is wrong with the peer's certificate: expired, usage, identity, issuer
    listed: str = ""  # what a revocation list says of the peer, of which braid demands one: good, revoked, unreachable
    ocsp: Ocsp = Ocsp()
    ids: tuple = ()  # identities of braid and of the peer, where they are not host names
    expects: str = ""  # the identity that both expect, if it is a pattern; their secret is for anybody then
    ppk: tuple = ("", "")  # lines about a PPK in the connection of each side
    has_ppk: tuple = (False, False)  # and who has it
    same_ppk: bool = True
    rounds: tuple = ("", "")  # sections of each side for the second round of authentication


PPK = "0x" + 32 * "5a"
NOBODY = "http://127.0.0.1:9/crl.pem"  # listens there
OTHER_PPK = "0x" + 32 * "a5"
RESPONDER = 8888  # the port of an OCSP responder
NEVER, LONG_AGO = "491231235959Z", "250101000000Z"  # when a certificate expires and when it was revoked, for its index


def run(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise Trouble(f"{' '.join(command)}: {done.stdout}")
    return done.stdout


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


def suffix(proof):
    """Of the name of a CA whose certificates say where to ask."""
    return "-ocsp" if any(proof.ocsp.demand) else ""


def issue(programs, proof, host, is_peer):
    """The CA of a host, and the folder with its certificate and key, made once."""
    stranger = proof.bad == "issuer" and is_peer
    ca = make_ca(programs, proof, "stranger" if stranger else "trusted" + proof.listed + suffix(proof))
    kept = os.path.join(SHARED, "pki", f"{os.path.basename(ca)}-{host.name}-{proof.bad}")
    if os.path.exists(kept):
        return ca, kept
    names = "somebody.else" if proof.bad == "identity" and is_peer else host.identity
    where = ["--crl", NOBODY] if proof.listed else ["--ocsp", f"http://127.0.0.1:{RESPONDER}/"] if suffix(proof) else []
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
    if proof.ocsp.demand[is_peer]:
        demand = {"remote_more": f"revocation = {proof.ocsp.demand[is_peer]}"}
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
    own, others = (proof.ids[is_peer], proof.ids[not is_peer]) if proof.ids else (host.identity, other.identity)
    values = {"local_auth": "psk", "remote_auth": "psk", "local_more": "", "remote_more": "",
              "local_id": own, "remote_id": proof.expects or others, "secret_id": "" if proof.expects else f"id = {others}",
              "conn_more": proof.ppk[is_peer] + "\n" + proof.rounds[is_peer], "secrets_more": ""}
    if proof.has_ppk[is_peer]:
        value = PPK if proof.same_ppk or not is_peer else OTHER_PPK
        values["secrets_more"] = f"ppk-1 {{ id = lab-ppk\n secret = {value} }}"
    if any(proof.rounds):
        values["secrets_more"] += '\nike-second { id-1 = us-2.example\n id-2 = peer-2.example\n secret = "one secret" }'
    if proof.key:
        values |= {"local_auth": proof.theirs if is_peer else proof.ours, "remote_auth": proof.believes}
        values |= give_raw_key(proof, host, other) if proof.raw else give_certificate(programs, proof, host, other, is_peer)
    return values


def index_of(programs, proof, ours, peer):
    """The certificates of both sides as `openssl ocsp` wants them listed, and the folder of their CA."""
    lines = []
    for host, who in ((ours, "us"), (peer, "peer")):
        ca, kept = issue(programs, proof, host, who == "peer")
        serial = run("openssl", "x509", "-in", f"{kept}/x509/{host.identity}.pem", "-noout", "-serial").strip().removeprefix("serial=")
        state = ["R", NEVER, LONG_AGO] if proof.ocsp.revoked == who else ["V", NEVER, ""]
        lines.append("\t".join([*state, serial, "unknown", f"/CN={host.identity}"]) + "\n")
    path = os.path.join(SHARED, "ocsp-index")
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(lines)
    return path, ca


def start_responder(host, index, ca):
    log = os.path.join(SHARED, "ocsp-log")
    with open(log, "w", encoding="utf-8") as file:
        process = subprocess.Popen(host.command("openssl", "ocsp", "-port", str(RESPONDER), "-index", index, "-CA", f"{ca}/ca.pem", "-rsigner",
                                                f"{ca}/ca.pem", "-rkey", f"{ca}/ca.key", "-rmd", "sha256", "-ndays", "1"),
                                   stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
    end = time.monotonic() + 10
    while f":{RESPONDER} " not in host.run("ss", "-Hltn")[1]:
        if process.poll() is not None or time.monotonic() > end:
            with open(log, encoding="utf-8") as file:
                raise Trouble(f"{host.name}: the OCSP responder does not listen: {file.read()}")
        time.sleep(0.02)
    return process


@contextlib.contextmanager
def responders(programs, proof, ours, peer):
    """The OCSP responders of the proof, each on its host, until the block ends."""
    running = []
    try:
        if proof.ocsp.at:
            index, ca = index_of(programs, proof, ours, peer)
            for who in proof.ocsp.at:
                running.append(start_responder(ours if who == "us" else peer, index, ca))
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()
