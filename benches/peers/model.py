"""The model of the peers in PyTorch: Llama-shaped, norms without gains, and a spec's field "architecture" says how large."""
import math

import torch
from torch import nn
from torch.nn import functional as F


def frequencies(head_width, base=10_000):
    """RoPE's, as a spec states them: turns per position in units of 2⁻⁶⁴."""
    return [int(base ** (-i / head_width) / math.tau * 2**64) for i in range(0, head_width, 2)]


def rotations(architecture):
    """Cosines and sines: positions × pairs of a head's features."""
    turns = [[f * p % 2**64 / 2**64 for f in architecture["frequencies"]] for p in range(architecture["context"])]
    angles = torch.tensor(turns, dtype=torch.float64) * math.tau
    return angles.cos().float(), angles.sin().float()


def rotate(x, cos, sin):
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


class Layer(nn.Module):
    def __init__(self, architecture, fused):
        super().__init__()
        width, hidden = architecture["width"], architecture["hidden"]
        self.head_width, self.fused = architecture["head_width"], fused
        self.group = architecture["heads"] // architecture["kv_heads"]
        queries, keys = (architecture[heads] * self.head_width for heads in ("heads", "kv_heads"))
        linear = lambda i, o: nn.Linear(i, o, bias=False)
        self.query, self.key, self.value, self.out = (
            linear(width, queries), linear(width, keys), linear(width, keys), linear(queries, width))
        self.gate, self.up, self.down = linear(width, hidden), linear(width, hidden), linear(hidden, width)

    def forward(self, x, norm, cos, sin, mask):
        samples, tokens, _ = x.shape
        split = lambda y: y.view(samples, tokens, -1, self.head_width).transpose(1, 2)
        n = norm(x)
        q, k, v = split(self.query(n)), split(self.key(n)), split(self.value(n))
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        if self.group > 1:
            k, v = (y.repeat_interleave(self.group, 1) for y in (k, v))
        if self.fused:
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            y = torch.softmax(q @ k.transpose(-2, -1) / math.sqrt(self.head_width) + mask, -1) @ v
        x = x + self.out(y.transpose(1, 2).reshape(samples, tokens, -1))
        n = norm(x)
        return x + self.down(F.silu(self.gate(n)) * self.up(n))


class Model(nn.Module):
    """Yields the mean loss of tokens. `fused`: PyTorch's own attention instead of one as it is written on paper."""

    def __init__(self, architecture, layers, fused):
        super().__init__()
        vocabulary, width, context = (architecture[name] for name in ("vocabulary", "width", "context"))
        self.epsilon = architecture["norm_epsilon"] / 1e9
        self.embedding = nn.Embedding(vocabulary, width)
        self.layers = nn.ModuleList(Layer(architecture, fused) for _ in range(layers))
        self.head = nn.Linear(width, vocabulary, bias=False)
        self.cos, self.sin = rotations(architecture)
        self.mask = torch.full((context, context), -math.inf).triu(1)

    def norm(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.epsilon)

    def forward(self, tokens, targets):
        x = self.embedding(tokens)
        for layer in self.layers:
            x = layer(x, self.norm, self.cos, self.sin, self.mask)
        return F.cross_entropy(self.head(self.norm(x)).flatten(0, 1), targets.flatten())
