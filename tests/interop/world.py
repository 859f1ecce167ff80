"""Two hosts, "left" and "right", as network namespaces joined by a cable.

Only in a box (lab/box): nothing here cleans up, the box does.
"""

import os
import re
import signal
import subprocess

PATIENCE = 90  # seconds until something is given up; nobody waits that long when all is well, be the machine slow and busy
SHARED = os.environ.get("BRAID_BOX", "")
PEER_ROOT = [os.path.join(os.path.dirname(__file__), "../../lab/lab"), "run", "--root", "peer", "--"]


class Trouble(Exception):
    """What a scenario shows to be wrong."""


class Host:
    def __init__(self, name, number):
        self.name = name
        self.identity = f"{name}.example"
        self.outer = {4: f"10.9.0.{number}", 6: f"fd09::{number}"}
        self.inner = f"10.{number}.0.1"
        self.subnet = f"10.{number}.0.0/24"
        self.second_inner = f"10.{number}.1.1"  # behind the Child SA "second"
        self.second_subnet = f"10.{number}.1.0/24"
        self.third_inner = f"10.{number}.2.1"  # and behind "third"
        self.third_subnet = f"10.{number}.2.0/24"
        self.directory = os.path.join(SHARED, name)

    def command(self, *command):
        return ["ip", "netns", "exec", self.name, *command]

    def run(self, *command):
        """Exit status and output of a command on this host."""
        try:
            done = subprocess.run(self.command(*command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, errors="replace", timeout=2 * PATIENCE)
        except subprocess.TimeoutExpired as late:
            raise Trouble(f"{self.name}: no end after {2 * PATIENCE} s: {' '.join(command)}") from late
        return done.returncode, done.stdout

    def ping(self, other, child="net"):
        near, far = ({"net": host.inner, "second": host.second_inner, "third": host.third_inner}[child] for host in (self, other))
        status, output = self.run("ping", "-c", "3", "-i", "0.01", "-W", "10", "-I", near, far)
        if status != 0:
            raise Trouble(f"{self.name}: no ping to {other.name} through the tunnel: {output.splitlines()[-1]}")


class Pinging:
    """A ping every 10 ms in the background.  What it lost is known after stop()."""

    def __init__(self, host, other):
        self.command = host.command("ping", "-i", "0.01", "-W", "1", "-I", host.inner, other.inner)
        self.process = None
        self.sent = 0
        self.lost = []  # sequence numbers

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def stop(self):
        """Lost is what has no answer though a later one has: on a busy machine the last answers may be on the way."""
        if not self.process:
            return
        self.process.send_signal(signal.SIGINT)
        output, _ = self.process.communicate(timeout=PATIENCE)
        self.process = None
        seen = {int(number) for number in re.findall(r"icmp_seq=(\d+) ttl", output)}
        self.sent += int(re.search(r"(\d+) packets transmitted", output).group(1))
        self.lost += [number for number in range(1, max(seen, default=0)) if number not in seen]


def make_hosts():
    if not SHARED:
        raise SystemExit("this makes network namespaces and runs only inside lab/box")
    left, right = Host("left", 1), Host("right", 2)
    script = ["netns add left", "netns add right", "link add wire netns left type veth peer name wire netns right"]
    for host in (left, right):
        script += [f"-n {host.name} {line}" for line in (
            "link set lo up",
            f"address add {host.inner}/24 dev lo",
            f"address add {host.second_inner}/24 dev lo",
            f"address add {host.third_inner}/24 dev lo",
            f"address add {host.outer[4]}/24 dev wire",
            f"address add {host.outer[6]}/64 dev wire nodad",
            "link set wire up")]
    for line in script:
        subprocess.run(["ip", *line.split()], check=True)
    return left, right
