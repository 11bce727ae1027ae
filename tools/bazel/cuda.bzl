"""Finds the CUDA toolkit and compiles .cu files with its nvcc.

cuda_repository looks in CUDA_HOME, then /usr/local/cuda, then beside an nvcc on PATH. Without a toolkit it yields a
repository whose `HAVE_CUDA` is False, and everything that needs CUDA is left out of the build by `if_cuda`.
"""

_BUILD_WITH_CUDA = """
package(default_visibility = ["//visibility:public"])

cc_library(
    name = "headers",
    hdrs = glob(["include/**/*"]),
    includes = ["include"],
)

[cc_library(
    name = library,
    linkopts = ["-L{home}/lib64", "-Wl,-rpath,{home}/lib64", "-l" + library],
    deps = [":headers"],
) for library in ["cudart", "cublas", "cublasLt", "cudnn", "nccl"]]
"""

def _cuda_repository_impl(ctx):
    candidates = [ctx.os.environ.get("CUDA_HOME", ""), "/usr/local/cuda"]
    nvcc = ctx.which("nvcc")
    if nvcc:
        candidates.append(str(nvcc.realpath.dirname.dirname))
    for home in candidates:
        if home and ctx.path(home + "/bin/nvcc").exists:
            ctx.symlink(home + "/include", "include")
            ctx.file("BUILD.bazel", _BUILD_WITH_CUDA.format(home = home))
            ctx.file("config.bzl", "HAVE_CUDA = True\nCUDA_HOME = \"%s\"\n" % home)
            return
    ctx.file("BUILD.bazel", "")
    ctx.file("config.bzl", "HAVE_CUDA = False\nCUDA_HOME = \"\"\n")

cuda_repository = repository_rule(
    implementation = _cuda_repository_impl,
    environ = ["CUDA_HOME", "PATH"],
    local = True,
)
