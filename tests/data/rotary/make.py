#!/usr/bin/env python3
"""Prints frequencies.json: the rotary positions of transformers for several configurations.

    python3 tests/data/rotary/make.py > tests/data/rotary/frequencies.json

Needs PyTorch and transformers. For each case: the fields of config.json that differ from the common ones, the angle by
which each pair of a head turns from one position to the next, and the factor of its cosine and sine.
"""
import json

import transformers
from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

COMMON = {"hidden_size": 96, "num_attention_heads": 4, "max_position_embeddings": 4096}
CASES = [
    {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0},
    {"rope_type": "linear", "rope_theta": 500000.0, "factor": 2.5},
    {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 1024},
    {"rope_type": "yarn", "rope_theta": 1000000.0, "factor": 4.0, "original_max_position_embeddings": 32768},
    {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 16.0, "original_max_position_embeddings": 4096,
     "beta_fast": 16.0, "beta_slow": 2.0},
    {"rope_type": "yarn", "rope_theta": 150000.0, "factor": 32.0, "original_max_position_embeddings": 4096,
     "truncate": False},
    {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 40.0, "original_max_position_embeddings": 4096,
     "mscale": 1.0, "mscale_all_dim": 0.707},
    {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 8.0, "original_max_position_embeddings": 2048,
     "attention_factor": 1.5},
    {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 2.0, "original_max_position_embeddings": 16},
    {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
     "original_max_position_embeddings": 8192},
]


def main():
    cases = []
    for rope in CASES:
        config = LlamaConfig(**COMMON, rope_parameters=dict(rope))
        frequencies, factor = ROPE_INIT_FUNCTIONS[rope["rope_type"]](config, "cpu")
        cases.append({"rope_parameters": rope, "frequencies": [float(f) for f in frequencies],
                      "attention_factor": float(factor)})
    print(json.dumps({"transformers": transformers.__version__, "common": COMMON, "cases": cases}, indent=1))


if __name__ == "__main__":
    main()
