# SPDX-License-Identifier: GPL-2.0
"""An IKEv2 peer of its own, written from the RFCs, which can also say what no peer should."""
