# SPDX-License-Identifier: GPL-2.0
# Probes for compat.h: $(call espl_probe,NAME,pattern,header) defines
# ESPL_HAVE_NAME when the header exists and a line of it matches.
espl_probe = $(if $(shell grep -sm1 '$(2)' $(srctree)/include/$(3)),-DESPL_HAVE_$(1))

espl_probes := \
	$(call espl_probe,CRYPTO_DONE_DATA,crypto_completion_t.*void .req,linux/crypto.h) \
	$(call espl_probe,LINUX_UNALIGNED,get_unaligned_be64,linux/unaligned.h)
