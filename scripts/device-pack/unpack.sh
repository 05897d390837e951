#!/bin/sh
# sh unpack.sh FOLDER: unpacks td.tar.xz beside this file into FOLDER, with xz, or with python3 where there is none.
archive=$(cd "$(dirname "$0")" && pwd)/td.tar.xz
mkdir -p "$1" && cd "$1" || exit 1
if command -v xz >/dev/null 2>&1; then exec tar -xJf "$archive"; fi
exec python3 -c 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(".")' "$archive"
