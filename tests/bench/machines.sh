# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Measurements, each in a virtual machine of its own with --icount, two at a time. Sourced by tests/bench/run and run-ike,
# which set $out, the folder of the logs.

# Once, for all of the machines: another kernel may be installed meanwhile.
machines_build()
{
	kernel=$(tests/vm/run --print-kernel)
	if ! { tests/vm/kmod "$kernel" >/dev/null && make -s user && make -s -C tests tools; }; then
		echo "bench: the build failed: see above" >&2
		exit 2
	fi
	mkdir -p "$out"
	rm -f "$out"/*.log
}

declare -A running=()
# more of tests/vm/run
machine_options=()
# shellcheck disable=SC2317
kill_all()
{
	local name

	for name in "${!running[@]}"; do
		kill "${running[$name]}" 2>/dev/null
	done
	wait
}
trap kill_all EXIT
trap 'exit 130' INT TERM HUP
status=0
next=30

# wait_one: until a machine has ended; says every 30 s what runs
wait_one()
{
	local name

	while :; do
		for name in "${!running[@]}"; do
			kill -0 "${running[$name]}" 2>/dev/null && continue
			if wait "${running[$name]}"; then
				printf '[%4d s] measured: %s\n' "$SECONDS" "$name"
			else
				status=1
				printf '[%4d s] FAILED: %s\n' "$SECONDS" "$name"
				tail -n 60 "$out/$name.log"
			fi
			unset "running[$name]"
			return
		done
		if [ "$SECONDS" -ge "$next" ]; then
			printf '[%4d s] running: %s\n' "$SECONDS" "${!running[*]}"
			next=$((SECONDS + 30))
		fi
		sleep 0.2
	done
}

# machines_start NAME COMMAND...: when there is room; its output goes to $out/NAME.log
machines_start()
{
	while [ ${#running[@]} -ge 2 ]; do
		wait_one
	done
	tests/vm/run --kernel "$kernel" --no-build --icount "${machine_options[@]}" --timeout 10000 -- "${@:2}" >"$out/$1.log" 2>&1 &
	running[$1]=$!
}

machines_wait()
{
	while [ ${#running[@]} -gt 0 ]; do
		wait_one
	done
}
