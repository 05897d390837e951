/**
 * @file Runs td: in a package what was compiled of it, in a checkout src/cli/main.ts, from a bundle of all sources where one
 * can be kept.
 */
'use strict';

const { existsSync, mkdtempSync, rmdirSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { dirname, join, resolve } = require('node:path');
const { pathToFileURL } = require('node:url');

const ROOT = resolve(__dirname, '..');
const IS_CHECKOUT = existsSync(join(ROOT, 'src/cli/main.ts'));

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
  if (IS_CHECKOUT) await startSources();
  else await startPackage();
}

async function startSources() {
  requireTemporaryFolder();
  const bundle = await require('./bundle.cjs').findBundle();
  if (bundle !== undefined) {
    await startModules(bundle);
    return;
  }
  const { register } = await import('tsx/esm/api');
  register();
  await import('../src/cli/main.ts');
}

async function startPackage() {
  const main = join(ROOT, 'dist/td.js');
  if (existsSync(main)) await startModules(main);
  else {
    process.stderr.write(
      'td: this package was made without its build, expected "npm run build" before "npm pack"; install another\n',
    );
    process.exitCode = 2;
  }
}

async function startModules(main) {
  require('./stack.cjs').nameSources(dirname(main));
  await import(pathToFileURL(main).href);
}

start().catch((error) => {
  // In a package td's own modules may be missing, too.
  const missing = IS_CHECKOUT ? /^Cannot find package/ : /^Cannot find (package|module)/;
  const isMissing = error.code === 'MODULE_NOT_FOUND' || missing.test(error.message);
  const remedy = IS_CHECKOUT ? `run "npm ci" in ${ROOT}` : 'install targeted-dropout again';
  const sentence = `its packages are not installed; ${remedy}`;
  process.stderr.write(`td: ${isMissing ? sentence : (error.stack ?? error)}\n`);
  process.exitCode = isMissing ? 2 : 1;
});
