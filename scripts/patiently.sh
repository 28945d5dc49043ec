#!/usr/bin/env bash
# Runs a command and says every half minute that it still runs: the runtime's WebAssembly build is silent for minutes.
# usage: scripts/patiently.sh WHAT COMMAND [ARG ...]
set -u
what=$1
shift
started=$SECONDS
printf '\033[1m==>\033[0m %s\n' "$what"
(
	# Take the sleep along: left behind it would hold the output open, and whoever reads that would wait for it.
	trap 'kill "${!:-}" 2>/dev/null; exit' TERM
	while sleep 30 & wait "$!"; do
		elapsed=$((SECONDS - started))
		printf '    ... %s: %d min %02d s\n' "$what" $((elapsed / 60)) $((elapsed % 60))
	done
) &
ticker=$!
trap 'kill $ticker 2>/dev/null' EXIT
"$@"
status=$?
elapsed=$((SECONDS - started))
printf '\033[1m==>\033[0m %s: %s after %d min %02d s\n' "$what" \
	"$([ $status = 0 ] && echo done || echo "FAILED ($status)")" $((elapsed / 60)) $((elapsed % 60))
exit $status
