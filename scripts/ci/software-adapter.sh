#!/usr/bin/env bash
# Unpacks Mesa's software Vulkan driver (lavapipe) into a folder, so that WebGPU can be tested where there is no graphics card.
# Nothing of the system is changed and no right of an administrator is needed.
#
#   eval "$(scripts/ci/software-adapter.sh FOLDER)"     sets VK_DRIVER_FILES and LD_LIBRARY_PATH
#
# Needs apt and a Mesa of 25 or newer among the machine's own sources, or, on Debian, in its backports on the same mirror:
# onnxruntime refuses older ones. What FOLDER holds already is used again.
set -euo pipefail

readonly LEAST_MESA=25
folder=$(mkdir -p "${1:?a folder to unpack the driver into}" && cd "$1" && pwd)
driver_file="$folder/lavapipe.json"

print_settings() {
  printf 'export VK_DRIVER_FILES=%q\n' "$driver_file"
  printf 'export LD_LIBRARY_PATH=%q\n' "$folder/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
}

if [ -f "$driver_file" ]; then
  print_settings
  exit
fi
command -v apt-get >/dev/null || { echo 'software-adapter: apt-get is needed, which is not here' >&2; exit 1; }

# A configuration of its own: the machine's sources, and the backports on the mirror that they name.
apt_home="$folder/apt"
mkdir -p "$apt_home"/{lists/partial,archives/partial,sources}
cp -r /etc/apt/sources.list /etc/apt/sources.list.d/. "$apt_home/sources/" 2>/dev/null || true
# shellcheck source=/dev/null
codename=$(. /etc/os-release && [ "${ID:-}" = debian ] && echo "${VERSION_CODENAME:-}" || true)
if [ -n "$codename" ]; then
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    awk -v release="$codename" '$2 == release && $3 == "main" { print $1; exit }')
  signed=$(ls /usr/share/keyrings/debian-archive-keyring.gpg 2>/dev/null || true)
  [ -z "$mirror" ] || printf 'deb %s%s %s-backports main\n' "${signed:+[signed-by=$signed] }" "$mirror" "$codename" \
    > "$apt_home/sources/backports.list"
fi
apt=(apt-get -qq -o "Dir::Etc::sourcelist=/dev/null" -o "Dir::Etc::sourceparts=$apt_home/sources"
  -o "Dir::State::lists=$apt_home/lists" -o "Dir::Cache::archives=$apt_home/archives"
  -o "Dir::Cache::pkgcache=" -o "Dir::Cache::srcpkgcache=" -o Debug::NoLocking=1 -o APT::Sandbox::User=)
"${apt[@]}" update >&2

newest=$(apt-cache "${apt[@]:2}" madison mesa-vulkan-drivers | awk -F'|' '{ gsub(/ /, "", $2); print $2 }' | sort -V | tail -n 1)
major=${newest%%.*}
if ! [[ "$major" =~ ^[0-9]+$ ]] || [ "$major" -lt "$LEAST_MESA" ]; then
  echo "software-adapter: Mesa $LEAST_MESA or newer is needed, and the newest here is ${newest:-none}" >&2
  exit 1
fi

# Downloaded even where an older one is installed; dependencies that the machine has are left out.
# With names of versions that depend on one another, apt takes those of the same source too.
"${apt[@]}" install --yes --download-only --no-install-recommends --reinstall ${codename:+-t "$codename-backports"} \
  "mesa-vulkan-drivers=$newest" libvulkan1 >&2
mkdir -p "$folder/root"
for package in "$apt_home"/archives/*.deb; do dpkg -x "$package" "$folder/root"; done
rm -rf "$apt_home"

# Only what the loader and the driver need is shown to programs, so that others keep the libraries of the machine.
mkdir -p "$folder/lib"
library=$(find "$folder/root" -name 'libvulkan_lvp.so' | head -n 1)
manifest=$(find "$folder/root" -name 'lvp_icd*.json' | head -n 1)
unpacked=$(dirname "$library")
{
  find "$unpacked" -name 'libvulkan.so.1'
  LD_LIBRARY_PATH="$unpacked:$folder/root/lib/$(basename "$unpacked")" ldd "$library" | awk -v root="$folder/root" 'index($3, root) == 1 { print $3 }'
} | while read -r file; do ln -sf "$file" "$folder/lib/"; done
sed "s|\"library_path\": *\"[^\"]*\"|\"library_path\": \"$library\"|" "$manifest" > "$driver_file.part"
mv "$driver_file.part" "$driver_file"
print_settings
