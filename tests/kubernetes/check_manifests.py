"""Checks the manifests of examples/kubernetes, and runs their processes on this machine.

usage: check_manifests.py BATON JOBSET PYTORCHJOB

Checked: pods and jobs by the schemas of Kubernetes, if the package kubernetes-validate is there (else by field names);
that the numbers of processes agree; that rank 0 has the address that the others are given; volumes and secrets. Then
`baton check-cluster` runs once for each pod, with the variables that the manifest and its operator set there. Each check
is tried on a spoiled manifest too, which it must refuse.
"""

import copy
import socket
import subprocess
import sys

import yaml

# Of Kubernetes; fields of the operators' own objects are listed in FIELDS.
SCHEMA_VERSION = "1.28"
ATTEMPT = "metadata.labels['jobset.sigs.k8s.io/restart-attempt']"
POD_FIELDS = {
    "": {"restartPolicy", "terminationGracePeriodSeconds", "containers", "volumes"},
    "container": {"name", "image", "command", "env", "resources", "volumeMounts"},
    "variable": {"name", "value", "valueFrom"},
}
FIELDS = {
    "JobSet": {"apiVersion", "kind", "metadata", "spec"},
    "JobSet.spec": {"failurePolicy", "replicatedJobs"},
    "JobSet.failurePolicy": {"maxRestarts"},
    "JobSet.replicatedJob": {"name", "replicas", "template"},
    "JobSet.job": {"completionMode", "completions", "parallelism", "backoffLimit", "template"},
    "PyTorchJob": {"apiVersion", "kind", "metadata", "spec"},
    "PyTorchJob.spec": {"runPolicy", "pytorchReplicaSpecs"},
    "PyTorchJob.runPolicy": {"backoffLimit"},
    "PyTorchJob.replica": {"replicas", "restartPolicy", "template"},
}


class Fault(Exception):
    pass


def need(holds, what):
    if not holds:
        raise Fault(what)


def fields(value, name, known):
    unknown = set(value) - known
    need(not unknown, f"{name} has unknown fields {sorted(unknown)}")


def read(path):
    """The document of a file; a key that comes twice is refused."""

    class Loader(yaml.SafeLoader):
        pass

    def mapping(loader, node):
        keys = [loader.construct_object(key) for key, _ in node.value]
        need(len(keys) == len(set(keys)), f"{path}: a key comes twice in {keys}")
        return {loader.construct_object(k, deep=True): loader.construct_object(v, deep=True) for k, v in node.value}

    Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    with open(path, encoding="utf-8") as file:
        return yaml.load(file, Loader=Loader)


def by_schema(document):
    """True if Kubernetes' own schema has checked it."""
    try:
        import kubernetes_validate
    except ImportError:
        return False
    try:
        kubernetes_validate.validate(document, SCHEMA_VERSION, strict=True)
    except kubernetes_validate.ValidationError as error:
        raise Fault(f"schema: {error}") from error
    return True


def check_pod(template):
    """Returns the one container."""
    fields(template, "a pod's template", {"spec"})
    pod = template["spec"]
    by_schema({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": pod})
    fields(pod, "a pod", POD_FIELDS[""])
    need(len(pod["containers"]) == 1, "a pod is one process, and so has one container")
    container = pod["containers"][0]
    fields(container, "a container", POD_FIELDS["container"])
    for variable in container["env"]:
        fields(variable, "a variable", POD_FIELDS["variable"])
        need(("value" in variable) != ("valueFrom" in variable), f"{variable['name']} has no value, or two")
        need(isinstance(variable.get("value", ""), str), f"{variable['name']}: a value must be a string")
    need(container["command"][0] == "baton", "the command is not baton")
    need("--resume" in container["command"], "a restarted run must go on: --resume")
    volumes = {volume["name"] for volume in pod["volumes"]}
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    need(set(mounts) <= volumes, f"volumes {sorted(set(mounts) - volumes)} are mounted, and there are none")
    output = container["command"][container["command"].index("--output") + 1]
    need(any(output.startswith(path + "/") for path in mounts.values()), f"{output} is on no volume that pods share")
    token = [v for v in container["env"] if v["name"] == "BATON_TOKEN"]
    need(len(token) == 1 and "secretKeyRef" in token[0].get("valueFrom", {}), "BATON_TOKEN must come from a secret")
    # SIGTERM makes baton save; see docs/checkpoints.md.
    need(pod["terminationGracePeriodSeconds"] >= 30, "terminationGracePeriodSeconds leaves no time to save")
    return container


def variables(container):
    return {variable["name"]: variable.get("value") for variable in container["env"]}


def check_job_set(document):
    """Returns the variables of each pod."""
    need((document["apiVersion"], document["kind"]) == ("jobset.x-k8s.io/v1alpha2", "JobSet"), "not a JobSet")
    spec = document["spec"]
    fields(document, "JobSet", FIELDS["JobSet"])
    fields(spec, "JobSet.spec", FIELDS["JobSet.spec"])
    fields(spec["failurePolicy"], "failurePolicy", FIELDS["JobSet.failurePolicy"])
    need(len(spec["replicatedJobs"]) == 1, "one job has all processes")
    replicated = spec["replicatedJobs"][0]
    fields(replicated, "a replicated job", FIELDS["JobSet.replicatedJob"])
    need(replicated["replicas"] == 1, "indexes of completions are ranks in one job only")
    fields(replicated["template"], "a job's template", {"spec"})
    job = replicated["template"]["spec"]
    by_schema({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "x"}, "spec": job})
    fields(job, "a job", FIELDS["JobSet.job"])
    container = check_pod(job["template"])
    env = variables(container)
    size = int(env["BATON_WORLD_SIZE"])
    need(job["completionMode"] == "Indexed", "only indexed pods know their rank")
    need(job["completions"] == job["parallelism"] == size, "completions, parallelism and BATON_WORLD_SIZE differ")
    need(job["template"]["spec"]["restartPolicy"] == "Never", "a pod that is restarted alone has an old generation")
    need(job["backoffLimit"] == 0, "a failed pod must fail the job, so that all are started again")
    name = document["metadata"]["name"]
    host, port = env["BATON_LEADER"].split(":")
    need(host == f"{name}-{replicated['name']}-0-0.{name}", f"BATON_LEADER: {host} is not the name of pod 0")
    need(0 < int(port) < 65536, f"BATON_LEADER: {port} is no port")
    generation = [v for v in container["env"] if v["name"] == "BATON_GENERATION"]
    need(generation[0]["valueFrom"]["fieldRef"]["fieldPath"] == ATTEMPT, f"BATON_GENERATION is not {ATTEMPT}")
    common = {"BATON_WORLD_SIZE": env["BATON_WORLD_SIZE"], "BATON_GENERATION": "0"}
    return [dict(common, JOB_COMPLETION_INDEX=str(rank)) for rank in range(size)]


def check_pytorch_job(document):
    """Returns the variables of each pod, as the operator sets them."""
    need((document["apiVersion"], document["kind"]) == ("kubeflow.org/v1", "PyTorchJob"), "not a PyTorchJob")
    spec = document["spec"]
    fields(document, "PyTorchJob", FIELDS["PyTorchJob"])
    fields(spec, "PyTorchJob.spec", FIELDS["PyTorchJob.spec"])
    fields(spec["runPolicy"], "runPolicy", FIELDS["PyTorchJob.runPolicy"])
    replicas = spec["pytorchReplicaSpecs"]
    need(set(replicas) == {"Master", "Worker"}, "PyTorchJob has a Master and Workers")
    need(replicas["Master"]["replicas"] == 1, "one pod is rank 0")
    for replica in replicas.values():
        fields(replica, "a replica", FIELDS["PyTorchJob.replica"])
        need(replica["restartPolicy"] == "OnFailure", "a failed pod must start again")
        container = check_pod(replica["template"])
        need(container["name"] == "pytorch", "the operator sets variables in the container named pytorch alone")
    need(replicas["Master"]["template"] == replicas["Worker"]["template"], "all processes need the same command")
    size = sum(replica["replicas"] for replica in replicas.values())
    return [{"RANK": str(rank), "WORLD_SIZE": str(size)} for rank in range(size)]


def spoil(document, path, value):
    """A copy with another value at a path of keys and indexes."""
    copied = copy.deepcopy(document)
    at = copied
    for key in path[:-1]:
        at = at[key]
    if value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return copied


def must_refuse(check, document, path, value):
    try:
        check(spoil(document, path, value))
    except (Fault, KeyError):
        return
    raise Fault(f"{'.'.join(map(str, path))} = {value} was not refused")


def run(baton, launcher, pods):
    """Runs `baton check-cluster` as each pod."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    processes = []
    for pod in pods:
        env = {"PATH": "/usr/bin:/bin", "BATON_TOKEN": "secret", "BATON_TIMEOUT": "60s", **pod}
        if launcher == "JobSet":
            env["BATON_LEADER"] = "127.0.0.1:" + port
        else:
            env.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=port)
        command = [baton, "check-cluster", "--repeats=1"]
        processes.append(subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    for rank, process in enumerate(processes):
        need(process.returncode == 0, f"{launcher}: rank {rank} ended with {process.returncode}: {outputs[rank]}")
        need(f"by {launcher} (" in outputs[rank], f"rank {rank} was not started by {launcher}: {outputs[rank]}")
    need(f"{len(pods)} processes on 1 host" in outputs[0], f"{launcher}: {outputs[0]}")


def main():
    baton, job_set_path, pytorch_path = sys.argv[1:]
    job_set, pytorch = read(job_set_path), read(pytorch_path)
    run(baton, "JobSet", check_job_set(job_set))
    run(baton, "PyTorchJob", check_pytorch_job(pytorch))
    job = ["spec", "replicatedJobs", 0, "template", "spec"]
    container = job + ["template", "spec", "containers", 0]
    for path, value in [
        (job + ["completions"], 5),
        (job + ["completionMode"], "NonIndexed"),
        (job + ["parallelisms"], 4),
        (job + ["backoffLimit"], 3),
        (job + ["template", "spec", "restartPolicy"], "OnFailure"),
        (job + ["template", "spec", "volumes", 0, "name"], "other"),
        (container + ["command"], ["baton", "train", "x", "--output", "/tmp/x", "--resume"]),
        (container + ["env", 0, "value"], 4),
        (container + ["env", 1, "value"], "baton-train-0-1.baton:29400"),
        (container + ["env", 2], {"name": "BATON_GENERATION", "value": "0"}),
        (container + ["env", 3], {"name": "BATON_TOKEN", "value": "in the open"}),
        (["metadata", "name"], "renamed"),
    ]:
        must_refuse(check_job_set, job_set, path, value)
    master = ["spec", "pytorchReplicaSpecs", "Master"]
    for path, value in [
        (master + ["replicas"], 2),
        (master + ["template", "spec", "containers", 0, "name"], "baton"),
        (["spec", "pytorchReplicaSpecs", "Worker"], None),
        (["spec", "runPolicies"], {}),
    ]:
        must_refuse(check_pytorch_job, pytorch, path, value)
    schemas = by_schema({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"containers": []}})
    print("manifests are sound" + ("" if schemas else "; kubernetes-validate is not installed: no schema was checked"))


if __name__ == "__main__":
    main()
