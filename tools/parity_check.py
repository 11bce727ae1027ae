# The checks of tools/parity, which starts this file.
import glob, json, os, struct, subprocess, sys, tempfile
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoModelForImageClassification, PreTrainedTokenizerFast
from transformers import ResNetConfig, ViTConfig
from transformers.utils import logging

BATON, MODELS, TOKENS = "bazel-bin/tools/baton/baton", "tests/data/models/causal/*/", "tests/data/tokens/tokens.bin"
TOKENIZERS = "tests/data/tokenizers/*/tokenizer.json"
CONTEXT, SEQUENCES, STEPS, TOLERANCE = 48, 8, 20, 1e-4
BY_HAND = {
    "gpt2 by hand": "gpt2 { layers: 2 width: 24 heads: 3 context: 64 vocabulary: 400 activation: RELU feed_forward: 40 "
                    "epsilon: 1e-4 tied: false }",
    "llama by hand": "llama { layers: 3 width: 24 heads: 4 key_value_heads: 2 head_width: 10 feed_forward: 40 context: 64 "
                     "vocabulary: 400 activation: GELU_TANH feed_forward_bias: true query_key_value_bias: true "
                     "attention_output_bias: true rotary { base: 5000 factor: 4 context: 16 } }",
    "llama with yarn": "llama { layers: 2 width: 24 heads: 4 feed_forward: 40 context: 64 vocabulary: 400 "
                       "rotary { stretch: YARN factor: 4 context: 16 } }",
    "llama with linear": "llama { layers: 2 width: 24 heads: 4 feed_forward: 40 context: 64 vocabulary: 400 "
                         "rotary { stretch: LINEAR factor: 3 } }",
    "mistral by hand": "llama { layers: 2 width: 24 heads: 4 feed_forward: 40 context: 64 vocabulary: 400 window: 7 }",
    "qwen2 by hand": "llama { layers: 2 width: 24 heads: 4 feed_forward: 40 context: 64 vocabulary: 400 window: 9 "
                     "query_key_value_bias: true tied: true }",
    "qwen3 by hand": "llama { layers: 2 width: 24 heads: 4 head_width: 8 feed_forward: 40 context: 64 vocabulary: 400 "
                     "query_key_norm: true }",
}
IMAGES = 16
BASIC = {"layer_type": "basic", "embedding_size": 8, "hidden_sizes": [8, 16], "depths": [2, 1]}
BOTTLENECK = {"layer_type": "bottleneck", "embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 2]}
VIT = {"image_size": 32, "patch_size": 8, "hidden_size": 24, "num_attention_heads": 3, "num_hidden_layers": 2,
       "intermediate_size": 40, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
CLASSIFIERS = [("ResNet", ResNetConfig, {**blocks, "hidden_act": activation, **more})
               for blocks in (BASIC, BOTTLENECK) for activation in ("relu", "gelu", "silu")
               for more in ({}, {"downsample_in_first_stage": True, "downsample_in_bottleneck": True})]
CLASSIFIERS += [("ViT", ViTConfig, {**VIT, "hidden_act": activation, "qkv_bias": bias})
                for activation, bias in (("gelu", True), ("gelu_new", False), ("silu", True), ("relu", False))]


def batch(step):
    """Inputs and targets [sequences, context] of a training step: windows in order that share one token."""
    ids = torch.tensor(struct.unpack(f"<{os.path.getsize(TOKENS) // 2}H", open(TOKENS, "rb").read()))
    first = step * SEQUENCES
    windows = [ids[k * CONTEXT:k * CONTEXT + CONTEXT + 1] for k in range(first, first + SEQUENCES)]
    return torch.stack(windows)[:, :-1].long(), torch.stack(windows)[:, 1:].long()


def loss_of(model, step):
    inputs, targets = batch(step)
    return torch.nn.functional.cross_entropy(model(inputs).logits.flatten(0, 1), targets.flatten())


def baton(folder, model, steps, rate="1e-3", stages=1):
    """Trains a model of language, and returns the losses and gradient norms."""
    return train(folder, f"""model {{ {model} }} batch {{ sequences: {SEQUENCES} micro_batches: 4 }} run {{ steps: {steps} }}
data {{ tokens: "{TOKENS}" format: UINT16 order: SEQUENTIAL context: {CONTEXT} }} pipeline {{ stages: {stages} }}
optimizer {{ adamw {{ learning_rate: {rate} weight_decay: 0.1 beta2: 0.95 }} clip_norm: 1 }}""")


def train(folder, text):
    """Trains a job, and returns the losses and gradient norms."""
    with open(folder + ".textproto", "w") as job:
        job.write(text)
    done = subprocess.run([BATON, "train", folder + ".textproto", "--output", folder], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip() or done.stdout.strip())
    rows = [json.loads(line) for line in open(folder + "/metrics.jsonl")]
    return [(row["loss"], row["grad_norm"]) for row in rows if "loss" in row]


def torch_training(folder):
    """The same 20 steps by PyTorch."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    groups = [[p for p in model.parameters() if (p.dim() > 1) == matrix] for matrix in (True, False)]
    optimizer = torch.optim.AdamW([{"params": groups[0], "weight_decay": 0.1}, {"params": groups[1], "weight_decay": 0.0}],
                                  lr=1e-3, betas=(0.9, 0.95), eps=1e-8)
    rows = []
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = loss_of(model, step)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        rows.append((loss.item(), norm.item()))
    return rows


def difference(ours, theirs):
    return max(abs(a - b) / abs(b) for row, other in zip(ours, theirs) for a, b in zip(row, other))


def check_written(folder, later_loss, step):
    """The exported model's loss, against that of this program's step `step`; and whether it has the same bits once
    transformers has saved it and this program has read it."""
    exported = AutoModelForCausalLM.from_pretrained(folder + "/hugging_face", dtype=torch.float32)
    with torch.no_grad():
        off = abs(loss_of(exported, step).item() - later_loss) / later_loss
    exported.save_pretrained(folder + "_saved")
    # A rate so small that no weight changes.
    baton(folder + "_again", f'hugging_face: "{folder}_saved"', 1, rate="1e-30")
    first, again = (load_file(f"{each}/hugging_face/model.safetensors") for each in (folder, folder + "_again"))
    same = first.keys() == again.keys() and all(torch.equal(first[key], again[key]) for key in first)
    return off, same


def generated(folder, prompt, tokens, *more):
    """The numbers of the prompt's tokens and of as many more, each the most probable one."""
    done = subprocess.run([BATON, "generate", folder, *prompt, "--print-ids", "--temperature=0", f"--tokens={tokens}", *more],
                          capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip() or done.stdout.strip())
    return [int(number) for number in done.stdout.split()]


def greedy_agrees(folder):
    """Whether 24 greedy tokens behind 16 of the data are those of transformers."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    ids = batch(0)[0][0, :16].tolist()
    ours = generated(folder, ["--prompt-ids=" + ",".join(map(str, ids))], 24)
    with torch.no_grad():
        for _ in range(24):
            ids.append(int(model(torch.tensor([ids])).logits[0, -1].argmax()))
    return ours == ids


def tokenizers_agree(model):
    """Names of tokenizers, and how many texts do not have the numbers that the tokenizers library gives them. `model`
    has a number for each token."""
    for file in sorted(glob.glob(TOKENIZERS)):
        theirs = PreTrainedTokenizerFast(tokenizer_file=file)
        texts = [case["text"] for case in json.load(open(os.path.dirname(file) + "/expected.json"))["cases"]]
        bad = 0
        for text in texts:
            expected = theirs(text, add_special_tokens=False)["input_ids"]
            if 0 < len(expected) <= CONTEXT and "\0" not in text:  # which no argument can have
                bad += generated(model, ["--prompt=" + text], 1, "--tokenizer", file)[:-1] != expected
        yield os.path.basename(os.path.dirname(file)), bad


def classifiers_agree(work):
    """Names of image classifiers with random weights, and how far a first step's loss and gradient norm are off."""
    random = torch.Generator().manual_seed(1)
    pixels = torch.randint(0, 256, (IMAGES, 3, 32, 32), generator=random)
    labels = torch.randint(0, 10, (IMAGES,), generator=random)
    with open(work + "/images.bin", "wb") as file:
        for image, label in zip(pixels, labels):
            file.write(bytes([label]) + bytes(image.flatten().tolist()))
    for index, (name, config, options) in enumerate(CLASSIFIERS):
        torch.manual_seed(index)
        model = AutoModelForImageClassification.from_config(config(num_labels=10, **options))
        with torch.no_grad():
            for parameter in model.parameters():
                parameter += 0.1 * torch.randn_like(parameter)
        folder = f"{work}/classifier{index}"
        model.save_pretrained(folder)
        model.train()
        loss = torch.nn.functional.cross_entropy(model(pixels.float() / 255).logits, labels)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        image = "image { height: 32 }" if name == "ResNet" else ""
        ours = train(folder + "_out", f"""model {{ hugging_face: "{folder}" {image} }} batch {{ sequences: {IMAGES} }}
data {{ images: "{work}/images.bin" format: CIFAR10 order: SEQUENTIAL }} optimizer {{ clip_norm: 1 }} run {{ steps: 1 }}""")
        yield f"{name} {options.get('layer_type', '')} {options['hidden_act']}", difference(ours, [(loss.item(), norm.item())])


def main():
    logging.disable_progress_bar()
    failed = 0
    with tempfile.TemporaryDirectory() as work:
        cases = [(os.path.basename(f[:-1]), f'hugging_face: "{f}"', f) for f in sorted(glob.glob(MODELS))]
        cases += [(name, model, None) for name, model in BY_HAND.items()]
        for name, model, folder in cases:
            here = f"{work}/{name.replace(' ', '_')}"
            baton(here, model, STEPS - 1)
            ours = baton(here + "_whole", model, STEPS, stages=2)
            trained = difference(ours, torch_training(folder)) if folder else 0.0  # by hand: from other random values
            off, same = check_written(here, ours[-1][0], STEPS - 1)
            greedy = not folder or greedy_agrees(folder)
            bad = trained > TOLERANCE or off > TOLERANCE or not same or not greedy
            failed += bad
            print(f"{name:16} {f'training {trained:.1e}' if folder else '':17}  exported {off:.1e}  read again: {'equal bits' if same else 'DIFFERENT'}"
                  f"{('  greedy: ' + ('equal' if greedy else 'DIFFERENT')) if folder else ''}"
                  f"{'  FAILS' if bad else ''}", flush=True)
        baton(work + "/tokens", "gpt2 { layers: 1 width: 8 heads: 1 context: 64 vocabulary: 1024 }", 1)
        for name, bad in tokenizers_agree(work + "/tokens"):
            failed += bad > 0
            print(f"tokenizer {name:16} {f'{bad} texts DIFFER' if bad else 'equal'}", flush=True)
        for name, off in classifiers_agree(work):
            failed += off > TOLERANCE
            print(f"{name:24} first step {off:.1e}{'  FAILS' if off > TOLERANCE else ''}", flush=True)
    sys.exit(1 if failed else 0)


main()
