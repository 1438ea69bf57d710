#!/bin/bash
# The guest's only service: makes the root usable, runs the lane's command and powers off.
# In /run/kernel-lane, which the host shares: this file, settings, command; up and status are left there.
source /run/kernel-lane/settings
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8

mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm /run/netns
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs shm /dev/shm
mount -t tmpfs -o mode=1777 tmp /var/tmp
ln -sfn /proc/self/fd /dev/fd
for name in stdin stdout stderr; do ln -sfn "/proc/self/fd/$((number++))" "/dev/$name"; done
install -d -o frr -g frr /run/frr
# From here on the kernel loads by itself what is asked of it, as on any Debian.
mkdir -p "/lib/modules/$(uname -r)"
mount --bind "$KERNEL_MODULES" "/lib/modules/$(uname -r)"
modprobe -a "${EXTRA_MODULES[@]}"
hostname kernel-lane
ip link set lo up

until out=$(compgen -G '/dev/vport*'); do sleep 0.1; done
>/run/kernel-lane/up
cd "$CHECKOUT" && bash /run/kernel-lane/command </dev/null >"$out" 2>&1
echo $? >/run/kernel-lane/status
exec busybox poweroff -f
