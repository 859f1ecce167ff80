"""charon and braidd as daemons that are asked over their control sockets, with no configuration of their own."""

import os
import shutil
import signal
import socket
import subprocess
import time

from world import PATIENCE, PEER_ROOT, Trouble

STRONGSWAN_CONF = """\
charon-systemd {{
    filelog {{ stderr {{ default = 1 }} }}
    load = random nonce openssl pem pkcs1 pkcs8 pubkey x509 constraints revocation kdf kernel-libipsec kernel-netlink socket-default counters vici
    plugins {{ vici {{ socket = unix://{vici} }} }}
}}
"""


class Daemon:
    files = {}  # name -> text, in which the addresses of both sides are put

    def __init__(self, host, directory):
        self.host = host
        self.directory = os.path.join(host.directory, directory)
        self.control = os.path.join(self.directory, "vici")
        self.log_path = os.path.join(self.directory, "log")
        self.process = None
        self.paths = {}

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o600)
        return path

    def start(self, other):
        shutil.rmtree(self.directory, ignore_errors=True)
        os.makedirs(self.directory)
        values = {"local": self.host.outer[4], "remote": other.outer[4], "local_id": self.host.identity, "remote_id": other.identity,
                  "local_ts": self.host.subnet, "remote_ts": other.subnet}
        os.makedirs(os.path.join(self.directory, "swanctl"))
        self.make_folders()
        self.paths = {name: self.write(f"swanctl/{name}.conf", text.format(**values)) for name, text in self.files.items()}
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(self.host.command(*self.program()), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + PATIENCE
        while not self.listens():
            if time.monotonic() > end or self.process.poll() is not None:
                raise Trouble(f"{type(self).__name__} does not start: {self.log()}")
            time.sleep(0.02)

    def make_folders(self):
        """For those who have certificates: the folders that swanctl looks into, in self.directory/swanctl."""

    def listens(self):
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(self.control) == 0

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def words(self, command):
        return [self.paths.get(word, word) for word in command.split()]

    def swanctl(self, command):
        words = [*self.words(command), "--uri", f"unix://{self.control}"]
        return self.host.run(*PEER_ROOT, "env", f"SWANCTL_DIR={self.directory}/swanctl", "swanctl", *words)

    def watch(self, command):
        words = self.host.command(*PEER_ROOT, "swanctl", *self.words(command), "--uri", f"unix://{self.control}")
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=PATIENCE)


class Charon(Daemon):
    def program(self):
        conf = self.write("strongswan.conf", STRONGSWAN_CONF.format(vici=self.control))
        return [*PEER_ROOT, "env", f"STRONGSWAN_CONF={conf}", "/usr/sbin/charon-systemd"]


class Braidd(Daemon):
    programs = ""
    configuration = None  # a folder; without it everything comes over the control socket

    def program(self):
        if not self.configuration:
            self.write("swanctl.conf", "")
        return [f"{self.programs}/braidd", "-c", self.configuration or self.directory, "-r", self.directory]
