/** @file What travels to a machine without anything starts there: the program and the check of its graphics card. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execute, makeFolder } from '../cli/td.ts';

const SCRIPT = join(import.meta.dirname, '../../scripts/device-pack/main.ts');
const TSX = join(import.meta.dirname, '../../node_modules/tsx/dist/cli.mjs');
const NODE_FOLDER = join(process.execPath, '..');

const TINY = `
name: tiny
dataset: { name: mnist, trainImages: 256, testImages: 100 }
model: { name: mlp, widths: [8, 6] }
schedule: { batchSize: 32, epochs: 1 }
variants: { none: {} }
sweep: { prune: "0,0.5" }
`;

const place = makeFolder({ 'elsewhere/tiny.yaml': TINY });
afterAll(() => place.remove());

describe.skipIf(process.platform !== 'linux')('the pack for a machine without anything', () => {
  beforeAll(async () => {
    const words = [TSX, SCRIPT, '--folder', '--no-node', '--out', place.folder];
    const packed = await execute(process.execPath, words, place.folder);
    expect(packed).toMatchObject({ code: 0, stderr: '' });
  });

  /** Runs what is in the pack with no variable but the place of Node.js, in a folder that is not the project's. */
  const run = (...words: readonly string[]) =>
    execute(
      '/usr/bin/env',
      ['-i', `PATH=${NODE_FOLDER}:/usr/bin:/bin`, join(place.folder, 'td/run.sh'), ...words],
      join(place.folder, 'elsewhere'),
    );

  it('holds the program, the check and no system library if they are left out', () => {
    expect(readdirSync(join(place.folder, 'td')).sort()).toEqual(['app', 'run.sh']);
  });

  it('starts td, which finds its engines and its settings', async () => {
    expect(await run('td', '--version')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+/),
    });
    expect((await run('td', 'engines')).stdout).toMatch(/^onnx +available +CPU/m);
  });

  it('trains and sweeps, figures included', async () => {
    const trained = await run('td', 'run', 'tiny.yaml', '--engine', 'onnx');
    expect(trained.stderr).toContain('trained in');
    const swept = await run('td', 'sweep', 'tiny.yaml', '--engine', 'onnx');
    expect([trained.code, swept.code]).toEqual([0, 0]);
    expect(readdirSync(join(place.folder, 'elsewhere/results/tiny'))).toContain('figure-accuracy-weight.png');
  });

  it('starts the check of the device, and knows mistakes', async () => {
    expect((await run('device-check', '--help')).stdout).toContain('Checks the graphics card');
    expect(await run('device-check', '--networks', 'lenot')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no "lenot"'),
    });
    expect(await run('something')).toMatchObject({
      code: 2,
      stderr: 'run.sh: expected td or device-check\n',
    });
  });
});
