"""Sends or receives a known amount of data over TCP and prints its digest.

transfer.py send ADDRESS MEGABYTES WORDS     prints "digest seconds"
transfer.py receive ADDRESS                  prints "digest"
"""

import hashlib
import random
import signal
import socket
import sys
import time

PORT = 5001


def connect(address):
    """The receiver may need a moment to start."""
    for attempt in range(50):
        try:
            return socket.create_connection((address, PORT), timeout=20)
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise SystemExit(f"nobody listens on {address}")


def send(address, megabytes, words):
    digest = hashlib.sha256()
    chance = random.Random()
    with connect(address) as connection:
        began = time.monotonic()
        for _ in range(megabytes):
            line = words.encode() + chance.randbytes(1000 - len(words))
            block = line * 1000
            digest.update(block)
            connection.sendall(block)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)  # the receiver has read everything
        print(digest.hexdigest(), f"{time.monotonic() - began:.1f}")


def receive(address):
    digest = hashlib.sha256()
    with socket.create_server((address, PORT)) as listener:
        connection, _ = listener.accept()
        with connection:
            while piece := connection.recv(1 << 18):
                digest.update(piece)
    print(digest.hexdigest())


signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C is no news
if sys.argv[1] == "send":
    send(sys.argv[2], int(sys.argv[3]), sys.argv[4])
else:
    receive(sys.argv[2])
