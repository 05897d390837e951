/** @file What users install from a registry: packed, installed into an empty folder, and run there. */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { execute, makeFolder, type Place, TINY } from '../cli/td.ts';
import { CHROMIUM, openPage, startBrowser, WITHOUT } from '../report/chromium.ts';
import { type Installed, installPackage, ROOT } from './install.ts';
import { serveFolder } from './serve-folder.ts';

let place: Place;
let installed: Installed;

beforeAll(async () => {
  place = makeFolder({ 'tiny.yaml': TINY });
  installed = await installPackage(place.folder);
  return () => place.remove();
}, 300_000);

const td = (...words: readonly string[]) => execute(process.execPath, [installed.td, ...words], place.folder);
const here = ['--engine', 'onnx', '--device', 'cpu', '--threads', '1'];

describe('the package', () => {
  it('holds compiled modules with source maps, the experiments, and nothing of the tests and caches', () => {
    const paths = installed.packed.files.map(({ path }) => path);
    expect(installed.packed.size).toBeLessThan(2e6);
    for (const needed of [
      'dist/LICENSES.txt',
      'LICENSE',
      'README.md',
      'bin/td',
      'dist/td.js',
      'dist/td.js.map',
      'configs/mnist-lenet.yaml',
    ])
      expect(paths).toContain(needed);
    expect(
      paths.filter((path) => /(^|\/)(test|node_modules|\.cache)\/|(?<!\.d)\.ts$|\.tgz$/.test(path)),
    ).toEqual([]);
    expect(paths.filter((path) => /^datasets\/.*\//.test(path))).toEqual([]);
  });

  it('names no machine, no folder and no registry', () => {
    for (const { path } of installed.packed.files) {
      const text = readFileSync(join(installed.folder, path), 'latin1');
      expect(text.includes(ROOT), path).toBe(false);
    }
  });

  it('prints its version, and describes its commands', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(await td('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    expect((await td('run', '--help')).stdout).toContain('targeted');
  });

  it('trains MNIST, prunes, draws and reports in an empty folder, without TypeScript and bundlers', async () => {
    expect(existsSync(join(place.folder, 'node_modules/tsx'))).toBe(false);
    const trained = await td('run', 'tiny.yaml', '--only', 'plain', '--seeds', '0', ...here);
    expect(trained).toMatchObject({ code: 0 });
    const swept = await td('sweep', 'tiny.yaml', '--prune', '0,0.5', ...here);
    expect(swept).toMatchObject({ code: 0, stdout: expect.stringMatching(/weights pruned[\s\S]*50 %/) });
    expect(existsSync(join(place.folder, 'results/tiny/figure-accuracy-weight.png'))).toBe(true);
    expect(await td('report', 'tiny', '--out', 'page.html')).toMatchObject({ code: 0 });
    const page = readFileSync(join(place.folder, 'page.html'), 'utf8');
    expect(page.length).toBeGreaterThan(300_000);
  }, 120_000);

  it('trains to the same bytes as a checkout', async () => {
    const words = ['run', 'tiny.yaml', '--only', 'plain', '--seeds', '0', ...here, '--results', 'checkout'];
    await execute(process.execPath, [join(ROOT, 'bin/td'), ...words], place.folder);
    const [ours, theirs] = ['results', 'checkout'].map((results) => {
      const variant = join(place.folder, results, 'tiny/plain');
      const [run = ''] = readdirSync(variant);
      return readFileSync(join(variant, run, 'checkpoint.safetensors')).toString('base64');
    });
    expect(ours).toBe(theirs);
  }, 120_000);

  it('starts the processes that compare engines', async () => {
    const settings = runSettingsSchema.parse({ model: { name: 'mlp', widths: [4] } });
    const task = JSON.stringify({ settings, engine: 'reference', options: { device: 'cpu' }, plugins: [] });
    const script = join(installed.folder, 'dist/runner/trial/process.js');
    const child = spawn(process.execPath, [script, task], { stdio: ['pipe', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill());
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('ready');
    child.stdin.write('2\n');
    expect(JSON.parse(String((await lines.next()).value))).toHaveLength(2);
  }, 60_000);

  it('has maps that hold its sources, for the stacks of errors', () => {
    const map = readFileSync(join(installed.folder, 'dist/td.js.map'), 'utf8');
    const { sources, sourcesContent } = JSON.parse(map) as Record<'sources' | 'sourcesContent', string[]>;
    const index = sources.findIndex((source) => source.endsWith('src/cli/main.ts'));
    expect(sourcesContent[index]).toBe(readFileSync(join(ROOT, 'src/cli/main.ts'), 'utf8'));
  });

  it('has the source of the native module that it builds, where it is looked for', () => {
    expect(existsSync(join(installed.folder, 'dist/engines/tensorflow/native/process.cc'))).toBe(true);
  });
});

const run = (...words: readonly string[]) => execute(process.execPath, words, place.folder);

/** What the example prints: a line for each rate, with the accuracies of plain training and of targeted dropout. */
function readAccuracies(printed: string): number[][] {
  return [...printed.matchAll(/^ *(\d+) % +([\d.]+) +([\d.]+)$/gm)].map((line) => line.slice(1).map(Number));
}

describe('the library', () => {
  it('prunes a sequential model in Node, which keeps its accuracy as the example shows', async () => {
    cpSync(join(ROOT, 'examples/sequential.mjs'), join(place.folder, 'sequential.mjs'));
    const { code, stdout } = await run('sequential.mjs');
    expect(code).toBe(0);
    const rows = readAccuracies(stdout);
    expect(rows.map(([rate]) => rate)).toEqual([0, 50, 80, 90]);
    const [, plain = 0, targeted = 0] = rows.at(-1) ?? [];
    expect(targeted).toBeGreaterThan(plain + 0.02);
  }, 120_000);

  it.skipIf(CHROMIUM === undefined)(
    `does the same in a page of a browser${WITHOUT}`,
    async () => {
      for (const name of ['sequential.mjs', 'browser.html'])
        cpSync(join(ROOT, 'examples', name), join(place.folder, name));
      const [served, browser] = [await serveFolder(place.folder), await startBrowser()];
      try {
        const { page, complaints } = await openPage(browser, `${served.address}/browser.html`);
        await page.waitForFunction("document.querySelector('#output').textContent.includes('90 %')");
        const rows = readAccuracies((await page.textContent('#output')) ?? '');
        expect(rows.map(([rate]) => rate)).toEqual([0, 50, 80, 90]);
        const [, plain = 0, targeted = 0] = rows.at(-1) ?? [];
        expect(targeted).toBeGreaterThan(plain + 0.02);
        expect(complaints.filter((complaint) => !/webgl|WebGL|GPU/.test(complaint))).toEqual([]);
      } finally {
        await browser.close();
        served.close();
      }
    },
    600_000,
  );

  it('has declarations that a strict compiler takes, and that refuse a mistake', async () => {
    place.write(
      'consumer.ts',
      `import * as tf from '@tensorflow/tfjs';
import { type Counts, pruneModel, TargetedConv2d, TargetedDense, targetedDropout } from 'targeted-dropout';
import { Experiment, type SweepRow, sweep, train } from 'targeted-dropout/experiment';

const model: tf.Sequential = tf.sequential({
  layers: [new TargetedConv2d({ filters: 2, kernelSize: 3 }), new TargetedDense({ units: 1, granularity: 'unit' })],
});
const counts: Counts = pruneModel(model, { rate: 0.5 });
const weight: tf.Tensor = targetedDropout(tf.ones([2, 2]), { dropRate: counts.sparsity });
const experiment = Experiment.from('mine', {}, { seeds: [0] });
for await (const event of train(experiment, { engine: 'onnx' }))
  if (event.kind === 'run' && event.event.kind === 'epoch') console.log(event.task.run.variant, event.event.epoch);
const rows: SweepRow[] = [];
for await (const row of sweep(experiment)) rows.push(row);
// @ts-expect-error there is no such granularity
new TargetedDense({ units: 1, granularity: 'filter' });
// @ts-expect-error a rate is a number
pruneModel(model, { rate: '0.5' });
// @ts-expect-error there is no such engine
train(experiment, { engine: 'onyx' });
export { rows, weight };
`,
    );
    place.write(
      'tsconfig.json',
      JSON.stringify({
        compilerOptions: {
          module: 'NodeNext',
          target: 'ES2023',
          lib: ['ES2023', 'DOM'],
          types: [],
          strict: true,
          exactOptionalPropertyTypes: true,
          noEmit: true,
          skipLibCheck: true,
        },
        files: ['consumer.ts'],
      }),
    );
    const { code, stdout } = await run(join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', '.');
    expect(stdout).toBe('');
    expect(code).toBe(0);
  }, 120_000);

  it('loads no engine and asks nothing of a machine before it is used', async () => {
    place.write(
      'loads.mjs',
      `await import('targeted-dropout/experiment');
import { createRequire } from 'node:module';
const { cache } = createRequire(import.meta.url);
console.log(process.env.ORT_DISABLE_TELEMETRY, Object.keys(cache).filter((path) => /tfjs|onnxruntime/.test(path)).length);`,
    );
    expect(await run('loads.mjs')).toEqual({ code: 0, stdout: '1 0\n', stderr: '' });
  });

  it('takes settings, trains and prunes from a program', async () => {
    place.write(
      'program.mjs',
      `import { Experiment, sweep, train } from 'targeted-dropout/experiment';
const experiment = Experiment.load('tiny.yaml', { only: ['targeted'], seeds: [0] });
const options = { engine: 'onnx', device: 'cpu', threads: 1, results: 'from-program' };
for await (const { kind, event } of train(experiment, options))
  if (kind === 'run' && event.kind === 'trained') console.log(event.summary.epochs);
for await (const { pruneRate, granularity } of sweep(experiment, options)) console.log(granularity, pruneRate);`,
    );
    const lines = ['2', 'weight 0', 'weight 0.5', 'unit 0', 'unit 0.5', ''];
    expect(await run('program.mjs')).toEqual({ code: 0, stdout: lines.join('\n'), stderr: '' });
  }, 60_000);
});

describe('the guide to the library', () => {
  it('shows programs that a strict compiler takes', async () => {
    const guide = ['docs/library.md', 'README.md']
      .map((page) => readFileSync(join(ROOT, page), 'utf8'))
      .join('\n');
    const programs = [...guide.matchAll(/^```js\n([\s\S]*?)^```/gm)].map(([, code = '']) => code);
    expect(programs).toHaveLength(3);
    const given = 'declare const images: tf.Tensor, labels: tf.Tensor;\n';
    programs.forEach((code, index) => {
      place.write(
        `guide-${index}.ts`,
        code.includes('images') ? code.replace(/^(?=const model)/m, given) : code,
      );
    });
    const compilerOptions = {
      module: 'NodeNext',
      target: 'ES2023',
      lib: ['ES2023', 'DOM'],
      types: [],
      strict: true,
    };
    place.write(
      'tsconfig.guide.json',
      JSON.stringify({
        compilerOptions: { ...compilerOptions, noEmit: true, skipLibCheck: true },
        files: programs.map((_, index) => `guide-${index}.ts`),
      }),
    );
    const { stdout } = await run(join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.guide.json');
    expect(stdout).toBe('');
  }, 120_000);
});

it('plugins are loaded by the package', async () => {
  cpSync(join(ROOT, 'examples/weight-noise.ts'), join(place.folder, 'weight-noise.ts'));
  const set = ['--set', 'variants.plain.regularizer.name=weight-noise', '--set', 'name=plugin'];
  const words = [
    'run',
    'tiny.yaml',
    '--plugin',
    'weight-noise.ts',
    '--only',
    'plain',
    '--seeds',
    '0',
    ...set,
    ...here,
  ];
  expect(await td(...words)).toMatchObject({ code: 0 });
}, 120_000);
