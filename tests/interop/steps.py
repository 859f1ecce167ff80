"""What may happen to a tunnel that is up, each step a word, a thing and who does it: "rekey ike by both".

After every step both sides must agree: one IKE SA and one Child SA of each name, with the same SPIs,
and the one that was rekeyed has new SPIs and exactly the key exchanges it should.
"""

import re
import time

from scenarios import without_key_exchange
from world import PATIENCE, Pinging, Trouble

SELECTORS = {"ike": {"ike": "gateway"}, "child": {"child": "net"}, "second": {"child": "second"}}
TRIES = 8  # of both sides to rekey at the same moment, until the peer says that they did
COLLISION = "rekey collision (?:won|lost)|detected .* collision"  # in strongSwan's log


class Tunnel:
    def __init__(self, scenario, ours, peer):
        self.scenario = scenario
        self.sides = {"us": [ours], "peer": [peer], "both": [peer, ours]}
        self.ours, self.peer = ours, peer
        self.pinging = Pinging(ours.host, peer.host)
        self.rekeyed = self.collisions = 0

    # ---- what both sides say -----------------------------------------------------------------

    def agreed(self):
        """What identifies the IKE SA and each Child SA when both sides say the same about them; else None."""
        sides = [daemon.settled() for daemon in (self.ours, self.peer)]
        if None in sides:
            return None
        (our_ike, our_children), (their_ike, their_children) = sides
        spis = "initiator-spi", "responder-spi"
        if [our_ike[key] for key in spis] != [their_ike[key] for key in spis] or our_children.keys() != their_children.keys():
            return None
        for name, child in our_children.items():
            other = their_children[name]
            if (child["spi-in"], child["spi-out"]) != (other["spi-out"], other["spi-in"]):
                return None
        found = {name: child["spi-in"] + child["spi-out"] for name, child in our_children.items()}
        return {"ike": our_ike["initiator-spi"] + our_ike["responder-spi"], **found}

    def wait_until(self, what, is_so):
        """The first agreement of which that is true."""
        end = time.monotonic() + PATIENCE
        while True:
            agreed = self.agreed()
            if agreed and is_so(agreed):
                return agreed
            if time.monotonic() > end:
                raise Trouble(f"{what}: the sides do not agree after {PATIENCE} s: {self.ours.sas()} {self.peer.sas()}")
            time.sleep(0.02)

    def expect_key_exchanges(self, thing, fresh):
        for daemon in (self.ours, self.peer):
            ike, children = daemon.settled()
            if thing == "ike":
                daemon.expect_reported(ike, self.scenario.chosen or self.scenario.ike)
            else:
                own = self.scenario.esp if fresh else without_key_exchange(self.scenario.esp)
                daemon.expect_reported(children["net" if thing == "child" else thing], own)

    # ---- steps -------------------------------------------------------------------------------

    def rekey(self, thing, who):
        for _ in range(TRIES if who == "both" else 1):
            met = len(re.findall(COLLISION, self.peer.log()))
            self.rekey_once(thing, who)
            if len(re.findall(COLLISION, self.peer.log())) > met:
                self.collisions += 1
                break

    def rekey_once(self, thing, who):
        key = "net" if thing == "child" else thing
        before = self.wait_until("before", lambda agreed: key in agreed)
        answers = self.ask_at_once([(daemon, "rekey", SELECTORS[thing]) for daemon in self.sides[who]])
        # One of two may be too late: its SA is being replaced already.
        if not any(answer.get("success") == "yes" for answer in answers):
            raise Trouble(f"rekey {thing} by {who}: {answers}")
        self.wait_until(f"rekey {thing} by {who}", lambda agreed: key in agreed and agreed[key] != before[key])
        self.expect_key_exchanges(thing, fresh=True)
        self.rekeyed += 1

    def ask_at_once(self, requests):
        """All are sent before the first answer is read. The answers."""
        clients = [daemon.client() for daemon, _, _ in requests]
        for client, (_, command, arguments) in zip(clients, requests):
            client.send(vici_request(command, arguments))
        answers = [client.answer()[1] for client in clients]
        for client in clients:
            client.socket.close()
        return answers

    def create_both(self):
        """Each side one, at the same moment."""
        wishes = [(self.ours, "initiate", {"child": "second"}), (self.peer, "initiate", {"child": "third"})]
        answers = self.ask_at_once([(*wish[:2], {**wish[2], "timeout": str(1000 * PATIENCE)}) for wish in wishes])
        if any(answer.get("success") != "yes" for answer in answers):
            raise Trouble(f"create both by both: {answers}")
        self.wait_until("create both by both", lambda agreed: {"second", "third"} <= agreed.keys())
        for name in ("second", "third"):
            self.expect_key_exchanges(name, fresh=True)
            self.ours.host.ping(self.peer.host, name)

    def reauth(self, _thing, who):
        (daemon,) = self.sides[who]
        before = self.wait_until("before", lambda agreed: "net" in agreed)
        daemon.request("rekey", ike="gateway", reauth="yes")
        self.wait_until(f"reauth ike by {who}", lambda agreed: "net" in agreed and agreed["ike"] != before["ike"] and agreed["net"] != before["net"])
        self.rekeyed += 1
        self.peer.host.ping(self.ours.host)

    def create(self, thing, who):
        if thing == "both":
            self.create_both()
            return
        self.sides[who][0].request("initiate", child="second", timeout=str(1000 * PATIENCE))
        self.wait_until(f"create child by {who}", lambda agreed: "second" in agreed)
        self.expect_key_exchanges("second", fresh=True)
        self.ours.host.ping(self.peer.host, "second")

    def end(self, thing, who):
        self.sides[who][0].request("terminate", child=thing)
        self.wait_until(f"end {thing} by {who}", lambda agreed: thing not in agreed)

    def check(self, _thing, who):
        """Traffic, and then a pause long enough for the other side to be asked whether it is alive."""
        (daemon,) = self.sides[who]
        before = self.agreed()
        self.pinging.stop()
        self.peer.host.ping(self.ours.host)
        for sign in daemon.checked:
            seen = daemon.log().count(sign)
            daemon.wait_for(f"a liveness check and its answer ({sign})", lambda s=sign, n=seen: daemon.log().count(s) > n)
        self.wait_until("after a liveness check", lambda agreed: agreed == before)
        self.pinging.start()

    def run(self):
        self.pinging.start()
        try:
            for step in self.scenario.then:
                what, who = step.split(" by ")
                verb, _, thing = what.partition(" ")
                getattr(self, verb)(thing, who)
                time.sleep(0.1)
            time.sleep(0.2)
        finally:
            self.pinging.stop()
        if self.pinging.lost and not self.scenario.may_lose:  # of a ping and its answer
            raise Trouble(f"{len(self.pinging.lost)} of {self.pinging.sent} pings were lost: {self.pinging.lost[:20]}")
        return f"{self.rekeyed} | {self.collisions} | {self.pinging.sent} | {len(self.pinging.lost)}"


def vici_request(command, arguments):
    import vici

    return bytes([vici.REQUEST]) + vici.name_of(command) + vici.encode(arguments)


def run_steps(scenario, ours, peer):
    """Carries out the steps of the scenario. What there is to say about it."""
    return Tunnel(scenario, ours, peer).run()
