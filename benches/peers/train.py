"""Training steps of the same model in PyTorch; prints a line of JSON. usage: train.py CONFIG(JSON) MODE
MODE: eager (attention as written), fused (its own attention), compiled (torch.compile)"""
import json
import math
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

HEAD = 64
config = json.loads(sys.argv[1])
mode = sys.argv[2]
width, context = config["width"], config["context"]
heads = width // HEAD
hidden = -(-(width * 8 // 3) // 64) * 64


def norm(x):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5)


def rotate(x, cos, sin):
    a, b = x[..., : HEAD // 2], x[..., HEAD // 2 :]
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        linear = lambda i, o: nn.Linear(i, o, bias=False)
        self.query, self.key, self.value, self.out = (linear(width, width) for _ in range(4))
        self.gate, self.up, self.down = linear(width, hidden), linear(width, hidden), linear(hidden, width)

    def forward(self, x, cos, sin, mask):
        samples, tokens, _ = x.shape
        split = lambda y: y.view(samples, tokens, heads, HEAD).transpose(1, 2)
        n = norm(x)
        q, k, v = split(self.query(n)), split(self.key(n)), split(self.value(n))
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        if mode == "eager":
            y = torch.softmax(q @ k.transpose(-2, -1) / math.sqrt(HEAD) + mask, -1) @ v
        else:
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(y.transpose(1, 2).reshape(samples, tokens, width))
        n = norm(x)
        return x + self.down(F.silu(self.gate(n)) * self.up(n))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(config["vocabulary"], width)
        self.layers = nn.ModuleList(Layer() for _ in range(config["layers"]))
        self.head = nn.Linear(width, config["vocabulary"], bias=False)
        angles = torch.outer(torch.arange(context).float(), 10000.0 ** (-torch.arange(HEAD // 2) * 2 / HEAD))
        self.cos, self.sin = angles.cos(), angles.sin()
        self.mask = torch.full((context, context), -math.inf).triu(1)

    def forward(self, tokens, targets):
        x = self.embedding(tokens)
        for layer in self.layers:
            x = layer(x, self.cos, self.sin, self.mask)
        return F.cross_entropy(self.head(norm(x)).view(-1, config["vocabulary"]), targets.view(-1))


torch.manual_seed(0)
torch.set_num_threads(config["threads"])
model = Model()
step = torch.compile(model) if mode == "compiled" else model
optimizer = torch.optim.AdamW(model.parameters(), 1e-3, (0.9, 0.95), 1e-8, 0.1)
tokens = torch.randint(0, config["vocabulary"], (config["batch"], context))
times = []
for _ in range(config["steps"] + (2 if mode == "compiled" else 0)):
    start = time.perf_counter()
    optimizer.zero_grad()
    step(tokens, tokens).backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    times.append(time.perf_counter() - start)
times = sorted(times[-config["steps"] :])
parameters = sum(p.numel() for p in model.parameters())
print(json.dumps({"parameters": parameters, "tokens_per_second": tokens.numel() / times[len(times) // 2]}))
