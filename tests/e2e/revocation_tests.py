"""Revocation end to end: an OCSP responder and a web server with revocation lists stand on the host of the left gateway."""

import datetime
import os
import subprocess

from auth_tests import PUBKEY, issue, pki, refused
from gateway import BOX, PATIENCE, expect, wait_for
from tests import only_sa, test

RESPONDER, WEB, SILENT = 8888, 8080, 8081


def sites(left):
    """Where the CA's certificates say to ask: on the wire, at the left host."""
    host = left.outer[4]
    return {"ocsp": f"http://{host}:{RESPONDER}/", "crl": f"http://{host}:{WEB}/crl.pem"}


def ca_dir():
    return os.path.join(BOX, "pki", "ca")


class Server:
    """A program on a gateway's host, until the block ends."""

    def __init__(self, gateway, port, *command, cwd=None):
        self.port, self.gateway = port, gateway
        self.command, self.cwd = gateway.command(*command), cwd

    def __enter__(self):
        with open(os.path.join(BOX, "server"), "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(self.command, cwd=self.cwd, stdout=log, stderr=log)
        wait_for(f"server at port {self.port}", self.listens)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def listens(self):
        with open(os.path.join(BOX, "server"), encoding="utf-8") as log:
            expect(self.process.poll() is None, f"the server at port {self.port} ended: {log.read()}")
        return f":{self.port} " in self.gateway.run("ss", "-Hltn")[1]


def web(gateway):
    return Server(gateway, WEB, "python3", "-m", "http.server", str(WEB), cwd=ca_dir())


def silent(gateway, port):
    """Takes connections and never says a word."""
    text = f"import socket,time; s = socket.create_server(('', {port})); time.sleep(1000)"
    return Server(gateway, port, "python3", "-c", text)


SLOW_WEB = """
import http.server, time
class Slow(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        with open("asked", "a") as log:
            log.write(self.client_address[0] + "\\n")
        time.sleep(1)
        super().do_GET()
http.server.ThreadingHTTPServer(("", %d), Slow).serve_forever()
"""


def slow_web(gateway):
    """Takes a second for each answer, and notes in `asked` who asked."""
    return Server(gateway, WEB, "python3", "-c", SLOW_WEB % WEB, cwd=ca_dir())


def index_of(directory, revoked=()):
    """The CA's index.txt as `openssl ocsp` wants it."""
    lines = []
    for name in sorted(os.listdir(os.path.join(directory, "issued"))):
        serial = name.removesuffix(".pem")
        later = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=300)).strftime("%y%m%d%H%M%SZ")
        state = ["R", later, "260101000000Z"] if serial in revoked else ["V", later, ""]
        lines.append("\t".join([*state, serial, "unknown", f"/CN={serial}"]))
    path = os.path.join(directory, "index.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return path


def responder(gateway, revoked=(), signer=("ca.pem", "ca.key"), kind="ecdsa256"):
    directory = ca_dir()
    digest = [] if "mldsa" in kind else ["-rmd", "sha256"]
    cert, key = (os.path.join(directory, name) for name in signer)
    return Server(gateway, RESPONDER, "openssl", "ocsp", "-port", str(RESPONDER), "-index", index_of(directory, revoked), "-CA",
                  os.path.join(directory, "ca.pem"), "-rsigner", cert, "-rkey", key, "-ndays", "1", *digest)


def serial_of(made, gateway):
    path = os.path.join(made[gateway], "x509", f"{gateway.name}.example.pem")
    output = subprocess.run(["openssl", "x509", "-in", path, "-noout", "-serial"], check=True, stdout=subprocess.PIPE, text=True)
    return output.stdout.strip().removeprefix("serial=")


def with_policy(left, right, made, policy, **more):
    for gateway in (right, left):
        gateway.stop()
        gateway.start(files=made[gateway], **{**PUBKEY, "remote_more": f"revocation = {policy}", **more})


def up_and_down(left, right):
    left.up()
    only_sa(right)
    left.stop()
    right.stop()


@test
def ocsp_good_revoked_and_unreachable(left, right):
    made = issue("ecdsa256", left, right, **sites(left))
    with responder(left):
        with_policy(left, right, made, "strict")
        up_and_down(left, right)
        expect("event=fetched" in right.log() and f":{RESPONDER}/" in right.log(), "right does not say what it fetched")
    for policy in ("strict", "ifuri"):
        with_policy(left, right, made, policy)
        refused(left, right, "nor does an OCSP response")
    with_policy(left, right, made, "relaxed")
    up_and_down(left, right)
    with responder(left, revoked=[serial_of(made, left)]):
        for policy in ("strict", "ifuri", "relaxed"):
            with_policy(left, right, made, policy)
            refused(left, right, "it is revoked, as OCSP says")


@test
def authorities_say_where_to_ask(left, right):
    made = issue("ecdsa256", left, right)  # the certificates themselves name nobody
    asked = sites(left)
    with responder(left):
        for gateway in (right, left):
            gateway.start(files=made[gateway], **PUBKEY, remote_more="revocation = strict")
            gateway.write("swanctl.conf", gateway.conf() + f"authorities {{\n lab {{\n cacert = ca.pem\n ocsp_uris = {asked['ocsp']}\n }}\n}}\n")
            status, output = gateway.braid("reload")
            expect(status == 0, output)
        left.up()
        expect("event=fetched" in right.log().rsplit("event=started", 1)[-1], "right has asked nobody")
    left.stop()
    right.stop()


@test
def ocsp_responses_may_be_post_quantum(left, right):
    made = issue("mldsa65", left, right, **sites(left))
    with responder(left, kind="mldsa65"):
        with_policy(left, right, made, "strict", remote_auth="pubkey-mldsa")
        up_and_down(left, right)


@test
def lists_are_fetched_and_kept(left, right):
    made = issue("ecdsa256", left, right, crl=sites(left)["crl"])
    pki("crl", "--dir", ca_dir())
    with web(left):
        with_policy(left, right, made, "strict")
        left.up()
        left.ping()
        status, output = left.braid("down", "site")
        expect(status == 0, output)
    left.up()  # the list is at hand, though nobody serves it any more
    for gateway in (left, right):
        with gateway.client() as client:
            expect(client.call("flush-certs", type="X509_CRL")["success"] == "yes", "flush-certs")
        status, output = gateway.braid("down", "site")
    refused(left, right, "no revocation list says that it is good")  # and now it is not
    left.stop()
    right.stop()
    pki("crl", "--dir", ca_dir(), "--revoke", os.path.join(made[left], "x509", "left.example.pem"))
    with web(left):
        with_policy(left, right, made, "relaxed")
        refused(left, right, "it is revoked")


@test
def a_list_that_several_wait_for_is_fetched_once(left, right):
    made = issue("ecdsa256", left, right, crl=sites(left)["crl"])
    pki("crl", "--dir", ca_dir())
    with slow_web(left):
        with_policy(left, right, made, "strict")
        left.write("swanctl.conf", left.conf() + left.conf().replace("site {", "site2 {").replace("net {", "net2 {"))
        status, output = left.braid("reload")
        expect(status == 0, output)
        both = [subprocess.Popen(left.command(*left.braid_command("up", name)[4:]), stdout=subprocess.PIPE, text=True)
                for name in ("net", "net2")]
        for up in both:
            output, _ = up.communicate(timeout=PATIENCE)
            expect(up.returncode == 0, output)
        expect(len(right.sas()) == 2, f"right has {len(right.sas())} SAs")
    with open(os.path.join(ca_dir(), "asked"), encoding="utf-8") as file:
        asked = file.read().split()
    expect(sorted(asked) == sorted([left.outer[4], right.outer[4]]), f"asked by {asked}")


@test
def a_silent_responder_holds_up_one_peer_and_nobody_else(left, right):
    made = issue("ecdsa256", left, right, ocsp=f"http://{left.outer[4]}:{SILENT}/")
    with silent(left, SILENT):
        with_policy(left, right, made, "relaxed")
        waiting = subprocess.Popen(left.command(*left.braid_command("up", "net")[4:]), stdout=subprocess.PIPE, text=True)
        wait_for("question to the responder", lambda: f":{SILENT}" in right.run("ss", "-Htn", "state", "established")[1])
        with right.client() as client:  # the daemon answers as ever
            expect(client.call("version")["daemon"] == "braidd", "right is held up")
        waiting.communicate(timeout=PATIENCE)
        wait_for("a word about the responder", lambda: "no answer in time" in right.log())


@test
def ocsp_responses_come_in_band(left, right):
    made = issue("ecdsa256", left, right, ocsp=sites(left)["ocsp"])
    # the responder is reached by left alone: right has to believe what left brings
    with responder(left):
        with_policy(left, right, made, "strict", more="ocsp = both")
        block = ["ip", "route", "add", "blackhole", f"{left.outer[4]}/32", "table", "4806"]
        rule = ["ip", "rule", "add", "priority", "4806", "to", left.outer[4], "ipproto", "tcp", "table", "4806"]
        for command in (block, rule):
            status, output = right.run(*command)
            expect(status == 0, output)
        try:
            left.up()
            expect("event=fetched" not in right.log().rsplit("event=started", 1)[-1], "right has fetched what left brought")
            expect("event=fetched" in left.log().rsplit("event=started", 1)[-1], "left has fetched nothing to bring")
        finally:
            right.run("ip", "rule", "del", "priority", "4806")
            right.run("ip", "route", "flush", "table", "4806")


@test
def responses_in_files_count(left, right):
    made = issue("ecdsa256", left, right)
    directory = ca_dir()
    for gateway in (left, right):
        os.makedirs(os.path.join(made[gateway.other], "x509ocsp"), exist_ok=True)
        subprocess.run(["openssl", "ocsp", "-index", index_of(directory), "-CA", os.path.join(directory, "ca.pem"), "-rsigner",
                        os.path.join(directory, "ca.pem"), "-rkey", os.path.join(directory, "ca.key"), "-issuer",
                        os.path.join(directory, "ca.pem"), "-cert",
                        os.path.join(made[gateway], "x509", f"{gateway.name}.example.pem"), "-no_nonce", "-ndays", "1", "-respout",
                        os.path.join(made[gateway.other], "x509ocsp", "peer.der")], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
    with_policy(left, right, made, "strict")
    up_and_down(left, right)


@test
def a_silent_responder_does_not_keep_the_daemon_from_ending(left, right):
    made = issue("ecdsa256", left, right, ocsp=f"http://{left.outer[4]}:{SILENT}/")
    with silent(left, SILENT):
        with_policy(left, right, made, "relaxed")
        with subprocess.Popen(left.command(*left.braid_command("up", "net")[4:]), stdout=subprocess.DEVNULL) as waiting:
            wait_for("question to the responder", lambda: f":{SILENT}" in right.run("ss", "-Htn", "state", "established")[1])
            status = right.stop()
            expect(status == 0, f"right ended with {status}")
            left.stop()
            waiting.wait(PATIENCE)
