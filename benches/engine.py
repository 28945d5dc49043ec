"""Compares the engine with PyTorch on this machine, in turn, and prints medians. Run by benches/engine.sh."""
import argparse
import json
import os
import statistics
import subprocess
import sys

MODELS = {
    "12M": {"width": 384, "layers": 6, "vocabulary": 4096},
    "56M": {"width": 640, "layers": 10, "vocabulary": 8192},
}
TOKENS = 2048  # of a step
PEERS = ["eager", "fused", "compiled"]

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--bench", required=True, help="the program cairn-bench-engine")
parser.add_argument("--threads", type=int, default=os.cpu_count())
parser.add_argument("--rounds", type=int, default=3, help="times that each is run")
parser.add_argument("--steps", type=int, default=6, help="steps of a run")
parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS)
parser.add_argument("--contexts", nargs="+", type=int, default=[256, 1024])
parser.add_argument("--peers", nargs="*", default=PEERS, choices=PEERS)
parser.add_argument("--llama", help="a GGUF file: compare generation, too")
parser.add_argument("--candle", help="the program candle-peer")
arguments = parser.parse_args()


def run(command, **environment):
    """The line of JSON that a command prints, and its peak memory in bytes."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment})
    line = process.stdout.read().strip().splitlines()[-1:]
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0 or not line:
        sys.exit(f"{command[0]} failed with {process.returncode}")
    return json.loads(line[0]), usage.ru_maxrss * 1024


def engine(config, *more):
    options = [part for name in config for part in (f"--{name}", str(config[name]))]
    return run([arguments.bench, "train", *options, *more])


def peer(config, mode):
    script = os.path.join(os.path.dirname(__file__), "peers", "train.py")
    return run([sys.executable, script, json.dumps(config), mode])


results = []
for name in arguments.models:
    for context in arguments.contexts:
        config = {**MODELS[name], "context": context, "batch": TOKENS // context}
        config.update(threads=arguments.threads, steps=arguments.steps)
        runners = {"cairn": lambda: engine(config), "cairn, full recomputation": lambda: engine(config, "--full")}
        for mode in arguments.peers:
            runners[mode] = lambda mode=mode: peer(config, mode)
        speed = {runner: [] for runner in runners}
        hashing = []
        memory = {runner: 0 for runner in runners}
        for _ in range(arguments.rounds):
            for runner, start in runners.items():
                measured, bytes_ = start()
                speed[runner].append(measured["tokens_per_second"])
                memory[runner] = max(memory[runner], bytes_)
                hashing += [measured["hashing_share"]] if runner == "cairn" else []
                print(f"{name}, context {context}, {runner}: {speed[runner][-1]:.0f} tokens/s, {bytes_ >> 20} MiB", flush=True)
        median = {runner: statistics.median(values) for runner, values in speed.items()}
        case = f"{name}_{context}"
        for mode in arguments.peers:
            goal = 1.2 if mode == "eager" else 1.0
            results.append((f"train_vs_torch_{mode}_{case}", median["cairn"] / median[mode], f">={goal}"))
        results.append((f"hashing_share_{case}", statistics.median(hashing), "<0.03"))
        if "eager" in arguments.peers:
            results.append((f"memory_vs_torch_{case}", memory["cairn"] / memory["eager"], "<=0.5"))
            full = memory["cairn, full recomputation"] / memory["eager"]
            results.append((f"memory_full_vs_torch_{case}", full, "<=0.3"))

if arguments.llama:
    threads, prompt, tokens = str(arguments.threads), "64", "48"
    options = ["--model", arguments.llama, "--prompt", prompt, "--tokens", tokens, "--threads", threads]
    runners = {
        "cairn": lambda: run([arguments.bench, "decode", *options]),
        "candle": lambda: run([arguments.candle, arguments.llama, prompt, tokens], RAYON_NUM_THREADS=threads),
    }
    measured = {runner: [] for runner in runners}
    for _ in range(arguments.rounds):
        for runner, start in runners.items():
            line, bytes_ = start()
            measured[runner].append(line)
            speeds = [line["tokens_per_second"], line["prompt_tokens_per_second"]]
            print(f"SmolLM2-135M, {runner}: {speeds[0]:.1f} tokens/s, prompt {speeds[1]:.0f}, {bytes_ >> 20} MiB", flush=True)
    if measured["cairn"][0]["tokens"] != measured["candle"][0]["tokens"]:
        sys.exit("the engine and candle generate different tokens")
    for measure, key in [("decode", "tokens_per_second"), ("prefill", "prompt_tokens_per_second")]:
        median = {runner: statistics.median(line[key] for line in lines) for runner, lines in measured.items()}
        results.append((f"{measure}_vs_candle_smollm2", median["cairn"] / median["candle"], ">=1.0"))

kernels, _ = run([arguments.bench, "kernels", "--threads", str(arguments.threads)])
speeds = kernels["gigabytes_per_second"]
memory_speed = speeds.pop("triad")
for kernel, speed in speeds.items():
    print(f"kernel {kernel}: {speed:.1f} GB/s, the machine's memory {memory_speed:.1f}")
    results.append((f"{kernel}_vs_memory", speed / memory_speed, ">=0.7"))

products, _ = run([arguments.bench, "product", "--threads", str(arguments.threads)])
for measure, kind, goal in [("product_vs_library", "regular", ">=0.95"), ("irregular_product_vs_library", "irregular", ">=0.5")]:
    product = products[kind]
    ratios = [ours / theirs for ours, theirs in zip(product["canonical"], product["plain"])]
    for shape, ours, theirs in zip(product["shapes"], product["canonical"], product["plain"]):
        print(f"product {'x'.join(map(str, shape))}: {ours:.1f} GFLOP/s canonical, {theirs:.1f} plain")
    results.append((measure, statistics.median(ratios), goal))
for measure, value, goal in results:
    print(f"result {measure} {value:.3g} goal {goal}")
