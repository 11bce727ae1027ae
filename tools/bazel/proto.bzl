"""cc_proto: a C++ library from one .proto file, made by the system's protoc."""

def cc_proto(name, src, deps = [], visibility = None):
    """Makes cc_library `name` with the messages of `src`; `deps` are the cc_proto targets whose files it imports."""
    stem = src[:-len(".proto")]
    native.genrule(
        name = name + "_generated",
        srcs = [src] + [dep + "_source" for dep in deps],
        outs = [stem + ".pb.h", stem + ".pb.cc"],
        cmd = "protoc -I. --cpp_out=$(GENDIR) $(location %s)" % src,
    )
    native.filegroup(name = name + "_source", srcs = [src])
    native.cc_library(
        name = name,
        srcs = [stem + ".pb.cc"],
        hdrs = [stem + ".pb.h"],
        visibility = visibility,
        deps = deps + ["@system//:protobuf"],
    )
