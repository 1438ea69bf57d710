#!/usr/bin/env bash
# Sets the machine up and runs every lane of tests. The last line sums them up: tests: N passed, N failed, N skipped
#
#   scripts/test.sh [LANE...]     lanes: plain root kernel e2e; all of them unless said
set -uo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin

results=$(mktemp -d -t vinet-test.XXXXXX)
trap 'rm -rf "$results"' EXIT
trap 'exit 130' INT TERM

lanes=("$@")
((${#lanes[@]})) || lanes=(plain root kernel e2e)

setup=test
((EUID == 0)) || setup=npm
if ! scripts/setup.sh "$setup"; then
  echo 'tests: 0 passed, 0 failed, 0 skipped'
  exit 1
fi

# The tests of a lane, or some files of it, with vitest's report and exit status in the folder of results as NAME.
run_lane() {
  local lane=$1 name=$2
  shift 2
  if [[ $lane == kernel ]]; then
    node scripts/kernel-lane.mjs --report "$results/$name.json" "$@" </dev/null
  else
    npx --no-install vitest run --project "$lane" --reporter=default --reporter=json \
      --outputFile.json="$results/$name.json" "$@" </dev/null
  fi
  echo $? >"$results/$name.status"
}

for lane in "${lanes[@]}"; do
  if [[ $lane != plain ]] && ((EUID != 0)); then
    echo "lane $lane: cannot run, it needs root for namespaces and FRR"
    echo 'needs root' >"$results/$lane.unable"
    continue
  fi
  if [[ $lane == kernel ]] && ! scripts/setup.sh kernel; then
    echo "lane $lane: cannot run, the lines above say why"
    echo 'needs QEMU and a kernel' >"$results/$lane.unable"
    continue
  fi
  echo "lane $lane:"
  run_lane "$lane" "$lane"
  mapfile -t failed < <(node scripts/failed-files.mjs "$results/$lane.json")
  if ((${#failed[@]})); then
    echo "lane $lane: what failed runs a second time, to tell what is broken from what is unsteady: ${failed[*]}"
    run_lane "$lane" "$lane.again" "${failed[@]}"
  fi
done

node scripts/sum-tests.mjs "$results" "${lanes[@]}"
