# SPDX-License-Identifier: GPL-2.0
"""The peer in TCP connections (RFC 9329): one at a time, which it opens or waits for."""
import select
import socket
import struct
import time

from .exchange import MARKER, PATIENCE, Peer, Unexpected, family

PREFIX = b"IKETCP"


class StreamPeer(Peer):
    """As Peer, its messages go by self.stream."""
    def __init__(self, address, subject, **more):
        self.stream, self.octets, self.listener = None, b"", None
        super().__init__(address, subject, **more)

    def open(self, port):
        """It has no UDP."""

    def hang_up(self):
        if self.stream:
            self.stream.close()
        self.stream, self.octets = None, b""

    def close(self):
        self.hang_up()
        if self.listener:
            self.listener.close()
        super().close()

    def connect_once(self, port):
        self.stream, self.octets = socket.socket(family(self.address)), b""
        self.stream.settimeout(PATIENCE)
        self.stream.bind((self.address, 0))
        self.stream.connect((self.subject, port))

    def dial(self, port=4500, prefix=PREFIX, patience=PATIENCE):
        """Opens a connection; those before stay as they are. The subject may only just begin."""
        until = time.monotonic() + patience
        while True:
            try:
                self.connect_once(port)
                break
            except ConnectionRefusedError:
                self.hang_up()
                if time.monotonic() > until:
                    raise
                time.sleep(0.01)
        self.stream.sendall(prefix)

    def listen(self, port=4500):
        self.listener = socket.socket(family(self.address))
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((self.address, port))
        self.listener.listen()
        self.listener.settimeout(PATIENCE)

    def answer(self):
        """Takes a connection of the subject's, which begins with the prefix."""
        self.hang_up()
        try:
            self.stream, _ = self.listener.accept()
        except TimeoutError:
            raise Unexpected("no TCP connection comes") from None
        self.stream.settimeout(PATIENCE)
        found = self.stream.recv(len(PREFIX), socket.MSG_WAITALL)
        if found != PREFIX:
            raise Unexpected(f"the connection begins with {found!r}")

    def frame(self, body):
        self.stream.sendall(struct.pack(">H", len(body) + 2) + body)

    def send(self, data, port=500, to=None, marker=True):
        self.note(">", data)
        self.frame(MARKER + data if marker else data)

    def receive(self, until):
        while True:
            if len(self.octets) >= 2:
                length = struct.unpack(">H", self.octets[:2])[0]
                if len(self.octets) >= length:
                    body, self.octets = self.octets[2:length], self.octets[length:]
                    if not body.startswith(MARKER):
                        raise Unexpected(f"a frame that is no IKE: {body[:16].hex()}")
                    message = self.take(body[4:], 4500, self.stream.getpeername()[:2])
                    if message:
                        return message
                    continue
            if not self.stream or not select.select([self.stream], [], [],
                                                    max(0, until - time.monotonic()))[0]:
                return None
            more = self.stream.recv(65536)
            if not more:
                return None
            self.octets += more

    def is_closed(self, patience=PATIENCE):
        """The subject closes the connection, and says nothing more by it."""
        self.stream.settimeout(patience)
        try:
            return not self.stream.recv(1)
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False
