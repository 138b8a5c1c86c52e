# SPDX-License-Identifier: GPL-2.0
"""Post-quantum pre-shared keys (RFC 8784), in both roles."""
from case import accepted, case, check, equal, refused
from cases.eap import Client
from peer import crypto, wire

PPK = b"a secret of thirty-two octets ok"
NAME = b"ppk-1"
FIXED = b"\x02"                 # of PPK_ID, 5.1
SAYS = wire.notify(wire.USE_PPK)
HAS = {"ppk": PPK.decode(), "ppk_id": NAME.decode()}


def mix(sa, ppk=PPK):
    """SK_d, SK_pi and SK_pr get the PPK (3)."""
    for name in ("sk_d", "sk_pi", "sk_pr"):
        key = getattr(sa, name)
        setattr(sa, name, crypto.prf_plus(sa.suite.prf, ppk, key, len(key)))


def begin(t, **options):
    """IKE_SA_INIT with USE_PPK, begun by the peer, and what its proof without a PPK would be."""
    t.start(**(HAS | options))
    peer = t.peer()
    sa = peer.init(extra=[SAYS]).run()
    return peer, sa, peer.auth_payload(sa, peer.id_payload(wire.IDI).body).body[4:]


def names(data=FIXED + NAME):
    return wire.notify(wire.PPK_IDENTITY, data)


def goes_without(peer, sa, answer):
    accepted(answer)
    check(answer.notify(wire.PPK_IDENTITY) is None, "PPK_IDENTITY, and no PPK is used")
    peer.finish_auth(sa, answer)


def begun(t, says=True, **options):
    """IKE_AUTH's request of the subject, whose IKE_SA_INIT had USE_PPK, and so the answer."""
    t.start(**(HAS | options))
    peer = t.peer()
    t.subject.up()
    sa = peer.accept_init(extra=[SAYS] if says else [])
    return peer, sa, sa.expect(wire.IKE_AUTH)


def grant(peer, sa, message, extra=()):
    me = peer.id_payload(wire.IDR)
    payloads = [me, peer.auth_payload(sa, me.body), *extra]
    sa.child = peer.grant_child(sa, message, (sa.nonce_i, sa.nonce_r), payloads)
    sa.respond(message, payloads)


@case(1601, "RFC 8784 3", only="esplaned")
def ppk_is_said(t):
    """As responder that has a PPK it answers USE_PPK with USE_PPK, with no data; not unasked."""
    t.start(**HAS)
    said = t.peer().init(extra=[SAYS]).ask().notify(wire.USE_PPK)
    check(said is not None, "not said")
    equal((said.protocol, said.spi, said.data), (0, b"", b""), "the notify")
    check(t.peer().init().ask().notify(wire.USE_PPK) is None, "said unasked")


@case(1602, "RFC 8784 3", only="esplaned")
def ppk_is_not_said_without(t):
    """A responder without a PPK does not answer USE_PPK, and the IKE SA comes up without."""
    t.start()
    peer = t.peer()
    init = peer.init(extra=[SAYS])
    answer = init.ask()
    check(answer.notify(wire.USE_PPK) is None, "said")
    sa = init.finish(answer)
    peer.finish_auth(sa, sa.request(wire.IKE_AUTH, peer.auth_payloads(sa)))
    t.has_child(sa)


@case(1603, "RFC 8784 3", only="esplaned")
def ppk_is_in_the_keys(t):
    """The PPK that PPK_IDENTITY names is in the proofs and in the child's keys; the answer says so."""
    peer, sa, _ = begin(t, ppk_required="yes")
    mix(sa)
    answer = sa.request(wire.IKE_AUTH, peer.auth_payloads(sa, after=[names()]))
    accepted(answer)
    said = answer.notify(wire.PPK_IDENTITY)
    check(said is not None, "no PPK_IDENTITY in the answer")
    equal(said.data, b"", "its data")
    peer.finish_auth(sa, answer)
    t.has_child(sa)
    sa = peer.rekey_ike(sa)
    sa.child = peer.new_child(sa)
    t.has_child(sa)


@case(1604, "RFC 8784 3", only="esplaned")
def ppk_comes_before_no_ppk_auth(t):
    """Where the PPK is known, NO_PPK_AUTH does not count: wrong or right."""
    for spoilt in (False, True):
        peer, sa, without = begin(t)
        mix(sa)
        if spoilt:
            without = bytes(len(without))
        answer = sa.request(wire.IKE_AUTH, peer.auth_payloads(
            sa, after=[names(), wire.notify(wire.NO_PPK_AUTH, without)]))
        accepted(answer)
        check(answer.notify(wire.PPK_IDENTITY) is not None, "no PPK_IDENTITY in the answer")
        peer.finish_auth(sa, answer)
        t.has_child(sa)
        t.subject.stop()


@case(1605, "RFC 8784 3", only="esplaned")
def ppk_unknown_without_it(t):
    """A PPK that it does not know: NO_PPK_AUTH is the proof, and the keys are without a PPK."""
    peer, sa, without = begin(t)
    keys = sa.sk_d, sa.sk_pi, sa.sk_pr
    mix(sa, b"another")
    payloads = peer.auth_payloads(sa, after=[names(FIXED + b"ppk-2"),
                                             wire.notify(wire.NO_PPK_AUTH, without)])
    sa.sk_d, sa.sk_pi, sa.sk_pr = keys
    goes_without(peer, sa, sa.request(wire.IKE_AUTH, payloads))
    t.has_child(sa)


@case(1606, "RFC 8784 3", only="esplaned")
def ppk_unknown_and_no_other_proof(t):
    """A PPK that it does not know, and no NO_PPK_AUTH: AUTHENTICATION_FAILED."""
    for name in (FIXED + b"ppk-2", FIXED, b"", b"\x00" + NAME, b"\x01" + NAME, FIXED + NAME + b"\x00",
                 FIXED + bytes(1000)):
        peer, sa, _ = begin(t)
        mix(sa)
        refused(sa.request(wire.IKE_AUTH, peer.auth_payloads(sa, after=[names(name)])),
                wire.AUTHENTICATION_FAILED)
        t.gone(peer, sa)
        t.nothing_kept()
        t.subject.stop()


@case(1607, "RFC 8784 3", only="esplaned")
def ppk_is_wrong(t):
    """The right name and another secret: AUTHENTICATION_FAILED, and NO_PPK_AUTH does not help."""
    peer, sa, without = begin(t)
    mix(sa, b"another")
    refused(sa.request(wire.IKE_AUTH, peer.auth_payloads(
        sa, after=[names(), wire.notify(wire.NO_PPK_AUTH, without)])),
        wire.AUTHENTICATION_FAILED)
    t.gone(peer, sa)
    t.nothing_kept()


@case(1608, "RFC 8784 3", only="esplaned")
def ppk_is_required(t):
    """With `ppk-required` a peer that names none, or another, is refused, with NO_PPK_AUTH too."""
    peer, sa, _ = begin(t, ppk_required="yes")
    refused(sa.request(wire.IKE_AUTH, peer.auth_payloads(sa)), wire.AUTHENTICATION_FAILED)
    t.subject.stop()
    peer, sa, without = begin(t, ppk_required="yes")
    refused(sa.request(wire.IKE_AUTH, peer.auth_payloads(
        sa, after=[names(FIXED + b"ppk-2"), wire.notify(wire.NO_PPK_AUTH, without)])),
        wire.AUTHENTICATION_FAILED)
    t.nothing_kept()


@case(1609, "RFC 8784 3", only="esplaned")
def ppk_is_begun(t):
    """As initiator it names the PPK, proves itself with it, and in NO_PPK_AUTH without it."""
    peer, sa, message = begun(t)
    equal(message.notify(wire.PPK_IDENTITY).data, FIXED + NAME, "PPK_ID")
    octets = sa.auth_octets(message.get(wire.IDI), True)
    equal(message.notify(wire.NO_PPK_AUTH).data, sa.key_pad_mac(peer.psk, octets),
          "the proof without the PPK")
    mix(sa)
    peer.check_auth(sa, message)
    grant(peer, sa, message, [names(b"")])
    t.has_child(sa)


@case(1610, "RFC 8784 3", only="esplaned")
def ppk_is_begun_and_not_known(t):
    """An answer without PPK_IDENTITY: the keys are without the PPK."""
    peer, sa, message = begun(t)
    grant(peer, sa, message)
    t.has_child(sa)


@case(1611, "RFC 8784 3", only="esplaned")
def ppk_is_begun_with_who_has_none(t):
    """A responder that does not say USE_PPK hears nothing of a PPK."""
    peer, sa, message = begun(t, says=False)
    for kind in (wire.PPK_IDENTITY, wire.NO_PPK_AUTH):
        check(message.notify(kind) is None, f"notify {kind}")
    peer.check_auth(sa, message)
    grant(peer, sa, message)
    t.has_child(sa)


@case(1612, "RFC 8784 3", only="esplaned")
def ppk_is_demanded(t):
    """With `ppk-required` there is no NO_PPK_AUTH, and an answer without the PPK ends the IKE SA."""
    peer, sa, message = begun(t, ppk_required="yes")
    check(message.notify(wire.NO_PPK_AUTH) is None, "NO_PPK_AUTH")
    grant(peer, sa, message)
    sa.respond(sa.expect(wire.INFORMATIONAL))
    t.nothing_kept()


@case(1613, "RFC 8784 3", only="esplaned")
def ppk_is_demanded_of_who_has_none(t):
    """With `ppk-required` a responder that does not say USE_PPK hears no IKE_AUTH."""
    t.start(**HAS, ppk_required="yes")
    peer = t.peer()
    up = t.subject.up()
    peer.accept_init()
    check(t.subject.outcome(up).get("error"), "it is up")
    peer.drain()
    check(not [m for m in peer.inbox if m.exchange == wire.IKE_AUTH], "IKE_AUTH came")
    t.nothing_kept()


@case(1614, "RFC 8784 3", only="esplaned")
def ppk_of_a_client_with_eap(t):
    """A client that ends EAP with a PPK gets in by NO_PPK_AUTH where its tunnel has none."""
    beside = {"o": HAS | {"local_ts": "10.8.0.0/24", "remote_ts": "10.9.0.0/24"}}
    for right in (True, False):
        c = Client(t, hello=[SAYS], beside=beside)
        c.identify()
        c.prove()
        mac = c.sa.key_pad_mac(c.sa.sk_pi, c.sa.auth_octets(c.peer.id_payload(wire.IDI).body, True))
        other = bytes(len(mac))
        answer = c.sa.request(wire.IKE_AUTH, [
            wire.auth(wire.METHOD_PSK, other if right else mac), names(),
            wire.notify(wire.NO_PPK_AUTH, mac if right else other)])
        if right:
            accepted(answer)
            check(answer.notify(wire.PPK_IDENTITY) is None, "PPK_IDENTITY, and no PPK is used")
            c.sa.child = c.peer.finish_child(c.sa, answer, (c.sa.nonce_i, c.sa.nonce_r))
            t.has_child(c.sa)
        else:
            refused(answer, wire.AUTHENTICATION_FAILED)
            t.gone(c.peer, c.sa)
        t.subject.stop()
