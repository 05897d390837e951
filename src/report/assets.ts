/** @file What a report carries besides its content: the script of its charts, and its style. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

export interface Assets {
  readonly script: string;
  readonly style: string;
}

/** The oldest browsers that the script is written for. */
const TARGET = ['chrome111', 'firefox115', 'safari16.4'];

/** Bundles the script from its sources and the plotting library. Takes about half a second. */
export async function buildAssets(): Promise<Assets> {
  const bundle = await build({
    entryPoints: [join(import.meta.dirname, 'client/main.ts')],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: TARGET,
    charset: 'utf8',
    // Licences are named; an element of a page ends wherever "</script" stands, which the bundler avoids.
    legalComments: 'eof',
    // Settings for checking types are no part of an installed package.
    tsconfigRaw: {},
    logLevel: 'silent',
  });
  const script = bundle.outputFiles[0]?.text ?? '';
  return { script, style: readFileSync(join(import.meta.dirname, 'style.css'), 'utf8') };
}
