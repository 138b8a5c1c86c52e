# SPDX-License-Identifier: GPL-2.0
"""IKE in TCP connections (RFC 9329): the subject listens, and the subject dials."""
import time

from case import accepted, case, check, equal, refused
from cases.defence import until_pressed
from peer import wire
from peer.exchange import Accept
from peer.sa import nat_hash
from peer.stream import StreamPeer
from subject.net import BOTH

SAYS = wire.notify(wire.CHILDLESS_IKEV2_SUPPORTED)
LISTENS = {"listen_tcp": 4500}
QUICK = {"retransmit_first": "200ms", "retransmit_tries": 6}


def stream_peer(t):
    peer = StreamPeer(t.outside.peers[0], t.outside.subject)
    t.peers.append(peer)
    return peer


def dialled(t, **options):
    t.start(**(LISTENS | options))
    peer = stream_peer(t)
    peer.dial()
    return peer


def prove_first(peer, **more):
    """IKE_SA_INIT and IKE_AUTH of the peer's, without a child."""
    sa = peer.init(**more).run()
    answer = sa.request(wire.IKE_AUTH, peer.auth_payloads(sa)[:2])
    accepted(answer)
    peer.check_auth(sa, answer)
    return sa


def childless(t, **options):
    """An IKE SA without a child over TCP, begun by the peer."""
    peer = dialled(t, **options)
    return peer, prove_first(peer)


def says_where(message, spi_r, *ends):
    """NAT_DETECTION of @message is for source and destination: (address, port)."""
    for kind, end in zip((wire.NAT_DETECTION_SOURCE_IP, wire.NAT_DETECTION_DESTINATION_IP), ends):
        equal(message.notify(kind).data, nat_hash(message.spi_i, spi_r, *end),
              wire.NOTIFY_NAMES[kind])


@case(3001, "RFC 9329 3, 4, 6.1", only="esplaned", over=BOTH)
def tcp_carries_ike(t):
    """Both initial exchanges and more go by one connection, and the kernel gets nothing of it."""
    _, sa = childless(t)
    t.alive(sa)
    t.nothing_kept()


@case(3002, "RFC 9329 3.2", only="esplaned")
def tcp_carries_no_child(t):
    """A child in IKE_AUTH is refused, both ends being proved, since it cannot do ESP in TCP."""
    peer = dialled(t)
    sa = peer.init().run()
    answer = sa.request(wire.IKE_AUTH, peer.auth_payloads(sa))
    peer.check_auth(sa, answer)
    refused(answer, wire.NO_PROPOSAL_CHOSEN)
    t.nothing_kept()


@case(3003, "RFC 9329 3.2", only="esplaned")
def tcp_carries_no_later_child(t):
    """A child that is asked for later is refused too, and the IKE SA stands."""
    peer, sa = childless(t)
    refused(sa.request(wire.CREATE_CHILD_SA, peer.child_request(sa)), wire.NO_PROPOSAL_CHOSEN)
    t.alive(sa)
    t.nothing_kept()


@case(3004, "RFC 9329 3", only="esplaned")
def tcp_octet_by_octet(t):
    """A message that comes octet by octet is one message."""
    peer = dialled(t)
    init = peer.init()
    data = init.message().encode()
    init.sent = data
    for octet in (len(data) + 6).to_bytes(2, "big") + bytes(4) + data:
        peer.stream.sendall(bytes([octet]))
        if octet % 64 == 0:
            time.sleep(0.001)
    init.finish(init.response())


@case(3005, "RFC 9329 4", only="esplaned")
def tcp_wrong_prefix(t):
    """A connection that does not begin with IKETCP is closed."""
    t.start(**LISTENS)
    for prefix in (b"GET / HTTP/1.1\r\n", b"IKETLS", b"\0\x22\0\0\0\0"):
        peer = stream_peer(t)
        peer.dial(prefix=prefix)
        check(peer.is_closed(), f"{prefix!r} is taken")


@case(3006, "RFC 9329 3", only="esplaned")
def tcp_wrong_length(t):
    """A length that nothing fits into closes the connection."""
    t.start(**LISTENS)
    for octets in (b"\0\0", b"\0\1", b"\0\5\0\0\0", b"\0\6\0\0\0\0", b"\xff\xff"):
        peer = stream_peer(t)
        peer.dial()
        peer.stream.sendall(octets)
        check(peer.is_closed(), f"{octets.hex()} is taken")


@case(3007, "RFC 9329 3, 3.2, 6.6", only="esplaned")
def tcp_other_frames(t):
    """ESP, keepalives, and frames without anything between the messages are ignored."""
    peer, sa = childless(t)
    for body in (b"", b"\xff", b"\0\0\1\0" + bytes(60), b"\xde\xad\xbe\xef"):
        peer.frame(body)
    t.alive(sa)


@case(3008, "RFC 9329 6.1", only="esplaned")
def tcp_another_connection(t):
    """After a loss the IKE SA goes on by the next connection, its own requests too."""
    peer, sa = childless(t)
    peer.hang_up()
    peer.dial()
    t.alive(sa)
    t.subject.down()
    sa.respond(sa.expect(wire.INFORMATIONAL))


@case(3009, "RFC 9329 6.1", only="esplaned")
def tcp_replay_moves_nothing(t):
    """A request that comes again by another connection is answered there, and moves nothing."""
    peer, sa = childless(t)
    old = sa.send(wire.INFORMATIONAL, [])
    accepted(sa.answer_to(sa.next_out - 1))
    first = peer.stream
    peer.dial()
    peer.send(old)
    accepted(sa.answer_to(sa.next_out - 1))
    second, peer.stream = peer.stream, first
    t.subject.down()
    sa.respond(sa.expect(wire.INFORMATIONAL))
    second.close()


@case(3010, "RFC 9329 6.1", only="esplaned")
def tcp_stranger_moves_nothing(t):
    """What is not authentic has no answer by another connection, and moves nothing."""
    peer, sa = childless(t)
    first = peer.stream
    peer.dial()
    data = bytearray(sa.seal(wire.INFORMATIONAL, [], sa.next_out))
    data[-1] ^= 1
    peer.send(bytes(data))
    t.silent(peer, lambda m: m.spi_r == sa.spi_r)
    second, peer.stream = peer.stream, first
    t.alive(sa)
    second.close()


@case(3011, "RFC 9329 2", only="esplaned")
def tcp_is_not_configured(t):
    """Without listen-tcp nothing listens."""
    t.start()
    t.subject.state()
    try:
        stream_peer(t).dial(patience=0)
        check(False, "somebody listens")
    except ConnectionRefusedError:
        pass


@case(3012, "RFC 9329 7.1", only="esplaned")
def tcp_takes_no_udp_sa(t):
    """An IKE SA with a child stays on UDP: a request by TCP is answered there, and moves nothing."""
    t.start(**LISTENS)
    udp = t.peer()
    sa = udp.connect()
    t.has_child(sa)
    sa.peer = stream_peer(t)
    sa.peer.sas.append(sa)
    sa.peer.dial()
    t.alive(sa)
    sa.peer = udp
    t.has_child(sa)
    t.subject.down()
    sa.respond(sa.expect(wire.INFORMATIONAL))


@case(3013, "RFC 9329 6.4", only="esplaned")
def tcp_refuses_by_the_connection(t):
    """What is refused before there is an IKE SA is refused by the same connection."""
    peer = dialled(t, ike="aes256gcm16-prfsha384-ecp384")
    refused(peer.init().ask(), wire.NO_PROPOSAL_CHOSEN)


@case(3014, "RFC 9329 6.1", only="esplaned")
def tcp_malformed_is_told(t):
    """What is authentic and malformed gets INVALID_SYNTAX by the connection, which stays; the IKE
    SA ends."""
    peer, sa = childless(t)
    answer = sa.request(wire.INFORMATIONAL, [wire.Payload(wire.N, b"\0\xff\0\x01")])
    refused(answer, wire.INVALID_SYNTAX)
    sa.respond(sa.expect(wire.INFORMATIONAL))
    check(not peer.is_closed(1), "the connection is closed")
    prove_first(peer)


@case(3015, "RFC 9329 6.3", only="esplaned", over=BOTH)
def tcp_cookie_by_another_connection(t):
    """A cookie may come back by another connection, from another port."""
    t.start(**LISTENS)
    until_pressed(t.peer())
    peer = stream_peer(t)
    peer.dial()
    init, before = peer.init(), peer.stream.getsockname()
    init.with_cookie(init.ask())
    peer.hang_up()
    peer.dial()
    check(before != peer.stream.getsockname(), "the port is the same")
    sa = init.run()
    accepted(sa.request(wire.IKE_AUTH, peer.auth_payloads(sa)[:2]))


@case(3016, "RFC 9329 7.5", only="esplaned")
def tcp_fragments_are_taken(t):
    """A request in fragments is answered, whole."""
    peer = dialled(t, fragment_size="576")
    offer = wire.notify(wire.FRAGMENTATION_SUPPORTED)
    sa = prove_first(peer, extra=[offer])
    ballast = [wire.Payload(wire.V, bytes(600))]
    for part in sa.seal_parts(wire.INFORMATIONAL, ballast, sa.next_out, 100):
        sa.transmit(part)
    sa.next_out += 1
    accepted(sa.answer_to(sa.next_out - 1))


@case(3017, "RFC 9329 6.1", only="esplaned")
def tcp_part_goes_with_its_connection(t):
    """Of a message whose connection broke the rest comes by none: all of it is sent again."""
    peer, sa = childless(t)
    data = sa.seal(wire.INFORMATIONAL, [], sa.next_out)
    frame = (len(data) + 6).to_bytes(2, "big") + bytes(4) + data
    for at in (1, 6, 40, len(frame) - 1):
        peer.stream.sendall(frame[:at])
        peer.hang_up()
        peer.dial()
    peer.stream.sendall(frame)
    sa.next_out += 1
    accepted(sa.answer_to(sa.next_out - 1))


@case(3018, "RFC 9329 6.5", only="esplaned", over=BOTH)
def tcp_says_where_it_is(t):
    """NAT_DETECTION of its answer is for the ports of the connection."""
    peer = dialled(t)
    answer = peer.init().ask()
    says_where(answer, answer.spi_r, (peer.subject, 4500), peer.stream.getsockname()[:2])


@case(3019, "RFC 9329 6.1", only="esplaned")
def tcp_is_for_one_ike_sa(t):
    """By a connection that has an IKE SA no other begins; when that has ended, it may."""
    peer, sa = childless(t)
    peer.init().send()
    t.alive(sa)
    peer.drain()
    check(not [m for m in peer.inbox if m.exchange == wire.IKE_SA_INIT], "another one begins")
    accepted(sa.request(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)]))
    t.alive(prove_first(peer))


@case(3020, "RFC 9329 1.2, 6.1", only="esplaned")
def tcp_is_rekeyed(t):
    """A rekeyed IKE SA goes on by the same connection, and by the next one that the peer opens."""
    peer, sa = childless(t)
    new = peer.rekey_ike(sa)
    t.alive(sa)
    accepted(sa.request(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)]))
    t.alive(new)
    peer.hang_up()
    peer.dial()
    t.alive(new)
    t.subject.down()
    new.respond(new.expect(wire.INFORMATIONAL))


@case(3031, "RFC 9329 6.1", only="esplaned")
def tcp_corrupt_is_closed(t):
    """A connection by which eight messages come in a row that are not authentic, or no messages, is
    closed; the IKE SA goes on by another."""
    peer, sa = childless(t)
    forged = bytearray(sa.seal(wire.INFORMATIONAL, [], sa.next_out))
    forged[-1] ^= 1
    for data in (bytes(forged), bytes(60)):
        for _ in range(7):
            peer.frame(bytes(4) + data)
        t.alive(sa)
        for _ in range(8):
            peer.frame(bytes(4) + data)
        check(peer.is_closed(), "the connection stays")
        peer.hang_up()
        peer.dial()
        t.alive(sa)


# --- the subject dials ---


def called(t, **options):
    """The subject's IKE_SA_INIT by TCP, not answered yet."""
    peer = stream_peer(t)
    peer.listen()
    t.start(**({"tcp": "yes"} | QUICK | options))
    t.begun = t.subject.up()
    peer.answer()
    return peer, Accept(peer)


def ends(t, *codes):
    result = t.subject.outcome(t.begun)
    check(result.get("error") in codes, f"it says {result}")
    t.nothing_kept()


def prove(peer, sa, request):
    check(request.get(wire.SA) is None, "it asks for a child")
    peer.check_auth(sa, request)
    sa.respond(request, peer.auth_payloads(sa)[:2])


@case(3021, "RFC 9329 4, 6.1", only="esplaned", over=BOTH)
def tcp_is_dialled(t):
    """It sends IKETCP, proves itself without a child, deletes the IKE SA and closes."""
    peer, accept = called(t)
    sa = accept.answer([SAYS])
    prove(peer, sa, sa.expect(wire.IKE_AUTH))
    request = sa.expect(wire.INFORMATIONAL)
    check(request.get(wire.D) is not None, f"no DELETE: {request}")
    sa.respond(request)
    ends(t, "tcp-only")
    check(peer.is_closed(), "the connection stays")


@case(3022, "RFC 9329 5.1", only="esplaned")
def tcp_is_fallen_back_to(t):
    """Where UDP gets no answer it goes on over TCP."""
    udp = t.peer()
    peer, accept = called(t, tcp="fall-back")
    udp.drain()
    tries = udp.repeats + [m for m in udp.inbox if m.exchange == wire.IKE_SA_INIT]
    equal(len(tries), 3, "tries over UDP")
    sa = accept.answer([SAYS])
    prove(peer, sa, sa.expect(wire.IKE_AUTH))
    sa.respond(sa.expect(wire.INFORMATIONAL))
    ends(t, "tcp-only")


@case(3023, "RFC 9329 3.2", only="esplaned")
def tcp_peer_wants_a_child(t):
    """With a peer that makes no childless IKE SA it does not go on, and closes."""
    peer, accept = called(t)
    accept.answer()
    ends(t, "tcp-only")
    check(peer.is_closed(), "the connection stays")
    check(not peer.octets, "it goes on")


@case(3024, "RFC 9329 6.1, 6.2", only="esplaned")
def tcp_is_dialled_again(t):
    """A request whose connection breaks comes again by another, the same octets, and not before."""
    peer, accept = called(t)
    sa = accept.answer([SAYS])
    request = sa.expect(wire.IKE_AUTH)
    t.rest(1)
    peer.drain()
    equal(len(peer.repeats), 0, "repeats by a connection that stands")
    peer.hang_up()
    peer.answer()
    peer.expect_repeats(1)
    prove(peer, sa, request)
    sa.respond(sa.expect(wire.INFORMATIONAL))
    ends(t, "tcp-only")


@case(3025, "RFC 9329 6.1", only="esplaned")
def tcp_has_nobody(t):
    """Where nobody listens the attempt ends at once."""
    t.start(tcp="yes")
    t.begun = t.subject.up()
    ends(t, "timeout")


@case(3026, "RFC 9329 6.4", only="esplaned")
def tcp_same_connection_for_cookies(t):
    """COOKIE and INVALID_KE_PAYLOAD are obeyed by the same connection."""
    peer, accept = called(t)
    accept.reply([wire.notify(wire.COOKIE, b"a cookie")], spi=bytes(8))
    accept.again()
    equal(accept.request.notify(wire.COOKIE).data, b"a cookie", "the cookie")
    sa = accept.answer([SAYS])
    prove(peer, sa, sa.expect(wire.IKE_AUTH))


@case(3027, "RFC 9329 5.1, 6.5", only="esplaned", over=BOTH)
def tcp_falls_back_anew(t):
    """Over TCP it begins anew: another SPI, and NAT_DETECTION for the ports of the connection."""
    udp = t.peer()
    peer, accept = called(t, tcp="fall-back")
    over_udp = udp.expect(lambda m: m.exchange == wire.IKE_SA_INIT, "IKE_SA_INIT by UDP")
    says_where(over_udp, bytes(8), (udp.subject, 500), (udp.address, 500))
    says_where(accept.request, bytes(8), peer.stream.getpeername()[:2], (peer.address, 4500))
    check(over_udp.spi_i != accept.request.spi_i, "the SPI is the same")
    check(over_udp.get(wire.NONCE) != accept.request.get(wire.NONCE), "the nonce is the same")
