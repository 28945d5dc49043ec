"""Losses of runs: read, compared, printed and drawn."""
import csv
from dataclasses import dataclass

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

FIRST_STEPS = 50  # of a run, in which rounding has not grown yet


def windows(spec):
    samples = spec["lanes"] * spec["window"]["steps"] * spec["schedule"]["points"][0]["batch"]
    return spec["schedule"]["points"][-1]["samples"] // samples


def total_tokens(spec):
    return spec["schedule"]["points"][-1]["samples"] * spec["architecture"]["context"]


@dataclass
class Losses:
    """The losses of a run."""

    spec: dict
    steps: list  # of all lanes, in the order in which they were trained here
    held_out: list  # behind each window
    edge_bytes: int
    merge_bytes: int

    @staticmethod
    def read(path, spec):
        with open(path) as table:
            rows = [row for row in csv.DictReader(table) if row["loss"]]  # a run that was killed may leave half a row
        ends = [row for row in rows if row["held_out"]]
        total = lambda column: sum(int(row.get(column) or 0) for row in ends)
        return Losses(
            spec,
            [float(row["loss"]) for row in rows if not row["held_out"]],
            [float(row["held_out"]) for row in ends],
            total("edge_bytes"),
            total("merge_bytes"),
        )

    @property
    def last(self):
        return self.held_out[-1]

    @property
    def tokens(self):
        """Tokens behind each window."""
        each = total_tokens(self.spec) / windows(self.spec)
        return [each * (number + 1) for number in range(len(self.held_out))]


def first_steps(ours, theirs):
    """The largest distance of two runs' losses in the first steps, all of one lane."""
    return max(abs(a - b) for a, b in list(zip(ours.steps, theirs.steps))[:FIRST_STEPS])


def table(title, heads, rows):
    if rows:
        print(f"\n{title}\n\n| {' | '.join(heads)} |\n|{' --- |' * len(heads)}")
        for row in rows:
            print(f"| {' | '.join(str(cell) for cell in row)} |")


def tables(peers, lanes, outer, edges):
    """Markdown for the documentation."""
    table(
        "Against PyTorch",
        ["model", "tokens", "Cairn", "PyTorch", "distance", f"in the first {FIRST_STEPS} steps"],
        [
            (name, f"{total_tokens(a.spec):,}", f"{a.last:.4f}", f"{b.last:.4f}", f"{a.last - b.last:+.4f}", f"{first_steps(a, b):.1e}")
            for name, (a, b) in peers.items()
        ],
    )
    lane_row = lambda run, base: (
        run.spec["window"]["steps"],
        "carried" if run.spec["inner"]["AdamW"]["carry"] else "reset",
        run.spec["lanes"],
        int(run.spec["seed"][2:4], 16),
        f"{run.last:.3f}",
        gap(run, base),
        bytes_per_token(run.merge_bytes, run),
    )
    heads = ["steps of a window", "inner state", "lanes", "seed", "held-out loss", "gap", "bytes of merges per token"]
    base = lanes.get("carried-100-lanes-1")
    table("Lanes, beside one lane that carries its state", heads, [lane_row(run, base) for run in lanes.values()])
    table(
        "Outer optimizers, 4 lanes, windows of 50 steps that carry their state",
        ["learning rate", "momentum", "held-out loss", "gap"],
        [
            (*(run.spec["outer"][name] / 1e9 for name in ("learning_rate", "momentum")), f"{run.last:.3f}", gap(run, base))
            for run in [*outer.values(), *([lanes["carried-50-lanes-4"]] if "carried-50-lanes-4" in lanes else [])]
        ],
    )
    table(
        "Edges, one lane",
        ["run", "bytes per token, there and back", "held-out loss", "gap to dense edges"],
        [
            (name, bytes_per_token(run.edge_bytes, run), f"{run.last:.3f}", gap(run, edges.get(dense_of(name))))
            for name, run in edges.items()
        ],
    )


def dense_of(name):
    return "-".join([*name.split("-")[:2], "dense"])


def gap(run, base):
    return f"{run.last - base.last:+.3f}" if base else ""


def bytes_per_token(count, run):
    return f"{count / total_tokens(run.spec):,.0f}"


def results(peers):
    """Lines with goals."""
    print()
    for name, (ours, theirs) in peers.items():
        print(f"result learning_gap_{name} {abs(ours.last - theirs.last):.4f} goal <=0.02")
        print(f"result learning_first_steps_{name} {first_steps(ours, theirs):.6f} goal <=0.0005")


def plots(folder, peers, lanes, edges):
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw, runs in [
        ("learning-peers", plot_peers, peers),
        ("learning-lanes", plot_lanes, lanes),
        ("learning-edges", plot_edges, edges),
    ]:
        if runs:
            figure = draw(runs)
            figure.tight_layout()
            figure.savefig(folder / f"{name}.png", dpi=80)


def axes(count):
    figure, found = pyplot.subplots(1, count, figsize=(4 * count, 3.4), squeeze=False)
    for axis in found[0]:
        axis.set_xlabel("tokens (thousands)")
        axis.spines[["top", "right"]].set_visible(False)
    found[0][0].set_ylabel("held-out loss (nats)")
    return figure, found[0]


def curve(axis, run, label, **style):
    axis.plot([tokens / 1e3 for tokens in run.tokens], run.held_out, label=label, **style)


def plot_peers(peers):
    figure, found = axes(len(peers))
    for axis, (name, (ours, theirs)) in zip(found, peers.items()):
        axis.set_title(name.replace("-", " "))
        for run, label, style in [
            (ours, "Cairn", {"color": "tab:blue", "linewidth": 4, "alpha": 0.4}),
            (theirs, "PyTorch", {"color": "black", "linewidth": 1}),
        ]:
            if run.spec["lanes"] == 1:  # the steps of lanes lie side by side
                each = total_tokens(run.spec) / windows(run.spec) / run.spec["window"]["steps"] / 1e3
                places = [each * (number + 1) for number in range(len(run.steps))]
                axis.plot(places, run.steps, **{**style, "linewidth": style["linewidth"] / 2})
            curve(axis, run, label, marker="o", **style)
    found[0].set_ylabel("loss of steps, and of held-out text (dots)")
    found[0].legend()
    return figure


def plot_lanes(lanes):
    figure, found = axes(2)
    base = lanes.get("carried-100-lanes-1")
    for axis, state in zip(found, ["carried", "reset"]):
        axis.set_title(f"inner state {state}")
        if base:
            curve(axis, base, "1 lane, carried", color="black", linestyle="--")
        for name, run in lanes.items():
            count, steps = run.spec["lanes"], run.spec["window"]["steps"]
            if name.startswith(state) and count > 1:
                color = {25: "tab:green", 50: "tab:blue", 100: "tab:red"}[steps]
                curve(axis, run, f"{count} lanes, {steps} steps", color=color, linestyle="-" if count == 2 else ":")
        axis.set_ylim(top=5.5)
        axis.legend(fontsize=7)
    return figure


def plot_edges(edges):
    figure, (axis,) = axes(1)
    axis.set_xlabel("bytes per token and edge, there and back")
    axis.set_xscale("log")
    for stages, marker in [(2, "o"), (4, "s")]:
        runs = [run for run in edges.values() if len(run.spec["stages"]) == stages]
        if not runs:
            continue
        per_edge = [run.edge_bytes / total_tokens(run.spec) / (stages - 1) for run in runs]
        axis.plot(per_edge, [run.last for run in runs], marker, label=f"{stages} stages")
    axis.legend()
    return figure
