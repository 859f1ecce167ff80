"""The long life of a tunnel: authenticated anew, lost, closed and back, and never a packet in the clear."""

import json
import re
import subprocess
import sys
import time

from gateway import IMPATIENT, PATIENCE, Pings, expect, wait_for
from tests import newest_ids, only_sa, start_both, test

SNIFFER = """
import select, signal, socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800)); s.bind(("wire", 0))
clear = sealed = 0; end = []
signal.signal(signal.SIGTERM, lambda *_: end.append(1))
wanted = socket.inet_aton(sys.argv[1]); print("ready", flush=True)
while not end:
    if select.select([s], [], [], 0.05)[0]:
        packet = s.recv(2000); clear += packet[16:20] == wanted; sealed += packet[9] == 17
print(clear, sealed)
"""
TWO = """}}
two {{ local_ts = {0}.9.0/24
remote_ts = {1}.9.0/24
"""
BREAK = "make_before_break = no"


class Watch:
    """Pings, one every 10 ms, while somebody on the wire looks for any that travel in the clear: there is a way for them."""

    def __init__(self, left):
        self.left, self.right = left, left.other
        self.route = f"{self.right.inner[4][:-1]}0/24 via {self.right.outer[4]}"

    def __enter__(self):
        self.left.run("ip", "route", "add", *self.route.split())
        self.sniffer = subprocess.Popen(self.right.command(sys.executable, "-c", SNIFFER, self.right.inner[4]), stdout=subprocess.PIPE, text=True)
        self.sniffer.stdout.readline()
        self.pings = Pings(self.left).__enter__()
        return self

    def __exit__(self, *_):
        self.pings.__exit__()
        self.sniffer.terminate()
        self.clear, self.sealed = map(int, self.sniffer.communicate(timeout=PATIENCE)[0].split())
        self.left.run("ip", "route", "delete", *self.route.split())

    def expect_nothing_clear(self):
        expect(self.clear == 0, f"{self.clear} packets of {self.pings.sent} went out in the clear")
        expect(self.sealed > 50 and len(self.pings.answered) > 50, f"{self.sealed} sealed, {len(self.pings.answered)} of {self.pings.sent} came back")


def has_tunnel(gateway):
    return any(child["state"] == "INSTALLED" for sa in gateway.sas() for child in sa["child-sas"].values())


def two_children(gateway):
    ours, theirs = (address[4].rsplit(".", 2)[0] for address in (gateway.inner, gateway.other.inner))
    return TWO.format(ours, theirs)


def start_with_two(left, right, **changes):
    right.start(child=two_children(right), **changes)
    left.start(child=two_children(left), **changes)
    for name in ("net", "two"):
        status, output = left.braid("up", name)
        expect(status == 0, output)


def names(gateway):
    return sorted(child["name"] for sa in gateway.sas() for child in sa["child-sas"].values() if child["state"] == "INSTALLED")


@test
def the_way_in_the_clear_is_there(left, right):
    """What the other tests look for would be seen."""
    with Watch(left) as watch:
        time.sleep(2)
    expect(watch.clear > 10, f"{watch.clear} of {watch.pings.sent}")


@test
def rekey_reauth_makes_all_children_anew_and_loses_nothing(left, right):
    start_with_two(left, right)
    before, _ = newest_ids(left)
    with Watch(left) as watch:
        status, output = left.braid("rekey", "--reauth", "--ike", "site")
        expect(status == 0 and "1 SA authenticated anew" in output and "IKE_AUTH" in output, output)
        time.sleep(2)
        wait_for("one SA with both children", lambda: all(len(g.sas()) == 1 and names(g) == ["net", "two"] for g in (left, right)))
    watch.expect_nothing_clear()
    watch.pings.expect_no_loss()
    after, _ = newest_ids(left)
    expect(after > before, f"{before} {after}")
    status, output = left.braid("rekey", "--json", "--reauth", "site")
    expect(status == 0 and json.loads(output)["rekeyed"] == 1, output)
    status, output = left.braid("rekey", "--reauth", "--child", "net")
    expect(status == 2 and "not authenticated" in output, output)


@test
def an_sa_that_is_broken_to_be_made_anew_lets_nothing_slip(left, right):
    start_with_two(left, right, engine=BREAK)
    before = only_sa(left)["initiator-spi"]
    with Watch(left) as watch:
        for _ in range(3):
            status, output = left.braid("rekey", "--reauth", "--ike", "site")
            expect(status == 0 and "1 SA authenticated anew" in output, output)
            time.sleep(0.5)
            wait_for("both children", lambda: names(left) == ["net", "two"] and names(right) == ["net", "two"])
    watch.expect_nothing_clear()
    expect(only_sa(left)["initiator-spi"] != before and left.log().count("reason=REAUTHENTICATION") >= 9, left.log())
    _, routes = left.run("ip", "route", "show", "table", "9370")
    left.braid("down", "site")
    wait_for("end of the SAs", lambda: not left.sas())
    _, routes = left.run("ip", "route", "show", "table", "9370")
    expect("10.2." not in routes, f"a trap stays: {routes}")


@test
def what_was_broken_comes_back_when_the_peer_does(left, right):
    right.start()
    left.start(engine=BREAK, more="reauth_time = 2s\nrand_time = 0s\nover_time = 1h", first="0.2s", tries=1)
    left.up()
    expect(0 <= int(only_sa(left)["reauth-time"]) <= 2, str(only_sa(left)))
    with Watch(left) as watch:
        wait_for("pings", lambda: left.log().count("event=ike-up") >= 2)
        right.kill()
        wait_for("failed attempts", lambda: left.log().count("event=start-failed") >= 2)
        right.clean()
        right.launch()
        wait_for("tunnel", lambda: has_tunnel(left))
        time.sleep(1.5)
    watch.expect_nothing_clear()
    right.kill()
    wait_for("break", lambda: not has_tunnel(left))
    failures = left.log().count("event=start-failed")
    wait_for("failed attempts", lambda: left.log().count("event=start-failed") > failures)
    status, output = left.braid("down", "site")
    expect(status == 0, output)
    wait_for("end of the attempts", lambda: not left.sas())
    right.clean()
    expect(not left.run("ip", "route", "show", "table", "9370")[1].strip(), "a trap stays")


def lose_the_peer(left, right):
    right.kill()
    wait_for("end of the SA", lambda: "reason=TIMEOUT" in left.log())
    right.clean()
    right.launch()


def let_the_peer_close(left, right):
    expect(right.braid("down", "--child", "net")[0] == 0, "down")
    wait_for("end of the Child SA", lambda: "reason=DELETED_BY_PEER" in left.log())


@test
def what_is_lost_or_closed_comes_back_without_a_packet_in_the_clear(left, right):
    for action, lose in (("dpd_action = trap", lose_the_peer), ("dpd_action = restart", lose_the_peer),
                         ("close_action = trap", let_the_peer_close), ("close_action = start", let_the_peer_close)):
        right.start()
        left.start(more="dpd_delay = 1s\nkeyingtries = 0", child=action, **IMPATIENT)
        left.up()
        with Watch(left) as watch:
            time.sleep(0.5)
            lose(left, right)
            wait_for("tunnel", lambda: has_tunnel(left))
            time.sleep(1.5)
        watch.expect_nothing_clear()
        left.stop()
        right.stop()
        open(left.log_path, "w", encoding="utf-8").close()


@test
def clear_means_in_the_clear(left, right):
    right.start()
    left.start(child="close_action = none")
    left.up()
    with Watch(left) as watch:
        let_the_peer_close(left, right)
        time.sleep(2)
    expect(watch.clear > 10, f"{watch.clear} of {watch.pings.sent}")


@test
def one_child_of_several_is_ended_and_rekeyed_by_name(left, right):
    start_with_two(left, right)
    status, output = left.braid("list")
    expect(status == 0 and output.count("keys from the IKE SA's") == 1, output)  # the first rides along with IKE_AUTH
    status, output = left.braid("rekey", "site/two")
    expect(status == 0 and "1 SA rekeyed" in output, output)
    status, output = left.braid("down", "site/two")
    expect(status == 0 and "1 SA ended" in output and names(left) == ["net"], output)
    status, output = left.braid("down", "other/net")
    expect(status == 1 and "other/net" in output and names(left) == ["net"], output)
    status, output = left.braid("up", "site/two")
    expect(status == 0 and names(left) == ["net", "two"], output)


@test
def with_late_rounds_the_ike_sa_is_rekeyed_before_its_first_child(left, right):
    hybrid, plain = "aes256gcm16-prfsha384-x25519-ke1_mlkem768", "aes256gcm16-prfsha384-x25519"
    right.start(ike=f"{hybrid}, {plain}", esp="aes256gcm16-x25519-ke1_mlkem768", more="childless = force")
    left.start(ike=f"{hybrid}, {plain}", esp="aes256gcm16-x25519-ke1_mlkem768", more="childless = force\nlate_rounds = yes")
    output = left.up()
    exchanges = re.findall("IKE_SA_INIT|IKE_INTERMEDIATE|IKE_AUTH|CREATE_CHILD_SA|IKE_FOLLOWUP_KE", output)
    expect(exchanges[:6] == ["IKE_SA_INIT", "IKE_AUTH"] + ["CREATE_CHILD_SA", "IKE_FOLLOWUP_KE"] * 2, output)
    for gateway in (left, right):
        sa = only_sa(gateway)
        (child,) = sa["child-sas"].values()
        expect(sa["key-exchanges"] == child["key-exchanges"] == ["CURVE_25519", "ML_KEM_768"], str(sa))
        expect(child["uniqueid"] == "1" and sa["uniqueid"] == "2", str(sa))
    left.ping()


@test
def children_that_start_together_share_one_ike_sa(left, right):
    start = "start_action = start\n"
    right.start(child=two_children(right))
    left.start(child=start + two_children(left) + start)
    wait_for("both children", lambda: names(left) == ["net", "two"])
    expect(len(left.sas()) == 1 and left.log().count("event=ike-up") == 1, str(left.sas()))
