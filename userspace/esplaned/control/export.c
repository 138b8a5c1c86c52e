// SPDX-License-Identifier: GPL-2.0
#include "esplaned/control/export.h"

#include <inttypes.h>
#include <stdio.h>

#include "crypto/crypto.h"
#include "esplaned/control/control.h"
#include "lib/log.h"
#include "suite/alg.h"

struct export {
	json_t *ike, *esp;
};

static void export_key(json_t *object, const char *key, const uint8_t *p, size_t len)
{
	char hex[2 * SK_INTEG_MAX + 1] = "";

	for (size_t i = 0; i < len && i < SK_INTEG_MAX; i++)
		snprintf(hex + 2 * i, 3, "%02x", p[i]);
	json_object_set_new(object, key, json_string(hex));
	mem_wipe(hex, sizeof(hex));
}

static void export_alg(json_t *object, const char *key, uint8_t type, uint16_t id, uint16_t bits)
{
	const struct alg *alg = id ? alg_find(type, id, bits) : NULL;

	json_object_set_new(object, key, json_string(alg ? alg->name : ""));
}

static void export_spi(json_t *object, const char *key, uint64_t spi, int digits)
{
	char hex[24];

	snprintf(hex, sizeof(hex), "%0*" PRIx64, digits, spi);
	json_object_set_new(object, key, json_string(hex));
}

static void export_ike(void *ctx, const struct ike_sa_keys *keys)
{
	const struct sk *i = keys->initiator, *r = keys->responder;
	size_t key_len = encr_key_len(i->encr, i->key_bits), integ_len = integ_key_len(i->integ);
	struct export *x = ctx;
	json_t *o = json_object();

	export_spi(o, "spi_i", keys->spi_i, 16);
	export_spi(o, "spi_r", keys->spi_r, 16);
	export_alg(o, "encr", TRANSFORM_ENCR, i->encr, i->key_bits);
	export_alg(o, "integ", TRANSFORM_INTEG, i->integ, 0);
	export_key(o, "sk_ei", i->key, key_len);
	export_key(o, "sk_er", r->key, key_len);
	export_key(o, "sk_ai", i->integ_key, integ_len);
	export_key(o, "sk_ar", r->integ_key, integ_len);
	json_array_append_new(x->ike, o);
}

static void export_esp(void *ctx, const struct ike_esp_keys *keys)
{
	const struct kern_sa *sa = keys->sa;
	struct export *x = ctx;
	json_t *o = json_object();
	char text[ADDR_STRLEN];

	json_object_set_new(o, "source", json_string(addr_str(keys->source, text)));
	json_object_set_new(o, "destination", json_string(addr_str(keys->destination, text)));
	export_spi(o, "spi", sa->spi, 8);
	export_alg(o, "encr", TRANSFORM_ENCR, sa->encr, keys->key_bits);
	export_alg(o, "integ", TRANSFORM_INTEG, sa->integ, 0);
	export_key(o, "key", sa->encr_key, sa->encr_key_len);
	export_key(o, "integ_key", sa->integ_key, sa->integ_key_len);
	json_object_set_new(o, "esn", json_boolean(sa->esn));
	json_array_append_new(x->esp, o);
}

json_t *export_json(struct daemon *d, uint32_t tunnel)
{
	const char *name = ike_tunnel_conf(d->ike, tunnel)->name;
	struct export x = { json_array(), json_array() };
	const struct ike_keys_to to = { &x, export_ike, export_esp };

	if (!ike_keys(d->ike, tunnel, &to)) {
		log_warn("%s: its keys were given out (ikectl export-keys)", name);
		return json_pack("{ss ss so so}", "result", "ok", "tunnel", name, "ike", x.ike,
				 "esp", x.esp);
	}
	json_decref(x.ike);
	json_decref(x.esp);
	return control_error("config",
			     "the keys of %s may not be given out: write allow-key-export = yes "
			     "into the tunnel, then ikectl reload, which restarts it", name);
}
