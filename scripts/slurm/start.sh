#!/bin/bash
# start.sh DIR [BASEPORT=26817] [CPUS=8] [FAKE_GPUS=0] [MAX_ARRAY_SIZE=10001]
# Starts a cluster for tests: one node of Slurm (munged, slurmctld, slurmd) on 127.0.0.1, everything under DIR, no systemd,
# no cgroups, no database. Run as root. Afterwards: . DIR/env.sh; sbatch ... The end: stop.sh DIR
# Needs: apt-get install -y --no-install-recommends slurm-wlm munge
set -u
exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-         # daemons must not hold a caller's pipes open
export PATH=$PATH:/usr/sbin:/sbin
die() { echo "start.sh: $*" >&2; exit 1; }
[ $# -ge 1 ] && [ $# -le 5 ] || die "usage: start.sh DIR [BASEPORT] [CPUS] [FAKE_GPUS 0-4] [MAX_ARRAY_SIZE]"
[ "$(id -u)" = 0 ] || die "must run as root"
for c in munged munge mungekey slurmctld slurmd sbatch sinfo scontrol setsid; do
  command -v $c >/dev/null || die "$c not found: apt-get install -y --no-install-recommends slurm-wlm munge"
done
BASE=${2:-26817}; CPUS=${3:-8}; GPUS=${4:-0}; ARRAY=${5:-10001}
[[ $BASE =~ ^[0-9]+$ ]] && [ "$BASE" -ge 1024 ] && [ "$BASE" -le 65000 ] || die "bad BASEPORT $BASE"
[[ $CPUS =~ ^[1-9][0-9]*$ ]] || die "bad CPUS $CPUS"
[[ $ARRAY =~ ^[1-9][0-9]*$ ]] || die "bad MAX_ARRAY_SIZE $ARRAY"
[[ $GPUS =~ ^[0-4]$ ]] || die "bad FAKE_GPUS $GPUS (0 to 4)"
mkdir -p "$1" || die "cannot make $1"
DIR=$(cd "$1" && pwd -P) || die "cannot enter $1"
[[ $DIR =~ [[:space:]#=,%] ]] && die "DIR must hold no blank, #, =, comma or %: $DIR"
[ ${#DIR} -le 80 ] || die "DIR longer than 80 characters (unix socket limit): $DIR"
d=$DIR; while [ "$d" != / ]; do                  # munged's rule for every folder above its socket
  m=$(stat -c %a "$d"); [ $((0$m & 0022)) = 0 ] || [ $((0$m & 01000)) != 0 ] ||
    die "$d is group/world-writable without the sticky bit; munged refuses that (chmod go-w $d)"
  d=$(dirname "$d")
done
alive() { [ -s "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null && tr '\0' ' ' 2>/dev/null <"/proc/$(cat "$1")/cmdline" | grep -qF "$DIR/"; }
for p in munged slurmctld slurmd; do
  alive "$DIR/run/$p.pid" && die "$p already runs from $DIR (pid $(cat "$DIR/run/$p.pid")); stop.sh $DIR first"
done
CTLD=$BASE; SLURMD=$((BASE+1)); SRUN_LO=$((BASE+10)); SRUN_HI=$((BASE+60))
for p in $CTLD $SLURMD; do
  (exec 3<>/dev/tcp/127.0.0.1/$p) 2>/dev/null && die "port $p on 127.0.0.1 is in use; give another BASEPORT"
done
HOST=$(hostname -s)
getent ahostsv4 "$HOST" | grep -q '^127\.' ||      # slurmctld binds to what its own hostname resolves to
  die "hostname $HOST does not resolve to 127.x: add '127.0.0.1 $HOST' to /etc/hosts, or run this under: unshare -u sh -c 'hostname localhost; ...'"

cd "$DIR" || die "cannot enter $DIR"
[ -e .slurmtest ] || [ -z "$(ls -A .)" ] || die "$DIR is neither empty nor a folder this script made"
touch .slurmtest || die "cannot write in $DIR"
rm -rf state spool run log                       # every start is a fresh cluster, job ids from 1
mkdir -p etc run state spool log || die "cannot write in $DIR"
chmod 755 run; chmod 700 state
: > log/jobcomp.txt
[ -s etc/munge.key ] || { rm -f etc/munge.key; mungekey -c -k "$DIR/etc/munge.key" || die "mungekey failed"; }
chmod 600 etc/munge.key
: > etc/plugstack.conf; : > etc/gres.conf; GRES=
if [ "$GPUS" -gt 0 ]; then                       # any character device will do; jobs get CUDA_VISIBLE_DEVICES
  GRES=Gres=gpu:$GPUS; n=0
  for f in /dev/null /dev/zero /dev/full /dev/random; do
    [ $n -lt "$GPUS" ] && echo "NodeName=$HOST Name=gpu File=$f" >> etc/gres.conf; n=$((n+1))
  done
fi
cat > etc/slurm.conf <<X
ClusterName=test
SlurmctldHost=$HOST(127.0.0.1)
SlurmctldPort=$CTLD
SlurmdPort=$SLURMD
SrunPortRange=$SRUN_LO-$SRUN_HI
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
# cred_expire is also how long a requeued job waits before it may start again (default 120 s)
AuthInfo=socket=$DIR/run/munge.socket,cred_expire=5
StateSaveLocation=$DIR/state
SlurmdSpoolDir=$DIR/spool
SlurmctldPidFile=$DIR/run/slurmctld.pid.own
SlurmdPidFile=$DIR/run/slurmd.pid.own
SlurmctldLogFile=$DIR/log/slurmctld.log
SlurmdLogFile=$DIR/log/slurmd.log
SlurmctldDebug=info
SlurmdDebug=info
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$DIR/log/jobcomp.txt
MpiDefault=none
GresTypes=gpu
MailProg=/bin/true
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1
PriorityType=priority/basic
MinJobAge=3600
MaxArraySize=$ARRAY
JobRequeue=1
KillWait=2
InactiveLimit=0
ReturnToService=2
SlurmctldTimeout=30
SlurmdTimeout=30
MessageTimeout=10
# CPUs and memory are made up: scheduled by, not bound or limited
SlurmdParameters=config_overrides
NodeName=$HOST NodeAddr=127.0.0.1 CPUs=$CPUS Boards=1 SocketsPerBoard=1 CoresPerSocket=$CPUS ThreadsPerCore=1 RealMemory=1000000 $GRES State=UNKNOWN
PartitionName=test Nodes=$HOST Default=YES MaxTime=60 DefaultTime=10 State=UP
X
echo "export SLURM_CONF=$DIR/etc/slurm.conf MUNGE_SOCKET=$DIR/run/munge.socket" > env.sh
export SLURM_CONF=$DIR/etc/slurm.conf

fail() { # message, log file: say why, then end what this call started
  echo "start.sh: $1" >&2; [ -n "${2:-}" ] && [ -f "$2" ] && { echo "--- last lines of $2" >&2; tail -n 15 "$2" >&2; }
  for p in slurmd slurmctld munged; do
    alive run/$p.pid || continue
    kill "$(cat run/$p.pid)"
    for _ in {1..30}; do alive run/$p.pid || break; sleep 0.1; done
    alive run/$p.pid && kill -9 "$(cat run/$p.pid)"
  done
  exit 1
}
up() { # name, log, limit_s, test...: wait till the test passes, the daemon dies or time is up
  local n=$1 l=$2 end=$((SECONDS+$3)); shift 3
  until "$@" >/dev/null 2>&1; do
    alive "run/$n.pid" || { sleep 0.2; alive "run/$n.pid" || fail "$n ended at start" "$l"; }
    [ $SECONDS -lt $end ] || fail "$n not ready in time (test: $*)" "$l"
    sleep 0.1
  done
}
T0=${EPOCHREALTIME/./}
setsid munged --foreground --force --key-file="$DIR/etc/munge.key" --socket="$DIR/run/munge.socket" \
  --pid-file="$DIR/run/munged.pid.own" --log-file="$DIR/log/munged.log" --seed-file="$DIR/run/munged.seed" \
  --num-threads=2 </dev/null >>log/munged.out 2>&1 &
echo $! > run/munged.pid
up munged log/munged.out 10 timeout 2 munge -n -S "$DIR/run/munge.socket"
setsid slurmctld -D -c -f "$SLURM_CONF" </dev/null >>log/slurmctld.out 2>&1 &
echo $! > run/slurmctld.pid
up slurmctld log/slurmctld.log 20 timeout 3 scontrol ping
setsid slurmd -D -f "$SLURM_CONF" </dev/null >>log/slurmd.out 2>&1 &
echo $! > run/slurmd.pid
idle() { [ "$(timeout 3 sinfo -h -o %T)" = idle ]; }
up slurmd log/slurmd.log 30 idle
echo "start.sh: ready in $(( (${EPOCHREALTIME/./}-T0)/1000 )) ms: . $DIR/env.sh"
