#!/usr/bin/env bash
# Builds FRR's northbound gRPC module, which Debian leaves out, from the source package of the FRR that is installed,
# for `npm run test:grpc`. What was built is kept: 8 minutes the first time on 2 cores, nothing after that.
#
#   scripts/frr-grpc.sh      the module is then /var/cache/vinet/frr-grpc/installed/grpc.so
set -euo pipefail
CACHE=/var/cache/vinet/frr-grpc
# What libfrr and the module need of all that Debian builds FRR with.
PACKAGES=(build-essential dpkg-dev autoconf automake libtool bison flex gawk pkg-config python3-dev libelf-dev
  libjson-c-dev libyang2-dev libcap-dev libpcre2-dev libreadline-dev libc-ares-dev libpam0g-dev texinfo
  libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc)

main() {
  command -v dpkg-query apt-get >/dev/null || fail 'this is not Debian, whose source package it is built from'
  version=$(dpkg-query -W -f '${Version}' frr 2>/dev/null) || fail 'FRR is not installed as a Debian package'
  module=$CACHE/$version/grpc.so
  if [[ -e $module ]]; then
    [[ $(readlink "$CACHE/installed") == "$version" ]] || ln -sfn "$version" "$CACHE/installed"
    return 0
  fi
  ((EUID == 0)) || fail "$module is not there, and only root can build it"
  mkdir -p "$CACHE"
  exec 9<"$CACHE"
  flock 9
  [[ ! -e $module ]] || return 0
  work=$(mktemp -d "$CACHE/build.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM
  say "building the gRPC module of FRR $version, which takes some minutes"
  step 'installing what it is built with' install_packages
  step "fetching Debian's source package" fetch_source
  step 'configuring' configure
  step 'compiling libfrr and the module' compile
  mv "$work/out" "$CACHE/$version"
  ln -sfn "$version" "$CACHE/installed"
  say "built $module"
}

say() { echo "frr-grpc: $*"; }

fail() {
  echo "frr-grpc: the lane cannot run: $1" >&2
  exit 1
}

step() {
  say "$1"
  ("$2") >"$work/log" 2>&1 9<&- </dev/null && return
  tail -n 40 "$work/log" >&2
  fail "$1 failed, the lines above say why"
}

install_packages() {
  set -e
  apt-get update -q || true
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=120 "${PACKAGES[@]}"
}

# The machine's own list of sources stays as it is: a copy of it asks for sources instead of packages.
fetch_source() {
  set -e
  mkdir -p "$work/apt/parts" "$work/apt/lists/partial" "$work/source"
  local list
  for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [[ ! -e $list ]] || sed -n 's/^deb\s/deb-src /p' "$list" >>"$work/apt/parts/source.list"
  done
  for list in /etc/apt/sources.list.d/*.sources; do
    [[ ! -e $list ]] || sed 's/^Types:.*/Types: deb-src/' "$list" >"$work/apt/parts/${list##*/}"
  done
  local own=(-o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$work/apt/parts"
    -o "Dir::State::lists=$work/apt/lists" -o APT::Sandbox::User=root)
  apt-get "${own[@]}" update -q
  cd "$work/source"
  apt-get "${own[@]}" source -q "frr=$version"
}

# As Debian configures it, where that changes what daemons and modules have in common.
configure() {
  set -e
  cd "$work"/source/frr-*/
  autoreconf -i
  local arch
  arch=$(dpkg-architecture -qDEB_HOST_MULTIARCH)
  # Found beside the module, and no earlier than the installed one of the same name that the daemon has loaded.
  export LDFLAGS="-Wl,-rpath,$CACHE/$version"
  ./configure --prefix=/usr --localstatedir=/var/run/frr --sbindir=/usr/lib/frr --sysconfdir=/etc/frr \
    --libdir="/usr/lib/$arch/frr" --with-moduledir="/usr/lib/$arch/frr/modules" \
    --enable-multipath=256 --enable-user=frr --enable-group=frr --enable-vty-group=frrvty \
    --enable-configfile-mask=0640 --enable-logfile-mask=0640 --with-libpam --enable-fpm \
    --enable-grpc --disable-doc --disable-protobuf --disable-zeromq --disable-dependency-tracking \
    --disable-{bgpd,ripd,ripngd,ospfd,ospf6d,ldpd,nhrpd,eigrpd,babeld,pimd,pbrd,sharpd,fabricd,vrrpd,pathd,bfdd,isisd}
}

compile() {
  set -e
  cd "$work"/source/frr-*/
  nice -n 19 make -j"$(nproc)" lib/grpc.la
  mkdir -p "$work/out"
  cp lib/.libs/grpc.so grpc/.libs/libfrrgrpc_pb.so.0 "$work/out/"
  chmod 755 "$work/out"
}

main "$@"
