#!/usr/bin/env bash
# A virtual internet on this machine, from nothing: a ring of 10 FRR routers over 3 emulated nodes.
#
#   scripts/demo.sh [--once] [--nodes N]     --once: take everything down again; exit status 0 only if all went well
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin

once=false nodes=3 lab_is_ours=false overlay_is_ours=false
overlay=ring from=r1 to=r6 file=examples/ring.yaml

main() {
  read_arguments "$@"
  if ((EUID != 0)); then
    echo 'demo: only root can make network namespaces; run this as root' >&2
    exit 1
  fi
  scripts/setup.sh product
  trap finish EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM

  if [[ -e ${VINET_LAB_DIR:-/run/vinet/lab}/lab.json ]]; then
    echo 'There is a lab here already; the demo uses it and leaves it.'
  else
    lab_is_ours=true
  fi
  step vinet lab up --nodes "$nodes"
  vinet get overlays "$overlay" >/dev/null 2>&1 || overlay_is_ours=true
  step vinet apply -f "$file" --wait
  step vinet get routers "$overlay"
  step vinet trace "$overlay" "$from" "$to"
  step vinet exec "$overlay/$from" -- ping -c 3 -i 0.2 -W 2 "$(loopback_of "$to")"
  title "what Prometheus is told of $from"
  node scripts/show-metrics.mjs "$overlay" "$from"
  $once || where_to_look_next
}

read_arguments() {
  while (($#)); do
    case $1 in
      --once) once=true ;;
      --nodes) shift && nodes=${1-} ;;
      --nodes=*) nodes=${1#*=} ;;
      *) usage ;;
    esac
    shift || usage
  done
  [[ $nodes =~ ^[1-9][0-9]{0,2}$ ]] || usage
}

usage() {
  echo 'usage: npm run demo [-- --once] [--nodes N]   (N is 3 or more: that is where the ring is placed)' >&2
  exit 2
}

vinet() { bin/vinet "$@"; }

title() { printf '\n== %s\n' "$*"; }

# Says what an operator would type, and does it.
step() {
  local said="$*"
  [[ $1 != vinet ]] || said="npx $said"
  title "$said"
  "$@"
}

loopback_of() {
  vinet get routers "$overlay" -o json | node -e '
    const { routers } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
    const router = routers.find(({ name }) => name === process.argv[1]);
    console.log(router.addresses[0].split("/")[0]);' "$1"
}

where_to_look_next() {
  title 'where to look next'
  cat <<END
Edit $file (12 routers, say), then
  npx vinet plan -f $file                     what would change
  npx vinet apply -f $file --wait             change just that
A router is a network namespace with an FRR of its own; your own tools reach it:
  ip netns exec ${overlay}_$from ping $(loopback_of "$to")
  vtysh -N ${overlay}_$from -c 'show ip ospf neighbor'
  npx vinet events $overlay                             what happened
  prometheus --config.file=grafana/prometheus.yml   metrics, for the dashboard in grafana/
And when you have seen enough:
  npx vinet lab down                                leaves nothing behind
END
}

# After a failure, an interruption or --once nothing is left of what this demo made.
finish() {
  local status=$?
  trap '' INT TERM
  $once || ((status != 0)) || exit 0
  if $lab_is_ours; then
    title 'npx vinet lab down'
    vinet lab down || status=1
  elif $overlay_is_ours; then
    title "npx vinet delete overlay $overlay --wait"
    vinet delete overlay "$overlay" --wait || status=1
  fi
  ((status == 0 || status > 128)) || echo "demo: failed with status $status" >&2
  exit "$status"
}

main "$@"
