#!/usr/bin/env bash
# Makes this machine ready: Debian packages, npm packages, the build. Does only what is missing, one line a step.
#
#   scripts/setup.sh [npm|product|test|kernel|bench|all]
#
# npm: npm packages and the build, which needs no root. product (the default): also what runs overlays.
# test, bench: also what `npm test` or `npm run bench` needs. kernel: what `npm run test:kernel` needs. all: everything.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin

# What must be there, and the Debian package that brings it.
PRODUCT=(/usr/lib/frr/zebra=frr ip=iproute2 nft=nftables ping=iputils-ping traceroute=traceroute)
TEST=(prometheus=prometheus promtool=prometheus ps=procps tcpdump=tcpdump busybox=busybox-static)
KERNEL=(qemu-system-x86_64=qemu-system-x86 cpio=cpio depmod=kmod setpriv=util-linux)
BENCH=(mnexec=mininet python3=python3 iperf3=iperf3)
# Services that these packages would start and enable on a machine that never had them.
SERVICES=(frr prometheus)
# Debian's kernel for the guest of the kernel lane, unpacked: KERNELS/RELEASE/{boot,lib}.
KERNELS=/var/cache/vinet/kernel
POLICY=/usr/sbin/policy-rc.d

main() {
  # One set-up at a time in a checkout: the second one waits and then finds nothing to do.
  exec 9<.
  flock 9
  fetched=
  log=$(mktemp -t vinet-setup.XXXXXX)
  trap finish EXIT
  trap 'exit 130' INT TERM
  check_node
  case "${1-product}" in
    npm) ;;
    product) install_debian "${PRODUCT[@]}" ;;
    test) install_debian "${PRODUCT[@]}" "${TEST[@]}" ;;
    kernel) install_debian "${PRODUCT[@]}" "${TEST[@]}" "${KERNEL[@]}" && fetch_kernel ;;
    bench) install_debian "${PRODUCT[@]}" "${BENCH[@]}" ;;
    all) install_debian "${PRODUCT[@]}" "${TEST[@]}" "${KERNEL[@]}" "${BENCH[@]}" && fetch_kernel ;;
    *) fail "unknown group '$1'" 'use one of: npm product test kernel bench all' ;;
  esac
  install_npm
  build
}

say() { echo "setup: $*"; }

fail() {
  echo "setup: $1" >&2
  echo "setup: next step: $2" >&2
  exit 1
}

# Runs a step with its output in the log, which is shown only when the step fails.
quietly() {
  local next=$1 status=0
  shift
  "$@" >"$log" 2>&1 9<&- </dev/null || status=$?
  if ((status != 0)); then
    # The reason may stand at either end.
    if (($(wc -l <"$log") > 60)); then
      head -n 30 "$log" >&2
      echo '[...]' >&2
      tail -n 20 "$log" >&2
    else
      cat "$log" >&2
    fi
    fail "'$*' failed with status $status" "$next"
  fi
}

finish() {
  rm -f "$log"
  [[ -z $fetched ]] || rm -rf "$fetched"
  forbid_no_services
}

check_node() {
  local next='install Node.js 20.19 or newer with npm, for instance from https://nodejs.org'
  command -v node >/dev/null && command -v npm >/dev/null || fail 'node or npm is not installed' "$next"
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    fail "Node.js $(node --version) is too old" "$next"
}

install_debian() {
  local wanted packages=()
  for wanted in "$@"; do
    command -v "${wanted%%=*}" >/dev/null || packages+=("${wanted#*=}")
  done
  ((${#packages[@]})) || return 0
  mapfile -t packages < <(printf '%s\n' "${packages[@]}" | sort -u)
  local by_hand="apt-get install --no-install-recommends ${packages[*]}"
  ((EUID == 0)) || fail "missing: ${packages[*]}; only root can install them" "run this as root, or: $by_hand"
  command -v apt-get >/dev/null || fail "missing: ${packages[*]}; this is not Debian" 'install them by hand'

  say "installing Debian packages: ${packages[*]}"
  local service fresh=()
  for service in "${SERVICES[@]}"; do
    [[ -e /etc/init.d/$service || -e /lib/systemd/system/$service.service ]] || fresh+=("$service")
  done
  forbid_services "${fresh[@]}"
  # A source that has nothing to do with us may be broken: whether the packages can be had is for install to say.
  apt-get update -q >"$log" 2>&1 9<&- </dev/null || say 'apt-get update complained; going on with the package lists there are'
  DEBIAN_FRONTEND=noninteractive quietly "look at the lines above, then: apt-get update && $by_hand" \
    apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=120 "${packages[@]}"
  forbid_no_services
  for service in "${fresh[@]}"; do
    leave_off "$service"
  done
  for wanted in "$@"; do
    command -v "${wanted%%=*}" >/dev/null || fail "${wanted#*=} is installed but ${wanted%%=*} is not there" "$by_hand --reinstall"
  done
}

# While packages are installed, Debian asks this file whether a service may start. One that is there already is
# its owner's and stays as it is.
forbid_services() {
  (($#)) || return 0
  [[ ! -e $POLICY ]] || return 0
  printf '#!/bin/sh\n# vinet setup: removed again when it ends\ncase $1 in %s) exit 101 ;; esac\nexit 0\n' \
    "$(printf '%s|%s.service|' "$@" "$@" | sed 's/|$//')" >"$POLICY"
  chmod 755 "$POLICY"
}

forbid_no_services() {
  if grep -qs 'vinet setup: removed again' "$POLICY"; then rm -f "$POLICY"; fi
}

# vinet starts daemons of its own; the machine's own FRR or Prometheus is for its operator to switch on.
leave_off() {
  [[ -e /etc/init.d/$1 ]] || return 0
  say "leaving the service $1 off (to switch it on: systemctl enable --now $1)"
  quietly "update-rc.d $1 disable" update-rc.d "$1" disable
}

# The package is unpacked, not installed: this machine never boots it.
fetch_kernel() {
  [[ -z $(compgen -G "$KERNELS/*/boot/vmlinuz-*") ]] || return 0
  [[ $(dpkg --print-architecture) == amd64 ]] || fail 'the guest of the kernel lane is amd64' 'run the lane on an amd64 machine'
  local package release
  package=$(apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p')
  [[ -n $package ]] || fail 'no package linux-image-amd64 is known' 'apt-get update'
  release=${package#linux-image-}
  say "fetching Debian's kernel $release"
  fetched=$(mktemp -d -t vinet-kernel.XXXXXX)
  quietly "is Debian's archive reachable? then: apt-get update" download "$package" "$fetched"
  quietly 'look at the lines above' dpkg -x "$fetched"/*.deb "$fetched/$release"
  quietly 'look at the lines above' depmod -b "$fetched/$release" "$release"
  mkdir -p "$KERNELS"
  rm -rf "${KERNELS:?}/$release"
  mv "$fetched/$release" "$KERNELS/"
}

download() (cd "$2" && apt-get download -q "$1")

# npm ci takes what package-lock.json says and nothing else; the stamp says which one it was.
install_npm() {
  local stamp=node_modules/.vinet-setup sum
  sum=$(sha256sum <package-lock.json)
  [[ ! -f $stamp || $(<"$stamp") != "$sum" ]] || return 0
  # npm ci would empty the folder behind a link, which somebody else uses.
  [[ ! -L node_modules ]] || fail 'node_modules is a link, and what it leads to does not fit package-lock.json' \
    'rm node_modules, then run this again'
  say 'installing npm packages'
  quietly 'look at the lines above; is the npm registry reachable?' npm ci --no-progress --loglevel=error
  echo "$sum" >"$stamp"
}

build() {
  local stamp=dist/.vinet-setup
  if [[ -f $stamp && -z $(find src package-lock.json tsconfig.json tsconfig.build.json -newer "$stamp" -print -quit) ]]; then
    return 0
  fi
  say 'building'
  mkdir -p dist
  # A file edited while the compiler runs is newer than this.
  touch "$stamp.started"
  quietly 'mend what the compiler says above' npm run --silent build
  mv "$stamp.started" "$stamp"
}

main "$@"
