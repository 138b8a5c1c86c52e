// SPDX-License-Identifier: GPL-2.0
#include <getopt.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/sim.h"

#define LONG_RUN	10000	/* seeds in which each row is to be taken */
#define TWICE_EVERY	50	/* of so many seeds one runs twice, and must be the same history */

struct totals {
	uint64_t seeds, steps, ups, rekeys, ike_rekeys, probes, forged, failures;
	uint64_t rows[2];		/* of the state machine that were taken: bits */
};

static const char usage[] =
	"usage: sim [--seeds N] [--first S] [--jobs J]     histories S to S+N-1\n"
	"       sim --seed S [--trace]                     one history, twice\n"
	"       sim --self-test                            can the checks fail?\n";

/* @hash: NULL: nobody asks for it. */
static bool run(uint64_t seed, bool trace_it, uint64_t *hash, struct totals *sum)
{
	struct world *w = malloc(sizeof(*w));
	bool ok;

	if (!w)
		abort();
	world_init(w, seed, trace_it, hash);
	script_run(w);
	ok = !w->violation[0];
	if (!ok)
		printf("not ok - seed %llu: at %llu ms: %s\n# replay: sim --seed %llu --trace\n",
		       (unsigned long long)seed, (unsigned long long)w->now, w->violation,
		       (unsigned long long)seed);
	if (hash)
		*hash = w->hash;
	sum->seeds++;
	sum->steps += w->steps;
	sum->probes += w->probes;
	sum->forged += w->forged;
	sum->failures += !ok;
	for (int i = 0; i < w->nodes; i++) {
		sum->ups += w->n[i].ups;
		sum->rekeys += w->n[i].rekeys;
		sum->ike_rekeys += w->n[i].ike_rekeys;
	}
	world_free(w);
	free(w);
	return ok;
}

static bool run_twice(uint64_t seed, bool trace_it, struct totals *sum)
{
	struct totals ignored = {0};
	uint64_t first, second;

	if (!run(seed, trace_it, &first, sum))
		return false;
	run(seed, false, &second, &ignored);
	if (trace_it)
		printf("history %016llx\n", (unsigned long long)first);
	if (first == second)
		return true;
	printf("not ok - seed %llu: two runs are two histories\n", (unsigned long long)seed);
	sum->failures++;
	return false;
}

/* Every jobs-th seed from @first on. */
static struct totals run_share(uint64_t first, uint64_t end, unsigned int jobs)
{
	struct totals sum = {0};

	for (uint64_t seed = first; seed < end && sum.failures < 10; seed += jobs) {
		if (seed / jobs % TWICE_EVERY == 0)
			run_twice(seed, false, &sum);
		else
			run(seed, false, NULL, &sum);
	}
	hooks_rows(sum.rows);
	return sum;
}

static void add(struct totals *sum, const struct totals *part)
{
	sum->seeds += part->seeds;
	sum->steps += part->steps;
	sum->ups += part->ups;
	sum->rekeys += part->rekeys;
	sum->ike_rekeys += part->ike_rekeys;
	sum->rows[0] |= part->rows[0];
	sum->rows[1] |= part->rows[1];
	sum->probes += part->probes;
	sum->forged += part->forged;
	sum->failures += part->failures;
}

static struct totals run_all(uint64_t first, uint64_t seeds, unsigned int jobs)
{
	struct totals sum = {0}, part;
	int pipes[16][2], status;

	for (unsigned int j = 0; j < jobs; j++) {
		if (pipe(pipes[j]))
			abort();
		if (!fork()) {
			part = run_share(first + j, first + seeds, jobs);
			if (write(pipes[j][1], &part, sizeof(part)) != sizeof(part))
				_exit(2);
			fflush(stdout);
			_exit(0);
		}
		close(pipes[j][1]);
	}
	for (unsigned int j = 0; j < jobs; j++) {
		if (read(pipes[j][0], &part, sizeof(part)) == sizeof(part))
			add(&sum, &part);
		else
			sum.failures++;
	}
	while (wait(&status) > 0)
		if (!WIFEXITED(status) || WEXITSTATUS(status)) {
			printf("not ok - a job ended with status %x\n", status);
			sum.failures++;
		}
	return sum;
}

/* @all_rows: each row of the state machine has to be taken. */
static void report(struct totals *sum, uint64_t first, bool all_rows)
{
	unsigned int missed = hooks_print_missed(sum->rows);

	if (missed && all_rows) {
		printf("not ok - %u rows of the state machine are never taken\n", missed);
		sum->failures++;
	}
	printf("# %llu tunnels up, %llu rekeys, %llu of IKE SAs, %llu packets, %llu forgeries, %llu steps\n",
	       (unsigned long long)sum->ups, (unsigned long long)sum->rekeys,
	       (unsigned long long)sum->ike_rekeys,
	       (unsigned long long)sum->probes, (unsigned long long)sum->forged,
	       (unsigned long long)sum->steps);
	printf("%s - %llu histories from seed %llu converge, %llu do not\n",
	       sum->failures ? "not ok" : "ok", (unsigned long long)(sum->seeds - sum->failures),
	       (unsigned long long)first, (unsigned long long)sum->failures);
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "seeds", required_argument, NULL, 'n' },
						 { "first", required_argument, NULL, 'f' },
						 { "seed", required_argument, NULL, 's' },
						 { "jobs", required_argument, NULL, 'j' },
						 { "trace", no_argument, NULL, 't' },
						 { "self-test", no_argument, NULL, 'x' },
						 {} };
	uint64_t seeds = 1000, first = 1, one = 0;
	unsigned int jobs = sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 2 : 1;
	struct totals sum = {0};
	bool trace_it = false;
	int c;

	setvbuf(stdout, NULL, _IOLBF, 0);	/* nothing in the buffer when jobs fork */
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'n':
			seeds = strtoull(optarg, NULL, 0);
			break;
		case 'f':
			first = strtoull(optarg, NULL, 0);
			break;
		case 's':
			one = strtoull(optarg, NULL, 0);
			break;
		case 'j':
			jobs = strtoul(optarg, NULL, 0);
			break;
		case 't':
			trace_it = true;
			break;
		case 'x':
			return selftest();
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (jobs < 1 || jobs > 16) {
		fputs(usage, stderr);
		return 2;
	}
	if (one)
		return !run_twice(one, trace_it, &sum);
	if (selftest())
		return 1;
	sum = run_all(first, seeds, jobs);
	report(&sum, first, seeds >= LONG_RUN);
	return sum.failures != 0;
}
