"""End-to-end tests of what control clients load, and of clients that mean no good. Each is a function of two gateways."""

import contextlib
import grp
import os
import random
import re
import socket
import struct
import subprocess
import sys
import time

import vici
from auth_tests import issue
from gateway import PATIENCE, expect, wait_for
from tests import expect_no_sas, only_sa, start_both, test


def connection(here, there, **child):
    """As a client loads it; what start() configures, under another name."""
    return {
        "local_addrs": [here.outer[4]],
        "remote_addrs": [there.outer[4]],
        "local-1": {"auth": "psk", "id": f"{here.name}.example"},
        "remote-1": {"auth": "psk", "id": f"{there.name}.example"},
        "children": {"loaded": {"local_ts": here.subnets.split(", "), "remote_ts": there.subnets.split(", "), **child}},
    }


def load(client, **connections):
    answer = client.call("load-conn", **connections)
    expect(answer["success"] == "yes", str(answer))


def children_of(gateway):
    return {child["uniqueid"]: child["name"] for sa in gateway.sas() for child in sa["child-sas"].values()
            if child["state"] == "INSTALLED"}


# ---- certificates and keys ---------------------------------------------------------------------


def text_of(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def one_of(folder, name):
    return text_of(folder, name, sorted(os.listdir(os.path.join(folder, name)))[0])


def certified(here, there, made):
    conn = connection(here, there)
    conn["local-1"] = {"auth": "pubkey", "certs": [one_of(made[here], "x509")], "id": f"{here.name}.example"}
    conn["remote-1"] = {"auth": "pubkey", "id": f"{there.name}.example"}
    return conn


def load_all(client, folder):
    expect(client.call("load-cert", type="X509", flag="CA", data=one_of(folder, "x509ca"))["success"] == "yes", "no CA")
    answer = client.call("load-key", type="any", data=one_of(folder, "private"))
    expect(answer["success"] == "yes", str(answer))
    return answer["id"]


@test
def certificates_and_keys_come_in_any_order_and_what_is_taken_away_is_gone(left, right):
    made = issue("ecdsa256", left, right)
    for gateway in (left, right):
        gateway.start()
    with left.client() as ours, right.client() as theirs:
        for client in (ours, theirs):
            client.call("unload-conn", name="site")
        load(ours, extra=certified(left, right, made))  # before its key, and before any CA
        load(theirs, extra=certified(right, left, made))
        load_all(theirs, made[right])
        answer = ours.call("initiate", ike="extra", child="loaded")
        expect(answer["success"] == "no" and "private key" in answer["errmsg"], str(answer))
        expect_no_sas(left)
        key = load_all(ours, made[left])
        expect(ours.call("get-keys")["keys"] == [key], "the key is not listed")
        answer = ours.call("initiate", ike="extra", child="loaded")
        expect(answer["success"] == "yes", f"{answer} {left.log()}")
        left.ping()
        ours.call("terminate", ike="extra")
        expect(ours.call("unload-key", id=key)["success"] == "yes", "it cannot be unloaded")
        expect(ours.call("unload-key", id=key)["errmsg"] == "key not found", "it is still there")
        expect(ours.call("initiate", ike="extra", child="loaded")["success"] == "no", "without its key")
        load_all(ours, made[left])
        expect(theirs.call("clear-creds")["success"] == "yes", "not cleared")
        expect(theirs.call("get-keys")["keys"] == [], "a key is left")
        expect(ours.call("initiate", ike="extra", child="loaded")["success"] == "no", "nobody believes us any more")
    for gateway in (left, right):
        secret = "".join(one_of(made[gateway], "private").splitlines()[1:-1])
        expect(secret[40:80] not in gateway.log(), "a private key in the log")


@test
def rounds_of_authentication_come_in_their_order_and_all_count(left, right):
    made = issue("ecdsa256", left, right)
    for gateway in (left, right):
        gateway.start()
    with left.client() as ours, right.client() as theirs:
        for client, here, there in ((ours, left, right), (theirs, right, left)):
            client.call("unload-conn", name="site")
            load_all(client, made[here])
            client.call("load-shared", id="second", type="IKE", data="of the second round alone, 32 of", owners=["left-2.example", "right-2.example"])
            conn = certified(here, there, made)
            conn["local-0"] = {"auth": "psk", "id": f"{here.name}-2.example", "round": "7"}
            conn["remote-0"] = {"auth": "psk", "id": f"{there.name}-2.example", "round": "7"}
            load(client, extra=conn)
        ours.register("list-conn")
        ours.call("list-conns")
        listed = {name: conn for _, message in ours.events for name, conn in message.items()}["extra"]
        ours.events.clear()
        expect([listed[f"{side}-{n}"]["class"] for side in ("local", "remote") for n in (1, 2)]
               == ["public key", "pre-shared key"] * 2, str(listed))
        answer = ours.call("initiate", ike="extra", child="loaded")
        expect(answer["success"] == "yes", f"{answer} {left.log()}")
        left.ping()
        ours.call("terminate", ike="extra")
        theirs.call("load-shared", id="second", type="IKE", data="and this one is another, 32 of it", owners=["left-2.example", "right-2.example"])
        answer = ours.call("initiate", ike="extra", child="loaded")
        expect(answer["success"] == "no", "the second round counts for nothing")
        expect_no_sas(left, right)


@test
def braid_load_sends_the_certificates_that_a_file_names(left, right):
    made = issue("ecdsa256", left, right)
    path = os.path.join(made[left], "more.conf")
    cert = sorted(os.listdir(os.path.join(made[left], "x509")))[0]
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"connections {{ more {{ local {{ auth = pubkey\n certs = {cert}\n }}\n remote {{ auth = pubkey\n }} }}\n"
                   "missing { local { auth = pubkey\n certs = nothing.pem\n } } }\n"
                   "secrets { private-x { file = x.pem\n secret = never a shared key\n } }\n")
    left.start()
    status, output = left.braid("load", path)
    expect(status == 1 and "connection more loaded" in output and "nothing.pem: No such file" in output, f"{status} {output}")
    with left.client() as client:
        expect(client.call("get-conns")["conns"] == ["site", "more"], str(client.call("get-conns")))
        expect("private-x" not in client.call("get-shared")["keys"], "a passphrase became a shared key")


@test
def wrong_and_many_credentials_are_refused_one_by_one(left, right):
    made = issue("ecdsa256", left)
    cert, ca, key = (one_of(made[left], folder) for folder in ("x509", "x509ca", "private"))
    left.start()
    with left.client() as client:
        for request, words in (
                ({"type": "X509", "data": cert[:200]}, "parsing X509 certificate failed"),
                ({"type": "X509", "data": key}, "parsing X509 certificate failed"),
                ({"type": "X509", "data": "x" * 65535}, "parsing X509 certificate failed"),
                ({"type": "X509", "flag": "CA", "data": cert}, "ca certificate lacks CA basic constraint, rejected"),
                ({"type": "X509_CRL", "data": cert}, "parsing X509_CRL certificate failed"),
                ({"type": "X509_AC", "data": cert}, "parsing X509_AC certificate failed")):
            expect(client.call("load-cert", **request)["errmsg"] == words, str(client.call("load-cert", **request)))
        expect(client.call("load-key", type="any", data=cert)["errmsg"] == "parsing ANY private key failed", "no key")
        expect(client.call("load-key", type="rsa", data=key)["errmsg"] == "parsing RSA private key failed", "not of this type")
        answer = client.call("load-authority", a={"cacert": cert})
        expect(answer["errmsg"] == "invalid value for: cacert, authority discarded", str(answer))
        bad = connection(left, right)
        bad["local-1"] = {"auth": "pubkey", "certs": [key]}
        expect(client.call("load-conn", bad=bad)["errmsg"] == "invalid value for: certs, config discarded", "a key, no certificate")
        bad["local-1"] = {"auth": "pubkey", "cert-1": {"file": "/nothing"}}
        expect(client.call("load-conn", bad=bad)["errmsg"] == "unable to load certificate: cert-1", "no such file")
        for _ in range(1000):
            client.call("load-cert", type="X509", flag="CA", data=ca)
            client.call("load-key", type="any", data=key)
        expect(len(client.call("get-keys")["keys"]) == 1, "held more than once")
        expect(client.call("load-authority", a={"cacert": ca, "crl_uris": ["http://crl.example/"]})["success"] == "yes", "no authority")
        expect(client.call("get-authorities")["authorities"] == ["a"], "not listed")
        expect(client.call("unload-authority", name="b")["errmsg"] == "unload: authority 'b' not found", "there is none")
        expect(client.call("unload-authority", name="a")["success"] == "yes", "it cannot be unloaded")


# ---- connections -------------------------------------------------------------------------------


@test
def connections_come_and_go_over_the_control_socket(left, right):
    start_both(left, right)
    with left.client() as client:
        load(client, extra=connection(left, right))
        expect(client.call("get-conns")["conns"] == ["site", "extra"], "not both are there")
        expect(client.call("initiate", ike="extra", child="loaded")["success"] == "yes", left.log())
        left.ping()
        expect(only_sa(left)["state"] == "ESTABLISHED", str(left.sas()))
        expect(client.call("unload-conn", name="extra")["success"] == "yes", "it cannot be unloaded")
        answer = client.call("unload-conn", name="extra")
        expect(answer["errmsg"] == "unload: connection 'extra' not found", str(answer))
        expect(client.call("get-conns")["conns"] == ["site"], "it is still there")
    left.ping()  # an SA keeps the configuration it was made with


@test
def a_wrong_connection_is_refused_and_those_before_it_stay(left, right):
    left.start()
    with left.client() as client:
        answer = client.call("load-conn", good=connection(left, right), bad={**connection(left, right), "versoin": "2"},
                             never=connection(left, right))
        expect(answer["errmsg"] == "unknown option: versoin, config discarded", str(answer))
        expect(any("did you mean `version`" in line for line in answer["problems"]), str(answer))
        expect(client.call("get-conns")["conns"] == ["site", "good"], str(client.call("get-conns")))


@test
def what_a_client_loaded_survives_a_reload_and_what_the_file_named_does_not(left, right):
    left.start()
    with left.client() as client:
        load(client, extra=connection(left, right))
        left.configure(conn="renamed")
        expect(client.call("reload")["success"] == "yes", "no reload")
        expect(sorted(client.call("get-conns")["conns"]) == ["extra", "renamed"], str(client.call("get-conns")))


@test
def start_action_of_a_loaded_connection_is_run_undone_and_left_alone(left, right):
    start_both(left, right)
    with left.client() as client:
        load(client, extra=connection(left, right, start_action="start"))
        wait_for("tunnel", lambda: children_of(left))
        before = children_of(left)
        load(client, extra=connection(left, right, start_action="start"))
        time.sleep(0.3)
        expect(children_of(left) == before, "an unchanged child was touched")
        load(client, extra=connection(left, right, start_action="start", replay_window="64"))
        wait_for("another Child SA", lambda: len(children_of(left)) == 1 and children_of(left).keys() != before.keys())
        left.ping()
        client.call("unload-conn", name="extra")
        expect_no_sas(left, right)


@test
def ten_thousand_connections_over_the_control_socket_hold_up_nobody(left, right):
    start_both(left, right)
    left.up()
    with left.client() as client:
        began = time.monotonic()
        for number in range(10000):
            client.send(bytes([vici.REQUEST]) + vici.name_of("load-conn")
                        + vici.encode({f"conn{number}": {"local-1": {"auth": "psk"}, "remote-1": {"auth": "psk", "id": f"p{number}.example"}}}))
            expect(client.answer()[1]["success"] == "yes", f"connection {number} is refused")
        seconds = time.monotonic() - began
        expect(len(client.call("get-conns")["conns"]) == 10001, "some are missing")
    print(f"# 10,000 load-conn in {seconds:.1f} s")
    left.ping()


# ---- pools -------------------------------------------------------------------------------------


@test
def pools_of_the_file_and_of_clients_live_side_by_side(left, right):
    pools = "pools {{\n guests {{\n addrs = 10.77.0.0/28\n dns = 10.77.0.1\n }}\n {} {{\n addrs = 10.78.0.1-10.78.0.9\n }}\n}}\n"
    left.start(secrets="}\n" + pools.format("old") + "unused {")
    with left.client() as client:
        expect(client.call("get-pools")["guests"] == {"base": "10.77.0.1", "size": "14", "online": "0", "offline": "0"}, str(client.call("get-pools")))
        expect(client.call("load-pool", mine={"addrs": "10.79.0.0/24"}, guests={"addrs": "10.77.0.0/29"})["success"] == "yes", "not taken")
        expect(client.call("get-pools")["guests"]["size"] == "6", "a client cannot replace it")
        left.configure(secrets="}\n" + pools.format("new") + "unused {")
        expect(client.call("reload")["success"] == "yes", left.log())
        expect(sorted(client.call("get-pools")) == ["guests", "mine", "new"], str(client.call("get-pools")))
        expect(client.call("get-pools", name="guests")["guests"]["size"] == "14", "the file does not replace it")


# ---- secrets -----------------------------------------------------------------------------------


@test
def secrets_come_and_go_over_the_control_socket(left, right):
    start_both(left, right)
    with left.client() as client:
        expect(client.call("get-shared")["keys"] == ["ike-peer"], str(client.call("get-shared")))
        client.call("unload-shared", id="ike-peer")
        expect(client.call("initiate", child="net")["success"] == "no", "up without a secret")
        expect_no_sas(left, right)
        answer = client.call("load-shared", id="mine", type="IKE", data="vK3xw0ZpLr6Yd1HcNq", owners=["right.example"])
        expect(answer["success"] == "yes", str(answer))
        expect(client.call("get-shared")["keys"] == ["mine"], str(client.call("get-shared")))
        expect(client.call("initiate", child="net")["success"] == "yes", left.log())
        left.ping()
        client.call("clear-creds")
        expect(client.call("get-shared")["keys"] == [], str(client.call("get-shared")))


# ---- clients that mean no good -----------------------------------------------------------------


def connect(gateway):
    client = socket.socket(socket.AF_UNIX)
    client.connect(os.path.join(gateway.run_dir, "vici"))  # it may have to wait for its turn
    client.settimeout(PATIENCE)
    return client


def handshakes(gateway, seconds=1.5):
    """Tunnels that go up and down in a second."""
    count, end = 0, time.monotonic() + seconds
    with gateway.client() as client:
        while time.monotonic() < end:
            expect(client.call("initiate", child="net")["success"] == "yes", gateway.log()[-1000:])
            client.call("terminate", ike="site")
            count += 1
    return count / seconds


def hostile_clients(gateway, stack):
    """Half messages, clients that never read, and many that only sit there."""
    def fresh():
        return stack.enter_context(contextlib.closing(connect(gateway)))

    for _ in range(900):
        fresh()
    for octets in (b"\x00", b"\x00\x00\x00\x20\x00\x08list", b"\x00\x07\xff\xff" + b"\x00" * 1000):
        for _ in range(10):
            fresh().sendall(octets)
    for _ in range(10):  # asks and never reads
        client = fresh()
        client.setblocking(False)
        request = bytes([vici.REQUEST]) + vici.name_of("get-algorithms")
        with contextlib.suppress(BlockingIOError, ConnectionError):
            for _ in range(20000):
                client.send(struct.pack(">I", len(request)) + request)
    return [fresh() for _ in range(20)]


@test
def hostile_clients_do_not_stop_the_engine(left, right):
    start_both(left, right)
    alone = handshakes(left)
    for gateway in (left, right):
        gateway.stop()
    start_both(left, right)
    with contextlib.ExitStack() as stack:
        slow = hostile_clients(left, stack)
        request = struct.pack(">I", 9) + bytes([vici.REQUEST]) + vici.name_of("version")
        for client in slow:
            client.sendall(request[:1])
        crowded = handshakes(left)
        for octet in request[1:]:  # octet by octet
            for client in slow:
                client.sendall(bytes([octet]))
            time.sleep(0.05)
        for client in slow:
            expect(len(client.recv(4)) == 4, "a slow client got no answer")
    print(f"# {alone:.0f} tunnels up and down a second, {crowded:.0f} with hostile clients")
    # The figures are for people: on a busy machine they say more about the machine. Each of these tunnels did come up.


@test
def messages_that_are_none_close_the_connection_and_nothing_else(left, right):
    left.start()
    for octets in (b"\xff\xff\xff\xff", b"\x00\x08\x00\x01" + b"x" * 64, b"\x00\x00\x00\x01\x09", b"\x00\x00\x00\x03\x00\x00\x00",
                   b"\x00\x00\x00\x0b\x00\x07version\x02\x01"):
        with contextlib.closing(connect(left)) as client:
            client.sendall(octets)
            with contextlib.suppress(ConnectionError):
                expect(client.recv(1) == b"", f"an answer to {octets[:8]!r}")
    with left.client() as client:
        expect(client.request("no-such-command")[0] == vici.UNKNOWN, "an unknown command is not said to be unknown")
        expect(client.register("no-such-event") == vici.EVENT_UNKNOWN, "an unknown event is not said to be unknown")
    expect(left.answers(), "the daemon does not answer any more")


# fmt: off
COMMANDS = ["version", "stats", "reload-settings", "initiate", "terminate", "rekey", "redirect", "install", "uninstall", "list-sas", "list-policies",
            "list-conns", "get-conns", "list-certs", "list-authorities", "get-authorities", "load-conn", "unload-conn", "load-cert", "load-key",
            "unload-key", "get-keys", "load-token", "load-shared", "unload-shared", "get-shared", "flush-certs", "clear-creds", "load-authority",
            "unload-authority", "load-pool", "unload-pool", "get-pools", "get-algorithms", "get-counters", "reset-counters", "reload", "explain", "diff"]
KEYS = ["ike", "child", "ike-id", "child-id", "force", "loglevel", "wait", "reauth", "name", "type", "flag", "data", "id", "owners", "leases", "all", "noblock",
        "trap", "gateway", "peer-ip", "peer-id", "subject", "local_addrs", "local", "remote", "children", "auth", "addrs", "cacert", "dir", "brief", "x"]
VALUES = ["", "site", "net", "yes", "no", "1", "-1", "4294967296", "99999999999999999999", "0x10", "nothing", "psk", "IKE", "X509", "any", "10.0.0.0/8", "a b",
          "\x00", "\x7f\x1b", "%s%n", "../../etc", "last", "x" * 300, "y" * 65535]
# fmt: on


def any_message(random, depth=0):
    """Keys that some command knows, with values of every kind."""
    def value():
        kind = random.random()
        if kind < 0.2 and depth < 4:
            return any_message(random, depth + 1)
        return [random.choice(VALUES) for _ in range(random.randrange(4))] if kind < 0.4 else random.choice(VALUES)
    return {random.choice(KEYS): value() for _ in range(random.randrange(6))}


@test
def every_command_answers_whatever_it_is_asked(left, right):
    start_both(left, right)
    numbers = random.Random(9370)
    with left.client() as client:
        for command in COMMANDS * 40:
            fields = {**any_message(numbers), "timeout": "100"}  # nobody waits for a tunnel for ever
            client.send(bytes([vici.REQUEST]) + vici.name_of(command) + vici.encode(fields))
            kind, answer = client.answer()
            expect(kind == vici.RESPONSE, f"{command} {fields}: packet of type {kind}")
            expect(answer.get("success", "yes") == "yes" or answer.get("errmsg"), f"{command} {fields} fails and does not say why: {answer}")
    expect(left.answers(), "the daemon does not answer any more")


@test
def the_longest_message_is_taken_and_a_longer_one_is_not(left, right):
    left.start()
    name = vici.name_of("version")
    with left.client() as client:
        limit = 512 * 1024
        filler = bytes([vici.KEY]) + vici.name_of("x") + struct.pack(">H", 60000) + b"y" * 60000
        body = bytes([vici.REQUEST]) + name
        while len(body) + len(filler) <= limit:
            body += filler
        client.send(body)
        expect(client.answer()[1]["daemon"] == "braidd", "no answer to a long message")


def set_braid_conf(gateway, **sections):
    """Other settings than start() wrote."""
    gateway.write("braid.conf", "".join(f"{name} {{\n{lines}\n}}\n" for name, lines in sections.items()))


@test
def reload_settings_reads_braid_conf_and_nothing_else(left, right):
    left.start()
    with left.client() as client:
        set_braid_conf(left, plane="device = braid7", log="default = debug")
        left.write("swanctl.conf", "connections { broken = ")
        answer = client.call("reload-settings")
        expect(answer["success"] == "yes" and len(answer["problems"]) == 1, str(answer))
        expect("plane.device: braid7 instead of braid0 takes effect when braidd is started again" in answer["problems"][0], str(answer))
        expect("event=restart-needed" in left.log() and "event=settings-loaded" in left.log(), left.log())
        client.request("no-such-command")
        expect("event=unknown-command" in left.log(), "nothing is logged for debugging")
        expect(client.call("reload")["success"] == "no", "a broken swanctl.conf is loaded")
        set_braid_conf(left, log="default = loud")
        answer = client.call("reload-settings")
        expect(answer["success"] == "no" and any("braid.conf:2:" in text for text in answer["problems"]), str(answer))


@test
def a_group_may_use_the_control_socket(left, right):
    users, staff, nobody = (grp.getgrnam(name).gr_gid for name in ("users", "staff", "nogroup"))
    path = os.path.join(left.run_dir, "vici")

    def may_connect(*groups):
        """Nobody, in these groups."""
        command = [sys.executable, "-c", f"import socket; socket.socket(socket.AF_UNIX).connect({path!r})"]
        done = subprocess.run(command, user=nobody, group=nobody, extra_groups=groups, capture_output=True, text=True, check=False)
        expect(done.returncode == 0 or "PermissionError" in done.stderr, done.stderr)
        return done.returncode == 0

    def mode_of(what):
        found = os.stat(what)
        return oct(found.st_mode & 0o777), found.st_uid, found.st_gid

    left.start()
    expect(mode_of(path) == ("0o600", 0, 0) and not may_connect(users), "anybody may use the control socket")
    left.stop()
    set_braid_conf(left, control="group = users")
    left.launch()
    expect(mode_of(path) == ("0o660", 0, users) and mode_of(left.run_dir) == ("0o710", 0, users), f"{mode_of(path)}, {mode_of(left.run_dir)}")
    expect(may_connect(users) and not may_connect(staff) and not may_connect(), "not the group alone may use the control socket")
    set_braid_conf(left, control="group = staff")
    status, output = left.braid("reload")
    expect(status == 0 and "control.group: staff instead of users takes effect when braidd is started again" in output, output)
    expect(may_connect(users) and not may_connect(staff), "a reload changes who may use the control socket")
    left.stop()
    left.launch()
    expect(may_connect(staff) and not may_connect(users), "the next start does not change who may use the control socket")
    left.stop()
    os.chmod(left.run_dir, 0o750)  # whoever did that wants staff in there
    set_braid_conf(left, control="group = users")
    status, output = left.run(*left.braidd())
    expect(status == 1 and "control.group: run directory" in output, output)
    set_braid_conf(left, control="group = no-such-group")
    status, output = left.run(*left.braidd())
    expect(status == 78 and re.search(r"braid.conf:2:9: control.group: there is no such group", output), output)


@test
def ike_update_says_where_the_peer_is_now(left, right):
    start_both(left, right)
    with right.client() as client:
        client.register("ike-update")
        left.up()
        event = client.wait_event("ike-update")
    expect((event["remote-host"], event["remote-port"], event["local-port"]) == (left.outer[4], "4500", "4500"), str(event))
    expect([sa["remote-port"] for sa in event.values() if isinstance(sa, dict)] == ["500"], str(event))  # as it was
    expect("event=ike-moved" in right.log(), right.log())
