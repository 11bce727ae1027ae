"""cuda_library: a C++ library from .cu files, compiled by nvcc for the GPUs that Baton supports. cuda_twin_library: the
same, and a twin compiled by the C++ compiler for tests/cuda_stand_in, which needs no GPU."""

load("@cuda//:config.bzl", "CUDA_HOME", "HAVE_CUDA")

# Ampere, Hopper with its own instructions, and PTX that the drivers of newer GPUs compile.
_CODE = [
    "-gencode=arch=compute_80,code=sm_80",
    "-gencode=arch=compute_90a,code=sm_90a",
    "-gencode=arch=compute_90,code=compute_90",
]

def if_cuda(with_cuda, without_cuda = []):
    return with_cuda if HAVE_CUDA else without_cuda

def _cuda_object_impl(ctx):
    output = ctx.actions.declare_file(ctx.label.name + ".o")
    context = cc_common.merge_cc_infos(cc_infos = [dep[CcInfo] for dep in ctx.attr.deps]).compilation_context
    arguments = ctx.actions.args()
    arguments.add_all(["-c", "-std=c++17", "-O3", "-lineinfo", "-Xcompiler=-fPIC,-Wall,-Wno-unused-parameter"])
    arguments.add_all(_CODE)
    arguments.add_all(ctx.attr.copts)
    arguments.add_all(context.defines, before_each = "-D")
    arguments.add_all([".", ctx.genfiles_dir.path, ctx.bin_dir.path], before_each = "-I")
    arguments.add_all(context.includes, before_each = "-isystem")
    arguments.add_all(context.system_includes, before_each = "-isystem")
    arguments.add(ctx.file.src)
    arguments.add("-o", output)
    ctx.actions.run(
        executable = CUDA_HOME + "/bin/nvcc",
        arguments = [arguments],
        inputs = depset([ctx.file.src] + ctx.files.hdrs, transitive = [context.headers]),
        outputs = [output],
        mnemonic = "CudaCompile",
        progress_message = "Compiling %s for GPUs" % ctx.file.src.short_path,
        use_default_shell_env = True,
    )
    return [DefaultInfo(files = depset([output]))]

_cuda_object = rule(
    implementation = _cuda_object_impl,
    attrs = {
        "copts": attr.string_list(),
        "deps": attr.label_list(providers = [CcInfo]),
        "hdrs": attr.label_list(allow_files = True),
        "src": attr.label(allow_single_file = [".cu"]),
    },
)

def cuda_library(name, srcs, hdrs = [], deps = [], copts = [], **kwargs):
    """Makes cc_library `name` from .cu files, each compiled by nvcc on its own. Call it only if HAVE_CUDA."""
    objects = []
    for src in srcs:
        stem = name + "_" + src.replace("/", "_")[:-len(".cu")]
        _cuda_object(name = stem, src = src, hdrs = hdrs, deps = deps + ["@cuda//:headers"], copts = copts)
        objects.append(stem)
    native.cc_library(
        name = name,
        srcs = objects,
        hdrs = hdrs,
        deps = deps + ["@cuda//:headers", "@cuda//:cudart"],
        alwayslink = False,
        # The static CUDA runtime hides its symbols from shared libraries.
        linkstatic = True,
        **kwargs
    )

def cuda_twin_library(
        name,
        srcs = [],
        kernels = [],
        hdrs = [],
        deps = [],
        twin_deps = [],
        real_srcs = [],
        stand_in_srcs = [],
        libraries = [],
        stand_in_libraries = [],
        **kwargs):
    """Makes `name`, which runs on GPUs, and `name`_stand_in from the same files, which runs on the host in tests.

    Makes nothing without a CUDA toolkit.

    Args:
      name: of the library for GPUs.
      srcs: .cc files.
      kernels: .cu files.
      hdrs: headers of both.
      deps: what both depend on.
      twin_deps: other twin libraries; `name`_stand_in depends on their stand-ins.
      real_srcs: .cc files of `name` alone.
      stand_in_srcs: .cc files of `name`_stand_in alone.
      libraries: what only `name` depends on, such as @cuda//:cublasLt.
      stand_in_libraries: what only `name`_stand_in depends on, such as //tests/cuda_stand_in:cublas_lt.
      **kwargs: of the libraries.
    """
    if not HAVE_CUDA:
        return
    if kernels:
        cuda_library(
            name = name + "_kernels",
            srcs = kernels,
            hdrs = hdrs,
            deps = deps + twin_deps,
            # Lets kernels call constexpr functions of std and of Baton.
            copts = ["--expt-relaxed-constexpr"],
            visibility = ["//visibility:private"],
        )
        libraries = libraries + [name + "_kernels"]
    native.cc_library(
        name = name,
        srcs = srcs + real_srcs,
        hdrs = hdrs,
        deps = deps + twin_deps + libraries + ["@cuda//:cudart"],
        linkstatic = True,
        **kwargs
    )
    stand_in_kernels = []
    for kernel in kernels:
        source = "%s_%s_stand_in.cc" % (name, kernel[:-len(".cu")])
        native.genrule(
            name = source[:-len(".cc")],
            srcs = [kernel],
            outs = [source],
            cmd = "{ echo '#line 1 \"%s/%s\"'; cat $<; } > $@" % (native.package_name(), kernel),
        )
        stand_in_kernels.append(source)
    native.cc_library(
        name = name + "_stand_in",
        testonly = True,
        srcs = srcs + stand_in_srcs + stand_in_kernels,
        hdrs = hdrs,
        # The kernels have nvcc's pragmas, and read arrays of floats as vectors, as nvcc allows.
        copts = ["-Wno-unknown-pragmas", "-fno-strict-aliasing"],
        deps = deps + [dep + "_stand_in" for dep in twin_deps] + stand_in_libraries + [
            "//tests/cuda_stand_in:kernel_emulation",
            "@cuda//:headers",
        ],
        **kwargs
    )
