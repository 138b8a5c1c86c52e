#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Requests to the family esplane that no library makes. Each prints what the kernel answered.

  netlink-raw.py reserved        a request whose header has its reserved octets set
  netlink-raw.py keys IFINDEX    each SA_ADD that must fail: the refused request comes back with
                                 the kernel's answer, and must come back without its keys
"""
import os
import socket
import struct
import sys

NETLINK_GENERIC, NLM_F_REQUEST, NLM_F_ACK = 16, 1, 4
GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 16, 3, 1, 2
SA_ADD, INFO = 1, 2
A_IFINDEX, A_POLICY_ID, A_SA_IN, A_SA_OUT = 1, 3, 4, 5
SA_SPI, SA_ENCR, SA_ENCR_KEY = 1, 2, 3


def attr(kind, value):
    data = struct.pack("=HH", 4 + len(value), kind) + value
    return data + bytes(-len(data) % 4)


class Talk:
    def __init__(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
        self.sock.bind((0, 0))
        answer = self.ask(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, attr(CTRL_ATTR_FAMILY_NAME, b"esplane\0"))
        self.sock.recv(1 << 17)     # that it is done
        at = 20
        while at < len(answer):
            size, kind = struct.unpack_from("=HH", answer, at)
            if kind == CTRL_ATTR_FAMILY_ID:
                self.family = struct.unpack_from("=H", answer, at + 4)[0]
            at += (size + 3) & ~3

    def ask(self, family, command, attributes, reserved=0):
        """The first message of the answer, from its header on."""
        body = struct.pack("=BBH", command, 1, reserved) + attributes
        self.sock.send(struct.pack("=IHHII", 16 + len(body), family, NLM_F_REQUEST | NLM_F_ACK, 1, 0) + body)
        return self.sock.recv(1 << 17)


def error(answer):
    """The errno's name in an NLMSG_ERROR, or what else it is."""
    if struct.unpack_from("=H", answer, 4)[0] != 2:
        return "answered"
    code = -struct.unpack_from("=i", answer, 16)[0]
    return os.strerror(code) if code else "done"


def sa(direction, key):
    return attr(direction | 0x8000, attr(SA_SPI, struct.pack("=I", 0x9999)) +
                attr(SA_ENCR, struct.pack("=H", 20)) + attr(SA_ENCR_KEY, key))


def keys(talk, ifindex):
    """Whatever is wrong, and wherever it is found."""
    key = os.urandom(20)
    device = attr(A_IFINDEX, struct.pack("=I", ifindex))
    policy = attr(A_POLICY_ID, struct.pack("=I", 1))
    wrong = {
        "policy 0": device + attr(A_POLICY_ID, bytes(4)) + sa(A_SA_OUT, key),
        "no policy": device + sa(A_SA_OUT, key),
        "a policy that is not there": device + attr(A_POLICY_ID, struct.pack("=I", 77)) + sa(A_SA_OUT, key),
        "device 0": attr(A_IFINDEX, bytes(4)) + policy + sa(A_SA_OUT, key),
        "no device": attr(A_IFINDEX, struct.pack("=I", 99999)) + policy + sa(A_SA_OUT, key),
        "an unknown attribute": device + policy + sa(A_SA_OUT, key) + attr(99, key),
        "a nest given twice": device + policy + sa(A_SA_IN, key) + sa(A_SA_IN, key),
        "a nest that is none": device + policy + attr(A_SA_OUT, sa(A_SA_OUT, key)[4:]),
        "octets behind the last attribute": device + policy + sa(A_SA_OUT, key) + b"\1\2",
        "an SPI that is not reserved": device + policy + sa(A_SA_IN, key),
    }
    for what, attributes in wrong.items():
        answer = talk.ask(talk.family, SA_ADD, attributes)
        verdict = "done" if error(answer) in ("done", "answered") else "leaked" if key in answer else "wiped"
        print("%s: %s: %s" % (verdict, what, error(answer)))


def main(mode, *args):
    talk = Talk()
    if mode == "reserved":
        for command in (INFO, SA_ADD):
            print(error(talk.ask(talk.family, command, b"", reserved=1)))
    elif mode == "keys":
        keys(talk, int(args[0]))


if len(sys.argv) < 2:
    sys.exit(__doc__)
main(*sys.argv[1:])
