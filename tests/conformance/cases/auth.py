# SPDX-License-Identifier: GPL-2.0
"""IKE_AUTH with the subject as responder, by pre-shared key (RFC 7296 1.2, 2.15, 2.16, 2.21.2)."""
import os

from case import accepted, case, check, equal, refused
from peer import wire
from peer.exchange import ESP_GCM
from peer.wire import Transform as T, Ts
from subject.net import BOTH


def opened(t, **options):
    """An IKE SA after IKE_SA_INIT."""
    t.start(**options)
    return t.peer(), t.peer().init().run()


def not_authenticated(t, sa, message):
    """The subject refuses for good: nothing is kept and the IKE SA is gone."""
    refused(message, wire.AUTHENTICATION_FAILED)
    t.nothing_kept()
    t.gone(t.peer(), sa)


@case(201, "RFC 7296 1.2, 2.15", "IKEv2.SGW.R.1.1.1.2", over=BOTH)
def auth_is_answered(t):
    """It answers IKE_AUTH with IDr, AUTH, SA, TSi, TSr, and its kernel has the child's keys."""
    peer, sa = t.connected()
    equal(sa.child.local_ts, peer.local_ts, "TSi")
    equal(sa.child.remote_ts, peer.remote_ts, "TSr")


@case(202, "RFC 7296 2.17, 2.8", "IKEv2.SGW.R.1.1.1.3", over=BOTH)
def auth_child_is_used(t):
    """The child of IKE_AUTH has its policy: the peer's address, the agreed selectors."""
    t.connected()
    policy = next(iter(t.kernel.policies.values()))
    equal(policy["remote"], t.peer().at(500), "where ESP goes to")
    equal((policy["local_ts"], policy["remote_ts"]), (["10.1.0.0/24"], ["10.2.0.0/24"]),
          "selectors")


@case(203, "RFC 7296 2.1", "IKEv2.SGW.R.1.1.2.2")
def auth_again_gets_the_same_answer(t):
    """A retransmitted IKE_AUTH request gets the same octets again, and makes no second child."""
    peer, sa = opened(t)
    data = sa.send(wire.IKE_AUTH, peer.auth_payloads(sa))
    first = sa.answer_to(1)
    peer.finish_auth(sa, first)
    sa.transmit(data)
    equal(sa.answer_to(1).raw, first.raw, "the second answer")
    t.has_pairs(1)


@case(204, "RFC 7296 2.15, 2.21.2", "IKEv2.SGW.R.1.2.8.1")
def auth_wrong_secret(t):
    """A proof with another secret gets AUTHENTICATION_FAILED; nothing is kept."""
    peer, sa = opened(t)
    not_authenticated(t, sa, sa.request(wire.IKE_AUTH, peer.auth_payloads(sa, psk=b"wrong")))


@case(205, "RFC 7296 2.15")
def auth_wrong_method(t):
    """An AUTH payload of another method than is configured gets AUTHENTICATION_FAILED."""
    peer, sa = opened(t)
    payloads = peer.auth_payloads(sa)
    payloads[1] = wire.auth(wire.METHOD_RSA, os.urandom(256))
    not_authenticated(t, sa, sa.request(wire.IKE_AUTH, payloads))


@case(206, "RFC 7296 2.15")
def auth_covers_the_identity(t):
    """The proof for one identity does not do for another one."""
    peer, sa = opened(t)
    payloads = peer.auth_payloads(sa)
    payloads[0] = peer.id_payload(wire.IDI, (wire.ID_FQDN, b"other.example.org"))
    not_authenticated(t, sa, sa.request(wire.IKE_AUTH, payloads))


@case(207, "RFC 7296 2.15")
def auth_covers_the_first_message(t):
    """A proof about another IKE_SA_INIT request than came gets AUTHENTICATION_FAILED."""
    peer, sa = opened(t)
    sa.init_i += b"\0"
    not_authenticated(t, sa, sa.request(wire.IKE_AUTH, peer.auth_payloads(sa)))


@case(208, "RFC 7296 2.15")
def auth_short_proof(t):
    """An AUTH payload that is cut short or too long gets AUTHENTICATION_FAILED."""
    for change in (lambda b: b[:5], lambda b: b[:-1], lambda b: b + b"\0"):
        peer, sa = opened(t)
        payloads = peer.auth_payloads(sa)
        payloads[1].body = change(payloads[1].body)
        refused(sa.request(wire.IKE_AUTH, payloads), wire.AUTHENTICATION_FAILED)
        t.nothing_kept()
        t.subject.stop()


@case(209, "RFC 7296 3.5")
def auth_identity_is_compared(t):
    """A peer with the right secret and another identity than is configured is refused."""
    peer, sa = opened(t, remote_id="gw.example.org")
    ident = (wire.ID_FQDN, b"other.example.org")
    not_authenticated(t, sa, sa.request(wire.IKE_AUTH, peer.auth_payloads(sa, ident=ident)))


@case(210, "RFC 7296 3.5")
def auth_identity_types(t):
    """FQDN, e-mail address, IPv4 address and key id are each accepted where they are configured."""
    for text, kind, data in (("gw.example.org", wire.ID_FQDN, b"gw.example.org"),
                             ("gw@example.org", wire.ID_RFC822_ADDR, b"gw@example.org"),
                             ("198.51.100.7", wire.ID_IPV4_ADDR, bytes([198, 51, 100, 7])),
                             ("2001:db8::7", wire.ID_IPV6_ADDR,
                              bytes.fromhex("20010db8000000000000000000000007"))):
        peer, sa = opened(t, remote_id=text)
        answer = sa.request(wire.IKE_AUTH, peer.auth_payloads(sa, ident=(kind, data)))
        accepted(answer)
        peer.finish_auth(sa, answer)
        t.subject.stop()


@case(211, "RFC 7296 3.5")
def auth_identity_type_counts(t):
    """The same octets as an identity of another type are another identity."""
    peer, sa = opened(t, remote_id="gw.example.org")
    ident = (wire.ID_KEY_ID, b"gw.example.org")
    refused(sa.request(wire.IKE_AUTH, peer.auth_payloads(sa, ident=ident)),
            wire.AUTHENTICATION_FAILED)


@case(241, "RFC 7296 3.5")
def auth_address_of_wrong_size(t):
    """An ID_IPV4_ADDR that has not 4 octets, and an ID_IPV6_ADDR that has not 16, is malformed."""
    peer, _ = opened(t)
    for kind, sizes in ((wire.ID_IPV4_ADDR, (0, 3, 5, 16)), (wire.ID_IPV6_ADDR, (4, 15, 17))):
        for size in sizes:
            sa = peer.init().run()
            refused(sa.request(wire.IKE_AUTH, peer.auth_payloads(sa, ident=(kind, bytes(size)))),
                    wire.INVALID_SYNTAX)
            t.nothing_kept()


@case(212, "RFC 7296 3.5")
def auth_own_identity(t):
    """It says the identity that is configured for it."""
    peer, sa = opened(t, local_id="paris@example.org")
    answer = sa.request(wire.IKE_AUTH, peer.auth_payloads(sa))
    peer.finish_auth(sa, answer)
    equal(answer.get(wire.IDR), bytes([wire.ID_RFC822_ADDR, 0, 0, 0]) + b"paris@example.org", "IDr")


@case(213, "RFC 7296 1.2, 2.21.2")
def auth_wanted_identity(t):
    """An IDr of the peer's that it has is accepted."""
    peer, sa = opened(t, local_id="paris.example.org")
    answer = sa.request(wire.IKE_AUTH, peer.auth_payloads(sa, idr=(wire.ID_FQDN,
                                                                   b"paris.example.org")))
    peer.finish_auth(sa, answer)


@case(214, "RFC 7296 2.5, 3.2")
def auth_unknown_payload_is_skipped(t):
    """An unknown payload that is not critical is skipped in IKE_AUTH, wherever it stands."""
    for at in (0, 2, 5):
        peer, sa = opened(t)
        payloads = peer.auth_payloads(sa)
        payloads.insert(at, wire.Payload(200, b"unknown"))
        peer.finish_auth(sa, sa.request(wire.IKE_AUTH, payloads))
        t.subject.stop()


@case(215, "RFC 7296 2.5")
def auth_unknown_critical_payload_is_refused(t):
    """An unknown critical payload in IKE_AUTH gets UNSUPPORTED_CRITICAL_PAYLOAD with its type."""
    peer, sa = opened(t)
    payloads = peer.auth_payloads(sa)
    payloads.insert(2, wire.Payload(200, b"unknown", critical=True))
    answer = sa.request(wire.IKE_AUTH, payloads)
    refused(answer, wire.UNSUPPORTED_CRITICAL_PAYLOAD)
    equal(answer.notify(wire.UNSUPPORTED_CRITICAL_PAYLOAD).data, bytes([200]), "its data")
    t.nothing_kept()


@case(216, "RFC 7296 2.10, 3.2", "IKEv2.SGW.R.1.1.11.2")
def auth_reserved_bits_are_ignored(t):
    """Reserved fields that are not zero are ignored: of payloads, of ID and AUTH, of SK."""
    peer, sa = opened(t)
    me = wire.identity(wire.IDI, wire.ID_FQDN, b"x.example.org", reserved=b"\xff\xee\xdd")
    proof = peer.auth_payload(sa, me.body)
    proof.body = proof.body[:1] + b"\xff\xff\xff" + proof.body[4:]
    payloads = [me, proof, *peer.child_payloads(sa)]
    for p in payloads:
        p.reserved = 0x7f
    peer.finish_auth(sa, sa.request(wire.IKE_AUTH, payloads, reserved=0x7f))


@case(217, "RFC 7296 2.5")
def auth_payloads_in_any_order(t):
    """Payloads of IKE_AUTH in another order are accepted."""
    peer, sa = opened(t)
    peer.finish_auth(sa, sa.request(wire.IKE_AUTH, peer.auth_payloads(sa)[::-1]))


@case(218, "RFC 7296 2.21.2")
def auth_malformed_inside(t):
    """A request that is protected and malformed inside gets INVALID_SYNTAX; nothing is kept."""
    for spoil in (lambda p: setattr(p[2], "length", 3), lambda p: p.pop(0), lambda p: p.pop(2),
                  lambda p: p.append(p[0])):
        peer, sa = opened(t)
        payloads = peer.auth_payloads(sa)
        spoil(payloads)
        refused(sa.request(wire.IKE_AUTH, payloads), wire.INVALID_SYNTAX)
        t.nothing_kept()
        t.subject.stop()


@case(219, "RFC 7296 2.21.2, 3.14")
def auth_forged_changes_nothing(t):
    """A request whose integrity checksum is wrong gets no answer; the right one does afterwards."""
    peer, sa = opened(t)
    payloads = peer.auth_payloads(sa)
    sa.send(wire.IKE_AUTH, payloads, spoil=lambda d: d[:-1] + bytes([d[-1] ^ 1]))
    t.silent(peer)
    peer.finish_auth(sa, sa.request(wire.IKE_AUTH, payloads, mid=1))


@case(220, "RFC 7296 3.14")
def auth_padding(t):
    """The pad length may be anything that fits, with a block cipher up to 255."""
    t.start(ike="aes128-sha256-modp2048")
    peer = t.peer()
    sa = peer.init(wire.Proposal(wire.PROTO_IKE, [
        T(wire.ENCR, wire.ENCR_AES_CBC, 128), T(wire.PRF, wire.PRF_HMAC_SHA2_256),
        T(wire.INTEG, wire.AUTH_HMAC_SHA2_256_128), T(wire.DH, wire.MODP_2048)])).run()
    payloads = peer.auth_payloads(sa)
    peer.finish_auth(sa, sa.request(wire.IKE_AUTH, payloads, extra_padding=240))


@case(221, "RFC 7296 3.14")
def auth_padding_too_long(t):
    """A pad length that is longer than the message is refused."""
    peer, sa = opened(t)
    sa.send(wire.IKE_AUTH, peer.auth_payloads(sa), pad=255)
    t.silent(peer, lambda m: m.get(wire.SA) is not None)
    t.nothing_kept()


@case(222, "RFC 7296 2.3")
def auth_message_id_is_one(t):
    """IKE_AUTH with message id 0, 2 or 2^32 - 1 gets no answer and moves nothing."""
    peer, sa = opened(t)
    for mid in (0, 2, 0xffffffff):
        sa.send(wire.IKE_AUTH, peer.auth_payloads(sa), mid=mid)
    t.silent(peer)
    peer.finish_auth(sa, sa.request(wire.IKE_AUTH, peer.auth_payloads(sa), mid=1))


@case(223, "RFC 7296 1.2, 2.21.2")
def auth_first_is_no_other_exchange(t):
    """CREATE_CHILD_SA and INFORMATIONAL before IKE_AUTH make nothing and end nothing."""
    peer, sa = opened(t)
    sa.send(wire.CREATE_CHILD_SA, [*peer.child_payloads(sa), wire.nonce()], mid=1)
    sa.send(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)], mid=1)
    t.silent(peer, lambda m: m.get(wire.SA) is not None)
    t.nothing_kept()


@case(224, "RFC 7296 3.1")
def auth_initiator_flag_counts(t):
    """A request without the initiator's flag is not the initiator's."""
    peer, sa = opened(t)
    sa.send(wire.IKE_AUTH, peer.auth_payloads(sa), flags=0)
    t.silent(peer, lambda m: m.error() != wire.INVALID_IKE_SPI)
    peer.inbox.clear()
    peer.finish_auth(sa, sa.request(wire.IKE_AUTH, peer.auth_payloads(sa), mid=1))


@case(225, "RFC 7296 1.2", "IKEv2.SGW.R.1.1.6.9")
def auth_without_a_child(t):
    """Where only the child cannot be, the IKE SA stands: IDr, AUTH and the error, no SA."""
    peer, sa = opened(t)
    answer = sa.request(wire.IKE_AUTH, peer.auth_payloads(
        sa, esp=[(T(wire.ENCR, wire.ENCR_3DES), T(wire.INTEG, wire.AUTH_HMAC_SHA1_96),
                  T(wire.ESN, wire.NO_ESN))]))
    peer.check_auth(sa, answer)
    refused(answer, wire.NO_PROPOSAL_CHOSEN)
    t.alive(sa)


@case(226, "RFC 7296 2.9", "IKEv2.SGW.R.1.1.7.2")
def auth_ts_unacceptable(t):
    """Selectors that have nothing in common with its own get TS_UNACCEPTABLE; the IKE SA stands."""
    peer, sa = opened(t)
    answer = sa.request(wire.IKE_AUTH, peer.auth_payloads(sa, tsr=[Ts.net("10.99.0.0/24")]))
    peer.check_auth(sa, answer)
    refused(answer, wire.TS_UNACCEPTABLE)
    t.alive(sa)


@case(227, "RFC 7296 2.4")
def auth_initial_contact(t):
    """INITIAL_CONTACT ends the peer's earlier IKE SA with its child."""
    peer, old = t.connected()
    new = peer.connect(before=[wire.notify(wire.INITIAL_CONTACT)])
    t.has_child(new)
    t.has_pairs(1, patience=60)     # the old inbound SA is kept 20 s for packets under way
    t.gone(peer, old)


@case(228, "RFC 7296 2.5, 3.10.1", "IKEv2.SGW.R.1.1.11.5")
def auth_unknown_notifies_are_ignored(t):
    """Unknown status and error notifies in IKE_AUTH are ignored."""
    peer, sa = opened(t)
    more = [wire.notify(8191), wire.notify(16383, b"x"), wire.notify(40959), wire.notify(65535)]
    peer.finish_auth(sa, sa.request(wire.IKE_AUTH, peer.auth_payloads(sa, before=more)))


@case(229, "RFC 7296 2.15")
def auth_hexadecimal_secret(t):
    """A secret that is written in hexadecimal is its octets."""
    t.start(psk="0x00ff10a5deadbeef0011223344556677")
    peer = t.peer(psk=bytes.fromhex("00ff10a5deadbeef0011223344556677"))
    t.has_child(peer.connect())


@case(230, "RFC 7296 2.16")
def auth_eap_nobody_offers(t):
    """Without AUTH, which asks for EAP where none is configured, there is no way in."""
    peer, sa = opened(t)
    payloads = [p for p in peer.auth_payloads(sa) if p.type != wire.AUTH]
    check(sa.request(wire.IKE_AUTH, payloads).error() is not None, "no error")
    t.nothing_kept()


@case(231, "RFC 7296 2.15")
def auth_cbc_and_prfs(t):
    """With AES-CBC and each PRF of its list the proof and the keys are right."""
    for word, prf, integ in (("sha256", wire.PRF_HMAC_SHA2_256, wire.AUTH_HMAC_SHA2_256_128),
                             ("sha384", wire.PRF_HMAC_SHA2_384, wire.AUTH_HMAC_SHA2_384_192),
                             ("sha512", wire.PRF_HMAC_SHA2_512, wire.AUTH_HMAC_SHA2_512_256)):
        t.start(ike=f"aes256-{word}-x25519")
        sa = t.peer().connect(wire.Proposal(wire.PROTO_IKE, [
            T(wire.ENCR, wire.ENCR_AES_CBC, 256), T(wire.PRF, prf), T(wire.INTEG, integ),
            T(wire.DH, wire.CURVE25519)]))
        t.has_child(sa)
        t.subject.stop()


@case(232, "RFC 7296 2.14, 3.4")
def auth_groups(t):
    """With MODP 2048, 3072, 4096, ECP 256, 384 and X25519 the keys are right."""
    for word, group in (("modp2048", wire.MODP_2048), ("modp3072", wire.MODP_3072),
                        ("modp4096", wire.MODP_4096), ("ecp256", wire.ECP_256),
                        ("ecp384", wire.ECP_384), ("x25519", wire.CURVE25519)):
        t.start(ike=f"aes128gcm16-prfsha256-{word}")
        sa = t.peer().connect(wire.Proposal(wire.PROTO_IKE, [
            T(wire.ENCR, wire.ENCR_AES_GCM_16, 128), T(wire.PRF, wire.PRF_HMAC_SHA2_256),
            T(wire.DH, group)]))
        t.has_child(sa)
        t.subject.stop()


@case(233, "RFC 7634, RFC 7296 2.17")
def auth_esp_ciphers(t):
    """Each cipher of ESP gets its keys from KEYMAT in the right order and size."""
    esn = T(wire.ESN, wire.NO_ESN)
    sha256 = T(wire.INTEG, wire.AUTH_HMAC_SHA2_256_128)
    for word, transforms in (
            ("aes256gcm16-noesn", (T(wire.ENCR, wire.ENCR_AES_GCM_16, 256), esn)),
            ("chacha20poly1305-noesn", (T(wire.ENCR, wire.ENCR_CHACHA20_POLY1305), esn)),
            ("aes192-sha256-noesn", (T(wire.ENCR, wire.ENCR_AES_CBC, 192), sha256, esn)),
            ("aes128-sha256-esn", (T(wire.ENCR, wire.ENCR_AES_CBC, 128), sha256,
                                   T(wire.ESN, wire.WITH_ESN)))):
        t.start(esp=word)
        t.has_child(t.peer().connect(esp=[transforms]))
        t.subject.stop()


@case(234, "RFC 7296 3.3.3, 3.3.5", "IKEv2.SGW.R.1.1.6.6")
def auth_esp_proposals(t):
    """Of several proposals for ESP it takes the one it has, by its number, with its own SPI."""
    peer, sa = opened(t)
    other = (T(wire.ENCR, wire.ENCR_AES_GCM_16, 256), T(wire.ESN, wire.NO_ESN))
    answer = sa.request(wire.IKE_AUTH, peer.auth_payloads(sa, esp=[other, ESP_GCM]))
    peer.finish_auth(sa, answer)
    equal(sa.child.chosen.number, 2, "the proposal's number")
    t.has_child(sa)


@case(240, "RFC 7296 3.3")
def auth_any_number_of_esp_proposals(t):
    """Of 200 proposals for ESP it takes the one that it has, the 17th or the last."""
    other = (T(wire.ENCR, wire.ENCR_3DES),)
    for place in (17, 200):
        t.start()
        peer = t.peer()
        sa = peer.init().run()
        offer = [ESP_GCM if n == place else other for n in range(1, 201)]
        peer.finish_auth(sa, sa.request(wire.IKE_AUTH, peer.auth_payloads(sa, esp=offer)))
        equal(sa.child.chosen.number, place, "the proposal's number")
        t.has_child(sa)
        t.subject.stop()


@case(235, "RFC 7296 3.3.3", "IKEv2.SGW.R.1.1.6.5")
def auth_esp_transforms(t):
    """Of several transforms for ESP it takes one of each type."""
    peer, sa = opened(t)
    offer = (T(wire.ENCR, wire.ENCR_AES_GCM_16, 256), *ESP_GCM, T(wire.ESN, wire.WITH_ESN))
    peer.finish_auth(sa, sa.request(wire.IKE_AUTH, peer.auth_payloads(sa, esp=[offer])))
    check(sa.child.chosen.same(*ESP_GCM), f"it chose {sa.child.chosen}")


@case(236, "RFC 7296 1.2, 3.3.2")
def auth_group_in_the_first_child(t):
    """A group in the proposal for the first child, which has no key exchange, is not chosen
    alone."""
    peer, sa = opened(t)
    offer = (*ESP_GCM, T(wire.DH, wire.DH_NONE), T(wire.DH, wire.CURVE25519))
    answer = sa.request(wire.IKE_AUTH, peer.auth_payloads(sa, esp=[offer]))
    peer.finish_auth(sa, answer)
    check(sa.child.suite.dh in (None, wire.DH_NONE), f"it chose {sa.child.chosen}")


@case(237, "RFC 7296 3.5")
def auth_identity_without_terminator(t):
    """A name with a null or a line feed at its end is another name; its own has none."""
    for end in (b"\0", b"\n"):
        peer, sa = opened(t, remote_id="gw.example.org", local_id="paris.example.org")
        ident = (wire.ID_FQDN, b"gw.example.org" + end)
        refused(sa.request(wire.IKE_AUTH, peer.auth_payloads(sa, ident=ident)),
                wire.AUTHENTICATION_FAILED)
        t.subject.stop()
    peer, sa = opened(t, local_id="paris.example.org")
    answer = sa.request(wire.IKE_AUTH, peer.auth_payloads(sa))
    equal(answer.get(wire.IDR)[4:], b"paris.example.org", "IDr")
