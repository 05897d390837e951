/** @file What users install from a registry: packed, installed into an empty folder, and run there. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { execute, makeFolder, type Place, TINY } from '../cli/td.ts';
import { type Installed, installPackage, ROOT } from './install.ts';

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
    for (const needed of ['LICENSE', 'README.md', 'bin/td', 'dist/td.js', 'dist/td.js.map', 'configs/mnist-lenet.yaml'])
      expect(paths).toContain(needed);
    expect(paths.filter((path) => /(^|\/)(test|node_modules|\.cache)\/|(?<!\.d)\.ts$|\.tgz$/.test(path))).toEqual([]);
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
    expect(swept).toMatchObject({ code: 0, stdout: expect.stringMatching(/weights pruned[^]*50 %/) });
    expect(existsSync(join(place.folder, 'results/tiny/figure-accuracy-weight.png'))).toBe(true);
    expect(await td('report', 'tiny', '--out', 'page.html')).toMatchObject({ code: 0 });
    const page = readFileSync(join(place.folder, 'page.html'), 'utf8');
    expect(page.length).toBeGreaterThan(300_000);
  }, 120_000);

  it('trains to the same bytes as a checkout', async () => {
    const words = ['run', 'tiny.yaml', '--only', 'plain', '--seeds', '1', ...here];
    const results = ['package', 'checkout'];
    await td(...words, '--results', 'package');
    await execute(process.execPath, [join(ROOT, 'bin/td'), ...words, '--results', 'checkout'], place.folder);
    const [ours, theirs] = results.map((folder) => {
      const [run = ''] = execFileSync('find', [join(place.folder, folder), '-name', 'checkpoint.safetensors'], {
        encoding: 'utf8',
      }).split('\n');
      return readFileSync(run).toString('base64');
    });
    expect(ours).toBe(theirs);
  }, 120_000);

  it('starts the processes that compare engines', async () => {
    const settings = runSettingsSchema.parse({ model: { name: 'mlp', widths: [4] } });
    const task = JSON.stringify({ settings, engine: 'reference', options: { device: 'cpu' } });
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
