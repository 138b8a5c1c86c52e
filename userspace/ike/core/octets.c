// SPDX-License-Identifier: GPL-2.0
#include "ike/core/octets.h"

#include <stdlib.h>
#include <string.h>

bool octets_set(struct octets *o, const uint8_t *p, size_t len)
{
	octets_clear(o);
	o->p = mem_dup(p, len);
	o->len = o->p ? len : 0;
	return o->p;
}

bool octets_append(struct octets *o, const uint8_t *p, size_t len)
{
	uint8_t *both = malloc(o->len + len);

	if (!both)
		return false;
	if (o->len)
		memcpy(both, o->p, o->len);
	memcpy(both + o->len, p, len);
	mem_free_wiped(o->p, o->len);
	o->p = both;
	o->len += len;
	return true;
}

void octets_clear(struct octets *o)
{
	mem_free_wiped(o->p, o->len);
	*o = (struct octets){0};
}

bool datagrams_add(struct datagrams *list, const uint8_t *p, size_t len)
{
	struct octets one = {0}, *d;

	if (!octets_set(&one, p, len))
		return false;
	d = realloc(list->d, (list->count + 1) * sizeof(*d));
	if (!d) {
		octets_clear(&one);
		return false;
	}
	list->d = d;
	list->d[list->count++] = one;
	return true;
}

void datagrams_clear(struct datagrams *list)
{
	for (unsigned int i = 0; i < list->count; i++)
		octets_clear(&list->d[i]);
	free(list->d);
	*list = (struct datagrams){0};
}

void datagrams_send(const struct datagrams *list, const struct ike_env *env,
		    const struct endpoint *local, const struct endpoint *remote, uint32_t mark)
{
	for (unsigned int i = 0; i < list->count; i++)
		env->send(env->ctx, local, remote, mark, list->d[i].p, list->d[i].len);
}
