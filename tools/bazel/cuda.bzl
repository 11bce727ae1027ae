"""Finds the CUDA toolkit and cudnn-frontend, and compiles .cu files with nvcc.

cuda_repository searches CUDA_HOME, then /usr/local/cuda, then the toolkit of an nvcc on PATH. Without a toolkit,
`HAVE_CUDA` of its config.bzl is False, and `if_cuda` leaves out of the build everything that needs CUDA.

cudnn_frontend_repository searches CUDNN_FRONTEND_HOME, then the folder where tools/setup puts the headers, then pip's
folder of `nvidia-cudnn-frontend`. Without them `HAVE_CUDNN_FRONTEND` is False.
"""

_BUILD_WITH_CUDA = """
package(default_visibility = ["//visibility:public"])

cc_library(
    name = "headers",
    # A sandbox links each header, so leave out the thousands of CUB and Thrust, which nvcc finds itself.
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

# Linked statically, so that a program needs only a driver.
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
        # Ask for the folder of packages only; the package itself need not be importable.
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
