#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Requests to the family esplane that no library makes. Each prints what the kernel answered.

  netlink-raw.py reserved                a request whose header has its reserved octets set
"""
import os
import socket
import struct
import sys

NETLINK_GENERIC, NLM_F_REQUEST, NLM_F_ACK = 16, 1, 4
GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 16, 3, 1, 2
INFO = 1


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


def main(mode):
    talk = Talk()
    if mode == "reserved":
        print(error(talk.ask(talk.family, INFO, b"", reserved=1)))


if len(sys.argv) < 2:
    sys.exit(__doc__)
main(*sys.argv[1:])
