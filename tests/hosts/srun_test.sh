#!/usr/bin/env bash
# examples/launchers/slurm.sbatch on two hosts with a Slurm of their own: the bits of one process.
set -eu
. tests/hosts/hosts.sh
for program in munged slurmctld slurmd sbatch; do
  command -v "$program" > /dev/null || PATH=$PATH:/usr/sbin command -v "$program" > /dev/null ||
    skip "$program (slurmd, slurmctld, slurm-client, munge) is not installed"
done
PATH=$PATH:/usr/sbin
[ "$(id -u)" = 0 ] || skip "a Slurm of its own needs root"
for program in slurmctld slurmd munged; do
  ! pgrep -x "$program" > /dev/null || skip "$program runs here already"
done
make_hosts
grep -q ' n0$' /etc/hosts || printf '10.99.7.10 n0\n10.99.7.11 n1\n' >> /etc/hosts
export SLURM_CONF=$work/slurm.conf BATON_TOKEN=secret BATON="$baton"
spool=$(mktemp -d /tmp/slurm.XXXXXX)  # sockets have short paths
cat > "$SLURM_CONF" << END
ClusterName=baton
SlurmctldHost=$(hostname)(10.99.7.1)
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$work/state
SlurmdSpoolDir=$spool/%n
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd-%n.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
ReturnToService=2
NodeName=n0 NodeAddr=10.99.7.10 NodeHostname=n0 CPUs=2
NodeName=n1 NodeAddr=10.99.7.11 NodeHostname=n1 CPUs=2
PartitionName=all Nodes=n0,n1 Default=YES State=UP
END
mkdir -p "$work/state" /run/munge
chown munge /run/munge
end_slurm() {
  for program in slurmd slurmctld munged; do pkill -x "$program" || true; done
  remove_hosts
  rm -rf "$spool"
}
trap end_slurm EXIT
# Daemons that keep this script's output open would keep whoever reads it waiting.
setsid su -s /bin/sh munge -c munged > /dev/null 2>&1
setsid slurmctld > /dev/null 2>&1
for i in 0 1; do on "n$i" setsid slurmd -N "n$i" > /dev/null 2>&1; done
for _ in $(seq 100); do
  [ "$(sinfo -h -t idle -o %D 2> /dev/null)" = 2 ] && break
  sleep 0.2
done
"$baton" $(train "$work/one") > /dev/null
job=$(sbatch --parsable --output="$work/log" examples/launchers/slurm.sbatch $(train "$work/slurm"))
for _ in $(seq 120); do
  [ -z "$(squeue -h -j "$job" -t pending,running,completing)" ] && break
  sleep 0.5
done
grep -q "by srun (SLURM_PROCID, SLURM_STEP_NUM_TASKS)" "$work/log" || fail "$(cat "$work/log")"
same_weights "$work/one" "$work/slurm"
