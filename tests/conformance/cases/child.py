# SPDX-License-Identifier: GPL-2.0
"""CREATE_CHILD_SA for children with the subject as responder (RFC 7296 1.3.1, 1.3.3, 2.8, 2.9)."""
import os

from case import accepted, case, check, equal, refused
from peer import wire
from peer.exchange import ESP_GCM, esp_proposal
from peer.wire import Transform as T, Ts

CHILDREN = {name: {"local-ts": f"10.1.{n}.0/24", "remote-ts": f"10.2.{n}.0/24"}
            for n, name in enumerate(("one", "two", "three"))}
PFS = (*ESP_GCM, T(wire.DH, wire.CURVE25519))
PFS_WORD = "aes128gcm16-x25519-noesn"


def selectors(number):
    return {"tsi": [Ts.net(f"10.2.{number}.0/24")], "tsr": [Ts.net(f"10.1.{number}.0/24")]}


def several(t, **options):
    """The peer and an IKE SA with the first of three children."""
    t.start(children=CHILDREN, **options)
    peer = t.peer()
    sa = peer.connect(**selectors(0))
    t.has_child(sa)
    return peer, sa


def rekeyed(t, peer, sa, **more):
    """The child is rekeyed by the peer; the new one."""
    answer = sa.request(wire.CREATE_CHILD_SA, peer.child_request(sa, old=sa.child, **more))
    new = peer.child_granted(sa, answer)
    t.receives(new)
    return new


@case(501, "RFC 7296 1.3.3, 2.8", "IKEv2.SGW.R.1.2.1.1")
def child_is_rekeyed(t):
    """It grants a rekey of the child with SA, Nonce, TSi, TSr, and its kernel has the new keys."""
    peer, sa = t.connected()
    answer = sa.request(wire.CREATE_CHILD_SA, peer.child_request(sa, old=sa.child))
    new = peer.child_granted(sa, answer)
    check(answer.get(wire.KE) is None, "a KE payload that nobody asked for")
    check(new.spi_out != sa.child.spi_out, "the SPI is the old one")
    equal((new.local_ts, new.remote_ts), (peer.local_ts, peer.remote_ts), "selectors")
    t.receives(new)


@case(502, "RFC 7296 2.1", "IKEv2.SGW.R.1.2.2.1")
def child_again_gets_the_same_answer(t):
    """A retransmitted CREATE_CHILD_SA request gets the same octets again, and makes no second
    child."""
    peer, sa = t.connected()
    data = sa.send(wire.CREATE_CHILD_SA, peer.child_request(sa, old=sa.child))
    first = sa.answer_to(2)
    peer.child_granted(sa, first)
    sa.transmit(data)
    equal(sa.answer_to(2).raw, first.raw, "the second answer")
    check(len(t.kernel.inbound) <= 2, f"the kernel has {t.kernel}")


@case(503, "RFC 7296 2.7, 1.3.3", "IKEv2.SGW.R.1.2.4.1")
def child_no_proposal_chosen(t):
    """An offer of nothing that it has gets NO_PROPOSAL_CHOSEN; the old child and the IKE SA
    stay."""
    peer, sa = t.connected()
    offer = (T(wire.ENCR, wire.ENCR_3DES), T(wire.INTEG, wire.AUTH_HMAC_SHA1_96), ESP_GCM[1])
    answer = sa.request(wire.CREATE_CHILD_SA, peer.child_request(sa, old=sa.child, esp=[offer]))
    refused(answer, wire.NO_PROPOSAL_CHOSEN)
    t.has_pairs(1)
    t.alive(sa)


@case(504, "RFC 7296 2.8", "IKEv2.SGW.R.1.2.5.1")
def child_replaced_is_closed(t):
    """Delete of the replaced child gets Delete of its other half; the new child stays."""
    peer, sa = t.connected()
    new = rekeyed(t, peer, sa)
    answer = sa.request(wire.INFORMATIONAL, [wire.delete(wire.PROTO_ESP, [sa.child.spi_in])])
    equal(wire.parse_delete(answer.get(wire.D)), (wire.PROTO_ESP, [sa.child.spi_out]), "Delete")
    t.has_pairs(1)
    t.has_child(sa, new)


@case(505, "RFC 7296 2.8", "IKEv2.SGW.R.1.2.5.2")
def child_new_is_used(t):
    """After the old child is deleted its kernel sends with the new one."""
    peer, sa = t.connected()
    new = rekeyed(t, peer, sa)
    accepted(sa.request(wire.INFORMATIONAL, [wire.delete(wire.PROTO_ESP, [sa.child.spi_in])]))
    t.has_pairs(1)
    t.has_child(sa, new)


@case(506, "RFC 7296 2.8", "IKEv2.SGW.R.1.2.5.6")
def child_old_is_received(t):
    """Until the old child is deleted its kernel receives on both."""
    peer, sa = t.connected()
    new = rekeyed(t, peer, sa)
    equal(sorted(t.kernel.inbound), sorted(int.from_bytes(c.spi_out, "big")
                                           for c in (sa.child, new)), "what it receives")


@case(507, "RFC 7296 2.7, 3.3", "IKEv2.SGW.R.1.2.5.3")
def child_several_transforms(t):
    """Of several transforms in the offer for the new child it takes one of each type."""
    peer, sa = t.connected()
    offer = (T(wire.ENCR, wire.ENCR_AES_GCM_16, 256), *ESP_GCM, T(wire.ESN, wire.WITH_ESN))
    new = rekeyed(t, peer, sa, esp=[offer])
    check(new.chosen.same(*ESP_GCM), f"it chose {new.chosen}")


@case(508, "RFC 7296 2.7, 3.3", "IKEv2.SGW.R.1.2.5.4")
def child_several_proposals(t):
    """Of 200 proposals for the new child it takes the one that it has, by its number."""
    peer, sa = t.connected()
    other = (T(wire.ENCR, wire.ENCR_AES_GCM_16, 256), ESP_GCM[1])
    new = rekeyed(t, peer, sa, esp=[other] * 199 + [ESP_GCM])
    equal(new.chosen.number, 200, "the proposal's number")


@case(509, "RFC 7296 1.3.1, 2.12", "IKEv2.SGW.R.1.2.5.5")
def child_with_key_exchange(t):
    """With a group in the offer there is a key exchange, whose secret is in the new keys."""
    peer, sa = t.connected(esp=PFS_WORD)
    new = rekeyed(t, peer, sa, esp=[PFS], group=wire.CURVE25519)
    equal(new.suite.dh, wire.CURVE25519, "the group")


@case(510, "RFC 7296 1.3.1", "IKEv2.SGW.R.1.1.6.7")
def child_wrong_group_is_named(t):
    """A KE of another group than it chooses gets INVALID_KE_PAYLOAD with the right one."""
    peer, sa = t.connected(esp=PFS_WORD)
    offer = (*ESP_GCM, T(wire.DH, wire.MODP_2048), T(wire.DH, wire.CURVE25519))
    answer = sa.request(wire.CREATE_CHILD_SA, peer.child_request(
        sa, old=sa.child, esp=[offer], group=wire.MODP_2048))
    refused(answer, wire.INVALID_KE_PAYLOAD)
    equal(answer.notify(wire.INVALID_KE_PAYLOAD).data, bytes([0, wire.CURVE25519]), "its data")
    rekeyed(t, peer, sa, esp=[offer], group=wire.CURVE25519)


@case(511, "RFC 7296 1.3.1, 3.4")
def child_missing_ke(t):
    """A group in the offer without a KE payload makes no child, and ends nothing but that."""
    peer, sa = t.connected(esp=PFS_WORD)
    answer = sa.request(wire.CREATE_CHILD_SA, peer.child_request(sa, old=sa.child, esp=[PFS]))
    check(answer.error() in (wire.INVALID_KE_PAYLOAD, wire.INVALID_SYNTAX, wire.NO_PROPOSAL_CHOSEN),
          f"it says {answer}")
    check(answer.get(wire.SA) is None, "an SA payload beside an error")


@case(512, "RFC 7296 2.5, 3.2", "IKEv2.SGW.R.1.1.4.3")
def child_unknown_payload_is_skipped(t):
    """Unknown payloads of types 1, 32, 50 and 255 in CREATE_CHILD_SA are skipped."""
    for kind in (1, 32, 50, 255):
        peer, sa = t.connected()
        payloads = peer.child_request(sa, old=sa.child)
        payloads.insert(0, wire.Payload(kind, b"unknown"))
        new = peer.child_granted(sa, sa.request(wire.CREATE_CHILD_SA, payloads))
        t.receives(new)
        t.subject.stop()


@case(513, "RFC 7296 2.5", "IKEv2.SGW.R.1.1.4.4")
def child_unknown_critical_payload_is_refused(t):
    """An unknown critical payload in CREATE_CHILD_SA gets UNSUPPORTED_CRITICAL_PAYLOAD, no
    child."""
    peer, sa = t.connected()
    for kind in (1, 32, 50, 255):
        payloads = peer.child_request(sa, old=sa.child)
        payloads.insert(1, wire.Payload(kind, b"unknown", critical=True))
        answer = sa.request(wire.CREATE_CHILD_SA, payloads)
        refused(answer, wire.UNSUPPORTED_CRITICAL_PAYLOAD)
        equal(answer.notify(wire.UNSUPPORTED_CRITICAL_PAYLOAD).data, bytes([kind]), "its data")
    t.has_pairs(1)


@case(514, "RFC 7296 2.10, 3", "IKEv2.SGW.R.1.2.9.1")
def child_reserved_bits_are_ignored(t):
    """Reserved fields of CREATE_CHILD_SA that are not zero are ignored."""
    peer, sa = t.connected()
    payloads = peer.child_request(sa, old=sa.child)
    for p in payloads:
        p.reserved = 0x7f
        if p.type in (wire.TSI, wire.TSR):
            p.body = p.body[:1] + b"\xff\xee\xdd" + p.body[4:]
    new = peer.child_granted(sa, sa.request(wire.CREATE_CHILD_SA, payloads, reserved=0x7f))
    t.receives(new)


@case(515, "RFC 7296 1.3.1", "IKEv2.SGW.R.1.2.7.1")
def child_additional(t):
    """CREATE_CHILD_SA without REKEY_SA makes a further child; both are there."""
    peer, sa = several(t)
    second = peer.new_child(sa, **selectors(1))
    t.has_child(sa, second)
    t.has_child(sa)
    t.has_pairs(2)


@case(516, "RFC 7296 2.9, 1.3.1")
def child_additional_unacceptable(t):
    """A further child for selectors that nobody has configured gets TS_UNACCEPTABLE."""
    peer, sa = several(t)
    answer = sa.request(wire.CREATE_CHILD_SA, peer.child_request(sa, **selectors(9)))
    refused(answer, wire.TS_UNACCEPTABLE)
    t.has_pairs(1)
    t.alive(sa)


@case(517, "RFC 7296 1.3.3, 2.25")
def child_rekey_of_nothing(t):
    """A rekey of an SPI that is not there gets CHILD_SA_NOT_FOUND with protocol and SPI."""
    peer, sa = t.connected()
    payloads = peer.child_request(sa, old=sa.child)
    payloads[0] = wire.notify(wire.REKEY_SA, protocol=wire.PROTO_ESP, spi=b"\x12\x34\x56\x78")
    answer = sa.request(wire.CREATE_CHILD_SA, payloads)
    refused(answer, wire.CHILD_SA_NOT_FOUND)
    found = answer.notify(wire.CHILD_SA_NOT_FOUND)
    equal((found.protocol, found.spi), (wire.PROTO_ESP, b"\x12\x34\x56\x78"), "what is not found")
    t.has_pairs(1)


@case(518, "RFC 7296 1.3.3")
def child_rekey_by_the_wrong_spi(t):
    """REKEY_SA names the SPI that its sender receives with: the other one is not found."""
    peer, sa = t.connected()
    payloads = peer.child_request(sa, old=sa.child)
    payloads[0] = wire.notify(wire.REKEY_SA, protocol=wire.PROTO_ESP, spi=sa.child.spi_out)
    refused(sa.request(wire.CREATE_CHILD_SA, payloads), wire.CHILD_SA_NOT_FOUND)


@case(519, "RFC 7296 2.10, 3.9")
def child_short_nonce(t):
    """A nonce of 15 octets makes no child."""
    peer, sa = t.connected()
    payloads = peer.child_request(sa, old=sa.child, nonce=os.urandom(15))
    answer = sa.request(wire.CREATE_CHILD_SA, payloads)
    check(answer.error() is not None and answer.get(wire.SA) is None, f"it says {answer}")


@case(520, "RFC 7296 2.21.3, 3.13")
def child_malformed_selectors(t):
    """Selectors whose number or length does not fit are INVALID_SYNTAX, or not accepted."""
    for body in (b"\x02\0\0\0" + Ts.net("10.2.0.0/24").encode(),
                 b"\x01\0\0\0" + Ts.net("10.2.0.0/24").encode()[:-1],
                 b"\0\0\0\0", b"\x01\0\0\0\x07\0\0\0" + bytes(12), b""):
        peer, sa = t.connected()
        payloads = peer.child_request(sa, old=sa.child)
        payloads[-2] = wire.Payload(wire.TSI, body)
        answer = sa.request(wire.CREATE_CHILD_SA, payloads)
        check(answer.error() in (wire.INVALID_SYNTAX, wire.TS_UNACCEPTABLE), f"it says {answer}")
        check(answer.get(wire.SA) is None, "an SA payload beside an error")
        t.subject.stop()


@case(521, "RFC 7296 1.3.1")
def child_mode_and_padding_offers(t):
    """USE_TRANSPORT_MODE and IPCOMP_SUPPORTED, which it does not grant, leave a tunnel-mode
    child."""
    peer, sa = t.connected()
    payloads = peer.child_request(sa, old=sa.child)
    payloads[1:1] = [wire.notify(wire.USE_TRANSPORT_MODE),
                     wire.notify(wire.IPCOMP_SUPPORTED, b"\x12\x34\x02"),
                     wire.notify(wire.ESP_TFC_PADDING_NOT_SUPPORTED),
                     wire.notify(wire.NON_FIRST_FRAGMENTS_ALSO)]
    answer = sa.request(wire.CREATE_CHILD_SA, payloads)
    new = peer.child_granted(sa, answer)
    for kind in (wire.USE_TRANSPORT_MODE, wire.IPCOMP_SUPPORTED):
        check(not answer.notify(kind), f"it grants {wire.NOTIFY_NAMES[kind]}")
    t.receives(new)


@case(522, "RFC 7296 1.3.1, 2.8")
def child_rekeyed_many_times(t):
    """Ten rekeys, each followed by Delete of the old child, leave one pair."""
    peer, sa = t.connected()
    for _ in range(10):
        new = rekeyed(t, peer, sa)
        accepted(sa.request(wire.INFORMATIONAL, [wire.delete(wire.PROTO_ESP, [sa.child.spi_in])]))
        sa.child = new
    t.has_pairs(1)
    t.has_child(sa)


@case(523, "RFC 7296 3.3.1")
def child_offer_with_wrong_spi(t):
    """Proposals for ESP with an SPI of zero, or of 2 or 8 octets, make no child."""
    for spi in (bytes(4), b"\x12\x34", b"12345678"):
        peer, sa = t.connected()
        payloads = peer.child_request(sa, old=sa.child)
        payloads[1] = wire.sa(esp_proposal(spi, *ESP_GCM))
        answer = sa.request(wire.CREATE_CHILD_SA, payloads)
        check(answer.error() is not None and answer.get(wire.SA) is None, f"it says {answer}")
        t.subject.stop()


@case(524, "RFC 7296 3.3.1")
def child_offer_of_ah(t):
    """A proposal for AH, which it has not, is not chosen; one for ESP beside it is."""
    peer, sa = t.connected()
    payloads = peer.child_request(sa, old=sa.child)
    ah = wire.Proposal(wire.PROTO_AH, [T(wire.INTEG, wire.AUTH_HMAC_SHA2_256_128), ESP_GCM[1]],
                       sa.spi_in)
    payloads[1] = wire.sa(ah, *sa.offer)
    answer = sa.request(wire.CREATE_CHILD_SA, payloads)
    equal(wire.parse_sa(answer.get(wire.SA))[0].number, 2, "the proposal's number")
    t.receives(peer.child_granted(sa, answer))


@case(525, "RFC 7296 3.3.2")
def child_esn_is_mandatory(t):
    """A proposal for ESP without the ESN transform is like one without extended numbers."""
    peer, sa = t.connected()
    new = rekeyed(t, peer, sa, esp=[(ESP_GCM[0], T(wire.ESN, wire.NO_ESN))])
    check(not t.kernel.inbound[int.from_bytes(new.spi_out, "big")]["esn"], "ESN")


@case(526, "RFC 7296 3.3.2, RFC 4304")
def child_esn_is_chosen(t):
    """Where only extended sequence numbers are configured they are what the kernel gets."""
    esp = (ESP_GCM[0], T(wire.ESN, wire.WITH_ESN))
    t.start(esp="aes128gcm16-esn")
    sa = t.peer().connect(esp=[esp])
    t.has_child(sa)
    check(t.kernel.inbound[int.from_bytes(sa.child.spi_out, "big")]["esn"], "no ESN")
    answer = sa.request(wire.CREATE_CHILD_SA, t.peer().child_request(sa, old=sa.child))
    refused(answer, wire.NO_PROPOSAL_CHOSEN)


@case(527, "RFC 7296 2.25.1")
def child_rekey_while_it_is_deleted(t):
    """A rekey of a child that it is deleting gets TEMPORARY_FAILURE or CHILD_SA_NOT_FOUND."""
    peer, sa = t.called()
    spi = int.from_bytes(sa.child.spi_out, "big")
    t.kernel.expire(t.kernel.inbound[spi]["policy"], spi, out=False, hard=True)
    theirs = sa.expect(wire.INFORMATIONAL)
    answer = sa.request(wire.CREATE_CHILD_SA, peer.child_request(sa, old=sa.child))
    check(answer.error() in (wire.TEMPORARY_FAILURE, wire.CHILD_SA_NOT_FOUND), f"it says {answer}")
    sa.respond(theirs, [wire.delete(wire.PROTO_ESP, [sa.child.spi_in])])
    t.alive(sa)


@case(528, "RFC 7296 2.25")
def child_request_while_closing(t):
    """CREATE_CHILD_SA while it closes the IKE SA gets TEMPORARY_FAILURE or NO_ADDITIONAL_SAS."""
    peer, sa = t.called()
    t.subject.down()
    theirs = sa.expect(wire.INFORMATIONAL)
    answer = sa.request(wire.CREATE_CHILD_SA, peer.child_request(sa, old=sa.child))
    check(answer.error() in (wire.TEMPORARY_FAILURE, wire.NO_ADDITIONAL_SAS), f"it says {answer}")
    sa.respond(theirs)
    t.nothing_kept()
