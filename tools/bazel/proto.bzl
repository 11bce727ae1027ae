"""cc_proto: a C++ library from one .proto file, made by the system's protoc."""

def cc_proto(name, src, deps = [], visibility = None, grpc = False):
    """Makes cc_library `name` with the messages of `src`; `deps` are the cc_proto targets whose files it imports.

    grpc: also with the file's services, by gRPC's plugin.
    """
    stem = src[:-len(".proto")]
    services = "--plugin=protoc-gen-grpc=$$(command -v grpc_cpp_plugin) --grpc_out=$(GENDIR) " if grpc else ""
    native.genrule(
        name = name + "_generated",
        srcs = [src] + [dep + "_source" for dep in deps],
        outs = [stem + ".pb.h", stem + ".pb.cc"] + ([stem + ".grpc.pb.h", stem + ".grpc.pb.cc"] if grpc else []),
        cmd = "protoc -I. --cpp_out=$(GENDIR) %s$(location %s)" % (services, src),
    )
    native.filegroup(name = name + "_source", srcs = [src])
    native.cc_library(
        name = name,
        srcs = [stem + ".pb.cc"] + ([stem + ".grpc.pb.cc"] if grpc else []),
        hdrs = [stem + ".pb.h"] + ([stem + ".grpc.pb.h"] if grpc else []),
        visibility = visibility,
        deps = deps + ["@system//:protobuf"] + (["@system//:grpc"] if grpc else []),
    )
