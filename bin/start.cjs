/** @file Runs src/cli/main.ts: the sources are TypeScript, which tsx translates as they are loaded. */
'use strict';

const { mkdtempSync, rmdirSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join, resolve } = require('node:path');

/** tsx keeps what it has translated in the temporary folder, and cannot start where there is none. */
function requireCache() {
  const folder = tmpdir();
  try {
    rmdirSync(mkdtempSync(join(folder, 'td-')));
  } catch (error) {
    process.env.TSX_DISABLE_CACHE = '1';
    process.stderr.write(
      `td: the temporary folder ${folder} cannot be written to (${error.code}), where tsx keeps the translated sources, so each start takes longer; TMPDIR names another\n`,
    );
  }
}

async function start() {
  const { register } = await import('tsx/esm/api');
  register();
  await import('../src/cli/main.ts');
}

requireCache();
start().catch((error) => {
  const isMissing = /^Cannot find package/.test(error.message);
  const sentence = `its packages are not installed; run "npm ci" in ${resolve(__dirname, '..')}`;
  process.stderr.write(`td: ${isMissing ? sentence : (error.stack ?? error)}\n`);
  process.exitCode = isMissing ? 2 : 1;
});
