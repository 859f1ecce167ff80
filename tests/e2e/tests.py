"""The end-to-end tests. Each is a function of two gateways without daemons; its name says what it shows."""

import datetime
import hashlib
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time

import vici
from gateway import BOX, IMPATIENT, PATIENCE, Pings, expect, wait_for

ALL = []
THREE_ROUNDS = "aes256gcm16-prfsha384-x25519-ke1_mlkem768-ke2_ecp384"
NO_AUTHENTICATION = "refused our authentication|authentication of the peer failed"


def test(function):
    ALL.append(function)
    return function


def start_both(left, right, **changes):
    right.start(**changes)
    left.start(**changes)


def expect_no_sas(*gateways):
    for gateway in gateways:
        wait_for(f"end of the SAs on {gateway.name}", lambda g=gateway: not g.sas())


def only_sa(gateway):
    sas = gateway.sas()
    expect(len(sas) == 1, f"{gateway.name}: {len(sas)} IKE SAs, not one: {sas}")
    return sas[0]


# ---- tunnels -----------------------------------------------------------------------------------


@test
def a_hybrid_tunnel_by_default_carries_packets_both_ways(left, right):
    start_both(left, right)
    left.up()
    left.ping(4)
    right.ping(4)
    left.ping(6)
    right.ping(6)
    for gateway in (left, right):
        sa = only_sa(gateway)
        expect(sa["state"] == "ESTABLISHED" and sa["quantum-safe"] == "yes", f"{gateway.name}: {sa}")
        expect(sa["key-exchanges"] == ["CURVE_25519", "ML_KEM_768"], f"{gateway.name}: {sa['key-exchanges']}")
        (child,) = sa["child-sas"].values()
        expect(child["state"] == "INSTALLED" and int(child["packets-in"]) >= 12 and int(child["packets-out"]) >= 12, f"{gateway.name}: {child}")
        status, output = gateway.braid("list")
        expect(status == 0, output)
        for word in ("site", "net", "CURVE_25519", "ML_KEM_768", "quantum-safe"):
            expect(word in output, f"braid list on {gateway.name} does not name {word}: {output}")
    status, output = left.braid("down", "site")
    expect(status == 0, output)
    expect_no_sas(left, right)


@test
def each_round_of_key_exchange_is_shown_as_it_happens(left, right):
    start_both(left, right, ike=THREE_ROUNDS)
    output = left.up()
    for method in ("CURVE_25519", "ML_KEM_768", "ECP_384"):
        expect(method in output, f"no line about {method}: {output}")
    expect(only_sa(right)["key-exchanges"] == ["CURVE_25519", "ML_KEM_768", "ECP_384"], str(right.sas()))
    left.ping()


@test
def progress_events_carry_the_facts_of_each_exchange(left, right):
    start_both(left, right, ike=THREE_ROUNDS)
    with left.client() as client:
        client.register("progress")
        answer = client.call("initiate", child="net")
        expect(answer["success"] == "yes", str(answer))
        events = [message for name, message in client.events if name == "progress"]
    expect([event.get("method", "") for event in events] == ["CURVE_25519", "ML_KEM_768", "ECP_384", ""], str(events))
    expect([event["mid"] for event in events] == ["0", "1", "2", "3"], str(events))
    for event in events:
        expect(event["ike"] == "site" and event["initiator"] == "yes" and int(event["microseconds"]) > 0, str(event))
        expect(int(event["sent-bytes"]) > 0 and int(event["received-bytes"]) > 0 and event["transmissions"] == "1", str(event))


@test
def the_outer_packets_may_be_ipv6(left, right):
    start_both(left, right, family=6)
    left.up()
    left.ping(4)
    right.ping(6)
    expect(only_sa(right)["remote-host"] == left.outer[6], str(right.sas()))


@test
def several_ciphers_carry_packets(left, right):
    for ike, esp in (("aes128-sha256-ecp256", "aes128-sha256"), ("chacha20poly1305-prfsha256-x25519-ke1_mlkem512", "chacha20poly1305")):
        start_both(left, right, ike=ike, esp=esp)
        left.up()
        left.ping(4)
        right.ping(6)
        left.stop()
        right.stop()


SENDER = """
import socket, sys, random
s = socket.create_connection((sys.argv[1], 5001))
block = random.Random(1).randbytes(1000000)
for _ in range(int(sys.argv[2])):
    s.sendall(block)
s.close()
"""
RECEIVER = """
import hashlib, socket, sys
l = socket.socket(); l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
l.bind((sys.argv[1], 5001)); l.listen(); print("ready", flush=True)
s, _ = l.accept(); digest = hashlib.sha256(); total = 0
while piece := s.recv(1 << 16):
    digest.update(piece); total += len(piece)
print(total, digest.hexdigest())
"""


@test
def fifty_megabytes_of_tcp_arrive_unchanged(left, right):
    import random

    start_both(left, right)
    left.up()
    receiver = subprocess.Popen(right.command(sys.executable, "-c", RECEIVER, right.inner[4]), stdout=subprocess.PIPE, text=True)
    try:
        expect(receiver.stdout.readline() == "ready\n", "the receiver does not start")
        status, output = left.run(sys.executable, "-c", SENDER, right.inner[4], "50")
        expect(status == 0, output)
        total, digest = receiver.communicate(timeout=PATIENCE)[0].split()
    finally:
        receiver.kill()
    expected = hashlib.sha256(random.Random(1).randbytes(1000000) * 50).hexdigest()
    expect(total == "50000000" and digest == expected, f"{total} octets arrived with another digest")
    (child,) = only_sa(right)["child-sas"].values()
    expect(int(child["bytes-in"]) > 50000000, f"they did not come through the tunnel: {child}")


@test
def no_inner_octet_leaves_in_clear(left, right):
    start_both(left, right)
    left.up()
    raw = subprocess.Popen(right.command(sys.executable, "-c", """
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)); s.bind(("wire", 0)); s.settimeout(5)
print("ready", flush=True); clear = esp = 0
try:
    while True:
        packet = s.recv(65536); clear += b"braid-in-clear" in packet; esp += b"\\x11\\x94\\x11\\x94" in packet[:60]
except TimeoutError:
    print(clear, esp)
"""), stdout=subprocess.PIPE, text=True)
    expect(raw.stdout.readline() == "ready\n", "the capture does not start")
    left.run("ping", "-c", "5", "-i", "0.1", "-p", b"braid-in-clear".hex(), "-s", "100", "-I", left.inner[4], right.inner[4])
    clear, esp = map(int, raw.communicate(timeout=PATIENCE)[0].split())
    expect(clear == 0 and esp >= 10, f"{clear} packets in clear, {esp} in UDP port 4500")


# ---- failures, and what is said about them -----------------------------------------------------


@test
def a_peer_that_does_not_answer_is_named_as_the_reason(left, right):
    left.start(**IMPATIENT)
    output = left.fail_up("no answer from the peer: .*: 4 transmissions to 10.9.0.2:500, nothing came back; the network says: nothing listens there")
    for count in (2, 3, 4):
        expect(f"no answer yet, sent {count} times; the network says: nothing listens there" in output, output)
    (failure,) = json.loads(left.braid("explain", "last", "--json")[1])["connections"][0]["failures"].values()
    expect(failure["network"] == "ECONNREFUSED", str(failure))
    expect_no_sas(left)


@test
def a_peer_without_a_way_to_it_is_told_from_one_that_is_silent(left, right):
    left.start(**IMPATIENT)
    left.run("ip", "route", "add", "unreachable", f"{right.outer[4]}/32")
    try:
        left.fail_up("no answer from the peer: .*; the network says: the host cannot be reached")
    finally:
        left.run("ip", "route", "delete", "unreachable", f"{right.outer[4]}/32")
    right.start()
    right.fall_mute()
    output = left.fail_up("no answer from the peer")
    expect("the network says" not in output, output)


@test
def a_wrong_key_is_refused_by_both_and_said_by_both(left, right):
    right.start(psk="another secret")
    left.start()
    left.fail_up(NO_AUTHENTICATION)
    expect(re.search("AUTH_REFUSED", right.log()), "the responder's log does not say why")
    expect_no_sas(left, right)
    expect("vK3xw0ZpLr6Yd1HcNq" not in left.log() + right.log() and "another secret" not in right.log(), "a secret is in a log")


@test
def no_common_proposal_is_said(left, right):
    right.start(ike="aes128-sha256-ecp256")
    left.start()
    left.fail_up("(?i)no proposal chosen|no.proposal")
    expect_no_sas(left, right)


@test
def a_peer_that_falls_mute_is_noticed(left, right):
    right.start()
    left.start(more="dpd_delay = 1s", **IMPATIENT)
    left.up()
    right.fall_mute()
    wait_for("end of the SA", lambda: not left.sas())
    expect("reason=TIMEOUT" in left.log(), "the log does not say why")


@test
def selectors_without_common_ground_are_said(left, right):
    right.start(local_ts="10.77.0.0/16")
    left.start()
    left.fail_up("(?i)traffic selectors")


@test
def unknown_names_are_refused(left, right):
    left.start()
    status, output = left.braid("up", "nothing")
    expect(status != 0 and "nothing" in output, output)
    status, output = left.braid("down", "nothing")
    expect(status != 0, output)


@test
def a_name_that_cannot_be_resolved_is_said(left, right):
    left.start(remote="no-such-host.invalid")
    left.fail_up("no-such-host.invalid")


@test
def a_name_is_resolved_before_use(left, right):
    with open("/etc/hosts", encoding="utf-8") as file:
        hosts = file.read()
    path = os.path.join(BOX, "hosts")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{hosts}\n{right.outer[4]} right.test\n")
    subprocess.run(["mount", "--bind", path, "/etc/hosts"], check=True)
    right.start()
    left.start(remote="right.test")
    left.up()
    left.ping()


@test
def ctrl_c_in_the_middle_of_up_ends_the_command_and_not_the_daemon(left, right):
    left.start(first="60s")
    up = subprocess.Popen(left.braid_command("up", "net"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    wait_for("IKE SA under way", left.sas)
    up.send_signal(signal.SIGINT)
    output = up.communicate(timeout=PATIENCE)[0]
    expect(up.returncode != 0, f"status 0: {output}")
    expect(left.answers(), "the daemon does not answer any more")


# ---- life and death of the daemon --------------------------------------------------------------


@test
def sigterm_deletes_the_sa_at_the_peer(left, right):
    start_both(left, right)
    left.up()
    status = left.stop()
    expect(status == 0, f"status {status}")
    wait_for("end of the peer's SA", lambda: not right.sas())
    expect(not left.leftovers(), f"left behind: {left.leftovers()}")
    expect(not os.path.exists(os.path.join(left.run_dir, "vici")), "the control socket is still there")


@test
def sigterm_does_not_wait_for_the_last_retransmission_to_a_mute_peer(left, right):
    start_both(left, right, first="60s")  # the last of them is far beyond everybody's patience
    left.up()
    right.fall_mute()
    status = left.stop()
    expect(status == 0 and "event=unconfirmed" in left.log(), f"status {status}: {left.log()}")


@test
def a_second_signal_ends_at_once(left, right):
    start_both(left, right, first="60s")
    left.up()
    right.fall_mute()
    left.signal(signal.SIGSTOP)  # so that it finds both at the same moment
    left.signal(signal.SIGTERM)
    left.signal(signal.SIGINT)
    left.signal(signal.SIGCONT)
    expect(left.wait_end() == 0, "it does not end well")
    stopping, unconfirmed = (datetime.datetime.fromisoformat(re.search(rf"^(\S+)Z .* event={event} ", left.log(), re.MULTILINE)[1])
                             for event in ("stopping", "unconfirmed"))
    expect(unconfirmed - stopping < datetime.timedelta(seconds=2), "it gave the peer its time")


@test
def a_daemon_that_was_killed_leaves_nothing_that_hinders_the_next(left, right):
    start_both(left, right)
    left.up()
    left.kill()
    left.launch()
    left.up()
    left.ping()
    right.ping(6)


@test
def a_second_daemon_in_the_same_place_is_refused(left, right):
    left.start()
    status, output = left.run(*left.braidd())
    expect(status == 1 and "already running" in output, f"status {status}: {output}")
    expect(left.answers(), "the first one is gone")


@test
def a_wrong_configuration_is_refused_with_its_place(left, right):
    left.configure(more="versoin = 2")
    for option in ((), ("--check",)):
        status, output = left.run(*left.braidd(*option))
        expect(status == 78 and re.search(r"swanctl\.conf:6:\d+: .*versoin", output), f"status {status}: {output}")
    left.configure()
    status, output = left.run(*left.braidd("--check"))
    expect(status == 0, output)


@test
def sighup_takes_a_good_configuration_and_keeps_the_sas(left, right):
    start_both(left, right)
    left.up()
    left.configure(conn="renamed")
    left.signal(signal.SIGHUP)
    with left.client() as client:
        wait_for("new configuration", lambda: client.call("get-conns")["conns"] == ["renamed"])
    left.ping()
    expect(only_sa(left)["state"] == "ESTABLISHED", str(left.sas()))


@test
def sighup_with_a_bad_configuration_keeps_the_old_one_and_logs_why(left, right):
    start_both(left, right)
    left.configure(conn="renamed", more="versoin = 2")
    left.signal(signal.SIGHUP)
    wait_for("line about the problem", lambda: re.search(r"swanctl\.conf:6.*versoin", left.log()))
    with left.client() as client:
        expect(client.call("get-conns")["conns"] == ["site"], "the old configuration is gone")
        answer = client.call("reload")
        expect(answer["success"] == "no" and any("versoin" in line for line in answer["problems"]), str(answer))
    left.up()
    left.ping()


@test
def start_action_brings_the_tunnel_up_and_tries_again_until_it_is(left, right):
    left.start(first="0.2s", tries=1, more="keyingtries = 0", child="start_action = start")
    wait_for("failed attempt", lambda: "start-failed" in left.log())
    right.start()
    wait_for("tunnel", lambda: any(sa["child-sas"] for sa in left.sas()))
    left.ping()


@test
def what_start_action_brought_up_ends_when_it_is_taken_out(left, right):
    start_both(left, right)
    left.configure(child="start_action = start")
    left.signal(signal.SIGHUP)
    wait_for("tunnel", lambda: any(sa["child-sas"] for sa in left.sas()))
    left.configure(conn="other")
    left.signal(signal.SIGHUP)
    wait_for("end of the Child SA", lambda: not any(sa["child-sas"] for sa in left.sas()))


@test
def sigterm_while_a_name_is_looked_up_does_not_wait_for_it(left, right):
    path = os.path.join(BOX, "resolv.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write("nameserver 10.9.0.77\noptions timeout:30 attempts:5\n")  # nobody
    subprocess.run(["mount", "--bind", path, "/etc/resolv.conf"], check=True)
    left.start(remote="slow.example")
    with left.client() as client:
        client.call("initiate", child="net", timeout="-1")
        time.sleep(0.2)
        status = left.stop()
    subprocess.run(["umount", "/etc/resolv.conf"], check=True)
    expect(status == 0, f"status {status}")


@test
def the_daemon_gives_up_what_it_does_not_need(left, right):
    left.start()
    with open(f"/proc/{left.process.pid}/status", encoding="ascii") as file:
        status = dict(re.findall(r"^(\w+):\t(.*)$", file.read(), re.MULTILINE))
    with open(left.braidd()[0], "rb") as program:
        is_sanitized = b"__asan_init" in program.read()
    expect(("seccomp=on" in left.log()) != is_sanitized, left.log())
    expect((int(status["Seccomp"]) == 2) != is_sanitized, f"no filter: {status['Seccomp']}")
    kept = (1 << 2) | (1 << 10) | (1 << 12) | (1 << 14)  # DAC_READ_SEARCH, NET_BIND_SERVICE, NET_ADMIN, IPC_LOCK
    for which in ("CapEff", "CapPrm", "CapBnd"):
        expect((int(status[which], 16) & ~kept == 0) != is_sanitized, f"{which}: {status[which]}")
    left.stop()
    left.process = subprocess.Popen(left.command(*left.braidd("--no-sandbox")), stderr=subprocess.DEVNULL)
    wait_for("the daemon without a sandbox", left.answers)
    with open(f"/proc/{left.process.pid}/status", encoding="ascii") as file:
        expect("Seccomp:\t0" in file.read(), "there is a filter")


@test
def a_port_in_use_is_said(left, right):
    left.start()
    status, output = left.run(*left.braidd("-r", os.path.join(left.dir, "elsewhere")))
    expect(status == 1 and "port 500" in output and "in use" in output, f"status {status}: {output}")


# ---- the control socket ------------------------------------------------------------------------


@test
def events_of_sas_come_to_those_who_registered(left, right):
    start_both(left, right)
    with right.client() as client:
        for event in ("ike-updown", "child-updown", "log"):
            expect(client.register(event) == vici.CONFIRM, event)
        expect(client.register("no-such-event") == vici.EVENT_UNKNOWN, "an unknown event was confirmed")
        left.up()
        up, child = client.wait_event("ike-updown"), client.wait_event("child-updown")
        expect(up["up"] == "yes" and up["site"]["state"] == "ESTABLISHED" and "child-sas" not in up["site"], str(up))
        expect(child["up"] == "yes" and len(child["site"]["child-sas"]) == 1, str(child))
        expect("msg" in client.wait_event("log"), "an empty log event")
        left.braid("down", "site")
        down = client.wait_event("ike-updown")
        expect("up" not in down and down["site"]["uniqueid"] == up["site"]["uniqueid"], str(down))


@test
def a_failure_tells_its_reason_and_detail_in_the_answer_and_as_an_alert(left, right):
    right.start(ike="aes128-sha256-ecp256")
    left.start()
    with left.client() as client, right.client() as watcher:
        watcher.register("alert")
        answer = client.call("initiate", child="net", timeout="60000")
        expect(answer["success"] == "no" and answer["reason"] == "NO_PROPOSAL" and answer["errmsg"], str(answer))
        alert = watcher.wait_event("alert")
        expect(alert["reason"] == "NO_PROPOSAL" and alert.get("detail"), str(alert))


@test
def commands_answer_what_the_protocol_says(left, right):
    start_both(left, right)
    with left.client() as client:
        expect(client.request("no-such-command")[0] == vici.UNKNOWN, "an unknown command was answered")
        expect(client.call("initiate")["errmsg"] == "missing configuration name", "initiate without a name")
        expect(client.call("terminate")["errmsg"] == "missing terminate selector", "terminate without a selector")
        expect(client.call("terminate", ike="site")["errmsg"] == "no matching SAs to terminate found", "terminate of nothing")
        expect(client.call("initiate", child="net", timeout="-1")["success"] == "yes", "initiate without waiting")
        wait_for("Child SA", lambda: any(sa["child-sas"] for sa in left.sas()))
        answer = client.call("terminate", child="net")
        expect(answer["success"] == "yes" and answer["matches"] == answer["terminated"] == "1", str(answer))
        expect(client.call("initiate", ike="site")["success"] == "yes", "initiate of an IKE SA alone")
        expect(client.call("stats")["ikesas"]["half-open"] == "0", "half-open SAs")
        expect("" in client.call("get-counters")["counters"], "no counters")
        client.register("list-conn")
        client.call("list-conns")
        conn = client.wait_event("list-conn")["site"]
        expect(conn["remote_addrs"] == [right.outer[4]] and conn["children"]["net"]["mode"] == "TUNNEL", str(conn))


@test
def keys_are_renewed_on_request_without_losing_a_packet(left, right):
    start_both(left, right)
    left.up()
    with left.client() as client:
        for event in ("child-rekey", "ike-rekey"):
            client.register(event)
        expect(client.call("rekey")["errmsg"] == "missing rekey selector", "rekey without a selector")
        with Pings(left) as pings:
            for selector, event in (({"child": "net"}, "child-rekey"), ({"ike": "site"}, "ike-rekey")):
                answer = client.call("rekey", **selector)
                expect(answer["success"] == "yes" and answer["matches"] == "1", str(answer))
                client.wait_event(event)
                time.sleep(0.5)
    pings.expect_no_loss()
    for gateway in (left, right):
        wait_for("a single IKE SA", lambda g=gateway: len(g.sas()) == 1)
        sa = only_sa(gateway)
        expect(sa["quantum-safe"] == "yes" and len(sa["child-sas"]) == 1, str(sa))
    left.ping()
    right.ping(6)


def newest_ids(gateway):
    """Of the IKE SA and the Child SA in use; 0: there is none at this moment."""
    sa = next((sa for sa in gateway.sas() if sa["state"] == "ESTABLISHED"), {"uniqueid": "0", "child-sas": {}})
    return int(sa["uniqueid"]), max((int(child["uniqueid"]) for child in sa["child-sas"].values()), default=0)


@test
def lifetimes_of_seconds_cost_no_packet(left, right):
    start_both(left, right, more="rekey_time = 5s\nover_time = 60s", child="rekey_time = 3s\nlife_time = 60s", esp="aes256gcm16-x25519-ke1_mlkem768")
    left.up()
    ike_before, child_before = newest_ids(left)

    def are_renewed():
        ike, child = newest_ids(left)
        return ike >= ike_before + 3 and child >= child_before + 5

    with Pings(left) as pings:
        wait_for("new SAs", are_renewed)
    pings.expect_no_loss()
    for gateway in (left, right):
        wait_for("one SA of each kind", lambda g=gateway: len(g.sas()) == 1 and len(only_sa(g)["child-sas"]) == 1)
        sa = only_sa(gateway)
        (child,) = sa["child-sas"].values()
        expect(child["key-exchanges"] == ["CURVE_25519", "ML_KEM_768"] and child["last-rekey"] == sa["last-rekey"] == "ok", str(sa))
        expect(0 <= int(sa["rekey-time"]) <= 5 and 0 <= int(child["rekey-time"]) <= int(child["life-time"]) <= 60, str(sa))
        status, output = gateway.braid("list")
        expect("keys from CURVE_25519 + ML_KEM_768" in output and "rekeying in" in output, output)
    expect("reason=LIFETIME" not in left.log() + right.log(), "an SA reached its end")


@test
def volumes_are_limits_as_well(left, right):
    start_both(left, right, child="rekey_packets = 100\nlife_packets = 10000")
    left.up()
    _, before = newest_ids(left)
    with Pings(left) as pings:
        wait_for("new Child SAs", lambda: newest_ids(left)[1] >= before + 3)
    pings.expect_no_loss()


@test
def braid_rekey_shows_its_exchanges_and_waits(left, right):
    start_both(left, right, ike=THREE_ROUNDS, esp="aes256gcm16-x25519-ke1_mlkem768")
    left.up()
    for arguments, exchanges in ((("--child", "net"), ["CREATE_CHILD_SA", "IKE_FOLLOWUP_KE"]),
                                 (("--ike", "site"), ["CREATE_CHILD_SA", "IKE_FOLLOWUP_KE", "IKE_FOLLOWUP_KE"]),
                                 (("site",), ["CREATE_CHILD_SA", "IKE_FOLLOWUP_KE", "IKE_FOLLOWUP_KE"]),
                                 (("net",), ["CREATE_CHILD_SA", "IKE_FOLLOWUP_KE"])):
        status, output = left.braid("rekey", *arguments)
        expect(status == 0 and "1 SA rekeyed" in output, f"{arguments}: {output}")
        expect(re.findall("CREATE_CHILD_SA|IKE_FOLLOWUP_KE", output) == exchanges, f"{arguments}: {output}")
        left.ping()
    status, output = left.braid("rekey", "--json", "--child", "net")
    answer = json.loads(output)
    expect(status == 0 and answer["success"] and answer["rekeyed"] == 1 and len(answer["exchanges"]) == 2, output)
    status, output = left.braid("rekey", "nothing")
    expect(status == 1 and "nothing" in output, output)


@test
def a_rekey_that_the_peer_refuses_is_told_and_the_tunnel_stays(left, right):
    right.start(esp="aes256gcm16")
    left.start(esp="aes256gcm16-x25519-ke1_mlkem768")
    left.up()
    status, output = left.braid("rekey", "net")
    expect(status == 1 and "NO_PROPOSAL" in output, output)
    left.ping()
    (child,) = only_sa(left)["child-sas"].values()
    expect(child["last-rekey"] == "NO_PROPOSAL" and "accepts none of our proposals" in child["last-rekey-detail"], str(child))


@test
def a_peer_that_was_gone_is_called_again(left, right):
    right.start()
    left.start(more="dpd_delay = 1s\nkeyingtries = 0", child="dpd_action = restart", **IMPATIENT)
    left.up()
    right.kill()
    wait_for("end of the SA", lambda: "reason=TIMEOUT" in left.log())
    right.clean()
    right.launch()
    wait_for("tunnel", lambda: any(sa["child-sas"] for sa in left.sas()))
    left.ping()


@test
def what_the_peer_closes_comes_back_when_close_action_says_so(left, right):
    right.start()
    left.start(child="close_action = start")
    left.up()
    status, output = right.braid("down", "--child", "net")
    expect(status == 0, output)
    wait_for("end of the Child SA", lambda: "reason=DELETED_BY_PEER" in left.log())
    wait_for("tunnel", lambda: any(sa["child-sas"] for sa in left.sas()))
    left.ping()


@test
def an_sa_is_authenticated_anew_without_losing_a_packet(left, right):
    start_both(left, right, more="reauth_time = 4s")
    left.up()
    before, _ = newest_ids(left)
    with Pings(left) as pings:
        wait_for("another IKE SA", lambda: newest_ids(left)[0] > before and left.log().count("event=ike-up") >= 2)
        time.sleep(1)
    pings.expect_no_loss()


@test
def hostile_control_clients_harm_nobody(left, right):
    left.start(plane="mock")
    path = os.path.join(left.run_dir, "vici")
    attackers = []

    def attack(octets):
        attacker = socket.socket(socket.AF_UNIX)
        attacker.connect(path)
        attackers.append(attacker)
        try:
            attacker.sendall(octets)
        except BrokenPipeError:
            pass
        return attacker

    attack(b"\x00\x00")                                                    # half a length
    attack(struct.pack(">I", 100) + b"\x00\x07ver")                        # half a packet
    attack(struct.pack(">I", 0xffffffff) + b"x" * 1000)                    # far too long
    attack(struct.pack(">I", 0))                                           # nothing
    attack(struct.pack(">I", 9) + b"\x00\x07version"[:9] + b"\x00")        # and then half of the next
    attack(struct.pack(">I", 6) + b"\x63\x00\x00\x00\x00\x00")             # unknown type
    attack(struct.pack(">I", 12) + b"\x00\x08list-sas\x01\x05")            # a section cut off
    request = bytes([vici.REQUEST]) + vici.name_of("version")
    flood = attack(b"")
    flood.settimeout(0.2)
    try:                                                                   # asks without end and never reads
        for _ in range(20000):
            flood.sendall((struct.pack(">I", len(request)) + request) * 100)
    except OSError:
        pass
    for _ in range(100):                                                   # and too many
        attack(b"")
    for attacker in attackers[50:]:
        attacker.close()
    wait_for("answer amid all this", left.answers)
    for attacker in attackers:
        attacker.close()
    with left.client() as client:
        for _ in range(200):
            client.send(request)
        expect(all(client.answer()[1]["daemon"] == "braidd" for _ in range(200)), "pipelined requests are lost")


@test
def a_client_that_leaves_while_it_waits_changes_nothing(left, right):
    left.start(first="60s")
    for _ in range(20):
        client = left.client()
        client.send(bytes([vici.REQUEST]) + vici.name_of("initiate") + vici.encode({"child": "net"}))
        client.socket.close()
    expect(left.answers(), "the daemon is gone")
    with left.client() as client:
        answer = client.call("initiate", child="net", timeout="300")
        expect("not established after 300ms" in answer["errmsg"], str(answer))
