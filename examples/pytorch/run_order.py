#!/usr/bin/env python3
"""Runs compute orders in PyTorch's pipeline runtime and compares the gradients with those of an unsplit model.

    baton compile --schedule=zb-v --stages=4 --micro-batches=8 --format=csv > zb-v.csv
    python3 run_order.py zb-v.csv …

One process a row of the file, on the CPU, connected by Gloo. See docs/pytorch.md.
"""
import csv
import sys
import tempfile

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.distributed.pipelining import PipelineStage
from torch.distributed.pipelining.schedules import _Action, _PipelineScheduleRuntime

WIDTH = 24
ROWS = 4  # of a micro-batch
TOLERANCE = 1e-12  # relative; everything is in double precision


def sizes_of(order):
    """The numbers of processes, stages and micro-batches, and the stages of each process."""
    with open(order, newline="") as file:
        rows = [[_Action.from_str(cell) for cell in row if cell.strip()] for row in csv.reader(file)]
    passes = [[part for cell in row for part in (cell.sub_actions or (cell,))] for row in rows]
    stages = [sorted({each.stage_index for each in row}) for row in passes]
    micro_batches = 1 + max(each.microbatch_index for row in passes for each in row)
    return len(rows), 1 + max(map(max, stages)), micro_batches, stages


def model_of(num_stages):
    """A model of `num_stages` blocks; the same in every process."""
    torch.manual_seed(1)
    blocks = [torch.nn.Sequential(torch.nn.Linear(WIDTH, WIDTH), torch.nn.Tanh()) for _ in range(num_stages)]
    return torch.nn.ModuleList(blocks).double()


def batch_of(num_micro_batches):
    torch.manual_seed(2)
    return torch.randn(2, num_micro_batches * ROWS, WIDTH, dtype=torch.double).unbind()


def loss_of(outputs, targets):
    return torch.nn.functional.mse_loss(outputs, targets)


def run(rank, orders, folder):
    for number, order in enumerate(orders):
        num_processes, num_stages, num_micro_batches, stages = sizes_of(order)
        if rank >= num_processes:
            continue
        dist.init_process_group("gloo", f"file://{folder}/{number}", rank=rank, world_size=num_processes)
        model, (inputs, targets) = model_of(num_stages), batch_of(num_micro_batches)
        mine = [PipelineStage(model[stage], stage, num_stages, torch.device("cpu")) for stage in stages[rank]]
        schedule = _PipelineScheduleRuntime(mine, num_micro_batches, loss_fn=loss_of)
        schedule._load_csv(order)  # sends and receives are PyTorch's own
        has_last = num_stages - 1 in stages[rank]
        schedule.step(*([inputs] if 0 in stages[rank] else []), target=targets if has_last else None)

        unsplit = model_of(num_stages)
        outputs = inputs
        for block in unsplit:
            outputs = block(outputs)
        loss_of(outputs, targets).backward()
        pairs = [(ours.grad, theirs.grad) for stage in stages[rank]
                 for ours, theirs in zip(model[stage].parameters(), unsplit[stage].parameters())]
        worst = torch.stack([(ours - theirs).norm() / theirs.norm() for ours, theirs in pairs]).max()
        dist.all_reduce(worst, dist.ReduceOp.MAX)
        if rank == 0:
            print(f"{order}: {num_processes} processes, {num_stages} stages, {num_micro_batches} micro-batches: "
                  f"gradients differ by at most {worst.item():.1e}", flush=True)
        dist.destroy_process_group()
        if not worst <= TOLERANCE:
            raise SystemExit(f"{order}: a gradient differs by {worst.item():.1e}, more than {TOLERANCE:.0e}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: run_order.py ORDER.csv …")
    with tempfile.TemporaryDirectory() as folder:
        mp.spawn(run, (sys.argv[1:], folder), nprocs=max(sizes_of(order)[0] for order in sys.argv[1:]))
