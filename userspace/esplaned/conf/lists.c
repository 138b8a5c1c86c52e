// SPDX-License-Identifier: GPL-2.0
#include "esplaned/conf/lists.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"

struct lists_entry {
	struct chunk_list *list;
	uint8_t digest[LISTS_DIGEST_LEN];
};

/* SHA-256 of the SHA-256 of each. */
void lists_digest(const struct chunk_list *list, uint8_t digest[LISTS_DIGEST_LEN])
{
	unsigned int count = chunk_list_count(list);
	uint8_t *each = calloc(count + 1, LISTS_DIGEST_LEN);
	struct chunk all = { each, count * LISTS_DIGEST_LEN };
	bool ok = each;

	memset(digest, 0, LISTS_DIGEST_LEN);
	for (unsigned int i = 0; ok && i < count; i++)
		ok = sha256(&list->chunk[i], 1, each + i * LISTS_DIGEST_LEN);
	if (count && ok)
		ok = sha256(&all, 1, digest);
	if (!ok)
		abort();	/* no list may be taken for another */
	free(each);
}

static struct lists_entry *lists_find(const struct lists *lists,
				      const uint8_t digest[LISTS_DIGEST_LEN])
{
	for (size_t i = 0; i < lists->count; i++) {
		if (!memcmp(lists->entry[i].digest, digest, LISTS_DIGEST_LEN))
			return &lists->entry[i];
	}
	return NULL;
}

bool lists_get(const struct lists *lists, const uint8_t digest[LISTS_DIGEST_LEN],
	       struct chunk_list **list)
{
	static const uint8_t none[LISTS_DIGEST_LEN];
	const struct lists_entry *e = lists_find(lists, digest);

	*list = e ? chunk_list_get(e->list) : NULL;
	return e || !memcmp(digest, none, sizeof(none));
}

static size_t lists_octets(const struct chunk_list *list)
{
	size_t octets = 0;

	for (unsigned int i = 0; i < list->count; i++)
		octets += list->chunk[i].len;
	return octets;
}

bool lists_share(struct lists *lists, struct chunk_list **list, bool *fresh)
{
	uint8_t digest[LISTS_DIGEST_LEN];
	struct lists_entry *e;

	*fresh = false;
	if (!*list)
		return true;
	lists_digest(*list, digest);
	e = lists_find(lists, digest);
	if (e) {
		chunk_list_get(e->list);
		chunk_list_put(*list);
		*list = e->list;
		return true;
	}
	if (lists->octets + lists_octets(*list) > LISTS_OCTETS_MAX)
		return false;
	e = reallocarray(lists->entry, lists->count + 1, sizeof(*e));
	if (!e)
		return false;
	lists->entry = e;
	lists->octets += lists_octets(*list);
	e = &lists->entry[lists->count++];
	e->list = chunk_list_get(*list);
	memcpy(e->digest, digest, sizeof(digest));
	*fresh = true;
	return true;
}

void lists_clear(struct lists *lists)
{
	while (lists->count)
		chunk_list_put(lists->entry[--lists->count].list);
	free(lists->entry);
	*lists = (struct lists){ 0 };
}
