# SPDX-License-Identifier: GPL-2.0
"""INFORMATIONAL: liveness, Delete, notifies, message ids (RFC 7296 1.4, 2.1 to 2.4, 2.21.3)."""
import os

from case import accepted, case, check, equal, refused
from peer import wire
from subject.net import BOTH

FAST = {"retransmit_first": "100ms", "retransmit_tries": 3}
CHILDREN = {name: {"local-ts": f"10.1.{n}.0/24", "remote-ts": f"10.2.{n}.0/24"}
            for n, name in enumerate(("one", "two", "three"))}


def ended(t, peer, sa):
    """No SAs are left, and the IKE SA does not answer."""
    t.has_pairs(0)
    t.gone(peer, sa)


def fatal(t):
    """No SAs are left, and the tunnel is down (RFC 7296 2.21.3); a Delete of its own may follow."""
    t.has_pairs(0)
    t.subject.wait(lambda: t.subject.state() in ("down", "closing"), "the end of the IKE SA")


@case(401, "RFC 7296 1.4, 2.4", "IKEv2.SGW.R.1.1.3.4")
def info_liveness_is_answered(t):
    """An empty INFORMATIONAL request gets an empty response."""
    _, sa = t.connected()
    answer = sa.request(wire.INFORMATIONAL)
    equal((answer.inner, answer.id, answer.flags), ([], 2, wire.FLAG_RESPONSE), "the response")


@case(402, "RFC 7296 1.4, 2.2", "IKEv2.SGW.R.1.3.1.1")
def info_requests_follow_each_other(t):
    """Requests with ids 2, 3, 4 are each answered with their id."""
    _, sa = t.connected()
    equal([sa.request(wire.INFORMATIONAL).id for _ in range(3)], [2, 3, 4], "ids")


@case(403, "RFC 7296 2.1", "IKEv2.SGW.R.1.3.2.1")
def info_again_gets_the_same_answer(t):
    """A retransmitted INFORMATIONAL request gets the same octets again."""
    _, sa = t.connected()
    data = sa.send(wire.INFORMATIONAL, [])
    first = sa.answer_to(2)
    sa.transmit(data)
    equal(sa.answer_to(2).raw, first.raw, "the second answer")


@case(404, "RFC 7296 2.10, 3", "IKEv2.SGW.R.1.3.3.1")
def info_reserved_bits_are_ignored(t):
    """Reserved bits of header flags, of the Encrypted payload, and of a notify are ignored."""
    _, sa = t.connected()
    accepted(sa.request(wire.INFORMATIONAL, [wire.notify(40000, reserved=0x7f)], reserved=0x7f,
                        flags=wire.FLAG_INITIATOR | 0xc7))


@case(405, "RFC 7296 1.4.1", "IKEv2.SGW.R.1.1.3.5")
def info_delete_ike(t):
    """Delete of the IKE SA gets an empty response, and takes all children with it."""
    peer, sa = t.connected()
    answer = sa.request(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)])
    equal(answer.inner, [], "the response")
    ended(t, peer, sa)


@case(406, "RFC 7296 1.4.1", "IKEv2.SGW.R.1.1.3.6")
def info_delete_child(t):
    """Delete of a child gets Delete of the other half; both go, the IKE SA stays."""
    _, sa = t.connected()
    answer = sa.request(wire.INFORMATIONAL, [wire.delete(wire.PROTO_ESP, [sa.child.spi_in])])
    equal(wire.parse_delete(answer.get(wire.D)), (wire.PROTO_ESP, [sa.child.spi_out]), "Delete")
    t.has_pairs(0)
    t.alive(sa)


@case(407, "RFC 7296 1.4.1", "IKEv2.SGW.R.1.2.3.1")
def info_delete_children(t):
    """Delete of several children in one payload, or in several, gets the other halves of all."""
    for apart in (False, True):
        t.start(children=CHILDREN)
        peer, made = t.peer(), []
        sa = peer.connect(tsi=[wire.Ts.net("10.2.0.0/24")], tsr=[wire.Ts.net("10.1.0.0/24")])
        made = [sa.child] + [peer.new_child(sa, tsi=[wire.Ts.net(f"10.2.{n}.0/24")],
                                            tsr=[wire.Ts.net(f"10.1.{n}.0/24")]) for n in (1, 2)]
        t.has_pairs(3)
        ours = [c.spi_in for c in made]
        payloads = [wire.delete(wire.PROTO_ESP, [s]) for s in ours] if apart else \
            [wire.delete(wire.PROTO_ESP, ours)]
        answer = sa.request(wire.INFORMATIONAL, payloads)
        found = [s for p in answer.all(wire.D) for s in wire.parse_delete(p.body)[1]]
        equal(sorted(found), sorted(c.spi_out for c in made), "the SPIs it deletes")
        t.has_pairs(0)
        t.alive(sa)
        t.subject.stop()


@case(408, "RFC 7296 1.4.1")
def info_delete_of_nothing(t):
    """Delete of an SPI that is not there, of AH, or of no SPI at all changes nothing."""
    _, sa = t.connected()
    for payload in (wire.delete(wire.PROTO_ESP, [os.urandom(4)]),
                    wire.delete(wire.PROTO_AH, [sa.child.spi_in]),
                    wire.delete(wire.PROTO_ESP, [], size=4),
                    wire.delete(wire.PROTO_ESP, [sa.child.spi_out])):
        answer = sa.request(wire.INFORMATIONAL, [payload])
        accepted(answer)
        check(answer.get(wire.D) is None, f"it deletes: {answer}")
    t.has_pairs(1)


@case(409, "RFC 7296 1.4.1")
def info_delete_twice_in_one(t):
    """The same SPI twice in one Delete is deleted once."""
    _, sa = t.connected()
    spi = sa.child.spi_in
    answer = sa.request(wire.INFORMATIONAL, [wire.delete(wire.PROTO_ESP, [spi, spi])])
    equal(wire.parse_delete(answer.get(wire.D))[1], [sa.child.spi_out], "the SPIs it deletes")
    t.has_pairs(0)


@case(410, "RFC 7296 1.4.1, 3.11")
def info_delete_ike_and_child(t):
    """Delete of the IKE SA beside that of a child ends both."""
    peer, sa = t.connected()
    accepted(sa.request(wire.INFORMATIONAL, [wire.delete(wire.PROTO_ESP, [sa.child.spi_in]),
                                             wire.delete(wire.PROTO_IKE)]))
    ended(t, peer, sa)


@case(411, "RFC 7296 3.11, 2.21.3")
def info_malformed_delete(t):
    """A Delete whose SPIs do not fit its length is INVALID_SYNTAX, which ends the IKE SA."""
    for body in (b"\x03\x04\0\x02" + bytes(4), b"\x03\x04\0\x01" + bytes(3), b"\x03\x08\0\x01" +
                 bytes(8), b"\x03"):
        _, sa = t.connected()
        refused(sa.request(wire.INFORMATIONAL, [wire.Payload(wire.D, body)]), wire.INVALID_SYNTAX)
        fatal(t)
        t.subject.stop()


@case(412, "RFC 7296 2.21.3")
def info_malformed_is_fatal(t):
    """A request that is protected and malformed gets INVALID_SYNTAX; the IKE SA and its child
    go."""
    _, sa = t.connected()
    refused(sa.request(wire.INFORMATIONAL, [wire.Payload(wire.N, b"\0\xff\0\x01")]),
            wire.INVALID_SYNTAX)
    fatal(t)


@case(413, "RFC 7296 2.5")
def info_unknown_critical_payload(t):
    """An unknown critical payload gets UNSUPPORTED_CRITICAL_PAYLOAD, and ends nothing."""
    _, sa = t.connected()
    answer = sa.request(wire.INFORMATIONAL, [wire.Payload(222, b"unknown", critical=True)])
    refused(answer, wire.UNSUPPORTED_CRITICAL_PAYLOAD)
    equal(answer.notify(wire.UNSUPPORTED_CRITICAL_PAYLOAD).data, bytes([222]), "its data")
    t.alive(sa)
    t.has_pairs(1)


@case(414, "RFC 7296 2.5")
def info_unknown_payload(t):
    """An unknown payload that is not critical is skipped; what stands beside it counts."""
    _, sa = t.connected()
    answer = sa.request(wire.INFORMATIONAL, [wire.Payload(222, b"unknown"),
                                             wire.delete(wire.PROTO_ESP, [sa.child.spi_in])])
    equal(wire.parse_delete(answer.get(wire.D))[1], [sa.child.spi_out], "the SPIs it deletes")


@case(415, "RFC 7296 3.10.1")
def info_notifies_are_ignored(t):
    """Notifies that it does not know, and SET_WINDOW_SIZE, get an empty response."""
    _, sa = t.connected()
    for n in (wire.notify(8191), wire.notify(40959, b"x"),
              wire.notify(wire.SET_WINDOW_SIZE, b"\0\0\0\x08")):
        accepted(sa.request(wire.INFORMATIONAL, [n]))
    t.has_pairs(1)


@case(416, "RFC 7296 1.5, 2.21.4")
def info_invalid_spi_inside(t):
    """INVALID_SPI and INVALID_IKE_SPI inside the IKE SA end nothing."""
    _, sa = t.connected()
    for n in (wire.notify(wire.INVALID_SPI, os.urandom(4)),
              wire.notify(wire.INVALID_SPI, sa.child.spi_in), wire.notify(wire.INVALID_IKE_SPI)):
        accepted(sa.request(wire.INFORMATIONAL, [n]))
    t.has_pairs(1)


@case(417, "RFC 7296 2.3")
def info_ids_that_are_over(t):
    """A request with an id before the last one gets no answer, and does nothing."""
    peer, sa = t.connected()
    for _ in range(3):
        accepted(sa.request(wire.INFORMATIONAL))
    for mid in (0, 1, 2, 3):
        sa.send(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)], mid=mid)
    t.silent(peer)
    t.has_pairs(1)
    accepted(sa.request(wire.INFORMATIONAL))


@case(418, "RFC 7296 2.3")
def info_other_request_of_the_same_id(t):
    """Another request with the id of the last one does nothing: at most the old answer comes
    again."""
    peer, sa = t.connected()
    first = sa.request(wire.INFORMATIONAL)
    sa.send(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)], mid=2)
    t.silent(peer, lambda m: m.raw != first.raw)
    peer.inbox.clear()
    t.has_pairs(1)
    accepted(sa.request(wire.INFORMATIONAL, mid=3))


@case(419, "RFC 7296 2.3")
def info_ids_beyond_the_window(t):
    """A request with an id beyond the window is not processed."""
    peer, sa = t.connected()
    for mid in (3, 100, 0xffffffff):
        sa.send(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)], mid=mid)
    t.silent(peer, lambda m: m.response)
    t.has_pairs(1)
    accepted(sa.request(wire.INFORMATIONAL, mid=2))


@case(420, "RFC 7296 2.21.4, 2.4", "IKEv2.SGW.R.1.1.3.2")
def info_unprotected_changes_nothing(t):
    """What is not protected ends nothing: INVALID_SPI, INVALID_IKE_SPI, Delete,
    AUTHENTICATION_FAILED."""
    peer, sa = t.connected()
    for payload in (wire.notify(wire.INVALID_SPI, sa.child.spi_in, protocol=3),
                    wire.notify(wire.INVALID_IKE_SPI), wire.delete(wire.PROTO_IKE),
                    wire.delete(wire.PROTO_ESP, [sa.child.spi_in]),
                    wire.notify(wire.AUTHENTICATION_FAILED), wire.notify(wire.INVALID_SYNTAX)):
        for flags in (wire.FLAG_INITIATOR, wire.FLAG_INITIATOR | wire.FLAG_RESPONSE,
                      wire.FLAG_RESPONSE):
            peer.send(wire.Message(sa.spi_i, sa.spi_r, wire.INFORMATIONAL, flags, 2,
                                   [payload]).encode())
    t.silent(peer)
    t.has_pairs(1)
    t.alive(sa)


@case(421, "RFC 7296 2.21.4, 2.4", "IKEv2.SGW.I.1.1.3.2")
def info_unprotected_changes_nothing_as_initiator(t):
    """Likewise where it has begun the IKE SA."""
    peer, sa = t.called()
    for payload in (wire.notify(wire.INVALID_SPI, sa.child.spi_in, protocol=3),
                    wire.notify(wire.INVALID_IKE_SPI), wire.delete(wire.PROTO_IKE)):
        for flags in (0, wire.FLAG_RESPONSE):
            peer.send(wire.Message(sa.spi_i, sa.spi_r, wire.INFORMATIONAL, flags, 0,
                                   [payload]).encode())
    t.silent(peer)
    t.has_pairs(1)
    t.alive(sa)


@case(422, "RFC 7296 2.21.4, 1.5", over=BOTH)
def info_unknown_ike_spi(t):
    """A request for an IKE SA that is not there gets INVALID_IKE_SPI with its SPIs and id, and
    no more of them than ten a second; or nothing."""
    peer, sa = t.connected()
    sa.spi_r = os.urandom(8)
    for _ in range(100):
        sa.send(wire.INFORMATIONAL, [], mid=7)
    t.silent(peer, lambda m: not (m.error() == wire.INVALID_IKE_SPI and m.spi_r == sa.spi_r and
                                  m.spi_i == sa.spi_i and m.id == 7 and m.response))
    equal(len(peer.inbox) < 100, True, "fewer answers than requests")
    t.has_pairs(1)


@case(423, "RFC 7296 2.21.4")
def info_unknown_ike_spi_of_a_response(t):
    """A response for an IKE SA that is not there gets no answer."""
    peer, sa = t.connected()
    sa.spi_r = os.urandom(8)
    sa.transmit(sa.seal(wire.INFORMATIONAL, [], 0, response=True))
    t.silent(peer)


@case(424, "RFC 7296 2.4", "IKEv2.SGW.I.1.1.3.5")
def info_liveness_is_asked(t):
    """After `dpd` without a sign of the peer it sends an empty INFORMATIONAL request."""
    _, sa = t.called(dpd="1s")
    request = sa.expect(wire.INFORMATIONAL)
    equal((request.inner, request.id), ([], 2), "the request")
    sa.respond(request)
    t.has_pairs(1)


@case(425, "RFC 7296 2.4", "IKEv2.SGW.I.1.1.3.8")
def info_unprotected_is_no_sign_of_life(t):
    """Messages without protection do not put off the question whether the peer lives."""
    peer, sa = t.called(dpd="1s")
    forged = wire.Message(sa.spi_i, sa.spi_r, wire.INFORMATIONAL, wire.FLAG_RESPONSE, 9, [])
    until = t.soon(20)
    while True:
        peer.send(forged.encode(), to=sa.to)
        message = peer.receive(t.soon(0.1))
        if message:
            break
        check(t.soon(0) < until, "no question came")
    equal((message.exchange, message.response), (wire.INFORMATIONAL, False), "what came")


@case(426, "RFC 7296 2.4", "IKEv2.SGW.I.1.3.2.1")
def info_liveness_is_repeated(t):
    """Without an answer the same INFORMATIONAL request comes again; then everything ends."""
    peer, sa = t.called(dpd="1s", **FAST)
    sa.expect(wire.INFORMATIONAL)
    peer.expect_repeats(2)
    t.has_pairs(0)


@case(427, "RFC 7296 2.1", "IKEv2.SGW.I.1.3.2.2")
def info_liveness_stops_being_repeated(t):
    """An answer ends the retransmission of INFORMATIONAL."""
    peer, sa = t.called(dpd="2s", retransmit_first="200ms")
    request = sa.expect(wire.INFORMATIONAL)
    sa.respond(request)
    peer.drain()
    before = len(peer.repeats)
    t.rest(0.6)
    peer.drain()
    equal(len(peer.repeats), before, "retransmissions")
    t.has_pairs(1)


@case(428, "RFC 7296 1.4.1", "IKEv2.SGW.I.1.1.3.6")
def info_delete_ike_is_sent(t):
    """`ikectl down` sends Delete of the IKE SA, with protocol 1 and no SPI."""
    _, sa = t.called()
    t.subject.down()
    request = sa.expect(wire.INFORMATIONAL)
    equal([p.body for p in request.all(wire.D)], [b"\x01\0\0\0"], "Delete")
    sa.respond(request)
    t.nothing_kept()


@case(429, "RFC 7296 1.4.1", "IKEv2.SGW.I.1.1.3.7")
def info_delete_child_is_sent(t):
    """A child that goes alone is deleted by the SPI that we receive with; the other half is
    answered."""
    _, sa = t.called()
    spi = int.from_bytes(sa.child.spi_out, "big")
    t.kernel.expire(t.kernel.inbound[spi]["policy"], spi, out=False, hard=True)
    request = sa.expect(wire.INFORMATIONAL)
    equal([wire.parse_delete(p.body) for p in request.all(wire.D)],
          [(wire.PROTO_ESP, [sa.child.spi_out])], "Delete")
    sa.respond(request, [wire.delete(wire.PROTO_ESP, [sa.child.spi_in])])
    t.kernel.wait(lambda k: spi not in k.inbound, "the SA's end", 20)


@case(430, "RFC 7296 1.4.1, 2.25", "IKEv2.SGW.I.1.2.6.2")
def info_both_delete_the_ike_sa(t):
    """Both ends delete the IKE SA at once: it answers, and ends."""
    _, sa = t.called()
    t.subject.down()
    theirs = sa.expect(wire.INFORMATIONAL)
    equal(sa.request(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)]).inner, [], "the response")
    sa.respond(theirs)
    t.nothing_kept()


@case(431, "RFC 7296 1.4.1", "IKEv2.SGW.I.1.2.6.1")
def info_both_delete_the_child(t):
    """Both ends delete the child at once: the response deletes nothing more, the IKE SA stays."""
    _, sa = t.called()
    spi = int.from_bytes(sa.child.spi_out, "big")
    t.kernel.expire(t.kernel.inbound[spi]["policy"], spi, out=False, hard=True)
    theirs = sa.expect(wire.INFORMATIONAL)
    answer = sa.request(wire.INFORMATIONAL, [wire.delete(wire.PROTO_ESP, [sa.child.spi_in])])
    equal(answer.inner, [], "the response")
    sa.respond(theirs)
    t.kernel.wait(lambda k: spi not in k.inbound, "the SA's end", 20)
    t.alive(sa)


@case(432, "RFC 7296 2.4", "IKEv2.SGW.R.1.1.3.1", over=BOTH)
def info_icmp_changes_nothing(t):
    """ICMP port unreachable from the peer's host ends nothing."""
    peer, sa = t.called(dpd="1s")
    peer.sockets.pop(500).close()
    t.rest(1.5)                                 # the question meets a closed port
    peer.open(500)
    sa.respond(sa.expect(wire.INFORMATIONAL))
    t.has_pairs(1)
    t.alive(sa)


@case(433, "RFC 7296 2.2, 2.3")
def info_directions_have_their_own_ids(t):
    """Its own requests begin with id 0 where the peer has begun the IKE SA."""
    _, sa = t.connected()
    t.subject.down()
    equal(sa.expect(wire.INFORMATIONAL).id, 0, "the first id of its own")


@case(434, "RFC 7296 3.1")
def info_flags_as_responder(t):
    """A request of the original responder has no flag set."""
    _, sa = t.connected()
    t.subject.down()
    equal(sa.expect(wire.INFORMATIONAL).flags, 0, "flags")


@case(435, "RFC 7296 2.5")
def info_of_unknown_exchange(t):
    """A protected request of an unknown exchange type gets INVALID_SYNTAX, the end, or silence."""
    peer, sa = t.connected()
    sa.send(99, [])
    t.silent(peer, lambda m: m.error() is not None and m.error() != wire.INVALID_SYNTAX)
    if any(m.error() == wire.INVALID_SYNTAX for m in peer.inbox):
        fatal(t)
    else:
        t.alive(sa)


@case(436, "RFC 7296 2.21, 3.14")
def info_forged(t):
    """A request with a wrong checksum ends nothing and moves no id."""
    peer, sa = t.connected()
    for at in (30, -1, -17):
        sa.send(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)], mid=2,
                spoil=lambda d, at=at: d[:at] + bytes([d[at] ^ 0x80]) + d[at:][1:])
    t.silent(peer)
    t.has_pairs(1)
    accepted(sa.request(wire.INFORMATIONAL, mid=2))


@case(437, "RFC 7296 3.14")
def info_header_is_protected(t):
    """The header is covered by the checksum: a changed exchange type or id is noticed."""
    peer, sa = t.connected()
    for at in (18, 23):
        sa.send(wire.INFORMATIONAL, [], mid=2,
                spoil=lambda d, at=at: d[:at] + bytes([d[at] ^ 1]) + d[at + 1:])
    t.silent(peer)
    accepted(sa.request(wire.INFORMATIONAL, mid=2))
