/** @file Bundles the script of the report's page from its sources and the plotting library. */
import { join } from 'node:path';
import { build } from 'esbuild';

/** The oldest browsers that the script is written for. */
const TARGET = ['chrome111', 'firefox115', 'safari16.4'];

/** Takes about half a second. */
export async function bundleClient(): Promise<string> {
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
    logLevel: 'silent',
  });
  return bundle.outputFiles[0]?.text ?? '';
}
