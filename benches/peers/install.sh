#!/usr/bin/env bash
# Makes a Python with PyTorch beside the build, once, and leaves its path in $peers. usage: source benches/peers/install.sh
peers=$CARGO_TARGET_DIR/peers/bin/python
if ! "$peers" -c "import blake3, matplotlib, torch" 2>/dev/null; then
	python3 -m venv "$CARGO_TARGET_DIR/peers"
	scripts/patiently.sh "install PyTorch (once)" "$peers" -m pip install --quiet -r benches/peers/requirements.txt
fi
