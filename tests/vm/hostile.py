#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Hostile ESP, from a raw socket. Prints how many packets were sent.

  hostile.py replay PCAP FROM          what FROM sent, once more, as it was
  hostile.py flip PCAP FROM COUNT      with bits flipped behind the SPI
  hostile.py truncate PCAP FROM        the first packet, cut to every length
  hostile.py garbage FROM TO COUNT SPI random octets behind the SPI (0: a random one)
  hostile.py udp FROM TO COUNT SPI     the same in UDP, ports 4500
  hostile.py send FROM TO HEX          these octets in UDP, ports 4500
"""
import random
import socket
import struct
import sys

ESP, UDP = 50, 17


def ipv4_of(path, sender):
    """The IPv4 packets of a capture of Ethernet that carry ESP from this address."""
    data = open(path, "rb").read()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    at, found = 24, []
    while at + 16 <= len(data):
        size = struct.unpack_from(order + "I", data, at + 8)[0]
        frame = data[at + 16:at + 16 + size]
        at += 16 + size
        ip = frame[14:14 + struct.unpack_from(">H", frame, 16)[0]] if size >= 34 else b""
        if frame[12:14] == b"\x08\x00" and ip[12:16] == socket.inet_aton(sender) and \
                ip[9] in (ESP, UDP):
            found.append(ip)
    if not found:
        sys.exit("no ESP from %s in %s" % (sender, path))
    return found


def split(ip):
    """Headers before ESP, and ESP."""
    at = 20 + (8 if ip[9] == UDP else 0)
    return ip[:at], ip[at:]


class Wire:
    def __init__(self):
        self.raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        self.sent = 0

    def send(self, head, esp):
        """Lengths and checksums are made to fit."""
        head = bytearray(head)
        struct.pack_into(">H", head, 2, len(head) + len(esp))
        struct.pack_into(">H", head, 10, 0)
        if head[9] == UDP:
            struct.pack_into(">HH", head, 24, 8 + len(esp), 0)
        self.raw.sendto(bytes(head) + esp, (socket.inet_ntoa(bytes(head[16:20])), 0))
        self.sent += 1


def header(sender, to, proto):
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 0, 0, 0, 64, proto, 0)
    ip += socket.inet_aton(sender) + socket.inet_aton(to)
    return ip + (struct.pack(">HHHH", 4500, 4500, 0, 0) if proto == UDP else b"")


def flipped(esp):
    """Mostly with a sequence number that is still to come: a seen one would not get far."""
    esp = bytearray(esp)
    if random.random() < 0.8:
        seq = struct.unpack_from(">I", esp, 4)[0]
        struct.pack_into(">I", esp, 4, (seq + random.randint(100, 5000)) & 0xffffffff)
    for _ in range(random.randint(1, 8)):
        esp[random.randrange(4, len(esp))] ^= 1 << random.randrange(8)
    return bytes(esp)


def garbage(spi):
    size = random.choice((0, 1, 3, 4, 7, 8, 15, 16, 23, 24, 31, 32, random.randint(33, 1400)))
    return struct.pack(">I", spi or random.randint(0x10000, 0xffffffff)) + random.randbytes(size)


def main(mode, *args):
    wire = Wire()
    random.seed(1)
    if mode == "replay":
        for ip in ipv4_of(args[0], args[1]):
            wire.send(*split(ip))
    elif mode == "flip":
        packets = ipv4_of(args[0], args[1])
        for _ in range(int(args[2])):
            head, esp = split(random.choice(packets))
            wrong = flipped(esp)
            if wrong != esp:
                wire.send(head, wrong)
    elif mode == "truncate":
        head, esp = split(ipv4_of(args[0], args[1])[0])
        for size in range(len(esp)):
            wire.send(head, esp[:size])
    elif mode in ("garbage", "udp"):
        head = header(args[0], args[1], UDP if mode == "udp" else ESP)
        for _ in range(int(args[2])):
            wire.send(head, garbage(int(args[3], 0)))
    elif mode == "send":
        wire.send(header(args[0], args[1], UDP), bytes.fromhex(args[2]))
    print(wire.sent)


if len(sys.argv) < 2:
    sys.exit(__doc__)
main(*sys.argv[1:])
