#!/usr/bin/env bash
# The whole job as most would write it: `ip -batch` for the links, then one router's daemons after another, or one set of
# daemons for all of them, then waiting until every router has a route to every other one. The yardstick of
# `vinet apply --wait`.
#
#   bench/plain-deploy.sh up|down dedicated|shared N FOLDER     FOLDER holds what plain-files.mjs wrote
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
instance=$2 count=$3 folder=$4 prefix=vb_r all=vb_all

up() {
  ip -batch "$folder/links"
  local i
  for ((i = 1; i <= count; i++)); do
    ip -n "$prefix$i" -batch "$folder/addresses.$i"
    ip netns exec "$prefix$i" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
  done
  "start_$instance"
  for ((i = 1; i <= count; i++)); do
    until (($(ip -n "$prefix$i" route show proto ospf | grep -c '^10\.90\.') >= count - 1)); do
      sleep 0.1
    done
  done
}

start_dedicated() {
  local i name
  for ((i = 1; i <= count; i++)); do
    name=$prefix$i
    make_folders "$name"
    echo "hostname r$i" >"/etc/frr/$name/zebra.conf"
    cp "$folder/ospfd.$i" "/etc/frr/$name/ospfd.conf"
    chown frr:frr "/etc/frr/$name"/*.conf
    ip netns exec "$name" /usr/lib/frr/zebra -d -N "$name" -f "/etc/frr/$name/zebra.conf"
    ip netns exec "$name" /usr/lib/frr/ospfd -d -N "$name" -f "/etc/frr/$name/ospfd.conf"
  done
}

# Configured once the daemons know all VRFs: what is said of an unknown one lands elsewhere.
start_shared() {
  make_folders "$all"
  /usr/lib/frr/zebra -d -n -N "$all"
  /usr/lib/frr/ospfd -d -N "$all"
  until (($(vtysh -N "$all" -d ospfd -c 'show yang operational-data /frr-vrf:lib ospfd' 2>/dev/null |
    grep -c "\"name\": \"$prefix") >= count)); do
    sleep 0.1
  done
  vtysh -N "$all" -d ospfd -f "$folder/ospfd.all" >/dev/null
}

make_folders() {
  install -d -o frr -g frr "/etc/frr/$1" "/var/run/frr/$1"
}

down() {
  local i
  remove_daemons "$all"
  for ((i = 1; i <= count; i++)); do remove_daemons "$prefix$i"; done
  ip -force -batch "$folder/removal" 2>/dev/null || true
}

remove_daemons() {
  local file pid
  for file in "/var/run/frr/$1"/*.pid; do
    [[ -f $file ]] || continue
    pid=$(<"$file")
    # Its number may be another process's by now.
    if tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q -- "-N $1 "; then kill -9 "$pid"; fi
  done
  rm -rf "/etc/frr/$1" "/var/run/frr/$1"
}

"$1"
