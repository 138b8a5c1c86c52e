// SPDX-License-Identifier: GPL-2.0
/* A message on its way has secrets in its copy and in its answer: they are wiped with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "ike/exchange/inbound.h"

#define SECRET		"secret word"

static unsigned int copied, answered;	/* times that it was seen where it is freed */

/* What begins with the copy's last octets is the room. */
void __real_mem_free_wiped(void *p, size_t len);
void __wrap_mem_free_wiped(void *p, size_t len);
void __wrap_mem_free_wiped(void *p, size_t len)
{
	const uint8_t *room = (uint8_t *)p + len;

	for (const uint8_t *at = p; at + strlen(SECRET) <= room; at++)
		copied += !memcmp(at, SECRET, strlen(SECRET));
	for (size_t i = 0; i + strlen(SECRET) <= IKE_OUT_MAX; i++)
		answered += !memcmp(room + i, SECRET, strlen(SECRET));
	__real_mem_free_wiped(p, len);
}

/* The last octets of @len say the secret. */
static void inbound_say(struct inbound *in, struct writer *w, size_t len)
{
	*w = writer_of(inbound_room(in, w), in->room_len);
	memset(writer_room(w, len), '-', len);
	memcpy(w->buf + len - strlen(SECRET), SECRET, strlen(SECRET));
}

static struct inbound *inbound_of(struct ike_sa *sa)
{
	const struct msg_header h = { .exchange = 37 };
	const struct endpoint nobody = { 0 };

	copied = answered = 0;
	return inbound_new(sa, sizeof(struct inbound), &h, (const uint8_t *)SECRET,
			   strlen(SECRET), &nobody, &nobody);
}

/* The whole of it, and of an answer that was begun anew and is shorter now. */
static void all_is_wiped(void **state)
{
	static struct ike ike;
	struct ike_sa sa = { .ike = &ike };
	struct inbound *in = inbound_of(&sa);
	struct writer w;

	assert_non_null(in);
	assert_int_equal(in->room_len, IKE_OUT_MAX);
	inbound_say(in, &w, IKE_OUT_MAX);
	inbound_say(in, &w, 500);
	inbound_free(in);
	assert_int_equal(copied, 1);	/* within what is wiped now */
	assert_int_equal(answered, 0);	/* and behind that nothing is left */
}

/* A message that nobody has answered has a room that was never written. */
static void no_answer_is_fine(void **state)
{
	static struct ike ike;
	struct ike_sa sa = { .ike = &ike };
	struct inbound *in = inbound_of(&sa);

	assert_non_null(in);
	inbound_free(in);
	assert_int_equal(copied, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_wiped),
		cmocka_unit_test(no_answer_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
