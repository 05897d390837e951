/** @file The sources of the native module are found wherever a package manager puts them. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findSources } from '../../../../src/engines/tensorflow/installation/sources.ts';
import { UserError } from '../../../../src/errors.ts';
import { temporaryFolder } from '../../../runs/temporary.ts';
import { writeFiles } from './fakes.ts';

const TFJS_NODE = {
  'package.json': '{"name": "@tensorflow/tfjs-node-gpu", "version": "4.22.0", "main": "dist/index.js"}',
  'binding/tfjs_backend.cc': 'backend',
  'binding/tfjs_binding.cc': 'binding',
  'binding/utils.h': 'utils',
};
const HEADERS = {
  'package.json': '{"name": "node-api-headers", "version": "1.9.0"}',
  'include/node_api.h': 'api',
};

function linkTo(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}

function expectCopied(from: string): void {
  const folder = join(temporaryFolder(), 'to bë built');
  const sources = findSources(from);
  expect(sources.version).toBe('4.22.0');
  const copied = sources.copyTo(folder);
  expect(copied.sources.map((path) => readFileSync(path, 'utf8'))).toEqual(['backend', 'binding']);
  expect(readdirSync(join(folder, 'binding'))).toContain('utils.h');
  expect(copied.includes.map((path) => readdirSync(path))).toEqual([['node_api.h']]);
}

describe('the sources', () => {
  it('are found in the flat layout of npm, in the folder of the program or above it', () => {
    const root = join(temporaryFolder(), 'proj ëct');
    writeFiles(`${root}/node_modules/@tensorflow/tfjs-node-gpu`, TFJS_NODE);
    writeFiles(`${root}/node_modules/node-api-headers`, HEADERS);
    expectCopied(join(root, 'node_modules/td/src/sources.ts'));
  });

  it("are found through pnpm's links into its store", () => {
    const root = temporaryFolder();
    const store = `${root}/node_modules/.pnpm`;
    writeFiles(`${store}/@tensorflow+tfjs-node-gpu@4.22.0/node_modules/@tensorflow/tfjs-node-gpu`, TFJS_NODE);
    writeFiles(`${store}/node-api-headers@1.9.0/node_modules/node-api-headers`, HEADERS);
    const program = `${root}/td`;
    linkTo(
      `${store}/@tensorflow+tfjs-node-gpu@4.22.0/node_modules/@tensorflow/tfjs-node-gpu`,
      `${program}/node_modules/@tensorflow/tfjs-node-gpu`,
    );
    linkTo(
      `${store}/node-api-headers@1.9.0/node_modules/node-api-headers`,
      `${program}/node_modules/node-api-headers`,
    );
    expectCopied(`${program}/src/sources.ts`);
  });

  it('are found when yarn has hoisted one package and not the other', () => {
    const root = temporaryFolder();
    writeFiles(`${root}/node_modules/@tensorflow/tfjs-node-gpu`, TFJS_NODE);
    writeFiles(`${root}/packages/td/node_modules/node-api-headers`, HEADERS);
    expectCopied(`${root}/packages/td/src/sources.ts`);
  });

  it('of this program itself are whole', () => {
    const { sources, helper, kernels, includes } = findSources().copyTo(temporaryFolder());
    for (const path of [...sources, helper, kernels]) expect(readFileSync(path, 'utf8')).toContain('napi_');
    expect(readdirSync(includes[0] ?? '')).toContain('node_api.h');
  });

  it('that were left out by npm are named with the command that brings them', () => {
    const root = temporaryFolder();
    writeFiles(`${root}/node_modules/node-api-headers`, HEADERS);
    expect(() => findSources(join(root, 'x.ts'))).toThrow(UserError);
    expect(() => findSources(join(root, 'x.ts'))).toThrow(
      /^the npm package @tensorflow\/tfjs-node-gpu is not installed.*"npm ci --include=optional" in td's folder/,
    );
  });
});
