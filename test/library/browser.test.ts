/** @file What `targeted-dropout` exports needs nothing of Node, so that browsers run it. test/package runs it in one. */
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

it('the library for tfjs imports tfjs and nothing of Node', async () => {
  const { metafile } = await build({
    entryPoints: [join(import.meta.dirname, '../../src/library/index.ts')],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    // A module of Node is an error here.
    platform: 'browser',
    external: ['@tensorflow/tfjs'],
    logLevel: 'silent',
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
  expect(new Set(imports)).toEqual(new Set(['@tensorflow/tfjs']));
});
