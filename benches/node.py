#!/usr/bin/env python3
"""How fast a development node starts, and what it needs after many empty blocks.

usage: benches/node.py [--blocks 1000] [--node PATH]
A block takes three seconds, so 1,000 blocks take 50 minutes. Ends with `result` lines.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def call(port, method, *params):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}", body.encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["result"]


def height(port, block_hash=None):
    header = call(port, "chain_getHeader", *([block_hash] if block_hash else []))
    return int(header["number"], 16)


def finalised(port):
    return height(port, call(port, "chain_getFinalizedHead"))


def memory(pid):
    """Resident and peak memory in MiB."""
    with open(f"/proc/{pid}/status") as status:
        fields = dict(line.split(":", 1) for line in status)
    return (int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))


def wait(what, condition, seconds):
    deadline = time.monotonic() + seconds
    said = time.monotonic()
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except OSError:
            pass  # does not listen yet
        if time.monotonic() - said > 30:
            said = time.monotonic()
            print(f"    ... waiting for {what}", flush=True)
        time.sleep(0.1)
    sys.exit(f"waited {seconds:.0f} s in vain for {what}")


def main():
    target = os.environ.get("CARGO_TARGET_DIR", os.path.expanduser("~/.cache/cairn/target"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--blocks", type=int, default=1000, help="empty blocks to wait for")
    parser.add_argument("--node", help="the node's binary; without it the node is built first")
    options = parser.parse_args()
    if not options.node:
        subprocess.run(["make", "--silent", "build"], check=True)
        options.node = f"{target}/debug/cairn-node"
    with tempfile.TemporaryDirectory() as data, open(f"{data}/log", "w") as log:
        rpc, p2p = free_port(), free_port()
        started = time.monotonic()
        node = subprocess.Popen(
            [
                options.node, "--dev", "--base-path", data, "--rpc-port", str(rpc),
                "--listen-addr", f"/ip4/127.0.0.1/tcp/{p2p}", "--no-prometheus", "--no-telemetry",
            ],
            stdout=log,
            stderr=log,
        )
        try:
            wait("the RPC", lambda: call(rpc, "system_name"), 60)
            rpc_after = time.monotonic() - started
            wait("the first block", lambda: height(rpc) >= 1, 60)
            block_after = time.monotonic() - started
            wait("finality", lambda: finalised(rpc) >= 1, 60)
            finalised_after = time.monotonic() - started
            wait(f"block {options.blocks}", lambda: height(rpc) >= options.blocks, 60 + 3.5 * options.blocks)
            resident, peak = memory(node.pid)
            disk = sum(
                os.path.getsize(os.path.join(folder, name))
                for folder, _, names in os.walk(data)
                for name in names
            ) / 2**20
        finally:
            node.terminate()
            node.wait(20)
    print(f"result node_rpc_seconds {rpc_after:.1f} goal <=20")
    print(f"result node_first_block_seconds {block_after:.1f} goal <=20")
    print(f"result node_first_finalised_seconds {finalised_after:.1f} goal <=20")
    print(f"result node_resident_mib_after_{options.blocks}_blocks {resident:.0f} goal <=1024")
    print(f"result node_peak_mib_after_{options.blocks}_blocks {peak:.0f} goal <=1024")
    print(f"result node_disk_mib_after_{options.blocks}_blocks {disk:.0f} goal <=1024")


if __name__ == "__main__":
    main()
