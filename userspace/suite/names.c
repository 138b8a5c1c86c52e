// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <strings.h>
#include "suite/ikev2.h"
#include "suite/names.h"
#include "suite/proposal.h"

struct name {
	uint16_t number;
	const char *text;
};

/* Numbers are written out where the program has no other use of them. */

static const struct name exchanges[] = {
	{ EXCHANGE_IKE_SA_INIT, "IKE_SA_INIT" },
	{ EXCHANGE_IKE_AUTH, "IKE_AUTH" },
	{ EXCHANGE_CREATE_CHILD_SA, "CREATE_CHILD_SA" },
	{ EXCHANGE_INFORMATIONAL, "INFORMATIONAL" },
	{ 38, "IKE_SESSION_RESUME" },
	{ 39, "GSA_AUTH" },
	{ 40, "GSA_REGISTRATION" },
	{ 41, "GSA_REKEY" },
	{ EXCHANGE_IKE_INTERMEDIATE, "IKE_INTERMEDIATE" },
	{ EXCHANGE_IKE_FOLLOWUP_KE, "IKE_FOLLOWUP_KE" },
	{}
};

static const struct name payloads[] = {
	{ PAYLOAD_SA, "SA" },
	{ PAYLOAD_KE, "KE" },
	{ PAYLOAD_IDI, "IDi" },
	{ PAYLOAD_IDR, "IDr" },
	{ PAYLOAD_CERT, "CERT" },
	{ PAYLOAD_CERTREQ, "CERTREQ" },
	{ PAYLOAD_AUTH, "AUTH" },
	{ PAYLOAD_NONCE, "Nonce" },
	{ PAYLOAD_NOTIFY, "N" },
	{ PAYLOAD_DELETE, "D" },
	{ PAYLOAD_VENDOR, "V" },
	{ PAYLOAD_TSI, "TSi" },
	{ PAYLOAD_TSR, "TSr" },
	{ PAYLOAD_SK, "SK" },
	{ PAYLOAD_CP, "CP" },
	{ PAYLOAD_EAP, "EAP" },
	{ 49, "GSPM" },
	{ 50, "IDg" },
	{ 51, "GSA" },
	{ 52, "KD" },
	{ PAYLOAD_SKF, "SKF" },
	{ 54, "PS" },
	{}
};

static const struct name notifies[] = {
	{ NOTIFY_UNSUPPORTED_CRITICAL_PAYLOAD, "UNSUPPORTED_CRITICAL_PAYLOAD" },
	{ NOTIFY_INVALID_IKE_SPI, "INVALID_IKE_SPI" },
	{ NOTIFY_INVALID_MAJOR_VERSION, "INVALID_MAJOR_VERSION" },
	{ NOTIFY_INVALID_SYNTAX, "INVALID_SYNTAX" },
	{ NOTIFY_INVALID_MESSAGE_ID, "INVALID_MESSAGE_ID" },
	{ NOTIFY_INVALID_SPI, "INVALID_SPI" },
	{ NOTIFY_NO_PROPOSAL_CHOSEN, "NO_PROPOSAL_CHOSEN" },
	{ NOTIFY_INVALID_KE_PAYLOAD, "INVALID_KE_PAYLOAD" },
	{ NOTIFY_AUTHENTICATION_FAILED, "AUTHENTICATION_FAILED" },
	{ NOTIFY_SINGLE_PAIR_REQUIRED, "SINGLE_PAIR_REQUIRED" },
	{ NOTIFY_NO_ADDITIONAL_SAS, "NO_ADDITIONAL_SAS" },
	{ NOTIFY_INTERNAL_ADDRESS_FAILURE, "INTERNAL_ADDRESS_FAILURE" },
	{ NOTIFY_FAILED_CP_REQUIRED, "FAILED_CP_REQUIRED" },
	{ NOTIFY_TS_UNACCEPTABLE, "TS_UNACCEPTABLE" },
	{ NOTIFY_INVALID_SELECTORS, "INVALID_SELECTORS" },
	{ NOTIFY_UNACCEPTABLE_ADDRESSES, "UNACCEPTABLE_ADDRESSES" },
	{ NOTIFY_UNEXPECTED_NAT_DETECTED, "UNEXPECTED_NAT_DETECTED" },
	{ 42, "USE_ASSIGNED_HoA" },
	{ NOTIFY_TEMPORARY_FAILURE, "TEMPORARY_FAILURE" },
	{ NOTIFY_CHILD_SA_NOT_FOUND, "CHILD_SA_NOT_FOUND" },
	{ 45, "INVALID_GROUP_ID" },
	{ 46, "AUTHORIZATION_FAILED" },
	{ NOTIFY_STATE_NOT_FOUND, "STATE_NOT_FOUND" },
	{ 48, "TS_MAX_QUEUE" },
	{ NOTIFY_INITIAL_CONTACT, "INITIAL_CONTACT" },
	{ NOTIFY_SET_WINDOW_SIZE, "SET_WINDOW_SIZE" },
	{ NOTIFY_ADDITIONAL_TS_POSSIBLE, "ADDITIONAL_TS_POSSIBLE" },
	{ NOTIFY_IPCOMP_SUPPORTED, "IPCOMP_SUPPORTED" },
	{ NOTIFY_NAT_DETECTION_SOURCE_IP, "NAT_DETECTION_SOURCE_IP" },
	{ NOTIFY_NAT_DETECTION_DESTINATION_IP, "NAT_DETECTION_DESTINATION_IP" },
	{ NOTIFY_COOKIE, "COOKIE" },
	{ NOTIFY_USE_TRANSPORT_MODE, "USE_TRANSPORT_MODE" },
	{ NOTIFY_HTTP_CERT_LOOKUP_SUPPORTED, "HTTP_CERT_LOOKUP_SUPPORTED" },
	{ NOTIFY_REKEY_SA, "REKEY_SA" },
	{ NOTIFY_ESP_TFC_PADDING_NOT_SUPPORTED, "ESP_TFC_PADDING_NOT_SUPPORTED" },
	{ NOTIFY_NON_FIRST_FRAGMENTS_ALSO, "NON_FIRST_FRAGMENTS_ALSO" },
	{ NOTIFY_MOBIKE_SUPPORTED, "MOBIKE_SUPPORTED" },
	{ NOTIFY_ADDITIONAL_IP4_ADDRESS, "ADDITIONAL_IP4_ADDRESS" },
	{ NOTIFY_ADDITIONAL_IP6_ADDRESS, "ADDITIONAL_IP6_ADDRESS" },
	{ NOTIFY_NO_ADDITIONAL_ADDRESSES, "NO_ADDITIONAL_ADDRESSES" },
	{ NOTIFY_UPDATE_SA_ADDRESSES, "UPDATE_SA_ADDRESSES" },
	{ NOTIFY_COOKIE2, "COOKIE2" },
	{ NOTIFY_NO_NATS_ALLOWED, "NO_NATS_ALLOWED" },
	{ NOTIFY_AUTH_LIFETIME, "AUTH_LIFETIME" },
	{ NOTIFY_MULTIPLE_AUTH_SUPPORTED, "MULTIPLE_AUTH_SUPPORTED" },
	{ NOTIFY_ANOTHER_AUTH_FOLLOWS, "ANOTHER_AUTH_FOLLOWS" },
	{ 16406, "REDIRECT_SUPPORTED" },
	{ 16407, "REDIRECT" },
	{ 16408, "REDIRECTED_FROM" },
	{ 16409, "TICKET_LT_OPAQUE" },
	{ 16410, "TICKET_REQUEST" },
	{ 16411, "TICKET_ACK" },
	{ 16412, "TICKET_NACK" },
	{ 16413, "TICKET_OPAQUE" },
	{ 16414, "LINK_ID" },
	{ 16415, "USE_WESP_MODE" },
	{ 16416, "ROHC_SUPPORTED" },
	{ NOTIFY_EAP_ONLY_AUTHENTICATION, "EAP_ONLY_AUTHENTICATION" },
	{ 16418, "CHILDLESS_IKEV2_SUPPORTED" },
	{ 16419, "QUICK_CRASH_DETECTION" },
	{ 16420, "IKEV2_MESSAGE_ID_SYNC_SUPPORTED" },
	{ 16421, "IPSEC_REPLAY_COUNTER_SYNC_SUPPORTED" },
	{ 16422, "IKEV2_MESSAGE_ID_SYNC" },
	{ 16423, "IPSEC_REPLAY_COUNTER_SYNC" },
	{ 16424, "SECURE_PASSWORD_METHODS" },
	{ 16425, "PSK_PERSIST" },
	{ 16426, "PSK_CONFIRM" },
	{ 16427, "ERX_SUPPORTED" },
	{ 16428, "IFOM_CAPABILITY" },
	{ 16429, "SENDER_REQUEST_ID" },
	{ NOTIFY_FRAGMENTATION_SUPPORTED, "IKEV2_FRAGMENTATION_SUPPORTED" },
	{ NOTIFY_SIGNATURE_HASH_ALGORITHMS, "SIGNATURE_HASH_ALGORITHMS" },
	{ 16432, "CLONE_IKE_SA_SUPPORTED" },
	{ 16433, "CLONE_IKE_SA" },
	{ 16434, "PUZZLE" },
	{ NOTIFY_USE_PPK, "USE_PPK" },
	{ NOTIFY_PPK_IDENTITY, "PPK_IDENTITY" },
	{ NOTIFY_NO_PPK_AUTH, "NO_PPK_AUTH" },
	{ NOTIFY_INTERMEDIATE_SUPPORTED, "INTERMEDIATE_EXCHANGE_SUPPORTED" },
	{ 16439, "IP4_ALLOWED" },
	{ 16440, "IP6_ALLOWED" },
	{ NOTIFY_ADDITIONAL_KEY_EXCHANGE, "ADDITIONAL_KEY_EXCHANGE" },
	{ 16442, "USE_AGGFRAG" },
	{}
};

static const struct name protocols[] = {
	{ PROTO_IKE, "IKE" },
	{ PROTO_AH, "AH" },
	{ PROTO_ESP, "ESP" },
	{}
};

static const struct name transform_types[] = {
	{ TRANSFORM_ENCR, "ENCR" },
	{ TRANSFORM_PRF, "PRF" },
	{ TRANSFORM_INTEG, "INTEG" },
	{ TRANSFORM_KE, "KE" },
	{ TRANSFORM_ESN, "ESN" },
	{ TRANSFORM_ADDKE1, "ADDKE1" },
	{ 7, "ADDKE2" },
	{ 8, "ADDKE3" },
	{ 9, "ADDKE4" },
	{ 10, "ADDKE5" },
	{ 11, "ADDKE6" },
	{ TRANSFORM_ADDKE7, "ADDKE7" },
	{}
};

static const struct name ids[] = {
	{ ID_IPV4_ADDR, "ID_IPV4_ADDR" },
	{ ID_FQDN, "ID_FQDN" },
	{ ID_RFC822_ADDR, "ID_RFC822_ADDR" },
	{ ID_IPV6_ADDR, "ID_IPV6_ADDR" },
	{ ID_DER_ASN1_DN, "ID_DER_ASN1_DN" },
	{ ID_DER_ASN1_GN, "ID_DER_ASN1_GN" },
	{ ID_KEY_ID, "ID_KEY_ID" },
	{ 12, "ID_FC_NAME" },
	{ 13, "ID_NULL" },
	{}
};

static const struct name auths[] = {
	{ AUTH_RSA, "RSA signature" },
	{ AUTH_PSK, "pre-shared key" },
	{ 3, "DSS signature" },
	{ 9, "ECDSA with SHA-256 on P-256" },
	{ 10, "ECDSA with SHA-384 on P-384" },
	{ 11, "ECDSA with SHA-512 on P-521" },
	{ 12, "secure password" },
	{ 13, "NULL authentication" },
	{ AUTH_SIGNATURE, "digital signature" },
	{}
};

static const struct {
	const struct name *names;
	const char *what;
} tables[] = {
	[NAME_EXCHANGE] = { exchanges, "exchange" },
	[NAME_PAYLOAD] = { payloads, "payload" },
	[NAME_NOTIFY] = { notifies, "notify" },
	[NAME_PROTOCOL] = { protocols, "protocol" },
	[NAME_TRANSFORM_TYPE] = { transform_types, "transform type" },
	[NAME_ID] = { ids, "ID type" },
	[NAME_AUTH] = { auths, "authentication method" },
};

const char *name_of(enum name_table table, unsigned int number)
{
	const struct name *n;

	for (n = tables[table].names; n->text; n++)
		if (n->number == number)
			return n->text;
	return NULL;
}

const char *name_str(enum name_table table, unsigned int number, char buf[NAME_STRLEN])
{
	const char *name = name_of(table, number);

	if (name)
		return name;
	snprintf(buf, NAME_STRLEN, "%s %u", tables[table].what, number);
	return buf;
}

int name_number(enum name_table table, const char *name)
{
	const struct name *n;

	for (n = tables[table].names; n->text; n++)
		if (!strcasecmp(n->text, name))
			return n->number;
	return -1;
}
