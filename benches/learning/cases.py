"""What is trained: specs by name."""
import copy
import json
from dataclasses import dataclass
from pathlib import Path

from model import frequencies

EXAMPLE = Path(__file__).parents[2] / "docs/examples/spec.json"
VOCABULARY = 1024
BATCH, STEPS = 8, 600  # of the small model: samples of a step on all lanes, steps of a lane


def nano(number):
    return round(number * 1e9)


@dataclass
class Shape:
    width: int
    layers: int
    heads: int
    kv_heads: int
    hidden: int
    context: int
    rate: float  # highest learning rate


SMALL = Shape(128, 4, 4, 2, 320, 128, 3e-3)  # 0.95 million parameters
MIDDLE = Shape(384, 6, 6, 2, 1024, 256, 1e-3)  # 10.2 million
LARGE = Shape(768, 8, 12, 4, 2048, 256, 6e-4)  # 51.9 million


def spec(shape, steps, batch, window, carry, tokens, *, lanes=1, stages=1, boundary="Dense", outer=(0.7, 0.9), seed=1):
    """A spec of so many steps of `batch` samples on all lanes together, in windows of `window` steps; of them only the part
    `tokens`. The rate rises over 50 steps, or the first quarter, and falls to a tenth."""
    spec = copy.deepcopy(json.loads(EXAMPLE.read_text()))
    windows = max(2, round(steps / window * tokens))
    steps = windows * window
    point = lambda samples, rate: {"samples": samples, "batch": batch // lanes, "learning_rate": nano(rate)}
    beta2 = min(0.95, 1 - 5 / window) if not carry else 0.95
    spec["architecture"].update(
        vocabulary=VOCABULARY,
        width=shape.width,
        heads=shape.heads,
        kv_heads=shape.kv_heads,
        head_width=shape.width // shape.heads,
        hidden=shape.hidden,
        context=shape.context,
        frequencies=frequencies(shape.width // shape.heads),
    )
    spec.update(
        stages=[shape.layers // stages] * stages,
        initial=[spec["initial"][0]] * stages,
        lanes=lanes,
        seed="0x" + f"{seed:02x}" * 32,
        boundary=boundary,
        schedule={
            "microbatch": min(4, batch // lanes),
            "points": [
                point(0, shape.rate / 50),
                point(min(50, steps // 4) * batch, shape.rate),
                point(steps * batch, shape.rate / 10),
            ],
        },
        outer={"learning_rate": nano(outer[0]), "momentum": nano(outer[1])},
    )
    spec["inner"]["AdamW"].update(beta2=nano(beta2), carry=carry)
    spec["window"].update(steps=window, checkpoint_every=window, warmup=0 if carry else window // 10, blocks=1000)
    return spec


def small(window, carry, tokens, **more):
    """The small model on 0.6 million tokens."""
    return spec(SMALL, STEPS, BATCH, window, carry, tokens, **more)


def boundary_name(boundary):
    return "dense" if boundary == "Dense" else "-".join(f"{k.lower()}-{v}" for k, f in boundary.items() for v in f.values())


BOUNDARIES = ["Dense", {"Int8": {"block": 32}}, {"Bottleneck": {"rank": 16}}, {"Bottleneck": {"rank": 8}}]
WINDOWS = {"carried": [25, 50, 100], "reset": [50, 100]}  # a window that starts from nothing has 50 steps at least


def peer_cases(tokens):
    """Those that PyTorch trains too."""
    return {
        "1M": spec(SMALL, 1000, 8, 100, False, tokens),
        "1M-two-lanes": spec(SMALL, 800, 8, 50, True, tokens, lanes=2),
        "10M": spec(MIDDLE, 150, 8, 50, True, tokens),
        "50M": spec(LARGE, 100, 4, 25, True, tokens),
    }


def lane_cases(tokens):
    """Lanes, windows, and what happens to the inner state; every run of them on as many tokens and steps."""
    cases = {}
    for state, windows in WINDOWS.items():
        for window in windows:
            for lanes in [1, 2, 4]:
                cases[f"{state}-{window}-lanes-{lanes}"] = small(window, state == "carried", tokens, lanes=lanes)
    # One lane that carries its state takes the same steps whatever its windows; other seeds say how far chance moves a loss.
    for window in [25, 50]:
        del cases[f"carried-{window}-lanes-1"]
    for seed in [2, 3]:
        cases[f"carried-100-lanes-1-seed-{seed}"] = small(100, True, tokens, seed=seed)
    return cases


OUTER = [(1.0, 0.0), (0.7, 0.5), (0.5, 0.9)]


def outer_cases(tokens):
    """Outer optimizers beside DiLoCo's, which is that of the other cases."""
    return {
        f"outer-{rate}-{momentum}": small(50, True, tokens, lanes=4, outer=(rate, momentum)) for rate, momentum in OUTER
    }


def edge_cases(tokens):
    """Boundary codecs; windows of 100 steps that carry their state, one lane."""
    return {
        f"stages-{stages}-{boundary_name(boundary)}": small(100, True, tokens, stages=stages, boundary=boundary)
        for stages in [2, 4]
        for boundary in BOUNDARIES
    }
