#!/bin/sh
# run.sh td … runs td, run.sh device-check … checks the graphics card: with the Node.js beside this file, else with that of the machine.
here=$(cd "$(dirname "$0")" && pwd)
PATH=${PATH:-/usr/local/bin:/usr/bin:/bin}:/usr/sbin:/sbin
export PATH

# Libraries that the machine has are its own; those that it lacks are taken from lib/, one by one.
missing=$(mktemp -d)
have=$(ldconfig -p 2>/dev/null)
for file in "$here"/lib/*; do
  [ -e "$file" ] || continue
  case "$have" in *"$(basename "$file") "*) ;; *) ln -s "$file" "$missing/" ;; esac
done
LD_LIBRARY_PATH="$missing${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export LD_LIBRARY_PATH

# Containers may be given NVIDIA's driver without the description by which Vulkan finds it.
nvidia=/usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json
if [ -z "${VK_DRIVER_FILES:-}" ] && [ -f "$nvidia" ] &&
  ! ls /etc/vulkan/icd.d/*.json /usr/share/vulkan/icd.d/*.json >/dev/null 2>&1; then
  VK_DRIVER_FILES=$nvidia
  export VK_DRIVER_FILES
fi
# Drivers keep compiled programs in the user's folder.
HOME=${HOME:-${TMPDIR:-/tmp}}
XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-${TMPDIR:-/tmp}}
export HOME XDG_RUNTIME_DIR

what=$1
shift
case "$what" in
  td | device-check) ;;
  *) echo 'run.sh: expected td or device-check' >&2; exit 2 ;;
esac
node="$here/bin/node"
[ -x "$node" ] || node=node
"$node" "$here/app/$what.mjs" "$@"
code=$?
rm -rf "$missing"
exit $code
