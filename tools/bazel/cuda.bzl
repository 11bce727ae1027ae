"""Finds the CUDA toolkit and cudnn-frontend, and compiles .cu files with nvcc.

cuda_repository looks in CUDA_HOME, then /usr/local/cuda, then beside an nvcc on PATH. Without a toolkit it yields a
repository whose `HAVE_CUDA` is False, and everything that needs CUDA is left out of the build by `if_cuda`.

cudnn_frontend_repository looks in CUDNN_FRONTEND_HOME, then where tools/setup puts its headers, then where pip installs
`nvidia-cudnn-frontend`. Without them `HAVE_CUDNN_FRONTEND` is False.
"""

_BUILD_WITH_CUDA = """
package(default_visibility = ["//visibility:public"])

cc_library(
    name = "headers",
    # Not all: a sandbox links each of them, and the thousands of CUB and Thrust are nvcc's own business.
    hdrs = glob([
        "include/*",
        "include/crt/**/*",
        "include/nccl_device/**/*",
        "include/nvtx3/**/*",
    ]),
    includes = ["include"],
)

[cc_library(
    name = library,
    linkopts = ["-L{home}/lib64", "-Wl,-rpath,{home}/lib64", "-l" + library],
    deps = [":headers"],
) for library in ["cublasLt", "cudnn", "nccl"]]

# Statically, so that a program brings its own runtime and needs a driver only.
cc_library(
    name = "cudart",
    linkopts = ["-L{home}/lib64", "-lcudart_static", "-ldl", "-lpthread", "-lrt"],
    deps = [":headers"],
)
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

_BUILD_WITH_FRONTEND = """
cc_library(
    name = "headers",
    hdrs = glob(["include/**/*"]),
    includes = ["include"],
    visibility = ["//visibility:public"],
)
"""

def _cudnn_frontend_repository_impl(ctx):
    candidates = [
        ctx.os.environ.get("CUDNN_FRONTEND_HOME", ""),
        ctx.os.environ.get("HOME", "") + "/.cache/baton/cudnn-frontend",
    ]
    python = ctx.which("python3")
    if python:
        # The package itself need not be importable: only its folder is asked for.
        found = ctx.execute([python, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"])
        if found.return_code == 0:
            candidates.append(found.stdout.strip())
    for home in candidates:
        if home and ctx.path(home + "/include/cudnn_frontend.h").exists:
            for entry in ctx.path(home + "/include").readdir():
                if entry.basename.startswith("cudnn_"):
                    ctx.symlink(entry, "include/" + entry.basename)
            ctx.file("BUILD.bazel", _BUILD_WITH_FRONTEND)
            ctx.file("config.bzl", "HAVE_CUDNN_FRONTEND = True\n")
            return
    ctx.file("BUILD.bazel", "")
    ctx.file("config.bzl", "HAVE_CUDNN_FRONTEND = False\n")

cudnn_frontend_repository = repository_rule(
    implementation = _cudnn_frontend_repository_impl,
    environ = ["CUDNN_FRONTEND_HOME", "PATH"],
    local = True,
)
