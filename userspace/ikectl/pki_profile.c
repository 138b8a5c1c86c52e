// SPDX-License-Identifier: GPL-2.0
#include "ikectl/pki_profile.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"

/* RFC 4648 4. @every: octets after which a line ends; 0: one line. */
static void pki_profile_base64(FILE *f, const uint8_t *p, size_t len, size_t every)
{
	static const char set[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		uint32_t n = (uint32_t)p[i] << 16;

		n |= i + 1 < len ? (uint32_t)p[i + 1] << 8 : 0;
		n |= i + 2 < len ? p[i + 2] : 0;
		fputc(set[n >> 18], f);
		fputc(set[n >> 12 & 63], f);
		fputc(i + 1 < len ? set[n >> 6 & 63] : '=', f);
		fputc(i + 2 < len ? set[n & 63] : '=', f);
		if (every && (i + 3) % every == 0)
			fputc('\n', f);
	}
}

/* What stands between the lines of PEM is base64 already. */
static void pki_profile_pem(FILE *f, const char *pem)
{
	const char *at = strchr(pem, '\n'), *end = strstr(pem, "-----END");

	for (; at && end && at < end; at++) {
		if (*at != '\n' && *at != '\r')
			fputc(*at, f);
	}
}

/* Of XML, JSON and PowerShell alike: nothing that means something there. */
static void pki_profile_text(FILE *f, const char *text)
{
	for (; *text; text++)
		fputc(strchr("<>&\"'\\`$", *text) || (unsigned char)*text < ' ' ? '_' : *text, f);
}

/* RFC 9562 5.4 */
static void pki_profile_uuid(char uuid[37])
{
	uint8_t b[16];
	size_t n = 0;

	crypto_random(b, sizeof(b));
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	for (int i = 0; i < 16; i++)
		n += (size_t)sprintf(uuid + n, "%s%02x",
				     i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", b[i]);
}

static void pki_profile_string(FILE *f, const char *key, const char *value)
{
	fprintf(f, "\t\t\t<key>%s</key><string>", key);
	pki_profile_text(f, value);
	fputs("</string>\n", f);
}

/* The beginning that payloads of every kind have. */
static void pki_profile_payload(FILE *f, const char *type, const char *name, const char *uuid)
{
	fputs("\t\t<dict>\n", f);
	pki_profile_string(f, "PayloadType", type);
	pki_profile_string(f, "PayloadIdentifier", uuid);
	pki_profile_string(f, "PayloadUUID", uuid);
	pki_profile_string(f, "PayloadDisplayName", name);
	fputs("\t\t\t<key>PayloadVersion</key><integer>1</integer>\n", f);
}

static void pki_profile_apple_sa(FILE *f, const char *name)
{
	fprintf(f, "\t\t\t\t<key>%s</key><dict>\n", name);
	fputs("\t\t\t\t\t<key>EncryptionAlgorithm</key><string>AES-256-GCM</string>\n"
	      "\t\t\t\t\t<key>IntegrityAlgorithm</key><string>SHA2-256</string>\n"
	      "\t\t\t\t\t<key>DiffieHellmanGroup</key><integer>19</integer>\n\t\t\t\t</dict>\n", f);
}

static void pki_profile_apple_vpn(FILE *f, const struct pki_client *c, const char *uuid,
				  const char *certificate)
{
	pki_profile_payload(f, "com.apple.vpn.managed", c->server, uuid);
	pki_profile_string(f, "UserDefinedName", c->server);
	pki_profile_string(f, "VPNType", "IKEv2");
	fputs("\t\t\t<key>IKEv2</key><dict>\n", f);
	pki_profile_string(f, "RemoteAddress", c->server);
	pki_profile_string(f, "RemoteIdentifier", c->server);
	pki_profile_string(f, "LocalIdentifier", c->name);
	pki_profile_string(f, "AuthenticationMethod", "Certificate");
	pki_profile_string(f, "CertificateType", c->rsa ? "RSA" : "ECDSA256");
	pki_profile_string(f, "PayloadCertificateUUID", certificate);
	fputs("\t\t\t\t<key>EnablePFS</key><integer>1</integer>\n", f);
	pki_profile_apple_sa(f, "IKESecurityAssociationParameters");
	pki_profile_apple_sa(f, "ChildSecurityAssociationParameters");
	fputs("\t\t\t</dict>\n\t\t</dict>\n", f);
}

void pki_profile_apple(FILE *f, const struct pki_client *c)
{
	char all[37], ca[37], p12[37], vpn[37];

	pki_profile_uuid(all);
	pki_profile_uuid(ca);
	pki_profile_uuid(p12);
	pki_profile_uuid(vpn);
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	      "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
	      "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
	      "<plist version=\"1.0\">\n<dict>\n\t<key>PayloadContent</key>\n\t<array>\n", f);
	pki_profile_payload(f, "com.apple.security.root", "CA", ca);
	fputs("\t\t\t<key>PayloadContent</key><data>", f);
	pki_profile_pem(f, c->ca);
	fputs("</data>\n\t\t</dict>\n", f);
	pki_profile_payload(f, "com.apple.security.pkcs12", c->name, p12);
	fputs("\t\t\t<key>PayloadContent</key><data>\n", f);
	pki_profile_base64(f, c->p12, c->p12_len, 48);
	fputs("</data>\n\t\t</dict>\n", f);
	pki_profile_apple_vpn(f, c, vpn, p12);
	fputs("\t</array>\n", f);
	pki_profile_string(f, "PayloadType", "Configuration");
	pki_profile_string(f, "PayloadIdentifier", all);
	pki_profile_string(f, "PayloadUUID", all);
	pki_profile_string(f, "PayloadDisplayName", c->server);
	fputs("\t<key>PayloadVersion</key><integer>1</integer>\n</dict>\n</plist>\n", f);
}

void pki_profile_android(FILE *f, const struct pki_client *c)
{
	char uuid[37];

	pki_profile_uuid(uuid);
	fprintf(f, "{\n\t\"uuid\": \"%s\",\n\t\"name\": \"", uuid);
	pki_profile_text(f, c->server);
	fputs("\",\n\t\"type\": \"ikev2-cert\",\n\t\"remote\": {\n\t\t\"addr\": \"", f);
	pki_profile_text(f, c->server);
	fputs("\",\n\t\t\"id\": \"", f);
	pki_profile_text(f, c->server);
	fputs("\",\n\t\t\"cert\": \"", f);
	pki_profile_pem(f, c->ca);
	fputs("\"\n\t},\n\t\"local\": {\n\t\t\"id\": \"", f);
	pki_profile_text(f, c->name);
	fputs("\",\n\t\t\"p12\": \"", f);
	pki_profile_base64(f, c->p12, c->p12_len, 0);
	fputs("\"\n\t}\n}\n", f);
}

/* A machine certificate: run as administrator. Its defaults would be 3DES and MODP-1024. */
void pki_profile_windows(FILE *f, const struct pki_client *c)
{
	fputs("# Run as administrator, in the folder that has this file.\n"
	      "$name = '", f);
	pki_profile_text(f, c->server);
	fputs("'\n$ca = New-TemporaryFile\n$p12 = New-TemporaryFile\n"
	      "[IO.File]::WriteAllBytes($ca, [Convert]::FromBase64String('", f);
	pki_profile_pem(f, c->ca);
	fputs("'))\n[IO.File]::WriteAllBytes($p12, [Convert]::FromBase64String('", f);
	pki_profile_base64(f, c->p12, c->p12_len, 0);
	fputs("'))\n"
	      "Import-Certificate -FilePath $ca -CertStoreLocation Cert:\\LocalMachine\\Root\n"
	      "Import-PfxCertificate -FilePath $p12 -CertStoreLocation Cert:\\LocalMachine\\My "
	      "-Password (Read-Host -AsSecureString 'Password')\n"
	      "Remove-Item $ca, $p12\n"
	      "Add-VpnConnection -Name $name -ServerAddress $name -TunnelType IKEv2 "
	      "-AuthenticationMethod MachineCertificate -Force\n"
	      "Set-VpnConnectionIPsecConfiguration -ConnectionName $name "
	      "-AuthenticationTransformConstants GCMAES256 -CipherTransformConstants GCMAES256 "
	      "-EncryptionMethod GCMAES256 -IntegrityCheckMethod SHA256 -DHGroup ECP256 "
	      "-PfsGroup ECP256 -Force\n", f);
}
