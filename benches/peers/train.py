"""Training steps of the same model in PyTorch; prints a line of JSON. usage: train.py CONFIG(JSON) MODE
MODE: eager (attention as written), fused (its own attention), compiled (torch.compile)"""
import json
import sys
import time

import torch
from torch import nn

from model import Model, frequencies

HEAD = 64
config = json.loads(sys.argv[1])
mode = sys.argv[2]
width = config["width"]
architecture = {
    "vocabulary": config["vocabulary"],
    "width": width,
    "heads": width // HEAD,
    "kv_heads": width // HEAD,
    "head_width": HEAD,
    "hidden": -(-(width * 8 // 3) // 64) * 64,
    "context": config["context"],
    "norm_epsilon": 10_000,
    "frequencies": frequencies(HEAD),
}

torch.manual_seed(0)
torch.set_num_threads(config["threads"])
model = Model(architecture, config["layers"], fused=mode != "eager")
step = torch.compile(model) if mode == "compiled" else model
optimizer = torch.optim.AdamW(model.parameters(), 1e-3, (0.9, 0.95), 1e-8, 0.1)
tokens = torch.randint(0, config["vocabulary"], (config["batch"], config["context"]))
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
