/* SPDX-License-Identifier: GPL-2.0 */
/* The tests count what a look-up visits; the module does not. */
#ifndef _ESPL_STEPS_H
#define _ESPL_STEPS_H

#ifdef ESPL_COUNT_STEPS
extern unsigned long espl_steps;
#define espl_step()	((void)espl_steps++)
#else
#define espl_step()	((void)0)
#endif

#endif /* _ESPL_STEPS_H */
