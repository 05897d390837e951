/** @file tfjs is loaded without its source map, the project's own modules with theirs. */
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

it('keeps no source map of tfjs, and those of other modules', () => {
  const program = `
    import { createRequire, findSourceMap } from 'node:module';
    import { loadTfjs } from './src/engines/load-tfjs.ts';
    await loadTfjs();
    const errors = new URL('./src/errors.ts', 'file://' + process.cwd() + '/');
    await import(errors.href);
    const tfjs = createRequire(errors).resolve('@tensorflow/tfjs');
    const known = [tfjs, errors.href].map((name) => findSourceMap(name) !== undefined);
    console.log(JSON.stringify({ known, loaded: 'tfjsVersion' in globalThis || tfjs in createRequire(errors).cache }));
  `;
  const run = (code: string): unknown => {
    const args = ['--import', 'tsx/esm', '--input-type=module', '--eval', code];
    return JSON.parse(
      execFileSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } }),
    );
  };
  expect(run(program)).toEqual({ known: [false, true], loaded: true });
  const plainly = program.replace('await loadTfjs()', "await import('@tensorflow/tfjs')");
  expect(run(plainly)).toEqual({ known: [true, true], loaded: true });
});
