// SPDX-License-Identifier: GPL-2.0
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <net/genetlink.h>
#include <net/rtnetlink.h>

#include <linux/esplane.h>

#include "core/audit.h"
#include "core/event.h"
#include "core/work.h"
#include "ctl/device.h"
#include "ctl/netlink.h"
#include "ctl/notify.h"
#include "path/raw.h"
#include "pure/crypto.h"

static struct dentry *debug_dir;

static int main_objects_show(struct seq_file *m, void *unused)
{
	static const char *const names[ESPL_OBJ_COUNT] = {
		[ESPL_OBJ_DEVICE] = "devices",
		[ESPL_OBJ_POLICY] = "policies",
		[ESPL_OBJ_SA] = "sas",
	};
	int i;

	for (i = 0; i < ESPL_OBJ_COUNT; i++)
		seq_printf(m, "%s made %ld gone %ld\n", names[i],
			   atomic_long_read(&espl_audit[i].made),
			   atomic_long_read(&espl_audit[i].gone));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(main_objects);

/*
 * Whoever could find something of ours has gone. A killed SA takes a grace
 * period to reach the workqueue, and the workqueue gives to RCU again.
 */
static void main_finish(void)
{
	rcu_barrier();
	espl_work_exit();
	rcu_barrier();
	espl_crypto_exit();
}

static int __init espl_init(void)
{
	int err;

	err = espl_work_init();
	if (err)
		return err;
	espl_event_init(&espl_notify);
	err = espl_nets_init();
	if (err)
		goto err_wq;
	err = genl_register_family(&espl_genl);
	if (err)
		goto err_nets;
	err = espl_raw_init();
	if (err)
		goto err_genl;
	err = espl_links_init();
	if (err)
		goto err_raw;

	debug_dir = debugfs_create_dir("esplane", NULL);
	debugfs_create_file("objects", 0444, debug_dir, NULL, &main_objects_fops);
	return 0;

err_raw:
	espl_raw_exit();
err_genl:
	espl_event_exit();
	genl_unregister_family(&espl_genl);
err_nets:
	espl_nets_exit();
err_wq:
	main_finish();
	return err;
}

/*
 * Packets stop first, then the objects go, then events about them are sent,
 * then nobody can ask any more, then sockets and tables go. A start that fails
 * half-way ends likewise: requests and packets may have come by then.
 */
static void __exit espl_exit(void)
{
	int i;

	debugfs_remove(debug_dir);
	espl_raw_exit();
	espl_links_exit();
	espl_event_exit();
	genl_unregister_family(&espl_genl);
	espl_nets_exit();
	main_finish();
	for (i = 0; i < ESPL_OBJ_COUNT; i++)
		WARN_ON(atomic_long_read(&espl_audit[i].made) !=
			atomic_long_read(&espl_audit[i].gone));
}

module_init(espl_init);
module_exit(espl_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("IPsec ESP behind a virtual network interface");
MODULE_VERSION(ESPL_VERSION);
MODULE_ALIAS_RTNL_LINK(ESPLANE_LINK_KIND);
MODULE_ALIAS_GENL_FAMILY(ESPLANE_GENL_NAME);
