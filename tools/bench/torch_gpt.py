"""The same GPT in PyTorch: the peer that tools/bench/against_torch (on cores, eager or compiled) and tools/gpu_check
(compiled, on a GPU, bf16 under autocast) measure Baton against. AdamW is fused where this PyTorch can.

Prints one number: the median tokens per second over STEPS training steps, after two steps that are not counted.
"""
import argparse
import os
import statistics
import time

parser = argparse.ArgumentParser(description=__doc__)
for name, default in dict(layers=8, width=128, heads=4, context=128, vocabulary=256, sequences=16, steps=20).items():
    parser.add_argument("--" + name, type=int, default=default)
parser.add_argument("--micro-batches", type=int, default=1, help="of SEQUENCES each; their gradients are summed")
parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--compile", action="store_true", help="torch.compile; always on a GPU")
parser.add_argument("--autocast", action="store_true", help="bf16 under autocast; always on a GPU")
parser.add_argument("--tanh", action="store_true", help="the tanh approximation of GELU, which GPT-2 has")
parser.add_argument("--cpu-time", action="store_true", help="tokens per second of the process's CPU time")
options = parser.parse_args()
on_gpu = options.device == "cuda"

for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[library + "_NUM_THREADS"] = str(options.threads)

import torch  # noqa: E402  (after the thread settings)
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

torch.set_num_threads(options.threads)
if on_gpu:
    torch.set_default_device(options.device)
torch.manual_seed(1)


APPROXIMATION = "tanh" if options.tanh else "none"


class Block(nn.Module):
    """x + proj(attention(ln_1(x))), then x + proj(gelu(fc(ln_2(x))))."""

    def __init__(self):
        super().__init__()
        width = options.width
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention, self.attention_out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.fc, self.fc_out = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.register_buffer("mask", torch.ones(options.context, options.context, dtype=torch.bool).tril())

    def attend(self, x):
        batch, context, width = x.shape
        split = lambda t: t.view(batch, context, options.heads, -1).transpose(1, 2)  # noqa: E731
        queries, keys, values = map(split, self.attention(x).split(width, dim=2))
        if hasattr(functional, "scaled_dot_product_attention"):
            mixed = functional.scaled_dot_product_attention(queries, keys, values, is_causal=True)
        else:
            scores = queries @ keys.transpose(-2, -1) / (width // options.heads) ** 0.5
            mixed = scores.masked_fill(~self.mask, float("-inf")).softmax(dim=-1) @ values
        return self.attention_out(mixed.transpose(1, 2).reshape(batch, context, width))

    def forward(self, x):
        x = x + self.attend(self.ln_1(x))
        return x + self.fc_out(functional.gelu(self.fc(self.ln_2(x)), approximate=APPROXIMATION))


class Gpt(nn.Module):
    """Token and position embeddings, blocks, a final norm and a tied head."""

    def __init__(self):
        super().__init__()
        self.tokens = nn.Embedding(options.vocabulary, options.width)
        self.positions = nn.Embedding(options.context, options.width)
        self.blocks = nn.Sequential(*(Block() for _ in range(options.layers)))
        self.norm = nn.LayerNorm(options.width)

    def forward(self, inputs, targets):
        x = self.norm(self.blocks(self.tokens(inputs) + self.positions.weight))
        logits = x @ self.tokens.weight.T
        return functional.cross_entropy(logits.view(-1, options.vocabulary), targets.view(-1))


model = Gpt()
if on_gpu:
    torch.set_float32_matmul_precision("high")
fused = {"fused": True} if on_gpu or int(torch.__version__.split(".")[0]) >= 2 else {}
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1, **fused)
step_model = torch.compile(model) if on_gpu or options.compile else model
clock = time.process_time if options.cpu_time else time.perf_counter
shape = (options.sequences, options.context)
inputs, targets = (torch.randint(0, options.vocabulary, shape) for _ in range(2))
seconds = []
for _ in range(options.steps + 2):
    start = clock()
    for _ in range(options.micro_batches):
        with torch.autocast(options.device, dtype=torch.bfloat16, enabled=on_gpu or options.autocast):
            loss = step_model(inputs, targets) / options.micro_batches
        loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    if on_gpu:
        torch.cuda.synchronize()
    seconds.append(clock() - start)
print(options.micro_batches * options.sequences * options.context / statistics.median(seconds[2:]))
