# SPDX-License-Identifier: GPL-2.0
"""Messages in fragments (RFC 7383), to and from the subject."""
import os
import struct

from case import accepted, case, check, equal, refused
from peer import wire
from peer.exchange import Unexpected
from subject.net import BOTH, IPV6

# they make IKE_AUTH large: 16 octets each, of IPv6 40
MANY, BEHIND = ([f"{net}.{n}.0/24" for n in range(16)] for net in ("10.100", "172.16"))
MANY6, BEHIND6 = ([f"{net}:{n:x}::/64" for n in range(16)] for net in ("fd08", "fd09"))
OFFER = wire.notify(wire.FRAGMENTATION_SUPPORTED)


def opened(t, offer=True, **options):
    """An IKE SA after IKE_SA_INIT, in which we have offered fragmentation."""
    t.start(**options)
    return t.peer(), t.peer().init(extra=[OFFER] if offer else []).run()


def up(t, **options):
    peer, sa = opened(t, **options)
    answer = sa.request(wire.IKE_AUTH, peer.auth_payloads(sa))
    peer.finish_auth(sa, answer)
    t.has_child(sa)
    return peer, sa


def give(sa, parts):
    for part in parts:
        sa.transmit(part)
    sa.next_out = max(sa.next_out, struct.unpack(">I", parts[0][20:24])[0] + 1)


def answered(t, peer, sa, parts, mid):
    """The fragments make a request that is answered well."""
    give(sa, parts)
    answer = sa.answer_to(mid)
    accepted(answer)
    return answer


def unanswered(t, peer, sa, parts):
    """They do not."""
    for part in parts:
        sa.transmit(part)
    t.silent(peer, lambda m: m.inner is not None)


def ballast(octets=600):
    """Payloads that mean nothing, for a message of that size."""
    return [wire.Payload(wire.V, os.urandom(octets - 4))]


@case(1201, "RFC 7383 2.3")
def fragmentation_is_agreed(t):
    """It says IKEV2_FRAGMENTATION_SUPPORTED where the peer has, and only there."""
    for offer in (True, False):
        t.start()
        answer = t.peer().init(extra=[OFFER] if offer else []).ask()
        equal(answer.notify(wire.FRAGMENTATION_SUPPORTED) is not None, offer, "the notify")
        t.subject.stop()


@case(1202, "RFC 7383 2.3")
def fragmentation_is_offered(t):
    """As initiator it offers fragmentation, with no data in the notify."""
    t.start()
    t.subject.up()
    request = t.peer().expect(lambda m: m.exchange == wire.IKE_SA_INIT, "IKE_SA_INIT")
    offer = request.notify(wire.FRAGMENTATION_SUPPORTED)
    check(offer is not None, f"not offered: {request}")
    equal((offer.protocol, offer.spi, offer.data), (0, b"", b""), "the notify")


@case(1203, "RFC 7383 2.5, 2.6", over=BOTH)
def fragments_make_a_request(t):
    """IKE_AUTH that comes in fragments is answered like one that comes whole."""
    peer, sa = opened(t)
    parts = sa.seal_parts(wire.IKE_AUTH, peer.auth_payloads(sa), 1, 60)
    check(len(parts) > 2, "too few fragments for this case")
    peer.finish_auth(sa, answered(t, peer, sa, parts, 1))
    t.has_child(sa)


@case(1204, "RFC 7383 2.6")
def fragments_in_any_order(t):
    """Fragments may come in any order."""
    peer, sa = opened(t)
    parts = sa.seal_parts(wire.IKE_AUTH, peer.auth_payloads(sa), 1, 60)
    peer.finish_auth(sa, answered(t, peer, sa, parts[::-1], 1))
    t.has_child(sa)


@case(1205, "RFC 7383 2.6")
def fragments_twice(t):
    """Fragments that come again are ignored, and nothing is answered before the last is there."""
    peer, sa = up(t)
    parts = sa.seal_parts(wire.INFORMATIONAL, ballast(), sa.next_out, 100)
    mid = sa.next_out
    unanswered(t, peer, sa, parts[:-1] + parts[:-1])
    answered(t, peer, sa, parts[-1:], mid)


@case(1206, "RFC 7383 2.6.1")
def fragments_again_get_the_same_answer(t):
    """Of a request that was answered, fragment 1 gets the same octets again; another gets nothing."""
    peer, sa = up(t)
    mid = sa.next_out
    parts = sa.seal_parts(wire.INFORMATIONAL, ballast(), mid, 100)
    first = answered(t, peer, sa, parts, mid)
    unanswered(t, peer, sa, parts[1:2])
    sa.transmit(parts[0])
    equal(sa.answer_to(mid).raw, first.raw, "the second answer")


@case(1207, "RFC 7383 2.6")
def fragments_with_wrong_numbers(t):
    """Number 0, a number beyond the total, a total of 0: dropped; the right ones still count."""
    peer, sa = up(t)
    mid, payloads = sa.next_out, ballast()
    kind, plain = wire.chain(payloads)
    parts = sa.seal_parts(wire.INFORMATIONAL, payloads, mid, 300)
    total = len(parts)
    unanswered(t, peer, sa, [
        sa.seal_part(wire.INFORMATIONAL, kind, plain[:300], mid, number, of)
        for number, of in ((0, total), (total + 1, total), (1, 0), (0, 0), (65535, total))])
    answered(t, peer, sa, parts, mid)


@case(1208, "RFC 7383 2.6")
def fragments_of_a_finer_division(t):
    """A larger total is a new division, which takes the place of the one before; a smaller is old."""
    peer, sa = up(t)
    mid, payloads = sa.next_out, ballast()
    coarse = sa.seal_parts(wire.INFORMATIONAL, payloads, mid, 300)
    fine = sa.seal_parts(wire.INFORMATIONAL, payloads, mid, 100)
    unanswered(t, peer, sa, coarse[:-1] + fine[:-1] + coarse[-1:])
    answered(t, peer, sa, fine[-1:], mid)


@case(1209, "RFC 7383 2.6")
def fragments_that_are_forged(t):
    """A fragment with a wrong checksum is dropped, and does not take the right one's place."""
    peer, sa = up(t)
    mid, payloads = sa.next_out, ballast()
    parts = sa.seal_parts(wire.INFORMATIONAL, payloads, mid, 200)
    forged = [part[:-1] + bytes([part[-1] ^ 1]) for part in parts]
    unanswered(t, peer, sa, forged + parts[:-1] + forged[-1:])
    answered(t, peer, sa, parts[-1:], mid)


@case(1210, "RFC 7383 2.5")
def fragment_header_is_authentic(t):
    """Number and total are covered by the checksum."""
    peer, sa = up(t)
    mid = sa.next_out
    parts = sa.seal_parts(wire.INFORMATIONAL, ballast(), mid, 300)
    for at in (33, 35):         # low octets of number and total, after IKE's and the payload's header
        part = bytearray(parts[0])
        part[at] ^= 4
        unanswered(t, peer, sa, [bytes(part)])
    answered(t, peer, sa, parts, mid)


@case(1211, "RFC 7383 2.3")
def fragments_that_were_not_agreed(t):
    """Where fragmentation was not agreed, a fragment is dropped and a whole message is answered."""
    peer, sa = opened(t, offer=False)
    unanswered(t, peer, sa, sa.seal_parts(wire.IKE_AUTH, peer.auth_payloads(sa), 1, 100))
    sa.next_out = 1
    answer = sa.request(wire.IKE_AUTH, peer.auth_payloads(sa))
    peer.finish_auth(sa, answer)


@case(1212, "RFC 7383 2.6, 4")
def fragments_beyond_bounds(t):
    """10,000 fragments of a peer that has not proved itself are bounded; its next message counts."""
    peer, sa = opened(t)
    for number in range(1, 10001, 7):
        sa.transmit(sa.seal_part(wire.IKE_AUTH, wire.V, bytes(60), 1, number, 10000))
    t.silent(peer, lambda m: m.inner is not None)
    check(t.subject.counters()["fragments_refused"] > 0, "no counter says so")
    answer = sa.request(wire.IKE_AUTH, peer.auth_payloads(sa))
    peer.finish_auth(sa, answer)
    t.has_child(sa)


@case(1213, "RFC 7383 2.6")
def fragments_beside_a_whole(t):
    """A request that is there in part, and then comes whole, is answered once."""
    peer, sa = up(t)
    mid, payloads = sa.next_out, ballast()
    parts = sa.seal_parts(wire.INFORMATIONAL, payloads, mid, 200)
    give(sa, parts[:-1])
    sa.send(wire.INFORMATIONAL, payloads, mid=mid)
    accepted(sa.answer_to(mid))
    unanswered(t, peer, sa, parts[-1:])
    t.alive(sa)


@case(1214, "RFC 7383 2.6")
def fragments_of_another_request(t):
    """Fragments of one message id do not complete those of another."""
    peer, sa = up(t)
    mid, payloads = sa.next_out, ballast()
    this = sa.seal_parts(wire.INFORMATIONAL, payloads, mid, 300)
    other = sa.seal_parts(wire.INFORMATIONAL, payloads, mid + 1, 300)
    unanswered(t, peer, sa, this[:1] + other[1:])
    answered(t, peer, sa, this[1:], mid)


@case(1215, "RFC 7383 2.4")
def fragments_in_the_first_message(t):
    """IKE_SA_INIT with an Encrypted Fragment in it makes no IKE SA and is not answered as one."""
    t.start()
    peer = t.peer()
    init = peer.init(extra=[OFFER])
    init.payloads = [wire.Payload(wire.SKF, struct.pack(">HH", 1, 1) + os.urandom(64))]
    init.send()
    t.silent(peer, lambda m: m.spi_i == init.spi and m.get(wire.SA) is not None)
    init = peer.init(extra=[OFFER])
    init.run()


@case(1216, "RFC 7383 2.5, RFC 7296 2.5")
def fragments_with_bad_content(t):
    """What the fragments make is checked like a whole: a critical payload that is unknown is named."""
    peer, sa = up(t)
    mid = sa.next_out
    payloads = ballast() + [wire.Payload(99, b"what", critical=True)]
    give(sa, sa.seal_parts(wire.INFORMATIONAL, payloads, mid, 200))
    answer = sa.answer_to(mid)
    refused(answer, wire.UNSUPPORTED_CRITICAL_PAYLOAD)
    equal(answer.notify(wire.UNSUPPORTED_CRITICAL_PAYLOAD).data, bytes([99]), "the payload's type")


@case(1217, "RFC 7383 2.5.1", over=BOTH)
def fragments_are_sent(t):
    """A request that is larger than `fragment-size` comes in fragments, none larger than that."""
    t.start(fragment_size="576", local_ts=MANY, remote_ts=BEHIND)
    peer = t.peer()
    t.subject.up()
    sa = peer.accept_init(extra=[OFFER])
    message = sa.expect(wire.IKE_AUTH)
    check(message.fragments > 1, "it came whole")
    most = 576 - (40 if t.outside is IPV6 else 20) - 8 - 4
    check(most - 40 < message.largest <= most, f"a fragment of {message.largest} octets")
    equal(len(wire.parse_ts(message.get(wire.TSI))), 16, "selectors")
    peer.check_auth(sa, message)
    peer.answer_auth(sa, message)
    t.has_child(sa)


@case(1218, "RFC 7383 2.3")
def fragments_are_not_sent_unasked(t):
    """Where the peer has not agreed to fragmentation, a large request comes whole."""
    t.start(fragment_size="576", local_ts=MANY, remote_ts=BEHIND)
    t.subject.up()
    sa = t.peer().accept_init()
    equal(sa.expect(wire.IKE_AUTH).fragments, 0, "fragments")


@case(1219, "RFC 7383 2.6")
def fragments_of_an_answer(t):
    """An answer that comes in fragments is taken like a whole one."""
    t.start()
    peer = t.peer()
    t.subject.up()
    sa = peer.accept_init(extra=[OFFER])
    message = sa.expect(wire.IKE_AUTH)
    peer.check_auth(sa, message)
    me = peer.id_payload(wire.IDR)
    payloads = [me, peer.auth_payload(sa, me.body)]
    sa.child = peer.grant_child(sa, message, (sa.nonce_i, sa.nonce_r), payloads)
    for part in sa.seal_parts(wire.IKE_AUTH, payloads, message.id, 60, response=True)[::-1]:
        sa.transmit(part)
    t.has_child(sa)


@case(1220, "RFC 7383 2.5.2", over=BOTH)
def fragments_become_smaller(t):
    """A request that nobody answers comes in fragments of the size that each host takes after its
    second try: 576 octets, over IPv6 1280."""
    ipv6 = t.outside is IPV6
    t.start(fragment_size="2000" if ipv6 else "1000", local_ts=MANY6 if ipv6 else MANY,
            remote_ts=BEHIND6 if ipv6 else BEHIND, retransmit_first="100ms", retransmit_factor="1")
    peer, most = t.peer(), (1280 - 40 if ipv6 else 576 - 20) - 8 - 4
    t.subject.up()
    sa = peer.accept_init(extra=[OFFER])
    first = sa.expect(wire.IKE_AUTH)
    message = peer.expect(lambda m: m.exchange == wire.IKE_AUTH and m.fragments != first.fragments,
                          "another division")
    if message.fragments <= first.fragments:
        raise Unexpected(f"{message.fragments} fragments after {first.fragments}")
    check(most - 40 < message.largest <= most, f"a fragment of {message.largest} octets")
    peer.answer_auth(sa, message)
    t.has_child(sa)


@case(1221, "RFC 7383 4", only="esplaned")
def fragments_while_it_computes(t):
    """What comes in a burst while it is busy waits: 1,429 fragments are all seen."""
    peer, sa = opened(t)
    with t.subject.paused():
        for number in range(1, 10001, 7):
            sa.transmit(sa.seal_part(wire.IKE_AUTH, wire.V, bytes(60), 1, number, 10000))
    t.silent(peer, lambda m: m.inner is not None)
    equal(t.subject.counters()["fragments_refused"], 1429, "fragments refused")
