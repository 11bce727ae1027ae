#!/usr/bin/env python3
"""Times a save and a load of GPT-2 124M with torch.distributed.checkpoint, beside cp of its files.

usage: python3 tools/bench/torch_checkpoint.py FOLDER     tools/bench/checkpoints calls it

The same tensors as checkpoint_bench: f32 parameters and two moments of each. Needs PyTorch 2.
"""
import shutil
import statistics
import subprocess
import sys
import time
import warnings

import torch
import torch.distributed.checkpoint as checkpoint

RUNS = 5


def gpt2_shapes():
    width, vocabulary, context, layers = 768, 50257, 1024, 12
    yield "wte.weight", (vocabulary, width)
    yield "wpe.weight", (context, width)
    for layer in range(layers):
        block = f"h.{layer}."
        for norm in ("ln_1", "ln_2"):
            yield block + norm + ".weight", (width,)
            yield block + norm + ".bias", (width,)
        for name, inputs, outputs in (
            ("attn.c_attn", width, 3 * width),
            ("attn.c_proj", width, width),
            ("mlp.c_fc", width, 4 * width),
            ("mlp.c_proj", 4 * width, width),
        ):
            yield block + name + ".weight", (outputs, inputs)
            yield block + name + ".bias", (outputs,)
    yield "ln_f.weight", (width,)
    yield "ln_f.bias", (width,)


def seconds_of(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def copy(path, to, sync):
    shutil.rmtree(to, ignore_errors=True)
    return seconds_of(
        lambda: subprocess.run(f"cp -r {path} {to}" + (f" && sync {to}/*" if sync else ""), shell=True, check=True)
    )


def main():
    folder = sys.argv[1]
    warnings.filterwarnings("ignore")  # about a missing process group: one process is enough
    state = {
        name + part: torch.randn(shape)
        for name, shape in gpt2_shapes()
        for part in ("", "/first_moment", "/second_moment")
    }
    path, to = folder + "/torch", folder + "/torch_copy"
    times = {"save": [], "cp and sync": [], "load": [], "cp": []}
    for _ in range(RUNS):
        shutil.rmtree(path, ignore_errors=True)
        times["save"].append(seconds_of(lambda: checkpoint.save(state, checkpoint_id=path)))
        times["cp and sync"].append(copy(path, to, sync=True))
        times["load"].append(seconds_of(lambda: checkpoint.load(state, checkpoint_id=path)))
        times["cp"].append(copy(path, to, sync=False))
    median = {name: statistics.median(each) for name, each in times.items()}
    print(f"torch.distributed.checkpoint of PyTorch {torch.__version__}: save {median['save']:.2f} s, "
          f"{median['save'] / median['cp and sync']:.2f} of cp and sync; load {median['load']:.2f} s, "
          f"{median['load'] / median['cp']:.2f} of cp")
    shutil.rmtree(path)
    shutil.rmtree(to)


main()
