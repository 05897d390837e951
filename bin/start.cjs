/** @file Runs src/cli/main.ts: the sources are TypeScript, which translate.mjs translates as they are loaded. */
'use strict';

const { lstatSync, mkdirSync, mkdtempSync, rmdirSync } = require('node:fs');
const { register } = require('node:module');
const { tmpdir } = require('node:os');
const { join, resolve } = require('node:path');
const { pathToFileURL } = require('node:url');

/**
 * The folder for translated sources, below the temporary folder. tsx, which td's own child processes are started with, keeps
 * its own there, and cannot start where nothing can be written.
 *
 * @returns nothing where nothing can be written, or where somebody else made the folder: its files would be run as td
 */
function findCache() {
  const parent = tmpdir();
  try {
    rmdirSync(mkdtempSync(join(parent, 'td-')));
  } catch (error) {
    process.env.TSX_DISABLE_CACHE = '1';
    process.stderr.write(
      `td: the temporary folder ${parent} cannot be written to (${error.code}), where the translated sources are kept, so each start takes longer; TMPDIR names another\n`,
    );
    return undefined;
  }
  // Absent on Windows, where every user has a temporary folder of their own.
  const uid = process.getuid?.();
  const folder = join(parent, `td-translated-${uid ?? 'sources'}`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const status = lstatSync(folder);
    const isOwn = uid === undefined || (status.uid === uid && (status.mode & 0o022) === 0);
    return status.isDirectory() && isOwn ? folder : undefined;
  } catch {
    return undefined;
  }
}

async function start() {
  // Without it nothing can be translated: the packages are missing.
  require.resolve('esbuild');
  register('./translate.mjs', { parentURL: pathToFileURL(__filename), data: { folder: findCache() } });
  process.setSourceMapsEnabled(true);
  await import('../src/cli/main.ts');
}

start().catch((error) => {
  const isMissing = error.code === 'MODULE_NOT_FOUND' || /^Cannot find package/.test(error.message);
  const sentence = `its packages are not installed; run "npm ci" in ${resolve(__dirname, '..')}`;
  process.stderr.write(`td: ${isMissing ? sentence : (error.stack ?? error)}\n`);
  process.exitCode = isMissing ? 2 : 1;
});
