#!/usr/bin/env bash
# Runs crpd and ndesd on loopback with a throw-away PKI: a lab, not an installation.
#
# Usage: scripts/run_local.sh start|stop|status [--dir DIR] [--store sqlite|postgresql] [--no-legacy]
#
#   --dir DIR      where everything of this lab lives (default build/lab)
#   --store NAME   database of the CRP. postgresql: an empty one that PG_DSN names as its owner
#                  (libpq keywords), else a cluster of the lab's own (needs Debian's postgresql)
#   --no-legacy    refuse single DES and SHA-1. A lab accepts them, for Debian's scepclient can
#                  do nothing else; an installation does not.
#
# `start` keeps what DIR holds: PKI, databases, ports; it starts only what is not running, so it
# also brings back a program that was killed. Ports are chosen free, or given by the environment:
# SCEP_PORT NDES_HEALTH_PORT ADMIN_PORT CRP_PORT CRP_HEALTH_PORT.
# DIR/lab.env then holds what a client needs, as KEY=value lines.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
source "$root/scripts/lib/lab.sh"

usage() {
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"
    exit 2
}

command=${1:-}
[ $# -gt 0 ] && shift
lab_dir=$root/build/lab store=sqlite legacy=true
while [ $# -gt 0 ]; do
    case $1 in
        --dir) lab_dir=${2:?--dir needs a folder}; shift 2 ;;
        --store) store=${2:?--store needs a name}; shift 2 ;;
        --no-legacy) legacy=false; shift ;;
        *) echo "error: unknown option $1" >&2; usage ;;
    esac
done

case $command in
    start)
        "$root/scripts/build.sh" >&2
        mkdir -p "$lab_dir"
        lab_start "$(cd "$lab_dir" && pwd)" "$store" "$legacy"
        ;;
    stop) lab_stop "$lab_dir" ;;
    status) lab_status "$lab_dir" ;;
    *) usage ;;
esac
