"""Fuzz targets: each is a libFuzzer binary, and a test that runs its corpus with any compiler."""

def fuzz_target(name, deps):
    """`name`.cc defines LLVMFuzzerTestOneInput; corpus/`name` without fuzz_ holds the seeds.

    Makes `name` (tag manual; build with --config=fuzz) and `name`_corpus_test.
    """
    corpus = native.glob(["corpus/%s/*" % name[len("fuzz_"):]])
    native.cc_binary(
        name = name,
        srcs = [name + ".cc"],
        linkopts = ["-fsanitize=fuzzer"],
        tags = ["manual"],
        deps = deps,
    )
    native.cc_test(
        name = name + "_corpus_test",
        size = "small",
        srcs = [
            name + ".cc",
            "run_corpus.cc",
        ],
        args = ["$(location %s)" % each for each in corpus],
        data = corpus,
        deps = deps,
    )
