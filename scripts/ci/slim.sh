#!/usr/bin/env bash
# Removes from an installation what this machine never reads: onnxruntime's libraries for other systems, and the source maps of
# packages. Made for images of containers; "npm install" brings it all back.
#   scripts/ci/slim.sh node_modules
set -euo pipefail
modules=${1:?expected the folder node_modules}
system=$(node -p process.platform)
find "$modules"/onnxruntime-node/bin/napi-v* -mindepth 1 -maxdepth 1 ! -name "$system" -exec rm -r {} +
find "$modules" -name '*.map' ! -path '*/targeted-dropout/*' -type f -delete
