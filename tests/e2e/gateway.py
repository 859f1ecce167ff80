"""Two hosts joined by a cable, each with a braidd on it; everything vanishes with the box (lab/box) they are in."""

import os
import re
import shutil
import signal
import subprocess
import time

import vici

BOX = os.environ.get("BRAID_BOX", "")
PATIENCE = 90  # seconds until something is given up; nobody waits that long when all is well, be the machine slow and busy
IMPATIENT = {"first": "0.2s", "tries": 3}  # for those whose peer is silent: what must fail fails soon

SWANCTL_CONF = """\
connections {{
    {conn} {{
        local_addrs = {local}
        remote_addrs = {remote}
        proposals = {ike}
        {more}
        local {{
            auth = {local_auth}
            {local_more}
            id = {local_id}
        }}
        remote {{
            auth = {remote_auth}
            {remote_more}
            id = {remote_id}
        }}
        children {{
            net {{
                local_ts = {local_ts}
                remote_ts = {remote_ts}
                esp_proposals = {esp}
                {child}
            }}
        }}
    }}
}}
secrets {{
    ike-peer {{
        id = {remote_id}
        secret = "{psk}"
    }}
    {secrets}
}}
"""

BRAID_CONF = """\
engine {{
    retransmit_timeout = {first}
    retransmit_tries = {tries}
    half_open_timeout = 30s
    {engine}
}}
plane {{
    type = {plane}
}}
"""


class Trouble(Exception):
    """What a test shows to be wrong."""


def expect(condition, text):
    if not condition:
        raise Trouble(text)


def wait_for(what, is_there):
    end = time.monotonic() + PATIENCE
    while not is_there():
        expect(time.monotonic() < end, f"no {what} after {PATIENCE} s")
        time.sleep(0.02)


def ip(command):
    subprocess.run(["ip", *command.split()], check=True)


class Gateway:
    programs = ""  # the build directory

    def __init__(self, name, number):
        self.name = name
        self.outer = {4: f"10.9.0.{number}", 6: f"fd09::{number}"}
        self.inner = {4: f"10.{number}.0.1", 6: f"fd{number:02}::1"}
        self.subnets = f"10.{number}.0.0/24, fd{number:02}::/64"
        self.dir = os.path.join(BOX, name)
        self.run_dir = os.path.join(self.dir, "run")
        self.log_path = os.path.join(self.dir, "log")
        self.process = None
        self.other = None

    # ---- the host -------------------------------------------------------------------------------

    def command(self, *command):
        return ["ip", "netns", "exec", self.name, *command]

    def run(self, *command):
        """Exit status and output of a command on this host."""
        try:
            done = subprocess.run(self.command(*command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, errors="replace", timeout=3 * PATIENCE)
        except subprocess.TimeoutExpired as late:
            raise Trouble(f"{self.name}: no end after {3 * PATIENCE} s: {' '.join(command)}") from late
        return done.returncode, done.stdout

    def ping(self, family=4):
        status, output = self.run("ping", "-c", "3", "-i", "0.1", "-W", "10", "-I", self.inner[family], self.other.inner[family])
        expect(status == 0, f"{self.name}: no ping through the tunnel: {output}")

    def leftovers(self):
        """What a daemon leaves in the kernel: devices, routing rules, routes."""
        found = []
        for what in ("link show type tun", "rule show", "-6 rule show", "route show table all", "-6 route show table all"):
            _, output = self.run("ip", *what.split())
            found += [line.strip() for line in output.splitlines() if re.search(r"braid|9370|tun", line)]
        return found

    def clean(self):
        """So that a daemon that crashed in one test does not spoil the next."""
        for family in ("-4", "-6"):
            while self.run("ip", family, "rule", "delete", "priority", "9370")[0] == 0:
                pass
            self.run("ip", family, "route", "flush", "table", "9370")

    # ---- its daemon -----------------------------------------------------------------------------

    def write(self, name, text):
        os.makedirs(self.dir, exist_ok=True)
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o600)

    def configure(self, family=4, plane="tun", first="2s", tries=5, engine="", **changes):
        values = {
            "conn": "site", "local": self.outer[family], "remote": self.other.outer[family], "ike": "default", "esp": "default",
            "local_id": f"{self.name}.example", "remote_id": f"{self.other.name}.example", "local_ts": self.subnets,
            "remote_ts": self.other.subnets, "psk": "vK3xw0ZpLr6Yd1HcNq", "more": "", "child": "",
            "local_auth": "psk", "remote_auth": "psk", "local_more": "", "remote_more": "", "secrets": "", **changes,
        }
        self.write("swanctl.conf", SWANCTL_CONF.format(**values))
        self.write("braid.conf", BRAID_CONF.format(first=first, tries=tries, plane=plane, engine=engine))

    def braidd(self, *options):
        return [os.path.join(self.programs, "braidd"), "-c", self.dir, "-r", self.run_dir, *options]

    def start(self, files="", **changes):
        """`files`: a folder whose content goes beside the configuration."""
        shutil.rmtree(self.dir, ignore_errors=True)
        if files:
            shutil.copytree(files, self.dir)
        self.configure(**changes)
        self.launch()

    def conf(self):
        with open(os.path.join(self.dir, "swanctl.conf"), encoding="utf-8") as file:
            return file.read()

    def launch(self):
        with open(self.log_path, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(self.command(*self.braidd()), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for(f"control socket of {self.name}", self.answers)

    def answers(self):
        expect(self.process.poll() is None, f"{self.name} ended with status {self.process.returncode}: {self.log()}")
        try:
            with self.client() as client:
                return client.call("version")["daemon"] == "braidd"
        except (ConnectionError, FileNotFoundError):
            return False

    def client(self):
        return vici.Client(os.path.join(self.run_dir, "vici"))

    def sas(self):
        with self.client() as client:
            return client.sas()

    def log(self):
        if not os.path.exists(self.log_path):
            return ""
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        """Ends the daemon and gives its status."""
        if not self.process or self.process.poll() is not None:
            return None
        self.signal(signal.SIGTERM)
        self.signal(signal.SIGCONT)
        return self.wait_end()

    def wait_end(self):
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Trouble(f"{self.name} does not end: {self.log()[-2000:]}") from None

    def fall_mute(self):
        """It keeps its sockets and answers nothing; stop wakes it up."""
        self.signal(signal.SIGSTOP)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    # ---- its command line -----------------------------------------------------------------------

    def braid_command(self, *arguments):
        return self.command(os.path.join(self.programs, "braid"), "-r", self.run_dir, *arguments)

    def braid(self, *arguments):
        return self.run(*self.braid_command(*arguments)[4:])

    def up(self):
        status, output = self.braid("up", "net")
        expect(status == 0, f"{self.name}: braid up: {output}")
        return output

    def fail_up(self, pattern):
        """`braid up` must fail and say why."""
        status, output = self.braid("up", "net")
        expect(status != 0, f"{self.name}: up, against all expectation: {output}")
        expect(re.search(pattern, output), f"{self.name}: does not say /{pattern}/: {output}")
        return output


class Pings:
    """Through the tunnel, one every 10 ms while the block runs; how many, and which of them were lost, is known behind it.

    Lost is what has no answer though a later one has: on a busy machine the last answers may be on their way.
    """

    def __init__(self, gateway):
        self.gateway = gateway
        self.sent = 0
        self.answered, self.lost = set(), []

    def __enter__(self):
        command = self.gateway.command("ping", "-i", "0.01", "-I", self.gateway.inner[4], self.gateway.other.inner[4])
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        output, _ = self.process.communicate(timeout=PATIENCE)
        self.sent = int(re.search(r"(\d+) packets transmitted", output).group(1))
        self.answered = {int(number) for number in re.findall(r"icmp_seq=(\d+) ttl", output)}
        self.lost = sorted(set(range(1, max(self.answered, default=0) + 1)) - self.answered)

    def expect_no_loss(self):
        expect(self.answered and not self.lost, f"of {self.sent} packets {len(self.answered)} came back; lost: {self.lost[:20]}")
        self.gateway.ping()


def make_gateways():
    if not BOX:
        raise SystemExit("this makes network namespaces and runs only inside lab/box")
    left, right = Gateway("left", 1), Gateway("right", 2)
    left.other, right.other = right, left
    for line in ("netns add left", "netns add right", "link add wire netns left type veth peer name wire netns right"):
        ip(line)
    for host in (left, right):
        for line in ("link set lo up", f"address add {host.inner[4]}/24 dev lo", f"address add {host.inner[6]}/64 dev lo nodad",
                     f"address add {host.outer[4]}/24 dev wire", f"address add {host.outer[6]}/64 dev wire nodad", "link set wire up"):
            ip(f"-n {host.name} {line}")
    return left, right
