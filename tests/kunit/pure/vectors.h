/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whole ESP packets as published (McGrew: draft-mcgrew-gcm-test-01), and what
 * is inside: payload, padding,
 * trailer. The RFC 3602 packets were published without an ICV; theirs comes
 * from HMAC-SHA-256 as Python's hmac computes it.
 */
#ifndef _ESPL_KUNIT_VECTORS_H
#define _ESPL_KUNIT_VECTORS_H

#include <linux/types.h>

struct vector {
	const char *name;
	u16 encr;
	u16 integ;
	bool esn;
	u32 spi;
	u64 seq;
	const char *key;	/* hexadecimal, like the rest; with the salt */
	const char *integ_key;
	const char *packet;
	const char *plain;
};

static const struct vector vectors[] = {
	{
		.name = "McGrew GCM 128, ESN",
		.encr = 20, .integ = 0, .esn = true,
		.spi = 0x00004321, .seq = 0x8765432100000000ULL,
		.key = "4c80cdefbb5d10da906ac73c3613a6342e443b68",
		.packet =
			"00004321000000004956ed7e3b244cfefecf537e729d5b07dc30df528dd22b768d1b9873"
			"6696a6fd348509fa13ceac34cfa2436f14a3f3cf65925bf1f4a13c5d15b21e1884f5ff62"
			"47aeabb786b93bce61bc17d768fd9732459018148f6cbe722fd04796562dfdb4",
		.plain =
			"45000048699a000080114db7c0a80102c0a801010a9bf15638d301000001000000000000"
			"045f736970045f756470037369700963796265726369747902646b000021000101020201",
	},
	{
		.name = "McGrew GCM 256",
		.encr = 20, .integ = 0, .esn = false,
		.spi = 0x4a2cbfe3, .seq = 0x2ULL,
		.key = "abbccddef00112233445566778899aababbccddef00112233445566778899aab11223344",
		.packet =
			"4a2cbfe3000000020102030405060708ff425c9b724599df7a3bcd510194e00d6a78107f"
			"1b0b1cbf06efae9d65a5d763748a637985771d347f0545659f14e99def842d8eb335f4ee"
			"cfdbf831824b4c4915956c96",
		.plain =
			"4500003069a6400080062690c0a801029389155e0a9e008b2dc57ee00000000070024000"
			"20bf0000020405b40101040201020201",
	},
	{
		.name = "RFC 7634 appendix A",
		.encr = 28, .integ = 0, .esn = false,
		.spi = 0x01020304, .seq = 0x5ULL,
		.key = "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3",
		.packet =
			"0102030400000005101112131415161724039428b97f417e3c13753a4f05087b67c352e6"
			"a7fab1b982d466ef407ae5c614ee8099d52844eb61aa95dfab4c02f72aa71e7c4c4f64c9"
			"befe2facc638e8f3cbec163fac469b502773f6fb94e664da9165b82829f641e076aaa826"
			"6b7fb0f7b11b369907e1ad43",
		.plain =
			"45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec1000073627"
			"08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b"
			"2c2d2e2f303132333435363701020204",
	},
	{
		.name = "RFC 3602 case 5, HMAC-SHA2-256",
		.encr = 12, .integ = 12, .esn = false,
		.spi = 0x00004321, .seq = 0x1ULL,
		.key = "90d382b410eeba7ad938c46cec1a82bf",
		.integ_key = "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f",
		.packet =
			"0000432100000001e96e8c08ab465763fd098d45dd3ff893f663c25d325c18c6a9453e19"
			"4e120849a4870b66cc6b9965330013b4898dc856a4699e523a55db080b59ec3a8e4b7e52"
			"775b07d1db34ed9c538ab50c551b874aa269add047ad2d5913ac19b7cfbad4a669d9cd39"
			"200e45eaceabeb3137577aa1",
		.plain =
			"08000ebda70a00008e9c083db95b070008090a0b0c0d0e0f101112131415161718191a1b"
			"1c1d1e1f202122232425262728292a2b2c2d2e2f30313233343536370102030405060708"
			"090a0b0c0d0e0e01",
	},
	{
		.name = "RFC 3602 case 5, HMAC-SHA2-256, ESN",
		.encr = 12, .integ = 12, .esn = true,
		.spi = 0x00004321, .seq = 0x200000001ULL,
		.key = "90d382b410eeba7ad938c46cec1a82bf",
		.integ_key = "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f",
		.packet =
			"0000432100000001e96e8c08ab465763fd098d45dd3ff893f663c25d325c18c6a9453e19"
			"4e120849a4870b66cc6b9965330013b4898dc856a4699e523a55db080b59ec3a8e4b7e52"
			"775b07d1db34ed9c538ab50c551b874aa269add047ad2d5913ac19b7cfbad4a635f4506a"
			"ca71abbf4f4d0cd20e8b35d9",
		.plain =
			"08000ebda70a00008e9c083db95b070008090a0b0c0d0e0f101112131415161718191a1b"
			"1c1d1e1f202122232425262728292a2b2c2d2e2f30313233343536370102030405060708"
			"090a0b0c0d0e0e01",
	},
};

#endif /* _ESPL_KUNIT_VECTORS_H */
