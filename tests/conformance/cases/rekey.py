# SPDX-License-Identifier: GPL-2.0
"""Rekeys that the subject begins, collisions (RFC 7296 2.8, 2.8.1, 2.25), and of IKE SAs
(1.3.2)."""
import os

from case import accepted, case, check, equal, refused
from peer import crypto, wire
from peer.exchange import ESP_GCM, IKE_GCM, esp_proposal, ike_proposal
from peer.wire import Transform as T, Ts

FAST = {"retransmit_first": "200ms", "retransmit_tries": 3}
PFS_WORD = "aes128gcm16-x25519-noesn"
CHILDREN = {name: {"local-ts": f"10.1.{n}.0/24", "remote-ts": f"10.2.{n}.0/24"}
            for n, name in enumerate(("one", "two"))}


def number(spi):
    return int.from_bytes(spi, "big")


def expire(t, child):
    """The kernel says that the soft limit of what the subject sends with is reached."""
    spi = number(child.spi_in)
    policy = next(p for p, sa in t.kernel.outbound.items() if sa["spi"] == spi)
    t.kernel.expire(policy, spi)


def asked(t, **options):
    """Peer, IKE SA, and the subject's request to rekey its child."""
    peer, sa = t.called(**options)
    expire(t, sa.child)
    return peer, sa, sa.expect(wire.CREATE_CHILD_SA)


def deleted(sa, child):
    """The subject deletes @child; its other half is answered."""
    message = sa.expect(wire.INFORMATIONAL)
    equal([wire.parse_delete(p.body) for p in message.all(wire.D)],
          [(wire.PROTO_ESP, [child.spi_out])], "Delete")
    sa.respond(message, [wire.delete(wire.PROTO_ESP, [child.spi_in])])


def received_end(t, child):
    t.kernel.wait(lambda k: number(child.spi_out) not in k.inbound, "the old SA's end", 20)


@case(601, "RFC 7296 1.3.3, 2.8", "IKEv2.SGW.I.1.2.1.1")
def rekey_request(t):
    """Its request has REKEY_SA with its own inbound SPI, SA with a new SPI, Nonce, TSi, TSr."""
    peer, sa, request = asked(t)
    notify = request.notify(wire.REKEY_SA)
    check(notify, "no REKEY_SA")
    equal((notify.protocol, notify.spi), (wire.PROTO_ESP, sa.child.spi_out), "REKEY_SA")
    offer = wire.parse_sa(request.get(wire.SA))
    check(offer[0].spi != sa.child.spi_out, "the new SPI is the old one")
    equal(wire.parse_ts(request.get(wire.TSI)), peer.remote_ts, "TSi")
    equal(wire.parse_ts(request.get(wire.TSR)), peer.local_ts, "TSr")
    check(len(request.get(wire.NONCE)) >= 16, "the nonce")
    check(not request.notify(wire.INITIAL_CONTACT), "INITIAL_CONTACT after IKE_AUTH")


@case(602, "RFC 7296 2.8", "IKEv2.SGW.I.1.2.3.1")
def rekey_closes_the_old(t):
    """After a rekey of its own it deletes the replaced child."""
    peer, sa, request = asked(t)
    new = peer.grant_request(sa, request)
    t.has_child(sa, new)
    deleted(sa, sa.child)
    received_end(t, sa.child)


@case(603, "RFC 7296 2.8", "IKEv2.SGW.I.1.2.3.2")
def rekey_uses_the_new(t):
    """Once the rekey is granted its kernel sends with the new child."""
    peer, sa, request = asked(t)
    new = peer.grant_request(sa, request)
    t.has_child(sa, new)
    equal([x["spi"] for x in t.kernel.outbound.values()], [number(new.spi_in)],
          "what it sends with")


@case(604, "RFC 7296 2.8", "IKEv2.SGW.I.1.2.3.8")
def rekey_receives_on_the_old(t):
    """Until the old child's deletion is answered its kernel receives on both."""
    peer, sa, request = asked(t)
    new = peer.grant_request(sa, request)
    t.has_child(sa, new)
    sa.expect(wire.INFORMATIONAL)
    equal(sorted(t.kernel.inbound), sorted(number(c.spi_out) for c in (sa.child, new)),
          "what it receives")


@case(605, "RFC 7296 2.8", "IKEv2.SGW.I.1.2.3.3")
def rekey_after_its_time(t):
    """The lifetimes it gives its kernel are what is configured: soft before hard."""
    peer, sa = t.called(rekey="100s")
    there = t.kernel.inbound[number(sa.child.spi_out)]
    out = list(t.kernel.outbound.values())[0]
    for one in (there, out):
        check(one["hard_seconds"] >= 100, f"hard limit {one['hard_seconds']} s")
    check(0 < max(there["soft_seconds"], out["soft_seconds"]) <= 100, "soft limit")


@case(606, "RFC 7296 2.1", "IKEv2.SGW.I.1.2.2.1")
def rekey_is_repeated(t):
    """Without an answer the same CREATE_CHILD_SA request comes again, octet for octet."""
    peer, _, _ = asked(t, **FAST)
    peer.expect_repeats(2)
    check(wire.CREATE_CHILD_SA in {m.exchange for m in peer.repeats}, "something else is repeated")


@case(607, "RFC 7296 2.1", "IKEv2.SGW.I.1.2.2.2")
def rekey_stops_being_repeated(t):
    """An answer ends the retransmission of CREATE_CHILD_SA."""
    peer, sa, request = asked(t, **FAST)
    peer.grant_request(sa, request)
    deleted(sa, sa.child)
    peer.drain()
    before = len(peer.repeats)
    t.rest(0.5)
    peer.drain()
    equal(len(peer.repeats), before, "retransmissions")


@case(608, "RFC 7296 1.3.3, 2.8", "IKEv2.SGW.I.1.2.3.6")
def rekey_refused(t):
    """A refusal leaves the old child as it is: NO_PROPOSAL_CHOSEN, TEMPORARY_FAILURE, others."""
    for error in (wire.NO_PROPOSAL_CHOSEN, wire.TEMPORARY_FAILURE, wire.TS_UNACCEPTABLE,
                  8191):
        _, sa, request = asked(t)
        sa.respond(request, [wire.notify(error)])
        t.alive(sa)
        t.has_child(sa)
        t.subject.stop()


@case(609, "RFC 7296 1.3.1, 2.12", "IKEv2.SGW.I.1.2.3.7")
def rekey_with_key_exchange(t):
    """With a group in `esp` its rekey has a key exchange, whose secret is in the new keys."""
    t.start(esp=PFS_WORD)
    peer = t.peer()
    t.subject.up()
    sa = peer.accept()
    t.has_child(sa)
    expire(t, sa.child)
    request = sa.expect(wire.CREATE_CHILD_SA)
    equal(wire.parse_ke(request.get(wire.KE))[0], wire.CURVE25519, "the group")
    new = peer.grant_request(sa, request, (*ESP_GCM, T(wire.DH, wire.CURVE25519)))
    t.has_child(sa, new)


@case(610, "RFC 7296 1.3.1", "IKEv2.SGW.I.1.1.6.7")
def rekey_other_group(t):
    """INVALID_KE_PAYLOAD to its rekey: again with that group, and with REKEY_SA."""
    t.start(esp="aes128gcm16-x25519-modp2048-noesn")
    peer = t.peer()
    t.subject.up()
    sa = peer.accept()
    t.has_child(sa)
    expire(t, sa.child)
    request = sa.expect(wire.CREATE_CHILD_SA)
    sa.respond(request, [wire.notify(wire.INVALID_KE_PAYLOAD, b"\0\x0e")])
    request = sa.expect(wire.CREATE_CHILD_SA)
    equal(wire.parse_ke(request.get(wire.KE))[0], wire.MODP_2048, "the group")
    equal(request.notify(wire.REKEY_SA).spi, sa.child.spi_out, "REKEY_SA")
    new = peer.grant_request(sa, request, (*ESP_GCM, T(wire.DH, wire.MODP_2048)))
    t.has_child(sa, new)


@case(611, "RFC 7296 2.7")
def rekey_inconsistent_choice(t):
    """A choice that it has not offered is not used: the old child stays, the new one is deleted."""
    peer, sa, request = asked(t)
    sa.respond(request, [wire.sa(esp_proposal(b"1234", T(wire.ENCR, wire.ENCR_AES_GCM_16, 256),
                                              ESP_GCM[1], number=1)),
                         wire.nonce(), wire.ts(wire.TSI, *peer.remote_ts),
                         wire.ts(wire.TSR, *peer.local_ts)])
    message = sa.expect(wire.INFORMATIONAL)
    offered = wire.parse_sa(request.get(wire.SA))[0].spi
    equal(wire.parse_delete(message.get(wire.D)), (wire.PROTO_ESP, [offered]), "Delete")
    sa.respond(message)
    t.has_child(sa)


@case(612, "RFC 7296 2.5, 3.2", "IKEv2.SGW.I.1.1.4.1")
def rekey_unknown_payload(t):
    """An unknown payload in the response that is not critical is skipped."""
    for kind in (1, 32, 50, 255):
        peer, sa, request = asked(t)
        new = peer.grant_request(sa, request, extra=[wire.Payload(kind, b"unknown")])
        t.has_child(sa, new)
        t.subject.stop()


@case(613, "RFC 7296 2.5", "IKEv2.SGW.I.1.1.4.2")
def rekey_unknown_critical_payload(t):
    """A response with an unknown critical payload makes no child."""
    for kind in (1, 255):
        peer, sa, request = asked(t)
        new = peer.grant_request(sa, request,
                                 extra=[wire.Payload(kind, b"unknown", critical=True)])
        sa.expect(wire.INFORMATIONAL)
        check(not t.kernel.has(new), "the kernel has it")
        t.subject.stop()


@case(614, "RFC 7296 2.10, 3", "IKEv2.SGW.I.1.2.7.1")
def rekey_reserved_bits(t):
    """Reserved fields of the response that are not zero are ignored."""
    peer, sa, request = asked(t)
    nonce, payloads = os.urandom(32), []
    new = peer.grant_child(sa, request, (request.get(wire.NONCE), nonce), payloads)
    payloads.insert(1, wire.nonce(nonce))
    for p in payloads:
        p.reserved = 0x7f
    sa.respond(request, payloads, reserved=0x7f)
    t.has_child(sa, new)


@case(615, "RFC 7296 2.25.1")
def rekey_not_found(t):
    """CHILD_SA_NOT_FOUND to its rekey: the old child is gone, and a new one may be asked for."""
    peer, sa, request = asked(t)
    sa.respond(request, [wire.notify(wire.CHILD_SA_NOT_FOUND, protocol=wire.PROTO_ESP,
                                     spi=sa.child.spi_out)])
    request = sa.expect(wire.CREATE_CHILD_SA)
    check(not request.notify(wire.REKEY_SA), "REKEY_SA of what is not there")
    t.has_child(sa, peer.grant_request(sa, request))


def collide(t, ours_low):
    """Both rekey the child at once; each grants. The lowest nonce is in our exchange or in its."""
    peer, sa, request = asked(t)
    low, high = bytes(32), b"\xff" * 32
    answer = sa.request(wire.CREATE_CHILD_SA, peer.child_request(
        sa, old=sa.child, nonce=low if ours_low else high))
    mine = peer.child_granted(sa, answer)
    theirs = peer.grant_request(sa, request, nonce=high if ours_low else low)
    return peer, sa, mine, theirs


@case(616, "RFC 7296 2.8.1", "IKEv2.SGW.I.1.2.6.3")
def collision_we_lose(t):
    """Both rekey at once, the lowest nonce is in the peer's: it keeps its own, deletes the old
    one."""
    peer, sa, mine, theirs = collide(t, True)
    accepted(sa.request(wire.INFORMATIONAL, [wire.delete(wire.PROTO_ESP, [mine.spi_in])]))
    deleted(sa, sa.child)
    received_end(t, sa.child)
    t.has_pairs(1)
    t.has_child(sa, theirs)


@case(617, "RFC 7296 2.8.1", "IKEv2.SGW.I.1.2.6.3")
def collision_it_loses(t):
    """Both rekey at once, the lowest nonce is in its own: it deletes that, and the peer the old
    one."""
    peer, sa, mine, theirs = collide(t, False)
    deleted(sa, theirs)
    accepted(sa.request(wire.INFORMATIONAL, [wire.delete(wire.PROTO_ESP, [sa.child.spi_in])]))
    received_end(t, sa.child)
    t.has_pairs(1)
    t.has_child(sa, mine)


@case(618, "RFC 7296 2.25.1", "IKEv2.SGW.I.1.2.6.7")
def collision_rekey_and_delete(t):
    """The peer deletes the child while it asks for a rekey: answered; the refusal ends the
    rekey."""
    peer, sa, request = asked(t)
    answer = sa.request(wire.INFORMATIONAL, [wire.delete(wire.PROTO_ESP, [sa.child.spi_in])])
    check(answer.error() is None, f"it says {answer}")
    sa.respond(request, [wire.notify(wire.CHILD_SA_NOT_FOUND, protocol=wire.PROTO_ESP,
                                     spi=sa.child.spi_out)])
    received_end(t, sa.child)
    t.alive(sa)


@case(619, "RFC 7296 2.25", "IKEv2.SGW.I.1.2.6.9")
def collision_rekey_of_the_new(t):
    """A rekey of a child that it has just been granted is granted or put off."""
    peer, sa, request = asked(t)
    new = peer.grant_request(sa, request)
    answer = sa.request(wire.CREATE_CHILD_SA, peer.child_request(sa, old=new))
    check(answer.error() in (None, wire.TEMPORARY_FAILURE), f"it says {answer}")
    if answer.error() is None:
        t.receives(peer.child_granted(sa, answer))


@case(620, "RFC 7296 2.25", "IKEv2.SGW.I.1.2.6.8")
def collision_delete_of_the_new(t):
    """A child that it has just been granted may be deleted at once: its other half is answered."""
    peer, sa, request = asked(t)
    new = peer.grant_request(sa, request)
    answer = sa.request(wire.INFORMATIONAL, [wire.delete(wire.PROTO_ESP, [new.spi_in])])
    equal(wire.parse_delete(answer.get(wire.D)), (wire.PROTO_ESP, [new.spi_out]), "Delete")
    t.kernel.wait(lambda k: not k.has(new), "the new child's end", 20)


@case(621, "RFC 7296 2.21.3")
def rekey_called_malformed(t):
    """INVALID_SYNTAX to its request ends the IKE SA without a Delete."""
    peer, sa, request = asked(t)
    sa.respond(request, [wire.notify(wire.INVALID_SYNTAX)])
    t.has_pairs(0)
    t.gone(peer, sa)


@case(622, "RFC 7296 1.3.1", "IKEv2.SGW.I.1.2.5.1")
def child_further_is_asked_for(t):
    """With two children configured it asks for the second by CREATE_CHILD_SA without REKEY_SA."""
    t.start(children=CHILDREN)
    peer = t.peer()
    t.subject.up()
    sa = peer.accept()
    request = sa.expect(wire.CREATE_CHILD_SA)
    check(not request.notify(wire.REKEY_SA), "REKEY_SA")
    second = peer.grant_request(sa, request)
    t.has_child(sa)
    t.has_child(sa, second)
    t.has_pairs(2)


@case(623, "RFC 7296 1.3")
def child_no_additional_sas(t):
    """NO_ADDITIONAL_SAS to the second child leaves the first one."""
    t.start(children=CHILDREN)
    peer = t.peer()
    t.subject.up()
    sa = peer.accept()
    sa.respond(sa.expect(wire.CREATE_CHILD_SA), [wire.notify(wire.NO_ADDITIONAL_SAS)])
    t.alive(sa)
    t.has_child(sa)


@case(624, "RFC 7296 2.2, 2.3")
def rekey_window_of_one(t):
    """Without SET_WINDOW_SIZE it has one request outstanding: the second waits for the answer."""
    t.start(children=CHILDREN)
    peer = t.peer()
    t.subject.up()
    sa = peer.accept()
    request = sa.expect(wire.CREATE_CHILD_SA)
    t.subject.down()
    t.silent(peer, lambda m: not m.response)
    sa.respond(request, [wire.notify(wire.TEMPORARY_FAILURE)])
    closing = sa.expect(wire.INFORMATIONAL)
    equal(closing.id, request.id + 1, "the next id")


# --- the IKE SA ---

def answered(t, **options):
    """The peer rekeys the IKE SA that it has begun: peer, old and new one."""
    peer, sa = t.connected(**options)
    return peer, sa, peer.rekey_ike(sa)


@case(701, "RFC 7296 1.3.2, 2.18", "IKEv2.SGW.R.1.2.6.1")
def ike_is_rekeyed(t):
    """It grants a rekey of the IKE SA with SA and a new SPI, Nonce, KE; the new keys are right."""
    peer, sa = t.connected()
    answer = sa.request(wire.CREATE_CHILD_SA, peer.ike_request(sa))
    new = peer.ike_granted(sa, answer)
    check(any(new.spi_r) and new.spi_r != sa.spi_r, "its SPI is zero or the old one")
    check(answer.get(wire.TSI) is None, "selectors in a rekey of the IKE SA")
    t.alive(new)
    t.has_child(sa)


@case(702, "RFC 7296 2.8", "IKEv2.SGW.R.1.2.6.2")
def ike_old_is_answered(t):
    """A request on the old IKE SA after its rekey is still answered."""
    _, sa, _ = answered(t)
    t.alive(sa)


@case(703, "RFC 7296 2.2, 2.18", "IKEv2.SGW.R.1.2.6.3")
def ike_new_begins_at_zero(t):
    """On the new IKE SA message ids begin with 0."""
    _, _, new = answered(t)
    equal([new.request(wire.INFORMATIONAL).id for _ in range(2)], [0, 1], "ids")


@case(704, "RFC 7296 2.8, 1.3.2", "IKEv2.SGW.R.1.2.6.4")
def ike_replaced_is_closed(t):
    """Delete of the replaced IKE SA is answered; the children live on in the new one."""
    peer, sa, new = answered(t)
    equal(sa.request(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)]).inner, [], "the response")
    t.alive(new)
    t.has_child(sa)
    answer = new.request(wire.INFORMATIONAL, [wire.delete(wire.PROTO_ESP, [sa.child.spi_in])])
    equal(wire.parse_delete(answer.get(wire.D))[1], [sa.child.spi_out], "the child in the new one")
    t.has_pairs(0)


@case(705, "RFC 7296 2.7", "IKEv2.SGW.R.1.2.6.5")
def ike_several_transforms(t):
    """Of several transforms in the offer for the new IKE SA it takes one of each type."""
    peer, sa = t.connected()
    offer = ike_proposal(T(wire.ENCR, wire.ENCR_AES_GCM_16, 256), *IKE_GCM,
                         T(wire.PRF, wire.PRF_HMAC_SHA1))
    new = peer.rekey_ike(sa, offer, group=wire.CURVE25519)
    check(new.chosen.same(*IKE_GCM), f"it chose {new.chosen}")
    t.alive(new)


@case(706, "RFC 7296 2.7", "IKEv2.SGW.R.1.2.6.6")
def ike_several_proposals(t):
    """Of several proposals for the new IKE SA it takes the one that it has, by its number."""
    peer, sa = t.connected()
    other = ike_proposal(T(wire.ENCR, wire.ENCR_AES_GCM_16, 256), *IKE_GCM[1:])
    new = peer.rekey_ike(sa, other, ike_proposal())
    equal(new.chosen.number, 2, "the proposal's number")
    t.alive(new)


@case(707, "RFC 7296 2.18", "IKEv2.SGW.R.1.2.6.7")
def ike_other_prf(t):
    """A rekey with another PRF: SKEYSEED is made with the old one, the rest with the new one."""
    prf384 = (IKE_GCM[0], T(wire.PRF, wire.PRF_HMAC_SHA2_384), IKE_GCM[2])
    t.start(ike=["aes128gcm16-prfsha256-x25519", "aes128gcm16-prfsha384-x25519"])
    peer = t.peer()
    sa = peer.connect()
    new = peer.rekey_ike(sa, ike_proposal(*prf384))
    equal(new.suite.prf, wire.PRF_HMAC_SHA2_384, "the PRF")
    t.alive(new)
    accepted(new.request(wire.CREATE_CHILD_SA, peer.child_request(new, old=sa.child)))


@case(708, "RFC 7296 1.3.2, 3.3.2", "IKEv2.SGW.R.1.2.6.8")
def ike_without_a_group(t):
    """A rekey of the IKE SA without a group, or with NONE, gets NO_PROPOSAL_CHOSEN."""
    peer, sa = t.connected()
    for transforms in (IKE_GCM[:2], (*IKE_GCM[:2], T(wire.DH, wire.DH_NONE))):
        offer = ike_proposal(*transforms)
        answer = sa.request(wire.CREATE_CHILD_SA, peer.ike_request(sa, offer,
                                                                   group=wire.CURVE25519))
        refused(answer, wire.NO_PROPOSAL_CHOSEN)
    t.alive(sa)
    t.has_child(sa)


@case(709, "RFC 7296 1.3.2, 2.7", "IKEv2.SGW.R.1.2.6.9")
def ike_rekey_refused(t):
    """An offer of nothing that it has gets NO_PROPOSAL_CHOSEN; the IKE SA stays."""
    peer, sa = t.connected()
    offer = ike_proposal(T(wire.ENCR, wire.ENCR_AES_GCM_16, 256), *IKE_GCM[1:])
    refused(sa.request(wire.CREATE_CHILD_SA, peer.ike_request(sa, offer)), wire.NO_PROPOSAL_CHOSEN)
    t.alive(sa)
    t.has_child(sa)


@case(710, "RFC 7296 1.3.2")
def ike_rekey_wrong_group(t):
    """A KE of another group than it chooses gets INVALID_KE_PAYLOAD with the right one."""
    peer, sa = t.connected()
    offer = ike_proposal(*IKE_GCM, T(wire.DH, wire.MODP_2048))
    answer = sa.request(wire.CREATE_CHILD_SA, peer.ike_request(sa, offer, group=wire.MODP_2048))
    refused(answer, wire.INVALID_KE_PAYLOAD)
    equal(answer.notify(wire.INVALID_KE_PAYLOAD).data, bytes([0, wire.CURVE25519]), "its data")
    t.alive(peer.rekey_ike(sa))


@case(711, "RFC 7296 1.3.2, 3.3.1")
def ike_rekey_wrong_spi(t):
    """A rekey of the IKE SA with an SPI of zero, of 4 octets or none makes no IKE SA."""
    for spi in (bytes(8), b"1234", b""):
        peer, sa = t.connected()
        payloads = peer.ike_request(sa)
        payloads[0] = wire.sa(ike_proposal(spi=spi))
        answer = sa.request(wire.CREATE_CHILD_SA, payloads)
        check(answer.error() is not None and answer.get(wire.SA) is None, f"it says {answer}")
        t.subject.stop()


@case(712, "RFC 7296 2.1")
def ike_rekey_again_gets_the_same_answer(t):
    """A retransmitted rekey of the IKE SA gets the same octets again."""
    peer, sa = t.connected()
    data = sa.send(wire.CREATE_CHILD_SA, peer.ike_request(sa))
    first = sa.answer_to(2)
    sa.transmit(data)
    equal(sa.answer_to(2).raw, first.raw, "the second answer")
    t.alive(peer.ike_granted(sa, first))


@case(713, "RFC 7296 2.25.2")
def ike_old_makes_no_children(t):
    """After the rekey of the IKE SA the old one makes no children: TEMPORARY_FAILURE."""
    peer, sa, _ = answered(t)
    answer = sa.request(wire.CREATE_CHILD_SA, peer.child_request(sa, old=sa.child))
    check(answer.error() in (wire.TEMPORARY_FAILURE, wire.NO_ADDITIONAL_SAS), f"it says {answer}")
    t.has_child(sa)


@case(714, "RFC 7296 1.3.2, 2.8")
def ike_rekeyed_many_times(t):
    """Five rekeys of the IKE SA by the peer, and its child is what it was."""
    peer, sa = t.connected()
    child = sa.child
    for _ in range(5):
        new = peer.rekey_ike(sa)
        accepted(sa.request(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)]))
        sa = new
    t.has_child(sa, child)
    new = peer.child_granted(sa, sa.request(wire.CREATE_CHILD_SA,
                                            peer.child_request(sa, old=child)))
    t.receives(new)


@case(715, "RFC 7296 1.3.2, 2.18", "IKEv2.SGW.I.1.2.4.1")
def ike_rekey_is_asked_for(t):
    """After `ike-rekey` it asks for a new IKE SA, moves its children, and deletes the old one."""
    peer, sa = t.called(ike_rekey="2s")
    request = sa.expect(wire.CREATE_CHILD_SA)
    offer = wire.parse_sa(request.get(wire.SA))
    equal([(p.protocol, len(p.spi)) for p in offer], [(wire.PROTO_IKE, 8)], "the offer")
    check(offer[0].same(*IKE_GCM), f"it offers {offer[0]}")
    check(request.get(wire.KE) is not None and request.get(wire.TSI) is None, "its payloads")
    new = peer.grant_ike(sa, request)
    closing = sa.expect(wire.INFORMATIONAL)
    equal([p.body for p in closing.all(wire.D)], [b"\x01\0\0\0"], "Delete")
    sa.respond(closing)
    t.alive(new)
    t.has_child(new, sa.child)


@case(716, "RFC 7296 2.2", "IKEv2.SGW.I.1.2.4.2")
def ike_rekeyed_is_used(t):
    """On the IKE SA that it has got by a rekey its requests begin with id 0."""
    peer, sa = t.called(ike_rekey="2s")
    new = peer.grant_ike(sa, sa.expect(wire.CREATE_CHILD_SA))
    sa.respond(sa.expect(wire.INFORMATIONAL))
    t.subject.down()
    closing = new.expect(wire.INFORMATIONAL)
    equal((closing.id, closing.flags), (0, wire.FLAG_INITIATOR), "id and flags")


@case(717, "RFC 7296 2.8", "IKEv2.SGW.I.1.2.4.6")
def ike_replaced_is_answered(t):
    """A request on the IKE SA that it has replaced is answered until that is deleted."""
    peer, sa = t.called(ike_rekey="2s")
    peer.grant_ike(sa, sa.expect(wire.CREATE_CHILD_SA))
    t.alive(sa)


@case(718, "RFC 7296 2.25.2")
def ike_rekey_put_off(t):
    """TEMPORARY_FAILURE to its rekey of the IKE SA ends nothing."""
    peer, sa = t.called(ike_rekey="2s")
    sa.respond(sa.expect(wire.CREATE_CHILD_SA), [wire.notify(wire.TEMPORARY_FAILURE)])
    t.alive(sa)
    t.has_child(sa)


@case(719, "RFC 7296 2.8.2", "IKEv2.SGW.I.1.2.6.5")
def ike_collision(t):
    """Both rekey the IKE SA at once: one new IKE SA has the child, whoever's nonce is lowest."""
    for lowest in (True, False):
        peer, sa = t.called(ike_rekey="2s")
        request = sa.expect(wire.CREATE_CHILD_SA)
        low, high = bytes(32), b"\xff" * 32
        answer = sa.request(wire.CREATE_CHILD_SA, peer.ike_request(sa, nonce=low if lowest else
                                                                   high))
        accepted(answer)
        mine = peer.ike_granted(sa, answer)
        theirs = peer.grant_ike(sa, request, nonce=high if lowest else low)
        loser, winner = (mine, theirs) if lowest else (theirs, mine)
        if lowest:                              # ours has the lowest of all four: we delete it
            accepted(loser.request(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)]))
            sa.respond(sa.expect(wire.INFORMATIONAL))
        else:
            loser.respond(loser.expect(wire.INFORMATIONAL))
            accepted(sa.request(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)]))
        t.alive(winner)
        t.has_child(winner, sa.child)
        t.subject.stop()


@case(720, "RFC 7296 2.25.2", "IKEv2.SGW.I.1.2.6.14")
def ike_delete_during_its_rekey(t):
    """The peer deletes the IKE SA while it asks for a rekey: it answers, and all ends."""
    peer, sa = t.called(ike_rekey="2s")
    sa.expect(wire.CREATE_CHILD_SA)
    equal(sa.request(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)]).inner, [], "the response")
    t.has_pairs(0)


@case(721, "RFC 7296 2.25.2", "IKEv2.SGW.I.1.2.6.15")
def ike_rekey_while_it_closes(t):
    """A rekey of the IKE SA that it is closing is refused."""
    peer, sa = t.called()
    t.subject.down()
    closing = sa.expect(wire.INFORMATIONAL)
    answer = sa.request(wire.CREATE_CHILD_SA, peer.ike_request(sa))
    check(answer.error() in (wire.TEMPORARY_FAILURE, wire.NO_ADDITIONAL_SAS), f"it says {answer}")
    sa.respond(closing)
    t.nothing_kept()


@case(722, "RFC 7296 2.25.2", "IKEv2.SGW.I.1.2.6.11")
def ike_rekey_while_a_child_is_rekeyed(t):
    """A rekey of the IKE SA while it rekeys a child gets TEMPORARY_FAILURE; the child's goes on."""
    peer, sa, request = asked(t)
    answer = sa.request(wire.CREATE_CHILD_SA, peer.ike_request(sa))
    equal(answer.error(), wire.TEMPORARY_FAILURE, "the answer's error")
    new = peer.grant_request(sa, request)
    t.has_child(sa, new)
    deleted(sa, sa.child)


@case(723, "RFC 7296 2.25.2", "IKEv2.SGW.I.1.2.6.12")
def ike_rekey_while_a_child_is_deleted(t):
    """A rekey of the IKE SA while it deletes a child gets TEMPORARY_FAILURE."""
    peer, sa = t.called()
    spi = number(sa.child.spi_out)
    t.kernel.expire(t.kernel.inbound[spi]["policy"], spi, out=False, hard=True)
    theirs = sa.expect(wire.INFORMATIONAL)
    answer = sa.request(wire.CREATE_CHILD_SA, peer.ike_request(sa))
    equal(answer.error(), wire.TEMPORARY_FAILURE, "the answer's error")
    sa.respond(theirs, [wire.delete(wire.PROTO_ESP, [sa.child.spi_in])])
    t.alive(sa)


@case(724, "RFC 7296 2.25.1", "IKEv2.SGW.I.1.2.6.13")
def child_delete_while_the_ike_sa_is_rekeyed(t):
    """The peer deletes the child while it rekeys the IKE SA: the other half is answered."""
    peer, sa = t.called(ike_rekey="2s")
    request = sa.expect(wire.CREATE_CHILD_SA)
    answer = sa.request(wire.INFORMATIONAL, [wire.delete(wire.PROTO_ESP, [sa.child.spi_in])])
    equal(wire.parse_delete(answer.get(wire.D))[1], [sa.child.spi_out], "Delete")
    t.has_pairs(0)
    sa.respond(request, [wire.notify(wire.TEMPORARY_FAILURE)])
    t.alive(sa)


@case(725, "RFC 7296 2.25.2")
def child_rekey_while_the_ike_sa_is_rekeyed(t):
    """A rekey of the child while it rekeys the IKE SA gets TEMPORARY_FAILURE."""
    peer, sa = t.called(ike_rekey="2s")
    request = sa.expect(wire.CREATE_CHILD_SA)
    answer = sa.request(wire.CREATE_CHILD_SA, peer.child_request(sa, old=sa.child))
    equal(answer.error(), wire.TEMPORARY_FAILURE, "the answer's error")
    t.alive(peer.grant_ike(sa, request))


@case(726, "RFC 7296 2.7, 1.3.2")
def ike_rekey_inconsistent_choice(t):
    """A choice for the new IKE SA that it has not offered is not used: it closes the IKE SA."""
    _, sa = t.called(ike_rekey="2s")
    request = sa.expect(wire.CREATE_CHILD_SA)
    odd = ike_proposal(T(wire.ENCR, wire.ENCR_AES_GCM_16, 256), *IKE_GCM[1:], spi=b"12345678",
                       number=1)
    sa.respond(request, [wire.sa(odd), wire.nonce(),
                         wire.ke(wire.CURVE25519, crypto.dh(wire.CURVE25519).public)])
    closing = sa.expect(wire.INFORMATIONAL)
    equal(wire.parse_delete(closing.get(wire.D)), (wire.PROTO_IKE, []), "Delete")
    sa.respond(closing)
    t.has_pairs(0)


@case(727, "RFC 7296 1.3")
def rekey_no_additional_sas(t):
    """NO_ADDITIONAL_SAS to its rekey of a child: a new IKE SA follows, then the old one is deleted."""
    peer, sa, request = asked(t)
    sa.respond(request, [wire.notify(wire.NO_ADDITIONAL_SAS)])
    new = peer.accept()
    t.has_child(new)
    for deleted in ((wire.PROTO_ESP, [sa.child.spi_out]), (wire.PROTO_IKE, [])):
        closing = sa.expect(wire.INFORMATIONAL)
        equal(wire.parse_delete(closing.get(wire.D)), deleted, "Delete")
        sa.respond(closing)
