// SPDX-License-Identifier: GPL-2.0
#include "esplaned/keys/sandbox.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "lib/log.h"

/* The sanitizers' reports need system calls that nothing else here does. */
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED	true
#else
#define SANITIZED	false
#endif

void sandbox_memory(void)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* A connection of each peer that comes by TCP, and of each tunnel that goes by it. */
static void sandbox_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= SANDBOX_FILES)
		return;
	limit.rlim_cur = limit.rlim_max < SANDBOX_FILES ? limit.rlim_max : SANDBOX_FILES;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		log_warn("cannot raise the number of open files: %s", strerror(errno));
}

void sandbox_end_with(int parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent)
		raise(SIGKILL);
}

static const int sandbox_common[] = {
	/* descriptors, the open sockets */
	SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(close),
	SCMP_SYS(lseek), SCMP_SYS(fcntl), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(sendto),
	SCMP_SYS(recvfrom), SCMP_SYS(sendmsg), SCMP_SYS(recvmsg),
	/* files, read only (open has its own rules) */
	SCMP_SYS(fstat), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(statx),
	SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(getdents64),
	SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getcwd),
	/* memory, time, randomness */
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(getrandom),
	SCMP_SYS(futex), SCMP_SYS(membarrier), SCMP_SYS(rseq), SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity), SCMP_SYS(set_robust_list),
	/* ourselves */
	SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getppid), SCMP_SYS(getuid),
	SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(uname),
	SCMP_SYS(sysinfo), SCMP_SYS(getrusage), SCMP_SYS(umask), SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall), SCMP_SYS(exit), SCMP_SYS(exit_group),
};

static const int sandbox_network_too[] = {
	SCMP_SYS(dup), SCMP_SYS(epoll_create), SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2), SCMP_SYS(select),
	SCMP_SYS(pselect6), SCMP_SYS(pipe2), SCMP_SYS(eventfd2), SCMP_SYS(timerfd_create),
	SCMP_SYS(timerfd_settime), SCMP_SYS(bind), SCMP_SYS(connect), SCMP_SYS(accept),
	SCMP_SYS(accept4), SCMP_SYS(sendmmsg), SCMP_SYS(recvmmsg), SCMP_SYS(getsockname),
	SCMP_SYS(getpeername), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(shutdown),
	SCMP_SYS(listen),
};

/* What no turn of the daemon's work can ask for, only somebody who has taken it over. */
static const int sandbox_deadly[] = {
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(init_module),
	SCMP_SYS(finit_module), SCMP_SYS(kexec_load), SCMP_SYS(bpf), SCMP_SYS(mount),
	SCMP_SYS(setns), SCMP_SYS(unshare), SCMP_SYS(chroot), SCMP_SYS(pivot_root),
};

#define SANDBOX_WRITING	(O_ACCMODE | O_CREAT | O_TRUNC)

/* Of a unix socket that is not there yet, no connect can come. */
static int sandbox_sockets(scmp_filter_ctx ctx)
{
	static const int families[] = { AF_INET, AF_INET6, AF_NETLINK };
	int rc = 0;

	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
		rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
				       SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i]));
	rc |= seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
			       SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
	return rc;
}

static int sandbox_rules(scmp_filter_ctx ctx)
{
	static const unsigned long ioctls[] = { FIONREAD, FIONBIO, TCGETS, SIOCGIFINDEX,
						SIOCGIFNAME };
	int rc;

	rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
			      SCMP_A2(SCMP_CMP_MASKED_EQ, SANDBOX_WRITING, O_RDONLY));
	rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(open), 1,
			       SCMP_A1(SCMP_CMP_MASKED_EQ, SANDBOX_WRITING, O_RDONLY));
	rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
			       SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
			       SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	/* The limits of this process, to read or to lower: not those of another. */
	rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1,
			       SCMP_A0(SCMP_CMP_EQ, 0));
	for (size_t i = 0; i < sizeof(ioctls) / sizeof(*ioctls); i++)
		rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				       SCMP_A1(SCMP_CMP_EQ, ioctls[i]));
	/* abort() sends its signal to a thread of our own. */
	rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
			       SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	return rc;
}

/*
 * A call on neither list fails with ENOSYS, so that a newer C library falls back on an older call
 * instead of dying.
 */
bool sandbox_filter(enum sandbox_kind kind)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int rc;

	if (!ctx) {
		errno = ENOMEM;
		return false;
	}
	/* Modules of tokens may have made threads. */
	rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	rc |= sandbox_rules(ctx);
	for (size_t i = 0; i < sizeof(sandbox_common) / sizeof(*sandbox_common); i++)
		rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, sandbox_common[i], 0);
	if (kind == SANDBOX_FETCHER) {
		/* Of clone3 the filter cannot see the flags: the C library takes clone then. */
		rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				       SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
		rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 0);
	}
	if (kind != SANDBOX_SECRETS) {
		rc |= sandbox_sockets(ctx);
		for (size_t i = 0; i < sizeof(sandbox_network_too) / sizeof(int); i++)
			rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, sandbox_network_too[i], 0);
	}
	for (size_t i = 0; i < sizeof(sandbox_deadly) / sizeof(*sandbox_deadly); i++)
		rc |= seccomp_rule_add(ctx, SCMP_ACT_KILL_PROCESS, sandbox_deadly[i], 0);
	if (!rc)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	errno = -rc;
	return !rc;
}

/* No new privileges, and the filter. */
static bool sandbox_lock(enum sandbox_kind kind)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
		log_err("cannot give up new privileges: %s", strerror(errno));
		return false;
	}
	if (!SANITIZED && !sandbox_filter(kind)) {
		log_err("cannot load the system call filter: the kernel needs "
			"CONFIG_SECCOMP_FILTER");
		return false;
	}
	return true;
}

/* False: another account has the number. */
static bool sandbox_account(uid_t *uid, gid_t *gid)
{
	const struct passwd *pw = getpwnam(SANDBOX_USER);

	if (pw && pw->pw_uid) {
		*uid = pw->pw_uid;
		*gid = pw->pw_gid;
		return true;
	}
	*uid = *gid = SANDBOX_UID;
	pw = getpwuid(*uid);
	if (!pw && !getgrgid(*gid))
		return true;
	log_err("uid or gid %d, under which esplaned speaks IKE, is %s's: make an account for it, "
		"with useradd --system " SANDBOX_USER,
		SANDBOX_UID, pw ? pw->pw_name : "another group");
	return false;
}

/* Another user, with CAP_NET_ADMIN or without. */
static bool sandbox_user(bool admin)
{
	pid_t parent = getppid();
	uid_t uid;
	gid_t gid;

	if (!sandbox_account(&uid, &gid))
		return false;
	capng_clear(CAPNG_SELECT_BOTH);
	if ((admin && capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_ADMIN)) ||
	    capng_change_id((int)uid, (int)gid, CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING)) {
		log_err("cannot become uid %u: esplaned has to be started by root, with "
			"CAP_SETUID, CAP_SETGID and CAP_SETPCAP",
			(unsigned int)uid);
		return false;
	}
	/* Both were forgotten with the user. */
	sandbox_memory();
	sandbox_end_with(parent);
	return true;
}

bool sandbox_network(void)
{
	sandbox_descriptors();
	return sandbox_user(true) && sandbox_lock(SANDBOX_NETWORK);
}

bool sandbox_fetcher(void)
{
	return sandbox_user(false) && sandbox_lock(SANDBOX_FETCHER);
}

bool sandbox_powerless(void)
{
	capng_clear(CAPNG_SELECT_BOTH);
	if (!capng_apply(CAPNG_SELECT_BOTH))
		return true;
	log_err("cannot give up capabilities: esplaned has to be started by root");
	return false;
}

bool sandbox_secrets(void)
{
	return sandbox_lock(SANDBOX_SECRETS);
}
