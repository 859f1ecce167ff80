"""Traps: Child SAs that the first packet brings up."""

import signal
import time

from gateway import IMPATIENT, expect, wait_for
from tests import expect_no_sas, start_both, test


def policies(gateway):
    """The traps, by name."""
    with gateway.client() as client:
        client.register("list-policy")
        client.call("list-policies", trap="yes")
        return {name: policy for _, message in client.events for name, policy in message.items()}


def children(gateway):
    return [child for sa in gateway.sas() for child in sa["child-sas"].values() if child["state"] == "INSTALLED"]


def ping_all(gateway, count=5):
    """Not one packet may be lost, the first neither."""
    status, output = gateway.run("ping", "-c", str(count), "-i", "0.2", "-W", "10", "-I", gateway.inner[4], gateway.other.inner[4])
    expect(status == 0 and f"{count} received" in output, f"{gateway.name}: packets were lost: {output}")


@test
def the_first_packet_brings_the_tunnel_up_and_is_not_lost(left, right):
    right.start()
    left.start(child="start_action = trap")
    (policy,) = policies(left).values()
    expect(policy["child"] == "net" and policy["ike"] == "site" and policy["mode"] == "TUNNEL", str(policy))
    expect(f"{left.inner[4][:-1]}0/24" in policy["local-ts"], str(policy))
    time.sleep(0.5)
    expect(not left.sas(), "up without a packet")
    ping_all(left)
    expect(len(children(left)) == 1, str(left.sas()))
    right.ping()
    left.ping(6)


@test
def the_packet_decides_which_child_of_the_peer_it_is(left, right):
    """It begins the traffic selectors: the peer's first child has something in common with the rest only."""
    right.start(remote_ts="10.1.0.128/25, fd01::/64", child="}\n rest {\n local_ts = 10.2.0.0/24\n remote_ts = 10.1.0.0/25")
    left.start(child="start_action = trap")
    ping_all(left)
    expect([child["name"] for child in children(right)] == ["rest"], str(children(right)))


@test
def after_down_traffic_brings_the_tunnel_up_again(left, right):
    right.start()
    left.start(child="start_action = trap")
    ping_all(left)
    for what in ("net", "site"):
        status, output = left.braid("down", what)
        expect(status == 0, output)
        wait_for("end of the Child SA", lambda: not children(left))
        expect(list(policies(left)) == ["site/net"], str(policies(left)))
        ping_all(left)
        expect(len(children(left)) == 1, str(left.sas()))


@test
def trap_and_start_do_both(left, right):
    right.start()
    left.start(child="start_action = trap|start")
    wait_for("tunnel", lambda: children(left))
    left.braid("down", "site")
    expect_no_sas(left, right)
    ping_all(left)


@test
def a_peer_that_was_gone_is_called_again_when_there_is_traffic(left, right):
    right.start()
    left.start(more="dpd_delay = 1s", child="dpd_action = trap", **IMPATIENT)
    left.up()
    expect(not policies(left), "a trap before anything was lost")
    right.kill()
    wait_for("trap", lambda: policies(left))
    right.clean()
    right.launch()
    expect(not children(left), "up without traffic")
    left.run("ping", "-c", "1", "-W", "1", "-I", left.inner[4], right.inner[4])
    wait_for("tunnel", lambda: children(left))
    left.ping()


@test
def what_the_peer_closes_waits_for_traffic_when_close_action_says_so(left, right):
    right.start()
    left.start(child="close_action = trap")
    left.up()
    right.braid("down", "--child", "net")
    wait_for("trap", lambda: policies(left))
    ping_all(left)
    expect(len(children(left)) == 1, str(left.sas()))


@test
def while_the_peer_is_silent_nothing_leaves_and_attempts_are_not_many(left, right):
    left.start(first="0.2s", tries=1, child="start_action = trap")
    status, _ = left.run("ping", "-c", "20", "-i", "0.1", "-W", "1", "-I", left.inner[4], right.inner[4])
    expect(status != 0, "somebody answers")
    attempts = left.log().count("event=acquire ")
    expect(1 <= attempts <= 3, f"{attempts} attempts: {left.log()}")
    right.start()
    wait_for("tunnel", lambda: left.run("ping", "-c", "1", "-W", "1", "-I", left.inner[4], right.inner[4])[0] == 0)


@test
def a_reload_renews_traps_and_removes_those_that_vanished(left, right):
    right.start()
    left.start(child="start_action = trap")
    before = policies(left)["site/net"]
    left.signal(signal.SIGHUP)
    wait_for("reload", lambda: "event=loaded" in left.log())
    expect(policies(left)["site/net"] == before, "an unchanged trap was touched")
    left.configure(child="start_action = trap", remote_ts="10.2.0.0/25")
    left.signal(signal.SIGHUP)
    wait_for("new trap", lambda: policies(left).get("site/net", {}).get("remote-ts") == ["10.2.0.0/25"])
    _, routes = left.run("ip", "route", "show", "table", "9370")
    expect("10.2.0.0/25" in routes and "10.2.0.0/24" not in routes, routes)
    left.configure(conn="other", child="start_action = trap")
    left.signal(signal.SIGHUP)
    wait_for("renamed trap", lambda: list(policies(left)) == ["other/net"])
    left.configure()
    left.signal(signal.SIGHUP)
    wait_for("end of the traps", lambda: not policies(left))
    _, routes = left.run("ip", "route", "show", "table", "9370")
    expect(not routes.strip(), routes)


@test
def a_trap_between_the_hosts_themselves_follows_their_addresses(left, right):
    changes = {"local_ts": "dynamic", "remote_ts": "dynamic"}
    right.start(**changes)
    left.start(child="start_action = trap", **changes)
    expect(policies(left)["site/net"]["remote-ts"] == [f"{right.outer[4]}/32"], str(policies(left)))
    status, output = left.run("ping", "-c", "3", "-i", "0.2", "-W", "2", right.outer[4])
    expect(status == 0 and "3 received" in output, output)
    (child,) = children(left)
    expect(int(child["packets-in"]) >= 3, str(child))


@test
def traps_are_installed_and_uninstalled_on_request(left, right):
    start_both(left, right)
    with left.client() as client:
        expect(client.call("install")["errmsg"] == "missing configuration name", "install without a name")
        expect(client.call("install", child="nothing")["errmsg"] == "configuration name not found", "install of nothing")
        expect("not found" in client.call("uninstall", child="net")["errmsg"], "uninstall of nothing")
        expect(client.call("install", child="net", ike="site")["success"] == "yes", "install")
        expect(client.call("install", child="net")["success"] == "yes", "install again")
        expect(list(policies(left)) == ["site/net"], str(policies(left)))
        left.signal(signal.SIGHUP)
        wait_for("reload", lambda: "event=loaded" in left.log())
        expect(list(policies(left)) == ["site/net"], "a reload took it away")
        ping_all(left)
        expect(client.call("uninstall", child="net")["success"] == "yes", "uninstall")
        expect(not policies(left), str(policies(left)))
        left.ping()
        client.register("list-policy")
        client.call("list-policies")
        expect(not client.events, "policies of no kind")


@test
def a_trap_that_was_uninstalled_stays_away_until_its_child_changes(left, right):
    start_both(left, right, child="start_action = trap")
    with left.client() as client:
        expect(client.call("uninstall", child="net")["success"] == "yes", "uninstall")
        client.call("reload")
        expect(not policies(left), "it is there again")
        left.configure(child="start_action = trap\nreplay_window = 64")
        client.call("reload")
        expect(list(policies(left)) == ["site/net"], str(policies(left)))
