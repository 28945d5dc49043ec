"""Trains a spec in PyTorch, in one stage, and writes loss.csv as `cairn-worker train-local` does.
usage: learn.py SPEC(JSON file) DATASET(folder) OUT(folder) THREADS"""
import json
import sys
from pathlib import Path

import torch
from torch import nn

from data import Dataset, initial_weights, sample_at
from model import Model

HELD_OUT_SAMPLES = 64
NANO = 1e-9


def learning_rate(spec, samples, step):
    """Linear between the schedule's points, and rising over the window's warm-up; whole multiples of 10⁻⁹."""
    points, warmup = spec["schedule"]["points"], spec["window"]["warmup"]
    after = next((i for i, point in enumerate(points) if point["samples"] > samples), None)
    if after is None:
        rate = points[-1]["learning_rate"]
    else:
        a, b = points[after - 1], points[after]
        span, done = b["samples"] - a["samples"], samples - a["samples"]
        rate = (a["learning_rate"] * (span - done) + b["learning_rate"] * done) // span
    return NANO * (rate * (step + 1) // warmup if step < warmup else rate)


def coded(x, block):
    """What is left of numbers that cross a merge: 8 bits each, with a power of two for each block."""
    rows = nn.functional.pad(x.flatten(), (0, -x.numel() % block)).view(-1, block)
    fraction, exponent = torch.frexp(rows.abs().amax(1, keepdim=True))
    exponent = torch.where(fraction > 127 / 128, exponent - 6, exponent - 7).clamp(-126, 121)
    codes = torch.ldexp(rows, -exponent).round().clamp(-127, 127)
    return torch.ldexp(codes, exponent).flatten()[: x.numel()].view_as(x)


class Training:
    def __init__(self, spec, dataset):
        assert len(spec["stages"]) == 1, "gradients are clipped by stages, and here is one"
        self.spec, self.dataset, self.seed = spec, dataset, bytes.fromhex(spec["seed"][2:])
        layers = spec["stages"][0]
        self.model = Model(spec["architecture"], layers, fused=True)
        for name, parameter in self.model.named_parameters():
            parameter.data = torch.from_numpy(initial_weights(self.seed, layers, name, parameter.shape))
        self.weights = list(self.model.parameters())
        self.momenta = [torch.zeros_like(weight) for weight in self.weights]
        self.inner = spec["inner"]["AdamW"]
        self.optimizers = [self.optimizer() for _ in range(spec["lanes"])]
        self.samples = 0

    def optimizer(self):
        betas = (self.inner["beta1"] * NANO, self.inner["beta2"] * NANO)
        epsilon, decay = self.inner["epsilon"] * NANO, self.inner["weight_decay"] * NANO
        return torch.optim.AdamW(self.weights, 1.0, betas, epsilon, decay)

    def batch(self):
        return [p for p in self.spec["schedule"]["points"] if p["samples"] <= self.samples][-1]["batch"]

    def step(self, lane, step):
        batch, lanes = self.batch(), self.spec["lanes"]
        planned = self.samples + step * lanes * batch
        count = self.dataset.samples(self.dataset.training)
        places = range(planned + lane * batch, planned + (lane + 1) * batch)
        numbers = [sample_at(self.seed, count, place) for place in places]
        optimizer = self.optimizers[lane]
        optimizer.param_groups[0]["lr"] = learning_rate(self.spec, planned, step)
        optimizer.zero_grad()
        loss = self.model(*map(torch.from_numpy, self.dataset.read(self.dataset.training, numbers)))
        loss.backward()
        nn.utils.clip_grad_norm_(self.weights, self.inner["clip"] * NANO)
        optimizer.step()
        return loss.item()

    def window(self, report):
        before = [weight.detach().clone() for weight in self.weights]
        lanes, steps, losses, after = self.spec["lanes"], self.spec["window"]["steps"], [], []
        for lane in range(lanes):
            self.set(before)
            if not self.inner["carry"]:
                self.optimizers[lane] = self.optimizer()
            for step in range(steps):
                losses.append(self.step(lane, step))
                report(lane, step, losses[-1])
            after.append([weight.detach().clone() for weight in self.weights])
        if lanes > 1:
            self.merge(before, after)
        self.samples += steps * lanes * self.batch()
        return sum(losses) / len(losses)

    def merge(self, before, after):
        """The mean of the lanes' differences, none of them longer than the median, and a Nesterov step along it."""
        block, outer = self.spec["merge"]["Int8"]["block"], self.spec["outer"]
        rate, momentum = outer["learning_rate"] * NANO, outer["momentum"] * NANO
        differences = [[coded(a - b, block) for a, b in zip(lane, before)] for lane in after]
        norms = [torch.sqrt(sum(d.pow(2).sum() for d in lane)) for lane in differences]
        median = sorted(norms)[(len(norms) - 1) // 2]
        factors = [min(1, median / (norm + 1e-6)) / len(norms) for norm in norms]
        for number, momenta in enumerate(self.momenta):
            mean = sum(factor * lane[number] for factor, lane in zip(factors, differences))
            momenta.mul_(momentum).add_(mean)
            before[number] += rate * (momentum * momenta + mean)
        self.set(before)

    def set(self, weights):
        for weight, value in zip(self.weights, weights):
            weight.data.copy_(value)

    @torch.no_grad()
    def held_out(self):
        tokens, microbatch = self.dataset.held_out, self.spec["schedule"]["microbatch"]
        available = self.dataset.samples(tokens)
        count = -(-min(available, HELD_OUT_SAMPLES) // microbatch) * microbatch
        batches = [range(i, i + microbatch) for i in range(0, count, microbatch)]
        read = lambda batch: self.dataset.read(tokens, [i * available // count for i in batch])
        losses = [self.model(*map(torch.from_numpy, read(batch))).item() for batch in batches]
        return sum(losses) / len(losses)


spec, out = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[3])
torch.set_num_threads(int(sys.argv[4]))
training = Training(spec, Dataset(sys.argv[2], spec["architecture"]["context"]))
out.mkdir(parents=True, exist_ok=True)
with open(out / "loss.csv", "w") as table:
    print("window,lane,step,tokens,loss,held_out", file=table)
    window = 0
    while training.samples < spec["schedule"]["points"][-1]["samples"]:
        tokens = training.batch() * spec["architecture"]["context"]
        row = lambda lane, step, loss: print(window, lane, step, tokens, loss, "", sep=",", file=table, flush=True)
        loss = training.window(row)
        print(window, "", "", "", loss, training.held_out(), sep=",", file=table, flush=True)
        window += 1
