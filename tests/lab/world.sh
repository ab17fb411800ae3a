#!/bin/sh
# The first process of a lab, in mount, network and pid namespaces of its own: lays private file
# systems over the machine's, starts a journald and one user's systemd, and stays until its
# standard input ends. With it ends everything in the pid namespace, and every file it made.
#
# usage: world.sh UID PYTHON CGROUP...
#   PYTHON  a Python installation that others cannot read below /root or /home; empty for none
#   CGROUP  folders made for this lab, one in each hierarchy, owned by UID
set -eu
uid=$1 python=$2
shift 2

ip link set lo up
ip route add default dev lo # a network that is there, and swallows what leaves the host
mount -t tmpfs -o mode=755 lab /run
[ -z "$python" ] || { mkdir /run/python && mount --bind "$python" /run/python; }
cp -a /etc /run/etc
mount --bind /run/etc /etc
[ -s /etc/machine-id ] || tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
for folder in /root /home /tmp /var/log /var/lib/systemd; do
    mkdir -p "$folder"
    mount -t tmpfs -o mode=755 lab "$folder"
done
chmod 1777 /tmp
if [ -n "$python" ]; then # where it was, but where others can read it too
    mkdir -p "$python"
    mount --move /run/python "$python"
fi

echo "pico:x:$uid:$uid::/home/pico:/bin/sh" >>/etc/passwd
echo "pico:x:$uid:" >>/etc/group
echo "127.0.0.1 api.line.me" >>/etc/hosts # a name that the network knows
mkdir -p /home/pico /run/systemd/system /var/log/journal /run/user/"$uid"
chown "$uid:$uid" /home/pico /run/user/"$uid"
chmod 700 /home/pico /run/user/"$uid"

/lib/systemd/systemd-journald 2>/dev/null &
until journalctl --flush 2>/dev/null; do sleep 0.02; done # to /var/log, where each uid has a file

(
    for cgroup; do echo 0 >"$cgroup/cgroup.procs"; done
    exec env -i HOME=/home/pico USER=pico LOGNAME=pico SHELL=/bin/sh LANG=C.UTF-8 \
        XDG_RUNTIME_DIR=/run/user/"$uid" PATH="$LAB_PATH" SYSTEMD_LOG_TARGET=journal \
        setpriv --reuid "$uid" --regid "$uid" --clear-groups --inh-caps=-all \
        /lib/systemd/systemd --user
) </dev/null >/dev/null 2>&1 &

echo up
cat >/dev/null
