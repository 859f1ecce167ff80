"""A client of the control socket, written from the protocol's description alone, so that it shares no mistake with braid.

Messages are dicts: a str is a key's value, a list a list, a dict a section.
"""

import socket
import struct

REQUEST, RESPONSE, UNKNOWN, REGISTER, UNREGISTER, CONFIRM, EVENT_UNKNOWN, EVENT = range(8)
SECTION, SECTION_END, KEY, LIST, ITEM, LIST_END = range(1, 7)


def name_of(text):
    return bytes([len(text)]) + text.encode()


def value_of(text):
    return struct.pack(">H", len(text)) + text.encode()


def encode(message):
    out = b""
    for key, value in message.items():
        if isinstance(value, dict):
            out += bytes([SECTION]) + name_of(key) + encode(value) + bytes([SECTION_END])
        elif isinstance(value, list):
            items = b"".join(bytes([ITEM]) + value_of(item) for item in value)
            out += bytes([LIST]) + name_of(key) + items + bytes([LIST_END])
        else:
            out += bytes([KEY]) + name_of(key) + value_of(str(value))
    return out


class Reader:
    def __init__(self, octets):
        self.octets, self.at = octets, 0

    def take(self, count):
        self.at += count
        if self.at > len(self.octets):
            raise ValueError("message cut off")
        return self.octets[self.at - count:self.at]

    def name(self):
        return self.take(self.take(1)[0]).decode()

    def value(self):
        return self.take(struct.unpack(">H", self.take(2))[0]).decode("utf-8", "replace")

    def section(self, nested):
        result = {}
        while self.at < len(self.octets):
            element = self.take(1)[0]
            if element == SECTION_END and nested:
                return result
            key = self.name()
            if element == SECTION:
                result[key] = self.section(True)
            elif element == KEY:
                result[key] = self.value()
            elif element == LIST:
                result[key] = []
                while self.take(1)[0] == ITEM:
                    result[key].append(self.value())
            else:
                raise ValueError(f"element {element} here")
        if nested:
            raise ValueError("section not closed")
        return result


class Client:
    def __init__(self, path, timeout=90):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(path)
        self.events = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, packet):
        self.socket.sendall(struct.pack(">I", len(packet)) + packet)

    def receive_exactly(self, count):
        octets = b""
        while len(octets) < count:
            piece = self.socket.recv(count - len(octets))
            if not piece:
                raise ConnectionError("closed by the daemon")
            octets += piece
        return octets

    def receive(self):
        """(type, event name or "", message)"""
        packet = Reader(self.receive_exactly(struct.unpack(">I", self.receive_exactly(4))[0]))
        kind = packet.take(1)[0]
        name = packet.name() if kind == EVENT else ""
        return kind, name, packet.section(False)

    def answer(self):
        """The next packet that is no event; events are kept."""
        while True:
            kind, name, message = self.receive()
            if kind != EVENT:
                return kind, message
            self.events.append((name, message))

    def request(self, command, **message):
        fields = {key.replace("_", "-"): value for key, value in message.items()}
        self.send(bytes([REQUEST]) + name_of(command) + encode(fields))
        return self.answer()

    def call(self, command, **message):
        kind, answer = self.request(command, **message)
        if kind != RESPONSE:
            raise ValueError(f"{command}: packet of type {kind} for an answer")
        return answer

    def register(self, event):
        self.send(bytes([REGISTER]) + name_of(event))
        return self.answer()[0]

    def wait_event(self, wanted):
        while True:
            for index, (name, message) in enumerate(self.events):
                if name == wanted:
                    del self.events[index]
                    return message
            kind, name, message = self.receive()
            if kind == EVENT:
                self.events.append((name, message))

    def sas(self):
        """The IKE SAs as a list of dicts."""
        self.register("list-sa")
        self.events.clear()
        self.call("list-sas")
        found = [sa for _, message in self.events for sa in message.values()]
        self.events.clear()
        return found
