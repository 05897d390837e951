/** @file Runs src/cli/main.ts, from a bundle of all sources where one can be kept. */
'use strict';

const { mkdtempSync, rmdirSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { dirname, join, resolve } = require('node:path');
const { pathToFileURL } = require('node:url');

/** td's child processes are started through tsx, which keeps what it has translated in the temporary folder, and cannot start where there is none. */
function requireTemporaryFolder() {
  const folder = tmpdir();
  try {
    rmdirSync(mkdtempSync(join(folder, 'td-')));
  } catch (error) {
    process.env.TSX_DISABLE_CACHE = '1';
    process.stderr.write(
      `td: the temporary folder ${folder} cannot be written to (${error.code}), so that processes that td starts take longer; TMPDIR names another\n`,
    );
  }
}

async function start() {
  // A bundle loads packages before its own code; this must be set before onnxruntime is loaded (src/engines/onnx/no-telemetry.ts).
  process.env.ORT_DISABLE_TELEMETRY = '1';
  requireTemporaryFolder();
  const bundle = await require('./bundle.cjs').findBundle();
  if (bundle !== undefined) {
    require('./stack.cjs').nameSources(dirname(bundle));
    await import(pathToFileURL(bundle).href);
    return;
  }
  const { register } = await import('tsx/esm/api');
  register();
  await import('../src/cli/main.ts');
}

start().catch((error) => {
  const isMissing = error.code === 'MODULE_NOT_FOUND' || /^Cannot find package/.test(error.message);
  const sentence = `its packages are not installed; run "npm ci" in ${resolve(__dirname, '..')}`;
  process.stderr.write(`td: ${isMissing ? sentence : (error.stack ?? error)}\n`);
  process.exitCode = isMissing ? 2 : 1;
});
