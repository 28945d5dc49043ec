#!/usr/bin/env bash
# Runs one benchmark by name; `make bench NAME=x` calls this.
set -euo pipefail
cd "$(dirname "$0")/.."
name=${1:-}
for script in "benches/$name.sh" "benches/$name.py"; do
	if [ -n "$name" ] && [ "$name" != run ] && [ -x "$script" ]; then
		shift
		make --silent setup
		exec "$script" "$@"
	fi
done
echo "usage: make bench NAME=x, where x is one of:" >&2
sed -n 's/^| `\([a-z]*\)` | \(.*\) |$/  \1\t\2/p' benches/README.md >&2
exit 2
