#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Requests to the family esplane that no library makes. Each prints what the kernel answered.

  netlink-raw.py reserved        a request whose header has its reserved octets set
  netlink-raw.py keys IFINDEX    each SA_ADD that must fail: the refused request comes back with
                                 the kernel's answer, and must come back without its keys
  netlink-raw.py fill WHAT IFINDEX MOST
                                 policies or spis until the kernel refuses one: how many it took
"""
import os
import socket
import struct
import sys

NETLINK_GENERIC, NLM_F_REQUEST, NLM_F_ACK = 16, 1, 4
GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 16, 3, 1, 2
SA_ADD, INFO, POLICY_SET, SPI_ALLOC = 1, 2, 3, 6
A_IFINDEX, A_POLICY, A_POLICY_ID, A_SA_IN, A_SA_OUT = 1, 2, 3, 4, 5
POLICY_ID, POLICY_LOCAL, POLICY_REMOTE, POLICY_LOCAL_TS, POLICY_REMOTE_TS = 1, 3, 5, 7, 8
NESTED = 0x8000
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
    return attr(direction | NESTED, attr(SA_SPI, struct.pack("=I", 0x9999)) +
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


def fill(talk, what, ifindex, most):
    device = attr(A_IFINDEX, struct.pack("=I", ifindex))

    def selector(kind, number):
        return attr(kind | NESTED, attr(1, number) + attr(2, number))

    def policy(i):
        return attr(A_POLICY | NESTED, attr(POLICY_ID, struct.pack("=I", i)) +
                    attr(POLICY_LOCAL, bytes((192, 0, 2, 1))) + attr(POLICY_REMOTE, bytes((192, 0, 2, 2))) +
                    selector(POLICY_LOCAL_TS, bytes((10, 1, 0, 0))) +
                    selector(POLICY_REMOTE_TS, struct.pack(">I", (11 << 24) + i)))

    for i in range(1, most + 1):
        answer = talk.ask(talk.family, POLICY_SET if what == "policies" else SPI_ALLOC,
                          device + (policy(i) if what == "policies" else b""))
        if what == "spis" and error(answer) == "answered":
            talk.sock.recv(1 << 17)
        elif error(answer) != "done":
            break
    else:
        i += 1
    print(i - 1, error(answer))


def main(mode, *args):
    talk = Talk()
    if mode == "reserved":
        for command in (INFO, SA_ADD):
            print(error(talk.ask(talk.family, command, b"", reserved=1)))
    elif mode == "keys":
        keys(talk, int(args[0]))
    elif mode == "fill":
        fill(talk, args[0], int(args[1]), int(args[2]))


if len(sys.argv) < 2:
    sys.exit(__doc__)
main(*sys.argv[1:])
