// SPDX-License-Identifier: GPL-2.0
/* Writes the seeds of tests/fuzz/corpus: seeds DIR. Run it anew when the wire format here grows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "lib/array.h"
#include "wire/v2/build.h"
#include "wire/v2/cp.h"
#include "unit/wire/hex.h"

static const char *root;

static void save(const char *target, const char *name, int first, const void *p, size_t len)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", root, target);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/%s/%s", root, target, name);
	f = fopen(path, "wb");
	if (!f || (first >= 0 && fputc(first, f) == EOF) || fwrite(p, 1, len, f) != len ||
	    fclose(f)) {
		perror(path);
		exit(1);
	}
}

static void texts(const char *target, const char *const *list, size_t count)
{
	char name[32];
	size_t i;

	for (i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "%02zu", i);
		save(target, name, -1, list[i], strlen(list[i]));
	}
}

static const struct msg_header header = { .spi_i = 0x0102030405060708ULL,
					  .exchange = EXCHANGE_IKE_SA_INIT };
static uint8_t buf[8192], octets[512];

/* As a whole message, and its chain of payloads by itself */
static void save_message(const char *name, struct builder *b)
{
	size_t len = build_end(b);
	char chain[64];

	save("fuzz_parse", name, 0, buf, len);
	snprintf(chain, sizeof(chain), "%s-chain", name);
	if (buf[16])
		save("fuzz_parse", chain, buf[16], buf + MSG_HEADER_LEN, len - MSG_HEADER_LEN);
}

static void init_messages(void)
{
	struct proposals list;
	struct builder b;

	proposals_default(&list, PROTO_IKE);
	build_begin(&b, buf, sizeof(buf), &header);
	build_sa(&b, &list, NULL);
	build_ke(&b, KE_X25519, octets, 32);
	build_nonce(&b, octets, 32);
	build_notify(&b, NOTIFY_NAT_DETECTION_SOURCE_IP, 0, 0, 0, octets, 20);
	build_notify(&b, NOTIFY_NAT_DETECTION_DESTINATION_IP, 0, 0, 0, octets, 20);
	build_payload(&b, PAYLOAD_VENDOR);
	writer_bytes(&b.w, octets, 16);
	build_payload_end(&b);
	save_message("init", &b);

	build_begin(&b, buf, sizeof(buf), &header);
	build_notify(&b, NOTIFY_COOKIE, 0, 0, 0, octets, 20);
	build_notify(&b, NOTIFY_INVALID_KE_PAYLOAD, 0, 0, 0, "\0\x13", 2);
	save_message("notify", &b);
}

/* More proposals than anybody has, the only one that we take the last. */
static void many_proposals(void)
{
	struct msg_offer offer = { .number = 1 };
	struct proposal other, last;
	struct builder b;
	char why[64];

	if (!proposal_parse(&other, PROTO_IKE, "3des-sha1-modp2048", why, sizeof(why)) ||
	    !proposal_parse(&last, PROTO_IKE, "aes128gcm16-prfsha256-x25519", why, sizeof(why)))
		abort();
	build_begin(&b, buf, sizeof(buf), &header);
	build_payload(&b, PAYLOAD_SA);
	for (; offer.number < 40; offer.number++)
		build_proposal(&b, &other, &offer, false);
	build_proposal(&b, &last, &offer, true);
	build_payload_end(&b);
	build_ke(&b, KE_X25519, octets, 32);
	build_nonce(&b, octets, 32);
	save_message("proposals", &b);
}

static void auth_message(void)
{
	struct msg_offer offer = { .number = 1, .spi_len = 4, .spi = 0xc0ffee };
	struct proposals list;
	struct builder b;
	struct ts ts[3];
	const char *why;

	if (!ts_parse(&ts[0], "10.1.0.0/24[tcp/80]", &why) ||
	    !ts_parse(&ts[1], "2001:db8::/32", &why) ||
	    !ts_parse(&ts[2], "10.0.0.1[udp/opaque]", &why))
		abort();
	proposals_default(&list, PROTO_ESP);
	build_begin(&b, buf, sizeof(buf), &header);
	build_id(&b, PAYLOAD_IDI, ID_FQDN, "gw.example.org", 14);
	build_payload(&b, PAYLOAD_CERTREQ);
	writer_u8(&b.w, 4);
	writer_bytes(&b.w, octets, 40);
	build_payload_end(&b);
	build_id(&b, PAYLOAD_IDR, ID_IPV4_ADDR, "\x0a\0\0\x01", 4);
	build_auth(&b, AUTH_PSK, octets, 32);
	build_payload(&b, PAYLOAD_CP);
	writer_bytes(&b.w, "\x01\0\0\0\0\x01\0\0", 8);
	build_payload_end(&b);
	build_sa(&b, &list, &offer);
	build_ts(&b, PAYLOAD_TSI, ts, 3);
	build_ts(&b, PAYLOAD_TSR, ts, 2);
	build_notify(&b, NOTIFY_REKEY_SA, PROTO_ESP, 0xc0ffee, 4, NULL, 0);
	save_message("auth", &b);
}

/* Every attribute, asked for and with a value. */
static void cp_messages(void)
{
	struct prefix v4 = { .addr = { AF_INET, { 10, 2 } }, .bits = 16 };
	struct prefix v6 = { .addr = { AF_INET6, { 0xfd, 0, 2 } }, .bits = 48 };
	struct builder b;

	build_begin(&b, buf, sizeof(buf), &header);
	build_cp(&b, CP_REQUEST);
	for (uint16_t type = CP_IP4_ADDRESS; type <= CP_DNSSEC_TA; type++)
		build_cp_attr(&b, type, NULL, 0);
	build_payload_end(&b);
	save_message("cp-request", &b);

	build_begin(&b, buf, sizeof(buf), &header);
	build_cp(&b, CP_REPLY);
	for (uint16_t type = CP_IP4_ADDRESS; type <= CP_IP4_DHCP; type++)
		build_cp_addr(&b, type, &v4.addr);
	for (uint16_t type = CP_IP6_ADDRESS; type <= CP_IP6_DHCP; type++)
		build_cp_addr(&b, type, &v6.addr);
	build_cp_subnet(&b, &v4);
	build_cp_subnet(&b, &v6);
	build_cp_attr(&b, CP_APPLICATION_VERSION, "esplaned", 8);
	build_cp_attr(&b, CP_SUPPORTED_ATTRIBUTES, "\0\1\0\2", 4);
	build_cp_attr(&b, CP_IP6_LINK, octets, 12);
	build_cp_attr(&b, CP_IP6_PREFIX, octets, 17);
	build_cp_attr(&b, CP_DNS_DOMAIN, "corp.example.org", 16);
	build_cp_attr(&b, CP_DNSSEC_TA, octets, 24);
	build_payload_end(&b);
	save_message("cp-reply", &b);
}

static void other_messages(void)
{
	static const uint32_t spis[] = { 0x100, 0xc0ffee };
	struct builder b;

	build_begin(&b, buf, sizeof(buf), &header);
	build_delete(&b, PROTO_ESP, spis, 2);
	build_delete(&b, PROTO_IKE, NULL, 0);
	build_payload(&b, 200);
	writer_bytes(&b.w, octets, 5);
	build_payload_end(&b);
	save_message("delete", &b);

	build_begin(&b, buf, sizeof(buf), &header);
	build_sk_begin(&b, 8);
	build_sk_end(&b, 8 + 1 + 16);
	save_message("sk", &b);
}

static void sk_inputs(void)
{
	char name[2] = "0";
	uint8_t in[80];
	size_t i;

	for (i = 0; i < 3; i++, name[0]++) {
		memcpy(in, octets, sizeof(in));
		in[0] = 32;
		save("fuzz_sk", name, (int)i, in, sizeof(in));
	}
}

static const char *const proposals[] = {
	"aes128gcm16-prfsha256-x25519",
	"aes256-sha2_512-modp3072!",
	"AES128-AES256-SHA256-ECP256-ECP384",
	"chacha20poly1305-prfsha384-curve25519",
	"aes128gcm16-esn",
	"aes256-sha256-noesn-esn",
	"3des-sha1-modp1024",
	"aes128gcm-sha256-ecp256",
};

static const char *const selectors[] = {
	"10.1.0.0/24",		 "0.0.0.0/0",
	"2001:db8::/32[tcp/80]", "10.1.0.5-10.1.0.9[udp/1000-2000]",
	"::1[ipv6-icmp/128]",	 "10.0.0.1[icmp/3(1)-3(4)]",
	"10.0.0.1[udp/opaque]",	 "::ffff:10.0.0.1",
	"192.0.2.1[47]",
};

/* Conversations of fuzz_eap: how, then packets with their lengths; identifier 0: the right one. */
static void eap_conversations(void)
{
	static const struct {
		const char *name, *hex;
	} rows[] = {
		{ "client-md5",
		  "0300050101000501000a0102000a040461626364000403020004" },
		{ "client-nak",
		  "010006010100061520000404010004" },
		{ "client-mschapv2",
		  "01001e0101001e1a010100191030313233343536373839616263646566676174"
		  "65000f0102000f1a0401000a453d363931200006010200060278000404020004" },
		{ "server-md5",
		  "02000a0200000a01616c69636500160200001604103031323334353637383961"
		  "6263646566" },
		{ "server-nak",
		  "00000a0200000a01616c69636500060200000603040016020000160410303132"
		  "33343536373839616263646566" },
		{ "server-mschapv2",
		  "00000a0200000a01616c6963650040020000401a0201003b3130313233343536"
		  "3738396162636465660000000000000000303132333435363738396162636465"
		  "66303132333435363700616c6963650006020000061a04" },
		{ "server-radius",
		  "10000a0200000a01616c6963650040020000401a0201003b3130313233343536"
		  "3738396162636465660000000000000000303132333435363738396162636465"
		  "66303132333435363700616c6963650006020000061a03" },
		{ "server-radius-nak",
		  "10000a0200000a01616c69636500060200000603040006020000060d00" },
		{ "client-tls",
		  "090006010100060d20000f0102000f0dc00000000768656c6c6f000801030008"
		  "0d00213f000404030004" },
		{ "server-tls",
		  "08000a0200000a01616c696365000d0200000d0d0068656c6c6f20780006020000060d000006"
		  "020000060d00000d0200000d0d40636c69656e74200006020000060d00" },
	};
	uint8_t packets[512];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		save("fuzz_eap", rows[i].name, -1, packets,
		     unhex(rows[i].hex, packets, sizeof(packets)));
}

/* A packet of a conversation: its length, then EAP. */
static void ttls_packet(struct writer *w, uint8_t code, uint8_t type, const void *flight,
			size_t len)
{
	writer_u16(w, (uint16_t)(5 + len));
	writer_u8(w, code);
	writer_u8(w, code == 1 ? (uint8_t)w->len : 0);
	writer_u16(w, (uint16_t)(5 + len));
	writer_u8(w, type);
	writer_bytes(w, flight, len);
}

/* "inside" as fake_tls.c has it, behind @len octets of @flight. */
static void ttls_inside(struct writer *w, uint8_t code, uint8_t *flight, size_t len,
			const char *hex)
{
	size_t said = unhex(hex, flight + 1 + len + 8, 200);

	memcpy(flight + 1 + len, "inside", 6);
	flight[1 + len + 6] = 0;
	flight[1 + len + 7] = (uint8_t)said;
	ttls_packet(w, code, 21, flight, 1 + len + 8 + said);
}

/* For fuzz_eap: each way inside of TLS, to the first thing that is said there. */
static void ttls_conversations(void)
{
	static const struct {
		const char *name, *hex;
		uint8_t how;
	} rows[] = {
		{ "client-ttls-eap", "0000004f4000000d0107000501000000", 0x21 },
		{ "client-ttls-pap", "0000004f4000000d0107000501000000", 0x61 },
		{ "client-ttls-mschapv2",
		  "0000001ac00000370000013741533d3031323334353637383930313233343536373839"
		  "303132333435363738393031323334353637383900", 0xa1 },
		{ "server-ttls-eap", "0000004f400000120200000a01616c6963650000", 0x20 },
		{ "server-ttls-pap",
		  "000000014000000d616c6963650000000000000240000018773064657220"
		  "6c616e640000000000000000", 0x20 },
	};
	uint8_t packets[2048], flight[1024];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct writer w = writer_of(packets, sizeof(packets));
		bool client = rows[i].how & 1;

		memset(flight, 0, sizeof(flight));
		writer_u8(&w, rows[i].how);
		if (client) {
			ttls_packet(&w, 1, 21, "\x20", 1);
			strcpy((char *)flight + 1, "serve3 gw|g|ca|24");
			ttls_packet(&w, 1, 21, flight, 200);
			memset(flight, 0, sizeof(flight));
			ttls_inside(&w, 1, flight, 0, rows[i].hex);
		} else {
			ttls_packet(&w, 2, 1, "alice", 5);
			strcpy((char *)flight + 1, "hello ");
			ttls_packet(&w, 2, 21, flight, 201);
			ttls_packet(&w, 2, 21, "", 1);
			ttls_packet(&w, 2, 21, "", 1);
			strcpy((char *)flight + 1, "client ");
			ttls_inside(&w, 2, flight, 60, rows[i].hex);
		}
		save("fuzz_eap", rows[i].name, -1, packets, w.len);
	}
}

/* Answers for fuzz_radius: a challenge, an acceptance with keys, a refusal. */
static void radius_answers(void)
{
	static const struct {
		const char *name, *hex;
	} rows[] = {
		{ "challenge",
		  "0b07003e000102030405060708090a0b0c0d0e0f5012ffffffffffffffffffff"
		  "ffffffffffff4f1201020010040a30313233343536373839180661626364" },
		{ "accept",
		  "02070080000102030405060708090a0b0c0d0e0f5012ffffffffffffffffffff"
		  "ffffffffffff4f06030700041a3a000001371134800000010203040506070809"
		  "0a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223242526272829"
		  "2a2b2c2d2e2f1a1a0000013710148001000102030405060708090a0b0c0d0e0f" },
		{ "reject",
		  "0307002c000102030405060708090a0b0c0d0e0f5012ffffffffffffffffffff"
		  "ffffffffffff4f0604070004" },
	};
	uint8_t packet[512];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		save("fuzz_radius", rows[i].name, -1, packet,
		     unhex(rows[i].hex, packet, sizeof(packet)));
}

/* Answers for fuzz_ipseckey: a key of each kind, two, and a record alone. */
static void ipseckey_answers(void)
{
	static const struct {
		const char *name, *hex;
	} rows[] = {
		{ "ecdsa",
		  "0000025800470a0103c0000201427340c7f2f55e4b361fb15ed43e66bd9654d1"
		  "3793e375d94b36aa88c46570aa00c03f8f1dca51636e11cd005f49fc22fc612c"
		  "18aa5e924fabba8f6e32c1c16d" },
		{ "eddsa",
		  "0000025800230a00046ed197f329500be4e9ca8b78926b9770cf6dccfa9a0042"
		  "38c00b24149cb26497" },
		{ "rsa",
		  "0000025801130a0302026777076578616d706c650003010001d872fd65900a0f"
		  "f1e925f691f8aa9b302aadc2cb61275bc636a1c3c2836faa3f9198006d793a84"
		  "155f30b4f045bbbc609eaab389406a76135cf6415f76355f2fc7ac99d4816eda"
		  "8d0739a42d4afa31348babd1b3534171519fc6790b98e83e37b089a5943ac3bb"
		  "3a2ff5071016f921a1a250276219b9d72b636e80817347994fe0f95f57aebf5d"
		  "0c1ab97f5985fefa79f10b7f9f4e644e0e0d77d370544d68de75c20ea9ce93c1"
		  "fdf38cf4ed5e120032e9b024fc0b9add48fc80562ab2412254d384c5be0fc0d2"
		  "6905ee6a2cc80329e109eb8c4b376d8b547e88e2dd99f28dc1812a18a41d7608"
		  "7d306b5d9ac8d6b3d6ac8edc421c70984e12fa18918141d629" },
		{ "two",
		  "0000025800470a0103c0000201427340c7f2f55e4b361fb15ed43e66bd9654d1"
		  "3793e375d94b36aa88c46570aa00c03f8f1dca51636e11cd005f49fc22fc612c"
		  "18aa5e924fabba8f6e32c1c16d00230a00046ed197f329500be4e9ca8b78926b"
		  "9770cf6dccfa9a004238c00b24149cb26497" },
		{ "one-record",
		  "0a0302026777076578616d706c650003010001d872fd65900a0ff1e925f691f8"
		  "aa9b302aadc2cb61275bc636a1c3c2836faa3f9198006d793a84155f30b4f045"
		  "bbbc609eaab389406a76135cf6415f76355f2fc7ac99d4816eda8d0739a42d4a"
		  "fa31348babd1b3534171519fc6790b98e83e37b089a5943ac3bb3a2ff5071016"
		  "f921a1a250276219b9d72b636e80817347994fe0f95f57aebf5d0c1ab97f5985"
		  "fefa79f10b7f9f4e644e0e0d77d370544d68de75c20ea9ce93c1fdf38cf4ed5e"
		  "120032e9b024fc0b9add48fc80562ab2412254d384c5be0fc0d26905ee6a2cc8"
		  "0329e109eb8c4b376d8b547e88e2dd99f28dc1812a18a41d76087d306b5d9ac8"
		  "d6b3d6ac8edc421c70984e12fa18918141d629" },
	};
	uint8_t answer[512];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		save("fuzz_ipseckey", rows[i].name, -1, answer,
		     unhex(rows[i].hex, answer, sizeof(answer)));
}

/* Bundles for fuzz_bundle: certificates and lists, none, more than fit, another form, a cut one. */
static void bundles(void)
{
	static const struct {
		const char *name, *hex;
	} rows[] = {
		{ "one", "3006a00430020500" },
		{ "list-and-one", "300ca10430020101a00430020500" },
		{ "two", "300ca00430020500a00430020101" },
		{ "none", "3000" },
		{ "list", "3006a10430020101" },
		{ "eight", "3010a000a000a000a000a000a000a000a000" },
		{ "nine", "3012a000a000a000a000a000a000a000a000a000" },
		{ "another-choice", "3006a20430020500" },
		{ "long-form", "308106a00430020500" },
		{ "indefinite", "3080a004300205000000" },
		{ "cut", "3006a0043002" },
		{ "more-behind", "3006a0043002050000" },
	};
	uint8_t bundle[64];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		save("fuzz_bundle", rows[i].name, -1, bundle,
		     unhex(rows[i].hex, bundle, sizeof(bundle)));
}

/* Connections for fuzz_stream: frames of each kind, a cut one, no sense, another protocol. */
static void streams(void)
{
	static const struct {
		const char *name, *hex;
	} rows[] = {
		{ "message", "494b45544350000900000000616263" },
		{ "several",
		  "494b45544350000700000000610003ff000a00000001000000010008000000006162" },
		{ "cut", "494b45544350002000000000616263" },
		{ "too-short", "494b45544350000200070000000061" },
		{ "too-long", "494b45544350ffff0000000061" },
		{ "nothing-inside", "494b45544350000600000000" },
		{ "half-a-prefix", "494b4554" },
		{ "http", "474554202f" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		save("fuzz_stream", rows[i].name, -1, octets,
		     unhex(rows[i].hex, octets, sizeof(octets)));
}

/* For fuzz_avp: EAP, PAP, MS-CHAP-V2 and its success, one that is unknown. */
static void avp_messages(void)
{
	static const struct {
		const char *name, *hex;
	} rows[] = {
		{ "eap", "0000004f400000120200000a01616c6963650000" },
		{ "pap",
		  "000000014000000d616c69636500000000000002400000186c6f6e6720736563726574"
		  "0000000000" },
		{ "mschapv2",
		  "000000014000000d616c6963650000000000000bc000001c00000137303132333435"
		  "363738396162636465660000"
		  "0019c000003e00000137"
		  "41003031323334353637383961626364656600000000000000003031323334353637"
		  "383961626364656630313233343536370000" },
		{ "success",
		  "0000001ac00000370000013741533d30313233343536373839303132333435363738"
		  "39303132333435363738393031323334353637383900" },
		{ "unknown", "000003e700000009ff0000000000002040000008" },
	};
	uint8_t message[256];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		save("fuzz_avp", rows[i].name, -1, message,
		     unhex(rows[i].hex, message, sizeof(message)));
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc != 2) {
		fprintf(stderr, "usage: seeds DIR\n");
		return 2;
	}
	root = argv[1];
	for (i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(i * 37 + 11);
	init_messages();
	eap_conversations();
	ttls_conversations();
	radius_answers();
	avp_messages();
	ipseckey_answers();
	bundles();
	streams();
	auth_message();
	many_proposals();
	cp_messages();
	other_messages();
	sk_inputs();
	texts("fuzz_proposal", proposals, ARRAY_SIZE(proposals));
	texts("fuzz_addr", selectors, ARRAY_SIZE(selectors));
	return 0;
}
