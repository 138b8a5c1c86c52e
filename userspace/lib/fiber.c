// SPDX-License-Identifier: GPL-2.0
#include "lib/fiber.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>


#ifndef __has_feature
#define __has_feature(x)	0
#endif

/* AddressSanitizer has to know which stack is in use. */
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/common_interface_defs.h>
#define FIBER_LEAVING(save, bottom, size)	__sanitizer_start_switch_fiber(save, bottom, size)
#define FIBER_ARRIVED(save, bottom, size)	__sanitizer_finish_switch_fiber(save, bottom, size)
#else
#define FIBER_LEAVING(save, bottom, size)	((void)(save))
#define FIBER_ARRIVED(save, bottom, size)	((void)(save))
#endif

#define FIBER_STACK	(256 * 1024)	/* octets, of which the kernel gives what is used */

struct fiber {
	ucontext_t own, caller;
	void (*fn)(void *ctx);
	void *ctx;
	uint8_t *stack;			/* the first page is a guard */
	size_t size;
	bool ended;
	const void *caller_stack;	/* for AddressSanitizer, like the next one */
	size_t caller_size;
};

static struct fiber *fiber_starting;	/* makecontext() passes no pointers */

static void fiber_main(void)
{
	struct fiber *fiber = fiber_starting;

	FIBER_ARRIVED(NULL, &fiber->caller_stack, &fiber->caller_size);
	fiber->fn(fiber->ctx);
	fiber->ended = true;		/* and on to @caller */
	FIBER_LEAVING(NULL, fiber->caller_stack, fiber->caller_size);
}

static bool fiber_prepare(struct fiber *fiber, size_t guard)
{
	if (getcontext(&fiber->own))
		return false;
	fiber->own.uc_stack.ss_sp = fiber->stack + guard;
	fiber->own.uc_stack.ss_size = FIBER_STACK;
	fiber->own.uc_link = &fiber->caller;
	makecontext(&fiber->own, fiber_main, 0);
	return true;
}

struct fiber *fiber_new(void (*fn)(void *ctx), void *ctx)
{
	struct fiber *fiber = calloc(1, sizeof(*fiber));
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *stack;

	if (!fiber)
		return NULL;
	fiber->fn = fn;
	fiber->ctx = ctx;
	fiber->size = FIBER_STACK + page;
	stack = mmap(NULL, fiber->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack == MAP_FAILED) {
		free(fiber);
		return NULL;
	}
	fiber->stack = stack;
	if (!mprotect(stack, page, PROT_NONE) && fiber_prepare(fiber, page))
		return fiber;
	fiber_free(fiber);
	return NULL;
}

bool fiber_run(struct fiber *fiber)
{
	void *save = NULL;

	fiber_starting = fiber;
	FIBER_LEAVING(&save, fiber->own.uc_stack.ss_sp, FIBER_STACK);
	swapcontext(&fiber->caller, &fiber->own);
	FIBER_ARRIVED(save, NULL, NULL);
	return !fiber->ended;
}

void fiber_pause(struct fiber *fiber)
{
	void *save = NULL;

	FIBER_LEAVING(&save, fiber->caller_stack, fiber->caller_size);
	swapcontext(&fiber->own, &fiber->caller);
	FIBER_ARRIVED(save, &fiber->caller_stack, &fiber->caller_size);
}

/* Keys may have been on the stack: the kernel gives these pages to nobody without clearing them. */
void fiber_free(struct fiber *fiber)
{
	if (!fiber)
		return;
	munmap(fiber->stack, fiber->size);
	free(fiber);
}
