# SPDX-License-Identifier: GPL-2.0
"""MOBIKE (RFC 4555): the peer that has begun the IKE SA gets another address."""
import ipaddress
import os
import struct

from case import accepted, case, check, equal
from peer import wire
from peer.sa import nat_hash
from subject.net import BOTH


def agreed(t, **options):
    """The peer and an IKE SA where both have said that they can."""
    t.start(**options)
    peer = t.peer()
    sa = peer.init().run()
    answer = sa.request(wire.IKE_AUTH, peer.auth_payloads(
        sa, after=[wire.notify(wire.MOBIKE_SUPPORTED)]))
    peer.finish_auth(sa, answer)
    t.has_child(sa)
    return peer, sa, answer


def moved(t, sa):
    """The peer is at its second address from now on."""
    other = t.peer(1)
    other.sas.append(sa)
    sa.peer = other
    return other


def hashes(sa, address, port=500, to_port=500):
    """NAT_DETECTION notifies as they are right from @address."""
    return [wire.notify(wire.NAT_DETECTION_SOURCE_IP, nat_hash(sa.spi_i, sa.spi_r, address, port)),
            wire.notify(wire.NAT_DETECTION_DESTINATION_IP,
                        nat_hash(sa.spi_i, sa.spi_r, sa.peer.subject, to_port))]


def leads_to(t, address):
    t.kernel.wait(lambda k: all(p["remote"] == address for p in k.policies.values()),
                  f"ESP to {address}", 20)


def no_nats(*ends):
    """What NO_NATS_ALLOWED says of a message. @ends: from, to."""
    return (b"".join(ipaddress.ip_address(address).packed for address, _ in ends) +
            struct.pack(">HH", *(port for _, port in ends)))


def where(t):
    return [p["remote"] for p in t.kernel.policies.values()]


@case(1001, "RFC 4555 3.2")
def mobike_is_agreed(t):
    """MOBIKE_SUPPORTED in the request is answered by the same in the response."""
    _, _, answer = agreed(t)
    check(answer.notify(wire.MOBIKE_SUPPORTED), "it does not say that it can")


@case(1002, "RFC 4555 3.2")
def mobike_is_not_claimed_alone(t):
    """Without MOBIKE_SUPPORTED in the request there is none in the response."""
    t.start()
    peer = t.peer()
    sa = peer.init().run()
    answer = sa.request(wire.IKE_AUTH, peer.auth_payloads(sa))
    accepted(answer)
    check(not answer.notify(wire.MOBIKE_SUPPORTED), "it says that it can")


@case(1003, "RFC 4555 3.2", only="esplaned")
def mobike_is_turned_off(t):
    """With `mobike = no` it says nothing of it."""
    _, _, answer = agreed(t, mobike="no")
    check(not answer.notify(wire.MOBIKE_SUPPORTED), "it says that it can")


@case(1004, "RFC 4555 3.5, 3.7, 3.8", over=BOTH)
def mobike_moves_the_peer(t):
    """UPDATE_SA_ADDRESSES from another address is answered there, and ESP follows."""
    _, sa, _ = agreed(t)
    other = moved(t, sa)
    answer = sa.request(wire.INFORMATIONAL, [wire.notify(wire.UPDATE_SA_ADDRESSES),
                                             *hashes(sa, other.address)])
    accepted(answer)
    for kind in (wire.NAT_DETECTION_SOURCE_IP, wire.NAT_DETECTION_DESTINATION_IP):
        check(answer.notify(kind), f"no {wire.NOTIFY_NAMES.get(kind, kind)} in the response")
    serve_cookie2(t, sa)
    leads_to(t, other.at(500))
    t.alive(sa)


def serve_cookie2(t, sa):
    """Answers a question about the way back, if it comes before the address is used (3.7)."""
    until = t.soon(2)
    while not all(w == sa.peer.at(500) for w in where(t)):
        message = sa.peer.receive(t.soon(0.05))
        if message and not message.response and message.notify(wire.COOKIE2):
            sa.respond(message, [wire.notify(wire.COOKIE2, message.notify(wire.COOKIE2).data)])
        elif message:
            sa.peer.inbox.append(message)
        t.kernel.read()
        if t.soon(0) > until:
            return


@case(1005, "RFC 4555 3.5, 3.8", over=BOTH)
def mobike_addresses_follow_only_the_update(t):
    """Another address without UPDATE_SA_ADDRESSES is answered there, and ESP stays where it was."""
    peer, sa, _ = agreed(t)
    moved(t, sa)
    accepted(sa.request(wire.INFORMATIONAL))
    check(all(w == peer.at(500) for w in where(t)), f"ESP goes to {where(t)}")


@case(1006, "RFC 4555 3.7")
def mobike_cookie2_comes_back(t):
    """A COOKIE2 in a request is in the response, as it was."""
    _, sa, _ = agreed(t)
    for data in (os.urandom(8), os.urandom(64)):
        answer = sa.request(wire.INFORMATIONAL, [wire.notify(wire.COOKIE2, data)])
        check(answer.notify(wire.COOKIE2), "no COOKIE2")
        equal(answer.notify(wire.COOKIE2).data, data, "COOKIE2")


@case(1007, "RFC 4555 3.5")
def mobike_forged_update(t):
    """A forged UPDATE_SA_ADDRESSES, or a copy of an old one, moves nothing."""
    peer, sa, _ = agreed(t)
    other = t.peer(1)
    bad = sa.seal(wire.INFORMATIONAL, [wire.notify(wire.UPDATE_SA_ADDRESSES)], 2,
                  spoil=lambda d: d[:-1] + bytes([d[-1] ^ 1]))
    other.send(bad)
    t.silent(peer)
    check(all(w == peer.at(500) for w in where(t)), f"ESP goes to {where(t)}")
    t.alive(sa)


@case(1008, "RFC 4555 3.2")
def mobike_update_nobody_agreed_on(t):
    """UPDATE_SA_ADDRESSES where MOBIKE was not agreed on moves no ESP."""
    peer, sa = t.connected()
    moved(t, sa)
    sa.send(wire.INFORMATIONAL, [wire.notify(wire.UPDATE_SA_ADDRESSES),
                                 *hashes(sa, sa.peer.address)])
    sa.answer_to(2)
    check(all(w == peer.at(500) for w in where(t)), f"ESP goes to {where(t)}")


@case(1009, "RFC 4555 3.9", over=BOTH)
def mobike_no_nats_allowed(t):
    """NO_NATS_ALLOWED with other addresses than the packet has gets UNEXPECTED_NAT_DETECTED."""
    peer, sa, _ = agreed(t)
    moved(t, sa)
    data = no_nats((t.outside.nowhere, 500), (t.outside.subject, 500))
    answer = sa.request(wire.INFORMATIONAL, [wire.notify(wire.UPDATE_SA_ADDRESSES),
                                             wire.notify(wire.NO_NATS_ALLOWED, data)])
    equal(answer.error(), wire.UNEXPECTED_NAT_DETECTED, "the answer's error")
    check(all(w == peer.at(500) for w in where(t)), f"ESP goes to {where(t)}")


@case(1010, "RFC 4555 3.4, 3.6", over=BOTH)
def mobike_additional_addresses(t):
    """ADDITIONAL_IP4_ADDRESS, _IP6_ADDRESS and NO_ADDITIONAL_ADDRESSES are accepted."""
    _, sa, _ = agreed(t)
    for notifies in ([wire.notify(wire.ADDITIONAL_IP4_ADDRESS, bytes([192, 0, 2, 3])),
                      wire.notify(wire.ADDITIONAL_IP6_ADDRESS, bytes(15) + b"\x01")],
                     [wire.notify(wire.NO_ADDITIONAL_ADDRESSES)]):
        accepted(sa.request(wire.INFORMATIONAL, notifies))
    t.has_pairs(1)


@case(1011, "RFC 4555 3.9", only="esplaned", over=BOTH)
def mobike_says_no_nats(t):
    """To a peer that does no NAT traversal it says NO_NATS_ALLOWED in IKE_AUTH, with the addresses
    and ports of the packet; to one that does it says nothing of it."""
    for nat in (False, True):
        t.start()
        t.subject.up()
        sa = t.peer().accept_init(nat=nat)
        request = sa.expect(wire.IKE_AUTH)
        check(request.notify(wire.MOBIKE_SUPPORTED), "it does not say that it can")
        found = request.notify(wire.NO_NATS_ALLOWED)
        here = t.peer().address, request.port
        equal(found and found.data, None if nat else no_nats(request.source, here),
              "NO_NATS_ALLOWED")
        t.subject.stop()


@case(1012, "RFC 4555 3.9", only="esplaned")
def mobike_nat_in_auth(t):
    """After UNEXPECTED_NAT_DETECTED in IKE_AUTH it begins anew with IKE_SA_INIT, five times."""
    t.start()
    begun = t.subject.up()
    seen = set()
    for _ in range(6):
        sa = t.peer().accept_init(nat=False)
        seen.add(sa.spi_i)
        sa.respond(sa.expect(wire.IKE_AUTH), [wire.notify(wire.UNEXPECTED_NAT_DETECTED)])
    equal(len(seen), 6, "IKE SAs")
    equal(t.subject.outcome(begun).get("error"), "peer", "its error")


@case(1013, "RFC 4555 3.4, 3.5, 3.6, 3.7", only="esplaned", over=BOTH)
def mobike_goes_to_the_named_address(t):
    """Where the responder is silent it tries the address that this one has named, says so there
    with UPDATE_SA_ADDRESSES and COOKIE2, and sends ESP there after the answer."""
    t.start(dpd="1s", retransmit_first="200ms")
    t.subject.up()
    peer, other = t.peer(), t.peer(1)
    sa = peer.accept_init()
    request = sa.expect(wire.IKE_AUTH)
    sa.port, sa.to = request.port, request.source
    peer.check_auth(sa, request)
    named = ipaddress.ip_address(other.address)
    peer.answer_auth(sa, request, after=[
        wire.notify(wire.MOBIKE_SUPPORTED),
        wire.notify(wire.ADDITIONAL_IP4_ADDRESS if named.version == 4 else
                    wire.ADDITIONAL_IP6_ADDRESS, named.packed)])
    t.has_child(sa)
    moved(t, sa)
    sa.respond(sa.expect(wire.INFORMATIONAL))
    update = sa.expect(wire.INFORMATIONAL)
    check(update.notify(wire.UPDATE_SA_ADDRESSES), f"no update: {update}")
    check(update.notify(wire.COOKIE2), f"no COOKIE2: {update}")
    equal(where(t), [peer.at(4500)], "where ESP goes before the answer")
    sa.respond(update, [wire.notify(wire.COOKIE2, update.notify(wire.COOKIE2).data),
                        *hashes(sa, other.address, 4500, 4500)])
    leads_to(t, other.at(4500))
    t.alive(sa)
