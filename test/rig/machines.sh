# Machines of one network, each with a network, a host name and files of its own (namespaces(7)), joined by a bridge. Needs
# root, or a user namespace in which it has become root. Says `machine NAME PID` for each, and ends them with its input.
set -eu
place=$1
shift

enter() { # what a machine is, once it has its network
  hostname "$1"
  bind "$place/etc/hosts" /etc/hosts
  bind "$place/etc/passwd" /etc/passwd
  bind "$place/etc/resolv.conf" /etc/resolv.conf
  bind "$place/opt" /opt
  bind "$place/bin" /usr/local/bin
  bind "$place/media" /media
  bind "$place/mnt" /mnt
  bind "$place/$1/home" /home
  bind "$place/$1/tmp" /tmp
  echo "machine $1 $$"
  exec sleep infinity
}

bind() { mount --rbind "$1" "$2"; }

if [ "$1" = enter ]; then
  enter "$2"
fi

ip link add bridge0 type bridge
ip link set bridge0 up
held=
for machine; do
  name=${machine%=*} address=${machine#*=} net=$place/net/${machine%=*}
  : >"$net"
  unshare --net="$net" true
  ip link add "at-$name" type veth peer name "to-$name"
  ip link set "at-$name" master bridge0 up
  ip link set "to-$name" netns "$net"
  nsenter --net="$net" sh -c "ip link set lo up && ip link set to-$name name eth0 up && ip address add $address/24 dev eth0"
  nsenter --net="$net" unshare --mount --uts bash "$0" "$place" enter "$name" &
  held="$held $!"
done
trap 'kill $held' EXIT
cat >/dev/null
