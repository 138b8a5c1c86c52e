# SPDX-License-Identifier: GPL-2.0
"""Session resumption (RFC 5723): the subject as gateway that grants tickets, and as client."""
import os

from case import accepted, case, check, equal, refused
from cases.eap import Client
from peer import wire
from peer.exchange import Accept
from peer.resume import (REQUEST, AcceptResume, Resume, Ticket, auth_payload, check_auth, grant)
from subject.net import BOTH

HALF_OPEN = 200                 # more than any server lets begin without asking for a cookie
KINDS = (wire.TICKET_LT_OPAQUE, wire.TICKET_REQUEST, wire.TICKET_ACK, wire.TICKET_NACK,
         wire.TICKET_OPAQUE)


# --- the subject as gateway

def asked(t, *said, **options):
    """The IKE SA of a client that asks for a ticket (or says other things), and the answer."""
    t.start(**{"resume": "yes", **options})
    peer = t.peer()
    sa = peer.init().run()
    answer = sa.request(wire.IKE_AUTH, peer.auth_payloads(sa, after=said or (REQUEST,)))
    peer.finish_auth(sa, answer)
    t.has_child(sa)
    return sa, answer


def granted(t, **options):
    """A ticket, whose IKE SA the client forgets."""
    return Ticket(*asked(t, **options))


def proof(sa, ident=None, auth=None, idr=None, after=()):
    """IKE_AUTH's payloads after IKE_SESSION_RESUME."""
    me = sa.peer.id_payload(wire.IDI, ident)
    other = [sa.peer.id_payload(wire.IDR, idr)] if idr else []
    return [me, *other, auth or auth_payload(sa, me.body), *sa.peer.child_payloads(sa), *after]


def resume(t, ticket, **more):
    """The IKE SA with its child that the ticket makes, and the answer to IKE_AUTH."""
    sa = Resume(ticket.sa.peer, ticket).run()
    answer = sa.request(wire.IKE_AUTH, proof(sa, **more))
    accepted(answer)
    check_auth(sa, answer)
    sa.child = sa.peer.finish_child(sa, answer, (sa.nonce_i, sa.nonce_r))
    t.has_child(sa)
    return sa, answer


def nacked(t, ticket, octets=None):
    """TICKET_NACK and nothing else, with SPI 0, no longer than the request."""
    asks = Resume(t.peer(), ticket, octets)
    answer = asks.ask()
    equal([p.type for p in answer.payloads], [wire.N], "the answer's payloads")
    check(answer.notify(wire.TICKET_NACK), f"it says {answer}")
    equal(answer.spi_r, bytes(8), "the responder's SPI")
    check(len(answer.raw) <= len(asks.sent), "it is longer than the request")


@case(2001, "RFC 5723 4.1, 6.2, 7.1", only="esplaned")
def ticket_is_granted(t):
    """Who asks in IKE_AUTH gets TICKET_LT_OPAQUE, good for at most the IKE SA's lifetime."""
    sa, answer = asked(t, ike_rekey="1800s")
    ticket = Ticket(sa, answer)
    check(60 <= ticket.life <= 1800, f"a lifetime of {ticket.life} s")
    check(len(ticket.octets) >= 16, f"a ticket of {len(ticket.octets)} octets")
    found = answer.notify(wire.TICKET_LT_OPAQUE)
    equal((found.protocol, found.spi), (0, b""), "protocol and SPI")
    for kind in (wire.TICKET_ACK, wire.TICKET_NACK):
        check(answer.notify(kind) is None, f"{wire.NOTIFY_NAMES[kind]} too")


@case(2002, "RFC 5723 4.1", only="esplaned")
def ticket_is_refused(t):
    """Without `resume` who asks gets TICKET_NACK."""
    _, answer = asked(t, resume="no")
    check(answer.notify(wire.TICKET_NACK), f"it says {answer}")
    check(answer.notify(wire.TICKET_LT_OPAQUE) is None, "a ticket")


@case(2003, "RFC 5723 4.1", only="esplaned")
def ticket_of_nobody_who_asks(t):
    """Who does not ask hears nothing of tickets."""
    _, answer = asked(t, wire.notify(wire.INITIAL_CONTACT))
    for kind in KINDS:
        check(answer.notify(kind) is None, f"it says {wire.NOTIFY_NAMES[kind]}")


@case(2004, "RFC 5723 6.2, RFC 4478", only="esplaned")
def ticket_lives_no_longer_than_the_proof(t):
    """With `reauth` a ticket is good until the client has to prove itself anew, also the next."""
    ticket = granted(t, reauth="120s")
    check(ticket.life <= 120, f"a lifetime of {ticket.life} s")
    sa, answer = resume(t, ticket, after=(REQUEST,))
    check(Ticket(sa, answer).life <= ticket.life, "the next one is good for longer")


@case(2005, "RFC 5723 4.3.2, 4.3.3, 4.3.4, 5.1", only="esplaned")
def ticket_resumes(t):
    """A ticket makes an IKE SA with a child, without a key exchange; the old one goes silently."""
    ticket = granted(t)
    peer, old = t.peer(), ticket.sa
    sa, _ = resume(t, ticket)
    t.alive(sa)
    t.gone(peer, old)
    deletes = [m for m in peer.inbox if m.inner and m.get(wire.D) is not None]
    check(not deletes, f"a DELETE: {[str(m) for m in deletes]}")


@case(2006, "RFC 5723 4.3.3", only="esplaned")
def ticket_resumes_again(t):
    """With the resumed IKE SA comes another ticket, which resumes that."""
    ticket = granted(t)
    for _ in range(3):
        before = ticket.octets
        ticket = Ticket(*resume(t, ticket, after=(REQUEST,)))
        check(ticket.octets != before, "the same ticket")


@case(2007, "RFC 5723 4.3.1", only="esplaned")
def ticket_is_used_once(t):
    """A ticket that was used is refused, and the IKE SA that it has made goes on."""
    ticket = granted(t)
    sa, _ = resume(t, ticket)
    nacked(t, ticket)
    t.alive(sa)


@case(2008, "RFC 5723 4.3.2, 6.1", only="esplaned")
def ticket_that_is_unknown(t):
    """A ticket that is altered, cut, longer, empty or made up gets TICKET_NACK; the right one is
    good still."""
    ticket = granted(t)
    octets = ticket.octets
    for wrong in (octets[:-1], octets + b"\0", b"", bytes([octets[0] ^ 1]) + octets[1:],
                  octets[:-1] + bytes([octets[-1] ^ 128]), os.urandom(len(octets)),
                  os.urandom(1000)):
        nacked(t, ticket, wrong)
    resume(t, ticket)


@case(2009, "RFC 5723 4.3.2", only="esplaned")
def ticket_is_missing(t):
    """A request without a ticket is refused, one without a nonce gets no answer."""
    ticket = granted(t)
    asks = Resume(t.peer(), ticket)
    asks.payloads = asks.payloads[:1]
    check(asks.ask().notify(wire.TICKET_NACK), "no TICKET_NACK")
    asks = Resume(t.peer(), ticket)
    asks.payloads = asks.payloads[1:]
    asks.send()
    t.silent(t.peer())
    resume(t, ticket)


@case(2010, "RFC 5723 4.3.3", only="esplaned")
def ticket_with_a_wrong_proof(t):
    """Who does not prove that he has the keys is refused; the client's session and ticket stay."""
    ticket = granted(t)
    for wrong in (wire.auth(wire.METHOD_PSK, bytes(32)), "psk", "padded"):
        sa = Resume(t.peer(), ticket).run()
        me = t.peer().id_payload(wire.IDI).body
        if wrong == "psk":
            wrong = t.peer().auth_payload(sa, me)
        elif wrong == "padded":
            octets = sa.auth_octets(me, True)
            wrong = wire.auth(wire.METHOD_PSK, sa.key_pad_mac(sa.sk_pi, octets))
        refused(sa.request(wire.IKE_AUTH, proof(sa, auth=wrong)), wire.AUTHENTICATION_FAILED)
        t.alive(ticket.sa)
    resume(t, ticket)


@case(2011, "RFC 5723 4.3.3", only="esplaned")
def ticket_with_other_identities(t):
    """IDi and IDr have to be those of the session."""
    ticket = granted(t)
    for names in ({"ident": (wire.ID_FQDN, b"other.example.org")},
                  {"idr": (wire.ID_FQDN, b"other.example.org")}):
        sa = Resume(t.peer(), ticket).run()
        refused(sa.request(wire.IKE_AUTH, proof(sa, **names)), wire.AUTHENTICATION_FAILED)
    t.alive(ticket.sa)
    resume(t, ticket)


@case(2012, "RFC 5723 9.1, 9.2", only="esplaned")
def ticket_in_other_hands(t):
    """Who has only seen the ticket gets no further than IKE_SESSION_RESUME, and changes nothing."""
    ticket = granted(t, remote="any", remote_ts="10.0.0.0/8")
    thief = t.peer(1)
    asks = Resume(thief, ticket)
    answer = asks.ask()
    check(answer.get(wire.NONCE) is not None, f"it says {answer}")
    guess = asks.finish(answer)
    guess.derive(bytes(32), bytes(32), bytes(32))           # the thief has no SK_d
    guess.send(wire.IKE_AUTH, proof(guess))
    t.silent(thief, lambda m: m.spi_i == guess.spi_i)
    t.alive(ticket.sa)
    resume(t, ticket)


@case(2013, "RFC 5723 6.2, 9.8", only="esplaned")
def ticket_goes_with_a_delete(t):
    """A ticket of an IKE SA that the client has deleted is refused."""
    ticket = granted(t)
    accepted(ticket.sa.request(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)]))
    nacked(t, ticket)


@case(2014, "RFC 5723 6.2", only="esplaned")
def ticket_goes_with_a_rekey(t):
    """A rekey makes the ticket void; the client's request for it brings another."""
    ticket = granted(t)
    peer, old = t.peer(), ticket.sa
    answer = old.request(wire.CREATE_CHILD_SA, peer.ike_request(old) + [REQUEST])
    accepted(answer)
    new = peer.ike_granted(old, answer)
    accepted(old.request(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)]))
    nacked(t, ticket)
    resume(t, Ticket(new, answer))


@case(2015, "RFC 5723 4.1", only="esplaned")
def ticket_is_renewed(t):
    """INFORMATIONAL brings another ticket, and makes the one before void."""
    first = granted(t)
    answer = first.sa.request(wire.INFORMATIONAL, [REQUEST])
    accepted(answer)
    second = Ticket(first.sa, answer)
    nacked(t, first)
    resume(t, second)


@case(2016, "RFC 5723 6.2", only="esplaned")
def ticket_goes_with_a_reload(t):
    """After a reload, which may take somebody's rights away, no ticket is good, and who has not
    proved himself anew gets no other one."""
    ticket = granted(t)
    t.subject.ask(command="reload")
    nacked(t, ticket)
    answer = ticket.sa.request(wire.INFORMATIONAL, [REQUEST])
    check(answer.notify(wire.TICKET_NACK), f"it says {answer}")
    t.alive(ticket.sa)


@case(2017, "RFC 5723 4.3.2, 9.3", only="esplaned")
def ticket_with_a_cookie(t):
    """Under many half-open IKE SAs it asks for a COOKIE first, and takes the ticket with it."""
    ticket = granted(t)
    for _ in range(HALF_OPEN):
        if t.peer().init().ask().notify(wire.COOKIE):
            break
    asks = Resume(t.peer(), ticket)
    answer = asks.ask()
    check(answer.notify(wire.COOKIE) and answer.get(wire.NONCE) is None, f"it says {answer}")
    asks.with_cookie(answer)
    sa = asks.run()
    answer = sa.request(wire.IKE_AUTH, proof(sa))
    accepted(answer)
    check_auth(sa, answer)


@case(2018, "RFC 7296 2.1", only="esplaned")
def ticket_request_comes_again(t):
    """A copy of the request gets the same answer, and makes no second IKE SA."""
    ticket = granted(t)
    asks = Resume(t.peer(), ticket)
    first = asks.ask()
    equal(asks.ask(asks.sent).raw, first.raw, "the second answer")
    sa = asks.finish(first)
    accepted(sa.request(wire.IKE_AUTH, proof(sa)))


@case(2019, "RFC 5723 4.2, 5", only="esplaned")
def ticket_in_place_of_a_password(t):
    """A client of EAP comes back without its password, as who it has proved to be."""
    c = Client(t, said=[REQUEST], resume="yes")
    c.identify()
    c.prove()
    ticket = Ticket(c.sa, c.finish())
    resume(t, ticket)
    names = [p.get("remote_id") for p in t.subject.ask(command="status")["tunnels"]]
    check("alice" in names, f"they are {names}")


@case(2020, "RFC 5723 4.3.2", only="esplaned", over=BOTH)
def ticket_from_another_address(t):
    """A client may come back from another address."""
    ticket = granted(t, remote="any", remote_ts="10.0.0.0/8")
    other = t.peer(1)
    sa = Resume(other, ticket).run()
    me = t.peer().id_payload(wire.IDI)
    payloads = [me, auth_payload(sa, me.body), *other.child_payloads(sa)]
    answer = sa.request(wire.IKE_AUTH, payloads)
    accepted(answer)
    check_auth(sa, answer)


# --- the subject as client

# its requests are given up after four seconds, and it begins anew
LOSES = {"retransmit_first": "1s", "retransmit_factor": "1", "retransmit_tries": "4",
         "dpd_action": "restart", "resume": "yes"}


def client(t, *said, **options):
    """The IKE SA that the subject has begun; @said: with our proof. And its IKE_AUTH request."""
    t.start(**{**LOSES, **options})
    t.begun = t.subject.up()
    sa = t.peer().accept_init()
    request = sa.expect(wire.IKE_AUTH)
    t.peer().check_auth(sa, request)
    let_in(t, sa, request, *said)
    return sa, request


def let_in(t, sa, request, *said, auth=None, ident=None):
    peer = t.peer()
    me = peer.id_payload(wire.IDR, ident)
    payloads = [me, auth or peer.auth_payload(sa, me.body)]
    sa.child = peer.grant_child(sa, request, (sa.nonce_i, sa.nonce_r), payloads)
    sa.respond(request, payloads + list(said))
    t.has_child(sa)


def lost(t):
    """A request of the subject's gets no answer, until it gives the IKE SA up."""
    t.subject.rekey()


def shown(t, ticket):
    """Its IKE_SESSION_RESUME, which has that ticket."""
    lost(t)
    accept = AcceptResume(t.peer())
    equal(accept.ticket(), ticket, "the ticket")
    return accept


def goes_on(t, accept):
    """After a refusal it goes on with IKE_SA_INIT and another SPI, and comes up."""
    full = Accept(t.peer())
    check(full.request.spi_i != accept.request.spi_i, "the same SPI")
    sa = full.answer()
    request = sa.expect(wire.IKE_AUTH)
    t.peer().check_auth(sa, request)
    let_in(t, sa, request)
    return sa


@case(2031, "RFC 5723 4.1, 7", only="esplaned")
def ticket_is_asked_for(t):
    """With `resume` IKE_AUTH has TICKET_REQUEST, empty; without nothing of the kind."""
    _, request = client(t)
    found = request.notify(wire.TICKET_REQUEST)
    check(found is not None, f"not asked: {request}")
    equal((found.protocol, found.spi, found.data), (0, b"", b""), "the notify")


@case(2032, "RFC 5723 4.1", only="esplaned")
def ticket_is_not_asked_for(t):
    """Without `resume` nothing is said of tickets, and one that is given is not shown."""
    sa, request = client(t, grant(b"ticket" * 9), resume="no")
    for kind in KINDS:
        check(request.notify(kind) is None, f"it says {wire.NOTIFY_NAMES[kind]}")
    t.alive(sa)
    lost(t)
    Accept(t.peer())


@case(2033, "RFC 5723 4.3.2, 4.3.3, 5.1", only="esplaned")
def ticket_is_shown(t):
    """When the gateway does not answer any more it shows the ticket, proves that it has the keys,
    and asks for another."""
    ticket = os.urandom(300)
    before, _ = client(t, grant(ticket))
    accept = shown(t, ticket)
    first = accept.request
    equal((first.spi_r, first.id), (bytes(8), 0), "responder SPI and message id")
    check(16 <= len(first.get(wire.NONCE)) <= 256, "the nonce's size")
    for kind in (wire.SA, wire.KE):
        check(first.get(kind) is None, f"payload {kind}")
    check(first.notify(wire.NAT_DETECTION_SOURCE_IP), "no NAT detection")
    sa = accept.resume(before)
    request = sa.expect(wire.IKE_AUTH)
    check_auth(sa, request)
    check(request.notify(wire.TICKET_REQUEST), "it does not ask for another ticket")
    check(request.get(wire.CERTREQ) is None, "a CERTREQ payload")
    me = t.peer().id_payload(wire.IDR)
    second = os.urandom(40)
    let_in(t, sa, request, grant(second), auth=auth_payload(sa, me.body))
    accept = shown(t, second)
    sa = accept.resume(sa)
    check_auth(sa, sa.expect(wire.IKE_AUTH))


@case(2034, "RFC 5723 4.3.2", only="esplaned")
def ticket_nack_is_obeyed(t):
    """TICKET_NACK, or an error: IKE_SA_INIT follows at once; the ticket is not shown again."""
    ticket = os.urandom(40)
    client(t, grant(ticket))
    accept = shown(t, ticket)
    accept.reply([wire.notify(wire.TICKET_NACK)], spi=bytes(8))
    goes_on(t, accept)
    lost(t)
    Accept(t.peer())


@case(2035, "RFC 5723 4.3.2, RFC 7296 2.6", only="esplaned")
def ticket_is_shown_with_a_cookie(t):
    """A COOKIE comes back first in the same request."""
    ticket, cookie = os.urandom(40), os.urandom(30)
    before, _ = client(t, grant(ticket))
    accept = shown(t, ticket)
    first = accept.request
    accept.reply([wire.notify(wire.COOKIE, cookie)], spi=bytes(8))
    accept.again()
    equal(accept.request.payloads[0].body[4:], cookie, "the first payload")
    equal(accept.ticket(), ticket, "the ticket")
    equal((accept.request.spi_i, accept.request.get(wire.NONCE)),
          (first.spi_i, first.get(wire.NONCE)), "SPI and nonce")
    sa = accept.resume(before)
    check_auth(sa, sa.expect(wire.IKE_AUTH))


@case(2036, "RFC 5723 4.3.3", only="esplaned")
def ticket_of_an_impostor(t):
    """A gateway that does not prove that it has the keys, or has another name, is not believed."""
    ticket = os.urandom(40)
    before, _ = client(t, grant(ticket))
    sa = shown(t, ticket).resume(before)
    request = sa.expect(wire.IKE_AUTH)
    me = t.peer().id_payload(wire.IDR)
    payloads = [me, t.peer().auth_payload(sa, me.body)]
    t.peer().grant_child(sa, request, (sa.nonce_i, sa.nonce_r), payloads)
    sa.respond(request, payloads)
    check(sa.expect(wire.INFORMATIONAL).get(wire.D), "no DELETE")
    check(t.subject.state() != "up", "it is up")


@case(2037, "RFC 5723 6.2", only="esplaned")
def ticket_of_what_was_deleted(t):
    """After a DELETE it has no ticket any more."""
    sa, _ = client(t, grant(os.urandom(40)))
    accepted(sa.request(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)]))
    t.has_pairs(0)
    t.subject.up()
    Accept(t.peer())


@case(2038, "RFC 5723 4.1", only="esplaned")
def ticket_comes_later(t):
    """TICKET_ACK: it asks in INFORMATIONAL, once."""
    sa, _ = client(t, wire.notify(wire.TICKET_ACK))
    request = sa.expect(wire.INFORMATIONAL)
    check(request.notify(wire.TICKET_REQUEST), f"it says {request}")
    ticket = os.urandom(40)
    sa.respond(request, [grant(ticket)])
    shown(t, ticket)


@case(2039, "RFC 5723 6.2", only="esplaned")
def ticket_after_our_rekey(t):
    """After a rekey of the gateway's it asks for another ticket, and shows no other."""
    old, _ = client(t, grant(os.urandom(40)))
    new = t.peer().rekey_ike(old)
    request = new.expect(wire.INFORMATIONAL)
    check(request.notify(wire.TICKET_REQUEST), f"it says {request}")
    ticket = os.urandom(40)
    new.respond(request, [grant(ticket)])
    accepted(old.request(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)]))
    shown(t, ticket)


@case(2040, "RFC 5723 7.1", only="esplaned")
def ticket_that_makes_no_sense(t):
    """A ticket that is good for a moment is not shown."""
    sa, _ = client(t, grant(os.urandom(40), life=1))
    t.alive(sa)
    lost(t)
    Accept(t.peer())


@case(2041, "RFC 5723 4.3.3", only="esplaned")
def ticket_refused_at_the_proof(t):
    """An error in IKE_AUTH: IKE_SA_INIT follows at once."""
    ticket = os.urandom(40)
    before, _ = client(t, grant(ticket))
    accept = shown(t, ticket)
    sa = accept.resume(before)
    sa.respond(sa.expect(wire.IKE_AUTH), [wire.notify(wire.AUTHENTICATION_FAILED)])
    goes_on(t, accept)
