"""log.wireshark_keys: the keys it writes open what a capture of the cable holds, and it is off unless asked for."""

import csv
import os
import re
import subprocess

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway import BOX, expect, wait_for
from tests import test

ETHERNET, UDP, MARKER, IKE_HEADER, PAYLOAD_HEADER, ESP_HEADER, IV = 14, 8, 4, 28, 4, 8, 8


def datagrams(path):
    """UDP payloads over IPv4 of a capture file with Ethernet frames: (source port, destination port, octets)."""
    with open(path, "rb") as file:
        data = file.read()
    order = "little" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else "big"
    position = 24
    while position + 16 <= len(data):
        length = int.from_bytes(data[position + 8:position + 12], order)
        frame = data[position + 16:position + 16 + length]
        position += 16 + length
        ip = frame[ETHERNET:]
        if frame[12:14] == b"\x08\x00" and ip[9] == 17:
            udp = ip[4 * (ip[0] & 15):]
            yield int.from_bytes(udp[0:2], "big"), int.from_bytes(udp[2:4], "big"), udp[UDP:int.from_bytes(udp[4:6], "big")]


def opens(key, iv, text, aad):
    try:
        return AESGCM(key[:-4]).decrypt(key[-4:] + iv, text, aad)
    except Exception:  # pylint: disable=broad-except
        return None


def open_ike(message, rows):
    """With the last of the rows for these SPIs, as Wireshark does; False: it does not open."""
    row = [row for row in rows if (row[0], row[1]) == (message[:8].hex(), message[8:16].hex())][-1]
    from_initiator = message[19] & 8
    key = bytes.fromhex(row[2] if from_initiator else row[3])
    start = IKE_HEADER + PAYLOAD_HEADER
    return opens(key, message[start:start + IV], message[start + IV:], message[:start]) is not None


def open_esp(packet, rows):
    row = next(row for row in rows if row[3] == "0x" + packet[:4].hex())
    return opens(bytes.fromhex(row[5][2:]), packet[ESP_HEADER:ESP_HEADER + IV], packet[ESP_HEADER + IV:], packet[:ESP_HEADER]) is not None


def read_rows(folder, name):
    path = os.path.join(folder, name)
    expect(os.stat(path).st_mode & 0o777 == 0o600, f"{name}: mode {os.stat(path).st_mode:o}")
    with open(path, encoding="ascii") as file:
        return list(csv.reader(file))


def ask_for_keys(gateway, folder):
    path = os.path.join(gateway.dir, "braid.conf")
    with open(path, "a", encoding="utf-8") as file:
        file.write(f"log {{ wireshark_keys = {folder} }}\n")


def is_captured(gateway, capture, words):
    """Sends the words over the cable: once they are in the file, so is all that went before them, and what comes will be."""
    gateway.run("bash", "-c", f"echo -n {words} > /dev/udp/{gateway.other.outer[4]}/9")  # nobody listens there
    if not os.path.exists(capture):
        return False
    with open(capture, "rb") as file:
        return words.encode() in file.read()


@test
def the_key_log_opens_what_was_captured(left, right):
    folder, capture = os.path.join(BOX, "keys"), os.path.join(BOX, "cable.pcap")
    os.makedirs(folder, exist_ok=True)
    right.start(ike="aes256gcm16-prfsha384-x25519-ke1_mlkem768")
    left.configure(ike="aes256gcm16-prfsha384-x25519-ke1_mlkem768")
    ask_for_keys(left, folder)
    status, output = left.braid("check", left.dir)
    expect(status == 0 and "log.wireshark_keys: all keys of all SAs are written to" in output, output)
    with open(os.devnull, "w", encoding="ascii") as nowhere:
        watcher = subprocess.Popen(left.command("tcpdump", "-i", "wire", "-U", "--immediate-mode", "-w", capture, "udp"), stdout=nowhere, stderr=nowhere)
    try:
        wait_for("the capture", lambda: is_captured(left, capture, "it begins"))
        left.launch()
        expect("event=keys-are-logged" in left.log() and "level=warn" in left.log(), left.log())
        left.up()
        left.ping()
        expect(left.braid("rekey", "site")[0] == 0, "not rekeyed")
        left.braid("down", "site")
        wait_for("the end of the capture", lambda: is_captured(left, capture, "it ends"))
    finally:
        watcher.terminate()
        watcher.wait()
    ike_rows, esp_rows = read_rows(folder, "ikev2_decryption_table"), read_rows(folder, "esp_sa")
    expect(len(ike_rows) == 3 and len(esp_rows) == 2, f"{len(ike_rows)} and {len(esp_rows)} rows")  # two epochs, and the SA after the rekey
    expect(all(re.fullmatch(r"[0-9a-f]{16}", row[0]) and row[4] == "AES-GCM-256 with 16 octet ICV [RFC5282]" and row[7] == "NONE [RFC4306]" for row in ike_rows), str(ike_rows[0]))
    expect(all(row[0] == "IPv4" and row[4] == "AES-GCM with 16 octet ICV [RFC4106]" and row[6] == "NULL" for row in esp_rows), "esp_sa")
    opened = {"ike": 0, "esp": 0}
    for source, target, octets in datagrams(capture):
        if 4500 in (source, target) and octets[:MARKER] != bytes(MARKER) and len(octets) > 20:
            expect(open_esp(octets, esp_rows), "an ESP packet does not open")
            opened["esp"] += 1
            continue
        message = octets[MARKER:] if 4500 in (source, target) else octets
        if len(message) > IKE_HEADER and message[16] == 46 and message[18] != 43:  # SK, and not IKE_INTERMEDIATE, which has the keys before
            expect(open_ike(message, ike_rows), f"exchange {message[18]} does not open")
            opened["ike"] += 1
    expect(opened["ike"] >= 6 and opened["esp"] >= 6, str(opened))
    right.stop()
    expect(not any(name in right.log() + left.log() for name in (ike_rows[-1][2], esp_rows[0][5])), "a key is in a log")


@test
def the_key_log_wants_a_file_of_its_own(left, right):
    folder = os.path.join(BOX, "open-keys")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "esp_sa"), "w", encoding="ascii"):
        os.chmod(os.path.join(folder, "esp_sa"), 0o644)
    left.configure()
    ask_for_keys(left, folder)
    status, output = left.run(*left.braidd())
    expect(status == 1 and "esp_sa must be a file that only its owner may read" in output, output)
    os.remove(os.path.join(folder, "esp_sa"))
    os.symlink("/dev/null", os.path.join(folder, "esp_sa"))
    status, output = left.run(*left.braidd())
    expect(status == 1 and "esp_sa: Too many levels of symbolic links" in output, output)
    right.start()
    left.start()
    left.up()
    left.configure()
    ask_for_keys(left, folder)
    expect(left.braid("reload")[0] == 0 and "event=restart-needed" in left.log(), left.log())
    left.braid("rekey", "site")
    expect(os.path.getsize(os.path.join(folder, "ikev2_decryption_table")) == 0, "a reload began to log keys")
