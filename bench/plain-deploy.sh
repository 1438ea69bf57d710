#!/usr/bin/env bash
# The whole job as most would write it: `ip -batch` for the links, then one router's daemons after another, then
# waiting until every router has a route to every other one. The yardstick of `vinet apply --wait`.
#
#   bench/plain-deploy.sh up|down N FOLDER     FOLDER holds the batches that bench/deploy.mjs wrote
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
count=$2 folder=$3 prefix=vb_r

up() {
  ip -batch "$folder/links"
  local i
  for ((i = 1; i <= count; i++)); do
    ip -n "$prefix$i" -batch "$folder/addresses.$i"
    ip netns exec "$prefix$i" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
  done
  for ((i = 1; i <= count; i++)); do
    start_router "$i"
  done
  for ((i = 1; i <= count; i++)); do
    until (($(ip -n "$prefix$i" route show proto ospf | grep -c '^10\.90\.') >= count - 1)); do
      sleep 0.1
    done
  done
}

# The same OSPF settings as the product's templates.
start_router() {
  local i=$1 name=$prefix$1 next=$(($1 % count + 1)) before=$((($1 + count - 2) % count + 1))
  install -d -o frr -g frr "/etc/frr/$name" "/var/run/frr/$name"
  echo "hostname r$i" >"/etc/frr/$name/zebra.conf"
  {
    echo "hostname r$i"
    echo "interface lo
 ip ospf area 0.0.0.0
 ip ospf passive"
    local far
    for far in "$next" "$before"; do
      echo "interface r$far
 ip ospf area 0.0.0.0
 ip ospf network point-to-point
 ip ospf hello-interval ${HELLO_S:-1}
 ip ospf dead-interval ${DEAD_S:-4}"
    done
    echo "router ospf
 ospf router-id 10.90.$((i >> 8)).$((i & 255))
 timers throttle spf 0 50 500
 timers throttle lsa all 0
 timers lsa min-arrival 0"
  } >"/etc/frr/$name/ospfd.conf"
  chown frr:frr "/etc/frr/$name"/*.conf
  ip netns exec "$name" /usr/lib/frr/zebra -d -N "$name" -f "/etc/frr/$name/zebra.conf"
  ip netns exec "$name" /usr/lib/frr/ospfd -d -N "$name" -f "/etc/frr/$name/ospfd.conf"
}

down() {
  local i file pid
  for ((i = 1; i <= count; i++)); do
    for file in "/var/run/frr/$prefix$i"/*.pid; do
      [[ -f $file ]] || continue
      pid=$(<"$file")
      # Its number may be another process's by now.
      if tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q -- "-N $prefix$i "; then kill -9 "$pid"; fi
    done
    rm -rf "/etc/frr/$prefix$i" "/var/run/frr/$prefix$i"
  done
  ip -force -batch "$folder/removal" 2>/dev/null || true
}

"$1"
