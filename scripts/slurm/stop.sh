#!/bin/bash
# stop.sh DIR: cancel all jobs of the cluster start.sh made in DIR, end its daemons (by pid). Bounded: under a minute.
# Exit: 0 clean, 2 had to kill leftover job processes, 1 usage.
set -u
export PATH=$PATH:/usr/sbin:/sbin
die() { echo "stop.sh: $*" >&2; exit 1; }
[ $# = 1 ] || die "usage: stop.sh DIR"
DIR=$(cd "$1" 2>/dev/null && pwd -P) || die "no folder $1"
[ -f "$DIR/etc/slurm.conf" ] || die "$DIR holds no cluster (no etc/slurm.conf)"
export SLURM_CONF=$DIR/etc/slurm.conf
cmd() { tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline"; }
pidof_() { local p; p=$(cat "$DIR/run/$1.pid" 2>/dev/null) && [ -n "$p" ] && cmd "$p" | grep -qF "$DIR/" && echo "$p"; }
if [ -n "$(pidof_ slurmctld)" ] && [ -n "$(pidof_ slurmd)" ]; then
  timeout 5 scancel --partition=test --state=PENDING 2>/dev/null
  timeout 5 scancel --full --signal=KILL --state=RUNNING --partition=test 2>/dev/null
  timeout 5 scancel --partition=test 2>/dev/null
  end=$((SECONDS+10)); while [ $SECONDS -lt $end ] && [ -n "$(timeout 3 squeue -h 2>/dev/null)" ]; do sleep 0.1; done
fi
rc=0
for n in slurmd slurmctld munged; do
  p=$(pidof_ $n); [ -n "$p" ] || continue
  kill "$p"
  for _ in {1..50}; do [ -n "$(pidof_ $n)" ] || break; sleep 0.1; done
  p=$(pidof_ $n); [ -n "$p" ] && { echo "stop.sh: $n (pid $p) did not end on TERM; KILL" >&2; kill -9 "$p"; }
  rm -f "$DIR/run/$n.pid"
done
# anything of this cluster's jobs still there (a daemon had died, or a job ignored its kill)?
for e in /proc/[0-9]*/environ; do
  p=${e#/proc/}; p=${p%/environ}; [ "$p" = $$ ] && continue
  v=$(tr '\0' '\n' 2>/dev/null <"$e") || continue
  grep -qxF "SLURM_CONF=$SLURM_CONF" <<<"$v" || continue
  if grep -q '^SLURM_JOB_ID=' <<<"$v" || [ "$(cat /proc/$p/comm 2>/dev/null)" = slurmstepd ]; then
    echo "stop.sh: leftover job process $p ($(cmd "$p")); KILL" >&2; kill -9 "$p" 2>/dev/null; rc=2
  fi
done
exit $rc
