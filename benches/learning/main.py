"""Trains models of one text and compares what they learn. Run by benches/learning.sh."""
import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PEER = ROOT / "benches/peers/learn.py"
sys.path.append(str(PEER.parent))

import cases
import report

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--worker", required=True, type=Path, help="the program cairn-worker")
parser.add_argument("--folder", required=True, type=Path, help="where runs are stored")
parser.add_argument("--keep", action="store_true", help="go on with the runs that are stored instead of doing them again")
parser.add_argument("--threads", type=int, default=os.cpu_count())
parser.add_argument("--tokens", type=float, default=1.0, help="the part of the tokens of each run that it trains on")
parser.add_argument("--only", nargs="+", default=[""], metavar="NAME", help="runs whose names contain one of these")
parser.add_argument("--plots", type=Path, help="folder for the plots")
arguments = parser.parse_args()


def worker(*command):
    finished = subprocess.run([arguments.worker, *command], stdout=subprocess.PIPE, text=True)
    if finished.returncode:
        sys.exit(f"cairn-worker {command[0]} failed")
    return finished.stdout


def dataset(folder):
    """The text as a dataset; its root and its tokenizer."""
    if not folder.exists():
        text = ROOT / "worker/data/moby-dick.txt"
        worker("dataset", "build", text, "--out", folder, "--vocabulary", str(cases.VOCABULARY))
    said = worker("dataset", "verify", folder)
    return said.split(":")[0], json.loads((folder / "manifest.json").read_text())["tokenizer"]


def prepare(folder, spec):
    """A folder for a run of a spec, and the spec beside it: what is there of another spec goes."""
    path, text = folder.with_suffix(".json"), json.dumps(spec, indent=1)
    if not path.exists() or path.read_text() != text:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def is_done(folder, spec):
    path = folder / "loss.csv"
    return path.exists() and len(report.Losses.read(path, spec).held_out) == report.windows(spec)


def train(name, spec, trainer, command):
    """The losses of a run, which `command` makes from the path of its spec and its folder."""
    folder = arguments.folder / name / trainer
    path = prepare(folder, spec)
    if not is_done(folder, spec):
        print(f"{name}: {trainer} trains on {report.total_tokens(spec):,} tokens", flush=True)
        if subprocess.run(command(path, folder), stdout=subprocess.DEVNULL).returncode:
            sys.exit(f"{trainer} failed")
    return report.Losses.read(folder / "loss.csv", spec)


def cairn(name, spec):
    command = [arguments.worker, "train-local", "--threads", str(arguments.threads), "--data", data]
    return train(name, spec, "cairn", lambda path, folder: [*command, "--spec", path, "--out", folder])


def torch(name, spec):
    command = lambda path, folder: [sys.executable, PEER, path, data, folder, str(arguments.threads)]
    return train(name, spec, "torch", command)


def chosen(specs):
    """Those that are asked for, with the dataset in their specs."""
    names = [name for name in specs if any(part in name for part in arguments.only)]
    return {name: {**specs[name], "dataset": root, "tokenizer": tokenizer} for name in names}


data = arguments.folder / "dataset"
if not arguments.keep:
    shutil.rmtree(arguments.folder, ignore_errors=True)
arguments.folder.mkdir(parents=True, exist_ok=True)
root, tokenizer = dataset(data)
peers = {n: (cairn(n, s), torch(n, s)) for n, s in chosen(cases.peer_cases(arguments.tokens)).items()}
lanes, outer, edges = (
    {name: cairn(name, spec) for name, spec in chosen(specs(arguments.tokens)).items()}
    for specs in (cases.lane_cases, cases.outer_cases, cases.edge_cases)
)
report.tables(peers, lanes, outer, edges)
if arguments.plots:
    report.plots(arguments.plots, peers, lanes, edges)
report.results(peers)
