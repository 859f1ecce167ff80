"""Reads every packet on a device and looks for words in it, as an eavesdropper would.

capture.py DEVICE WORDS STOP     prints "ready"; once the file STOP exists, prints
                                 packets, those of IKE or ESP, octets of those, those with the words,
                                 control packets, packets missed

A packet may be a large one, which a real device would split before it goes out (UDP_SEGMENT).
"""

import os
import signal
import socket
import struct
import sys

ALL_PROTOCOLS = 3
CONTROL_PORT = 9  # the one packet that was sent in clear on purpose
PACKET, PACKET_STATISTICS, SO_RCVBUFFORCE = 263, 6, 33  # Python does not name them
FRAME_MAX = 1 << 17
UDP, ESP = 17, 50


def classify(frame):
    """(is it IKE or ESP?, is it the control packet?)"""
    if frame[12:14] != b"\x08\x00":
        return False, False
    header = 14 + (frame[14] & 15) * 4
    protocol = frame[23]
    if protocol != UDP:
        return protocol == ESP, False
    ports = struct.unpack_from(">HH", frame, header)
    return any(port in (500, 4500) for port in ports), CONTROL_PORT in ports


def main():
    device, words, stop = sys.argv[1], sys.argv[2].encode(), sys.argv[3]
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
    wire.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 256 << 20)
    wire.bind((device, 0))
    wire.settimeout(0.3)
    sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # so that nobody complains about the control packet, quoting it
    sink.bind(("", CONTROL_PORT))
    print("ready", flush=True)
    packets = protected = octets = clear = control = 0
    while True:
        try:
            frame = wire.recv(FRAME_MAX)
        except TimeoutError:
            if os.path.exists(stop):
                break
            continue
        packets += 1
        is_protected, is_control = classify(frame)
        protected += is_protected
        octets += is_protected * len(frame)
        if words in frame:
            control += is_control
            clear += not is_control
    _, missed = struct.unpack("II", wire.getsockopt(PACKET, PACKET_STATISTICS, 8))
    print(packets, protected, octets, clear, control, missed)


signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C is no news
main()
