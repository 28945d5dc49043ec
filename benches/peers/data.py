"""A dataset's tokens, the order in which they are read, and the weights that a model starts from: written anew from
primitives/program/src/random.rs and worker/engine/src/data, so that a peer takes nothing from the engine."""
import json
from pathlib import Path

import numpy
from blake3 import blake3

WEIGHTS, SAMPLES = 0, 1  # purposes of random numbers
MATRICES = ["query", "key", "value", "out", "gate", "up", "down"]


def random_bytes(seed, purpose, index, start, length):
    """BLAKE3's extendable output, keyed with the seed, of a purpose and an index."""
    hasher = blake3(bytes([purpose]) + index.to_bytes(8, "little"), key=seed)
    return hasher.digest(length=length, seek=start)


def sample_at(seed, samples, position):
    """The sample that is read at a position of the training: a keyed permutation in each epoch."""
    epoch, value = divmod(position, samples)
    half = max(1, ((samples - 1).bit_length() + 1) // 2)
    mask = (1 << half) - 1
    while True:
        left, right = value >> half, value & mask
        for number in range(4):
            word = random_bytes(seed, SAMPLES, epoch, (right << 2 | number) * 8, 8)
            left, right = right, left ^ (int.from_bytes(word, "little") & mask)
        value = left << half | right
        if value < samples:
            return value


def initial_weights(seed, layers, name, shape):
    """Weights of a parameter of the model by its name, uniform with a standard deviation of 1/√columns."""
    kind, *rest = name.split(".")
    index, shrink = {"embedding": 0, "head": 1}.get(kind), 1
    if kind == "layers":
        index = 1 << 32 | int(rest[0]) << 8 | MATRICES.index(rest[1])
        shrink = 2 * layers if rest[1] in ("out", "down") else 1
    words = numpy.frombuffer(random_bytes(seed, WEIGHTS, index, 0, 4 * shape[0] * shape[1]), "<u4")
    uniform = ((words >> 8).astype(numpy.int32) - (1 << 23)).astype(numpy.float32) / numpy.float32(1 << 23)
    bound = numpy.sqrt(numpy.float32(3 / (shape[1] * shrink)))
    return (uniform * bound).reshape(shape)


class Dataset:
    """Samples of a dataset's folder: inputs and targets, samples × tokens."""

    def __init__(self, folder, context):
        manifest = json.loads((Path(folder) / "manifest.json").read_text())
        size = manifest["token_bytes"]
        chunks = sorted((Path(folder) / "chunks").iterdir())
        tokens = numpy.concatenate([numpy.fromfile(chunk, f"<u{size}") for chunk in chunks]).astype(numpy.int64)
        assert len(tokens) == manifest["tokens"]
        self.context = context
        self.training, self.held_out = numpy.split(tokens, [manifest["tokens"] - manifest["held_out"]])

    def samples(self, tokens):
        """How many samples some tokens are: each needs one more to predict."""
        return (len(tokens) - 1) // self.context

    def read(self, tokens, numbers):
        rows = numpy.stack([tokens[n * self.context : (n + 1) * self.context + 1] for n in numbers])
        return rows[:, :-1], rows[:, 1:]
