/** @file Methods, models and data sets of a user's own, from a file that the command line names. */
import { spawn } from 'node:child_process';
import { appendFileSync, cpSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { scriptWords } from '../../src/child-script.ts';
import { hashOf } from '../../src/config/identity.ts';
import { type RunSettings, runSettingsSchema } from '../../src/config/schema.ts';
import type { DatasetDefinition } from '../../src/data/definition.ts';
import { formOf } from '../../src/data/load.ts';
import { datasets } from '../../src/data/registry.ts';
import { UserError } from '../../src/errors.ts';
import type { MethodDefinition } from '../../src/methods/definition.ts';
import { methods } from '../../src/methods/registry.ts';
import type { ModelDefinition } from '../../src/models/definition.ts';
import { models } from '../../src/models/registry.ts';
import { bundlePlugin } from '../../src/plugins/bundle.ts';
import { loadPlugins } from '../../src/plugins/load.ts';
import { listPlugins } from '../../src/plugins/loaded.ts';
import { ofPlugin } from '../../src/plugins/of-plugin.ts';
import { execute, listFiles, makeFolder, type Place, TD, td } from '../cli/td.ts';
import { temporaryFolder } from '../runs/temporary.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');
const EXPERIMENT = `
dataset: { trainImages: 320, testImages: 100 }
model: { name: mlp, widths: [8] }
schedule: { epochs: 1, batchSize: 64 }
sweep: { prune: "0,0.5", granularity: weight }
variants:
  none: {}
  loud: { regularizer: { name: weight-noise, sd: 0.5 } }
`;
const PLUGIN = ['--plugin', 'weight-noise.ts'];
const FLAGS = ['--engine', 'onnx', '--device', 'cpu', '--threads', '1'];

function experimentPlace(): Place {
  const place = makeFolder({ 'noise.yaml': EXPERIMENT });
  cpSync(join(EXAMPLES, 'weight-noise.ts'), join(place.folder, 'weight-noise.ts'));
  return place;
}

describe('a method of a plugin', () => {
  let place: Place;
  beforeAll(async () => {
    place = experimentPlace();
    expect(await td(place.folder, 'run', 'noise.yaml', ...PLUGIN, ...FLAGS)).toMatchObject({ code: 0 });
    return () => place.remove();
  });

  const folderOf = (variant: string) => {
    const [run = ''] = readdirSync(join(place.folder, 'results/noise', variant));
    return join(place.folder, 'results/noise', variant, run);
  };

  it('is trained, swept and tabulated as those that come with td', async () => {
    const metrics = ['none', 'loud'].map((variant) =>
      readFileSync(join(folderOf(variant), 'metrics.csv'), 'utf8'),
    );
    expect(metrics[0]).not.toBe(metrics[1]);
    const swept = await td(place.folder, 'sweep', 'noise.yaml', '--no-figures', ...PLUGIN, ...FLAGS);
    expect(swept).toMatchObject({ code: 0, stdout: expect.stringMatching(/none +loud/) });
    const table = await td(place.folder, 'table', 'noise', '--granularity', 'weight', ...PLUGIN);
    expect(table.stdout).toMatch(/none +weight-noise\(0\.5\)/);
  });

  it('says in the settings of its run which content the plugin had', () => {
    expect(readFileSync(join(folderOf('loud'), 'config.yaml'), 'utf8')).toMatch(/plugin: [0-9a-f]{64}\n/);
    expect(readFileSync(join(folderOf('none'), 'config.yaml'), 'utf8')).not.toContain('plugin');
  });

  it('is missed by name where the plugin is not given', async () => {
    const { code, stderr } = await td(place.folder, 'show', 'noise/loud/0');
    expect(stderr).toContain(
      'regularizer.name is "weight-noise", which a plugin defines that is not loaded; name its file with --plugin',
    );
    expect(code).not.toBe(0);
    expect(await td(place.folder, 'show', 'noise/loud/0', ...PLUGIN)).toMatchObject({ code: 0 });
  });

  it('makes runs of its own when the plugin changes, and the runs of before are not swept with it', async () => {
    const changed = experimentPlace();
    onTestFinished(() => changed.remove());
    cpSync(join(place.folder, 'results'), join(changed.folder, 'results'), { recursive: true });
    appendFileSync(join(changed.folder, 'weight-noise.ts'), '\n// Another version.\n');
    const before = listFiles(join(changed.folder, 'results'));
    const { code, stderr } = await td(
      changed.folder,
      'sweep',
      'noise.yaml',
      '--no-figures',
      ...PLUGIN,
      ...FLAGS,
    );
    expect(stderr).toMatch(
      /failed: "weight-noise" is that of a plugin with the content [0-9a-f]{8}, but weight-noise\.ts has the content [0-9a-f]{8} by now/,
    );
    expect(code).toBe(1);
    const dry = await td(changed.folder, 'run', 'noise.yaml', '--dry-run', '--no-measure', ...PLUGIN);
    expect(dry.stdout).toMatch(/none +0 +done/);
    expect(dry.stdout).not.toMatch(/loud +0 +done/);
    expect(listFiles(join(changed.folder, 'results')).filter((file) => file.includes('loud'))).toEqual(
      before.filter((file) => file.includes('loud')),
    );
  });

  it('is known to the processes that compare engines', async () => {
    const regularizer = {
      name: 'weight-noise',
      sd: 0.5,
      plugin: await hashFile(join(place.folder, 'weight-noise.ts')),
    };
    const settings = { ...runSettingsSchema.parse({ model: { name: 'mlp', widths: [4] } }), regularizer };
    const plugins = [join(place.folder, 'weight-noise.ts')];
    const task = JSON.stringify({ settings, engine: 'reference', options: { device: 'cpu' }, plugins });
    const words = scriptWords(join(import.meta.dirname, '../../src/runner/trial'), 'process');
    const child = spawn(process.execPath, [...words, task], { stdio: ['pipe', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill());
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('ready');
  });
});

async function hashFile(path: string): Promise<string> {
  const host = { 'targeted-dropout/plugin': {}, '@tensorflow/tfjs': {}, zod: {} };
  return (await bundlePlugin(path, 'plugin.mjs', host)).hash;
}

describe('the hash of a run', () => {
  it('covers the content of every file of a plugin, and nothing else of it', async () => {
    const write = (folder: string, number: number, comment = '') => {
      writeFileSync(join(folder, 'number.ts'), `export const number: number = ${number};\n`);
      const path = join(folder, 'plugin.ts');
      writeFileSync(
        path,
        `import { number } from './number.ts';\nexport const methods = [number];\n${comment}`,
      );
      return hashFile(path);
    };
    const [here, elsewhere] = [temporaryFolder(), temporaryFolder()];
    const first = await write(here, 1);
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(await write(elsewhere, 1)).toBe(first);
    expect(await write(here, 2)).not.toBe(first);
    expect(await write(here, 1, '// A comment.\n')).not.toBe(first);
    expect(await write(here, 1)).toBe(first);
  });

  it('differs with the content of each part that is of a plugin', () => {
    const settings = runSettingsSchema.parse({});
    const withPlugin = (part: 'dataset' | 'model' | 'regularizer', plugin: string) =>
      hashOf({ ...settings, [part]: { ...settings[part], plugin } } as RunSettings, runSettingsSchema);
    const hashes = (['dataset', 'model', 'regularizer'] as const).flatMap((part) =>
      ['a', 'b'].map((digit) => withPlugin(part, digit.repeat(64))),
    );
    expect(new Set([hashOf(settings), ...hashes]).size).toBe(7);
  });
});

const Z =
  "import { z } from 'targeted-dropout/plugin';\nconst settings = z.strictObject({ name: z.string() });\n";

describe('a plugin that cannot be', () => {
  it.each([
    ['syntax.ts', 'const x: = 1;', /^plugin \S*syntax\.ts:1:10: /],
    [
      'nothing.ts',
      'export const answer = 42;',
      /^plugin nothing\.ts exports none of the lists methods, models and datasets/,
    ],
    [
      'thrown.js',
      'throw new Error("not today");',
      /^plugin thrown\.js failed when it was loaded: not today$/,
    ],
    [
      'word.js',
      'export const methods = ["l3"];',
      /methods\[0\] is no definition, expected what defineMethod returns/,
    ],
    [
      'no-load.js',
      `${Z}export const methods = [{ name: 'm', settings, columns: { m: '' } }];`,
      /^plugin no-load\.js: methods\[0\] \("m"\) lacks "load", expected a function$/,
    ],
    [
      'misspelt.js',
      `${Z}export const methods = [{ name: 'm', settings, columns: { m: '' }, laod: async () => () => ({ name: 'm' }) }];`,
      /^plugin misspelt\.js: methods\[0\] \("m"\) has the unknown member "laod" \(did you mean "load"\?\)$/,
    ],
    [
      'constant.js',
      `${Z}export const models = [{ name: 'm', summary: 'none', settings, describe: 'm of 3', create() {} }];`,
      /^plugin constant\.js: models\[0\] \("m"\): "describe" is "m of 3", expected a function$/,
    ],
    [
      'nameless.js',
      `${Z}export const models = [{ summary: 'none', settings, describe() {}, create() {} }];`,
      /^plugin nameless\.js: models\[0\] lacks "name", expected a text$/,
    ],
    [
      'no-fetch.js',
      `${Z}export const datasets = [{ name: 'd', summary: 'none', settings, describe() {}, load() {} }];`,
      /^plugin no-fetch\.js: datasets\[0\] \("d"\) lacks "fetch", expected a function$/,
    ],
    ['map.js', 'export const models = {};', /^plugin map\.js: models is no list/],
    [
      'inside.ts',
      'import "targeted-dropout/experiment";',
      /a plugin can import targeted-dropout\/plugin, and not targeted-dropout\/experiment/,
    ],
    ['missing.ts', 'import "./nowhere.ts";', /^plugin \S*missing\.ts:1:8: /],
    [
      'taken.ts',
      `import { defineMethod, name, z } from 'targeted-dropout/plugin';
export const methods = [defineMethod({ name: 'l1', settings: z.strictObject({ name: name('l1') }), columns: { l1: '' }, load: async () => () => ({ name: 'l1' }) })];`,
      /^plugin taken\.ts: there is a method "l1" already$/,
    ],
  ])('is refused in a sentence: %s', async (file, text, sentence) => {
    const place = makeFolder({ [file]: text });
    onTestFinished(() => place.remove());
    const path = join(place.folder, file);
    const error: unknown = await loadPlugins([path]).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    const message = (error as UserError).message.replaceAll(`${place.folder}/`, '');
    expect(message).toMatch(sentence);
    expect(message).not.toContain('\n');
    expect(listPlugins()).not.toContain(path);
  });

  it('is told with exit code 2, and nothing is done', async () => {
    const place = makeFolder({ 'noise.yaml': EXPERIMENT });
    onTestFinished(() => place.remove());
    expect(await td(place.folder, 'run', 'noise.yaml', '--plugin', 'nowhere.ts')).toEqual({
      code: 2,
      stdout: '',
      stderr: 'td: the plugin nowhere.ts does not exist, expected a file in TypeScript or JavaScript\n',
    });
    expect(listFiles(place.folder)).toEqual(['noise.yaml']);
  });
});

describe('models and data sets of a plugin', () => {
  it('are registered, and refuse settings of another content', async () => {
    const { folder, remove } = makeFolder({
      'plugin.ts': `import { commonSettings, count, createClassifier, defineDataset, defineModel, name, z } from 'targeted-dropout/plugin';
export const models = [
  defineModel({
    name: 'row-means',
    summary: 'a hidden layer on the means of the rows',
    settings: z.strictObject({ name: name('row-means'), units: count.default(12) }),
    describe: ({ units }) => 'row-means of ' + units,
    create({ units }, imageShape, classes) {
      const classifier = createClassifier(imageShape[0], [units], classes, { kind: 'glorotUniform' });
      return {
        ...classifier,
        inputShape: imageShape,
        classes,
        forward: (images, layers) => classifier.forward(layers.tf.mean(images, [2, 3]), layers),
      };
    },
  }),
];
const split = (count: number) => ({ count, images: new Uint8Array(count * 4), labels: new Uint8Array(count) });
export const datasets = [
  defineDataset({
    name: 'blanks',
    summary: 'nothing to see',
    settings: z.strictObject({ name: name('blanks'), ...commonSettings }).transform((settings) => ({ ...settings, shade: 1 })),
    describe: () => ({ title: 'Blanks' }) as never,
    load: async () => ({ name: 'blanks', imageShape: [2, 2, 1], classes: 2, train: split(3), test: split(2) }),
    fetch: async () => 'package',
  }),
];
`,
    });
    onTestFinished(remove);
    await loadPlugins([join(folder, 'plugin.ts')]);
    const { model, dataset } = runSettingsSchema.parse({
      model: { name: 'row-means' },
      dataset: { name: 'blanks' },
    });
    const { plugin } = model as unknown as { readonly plugin: string };
    expect(model).toEqual({ name: 'row-means', units: 12, plugin });
    expect(dataset).toMatchObject({ name: 'blanks', shade: 1, plugin });
    const create = (settings: object) => models.get('row-means').create(settings as never, [28, 28, 1], 10);
    expect(create(model).parameters.map(({ shape }) => shape)).toEqual([[28, 12], [12], [12, 10], [10]]);
    const other = 'f'.repeat(64);
    expect(() => create({ ...model, plugin: other })).toThrow(
      'is that of a plugin with the content ffffffff',
    );
    const load = (settings: object) =>
      datasets.get('blanks').load(settings as never, () => ({ update() {}, stop() {} }));
    expect((await load(dataset)) as unknown).toMatchObject({ train: { labels: new Uint8Array(3) } });
    await expect(load({ ...dataset, plugin: other })).rejects.toThrow(UserError);
    expect(() => formOf(dataset)).toThrow(
      new UserError(
        'describe of the data set "blanks" does not say the form of its images, expected imageShape, classes, trainImages and testImages',
      ),
    );
  });
});

describe('a function of a plugin that returns something else', () => {
  const plugin = { path: 'p.js', hash: 'a'.repeat(64) };
  const settings = z.strictObject({ name: z.string() });
  const given = { name: 'mine', plugin: plugin.hash };
  const silent = () => ({ update() {}, stop() {} });

  it('is refused where a method has no function to make it', async () => {
    const method = (load: () => Promise<unknown>) =>
      ofPlugin('methods', { name: 'mine', settings, columns: {}, load } as never, plugin) as MethodDefinition;
    await expect(method(async () => ({})).load()).rejects.toThrow(
      'plugin p.js, method "mine": load gave no function, expected one that makes a method from settings',
    );
    const create = await method(async () => () => undefined).load();
    expect(() => create(given as never)).toThrow(
      'plugin p.js, method "mine": what load gave returned nothing, expected an object',
    );
  });

  it('is refused where a model is none', () => {
    const members = { name: 'mine', summary: '', settings, describe: () => '', create: () => 3 };
    const model = ofPlugin('models', members as never, plugin) as ModelDefinition;
    expect(() => model.create(given as never, [2, 2, 1], 2)).toThrow(
      'plugin p.js, model "mine": create returned a value of type number, expected an object',
    );
  });

  it('is one sentence where a data set cannot read its file, and another error is thrown as it is', async () => {
    const dataset = (load: () => unknown) =>
      ofPlugin(
        'datasets',
        { name: 'mine', summary: '', settings, describe: () => undefined, load, fetch() {} } as never,
        plugin,
      ) as DatasetDefinition;
    const missing = dataset(() => readFileSync('/nowhere/bytes'));
    const error: unknown = await missing.load(given as never, silent).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(
      /^plugin p\.js, data set "mine": load failed \(ENOENT: .*\), expected files that can be read$/,
    );
    const bug = new TypeError('a bug');
    const buggy = dataset(() => {
      throw bug;
    });
    await expect(buggy.load(given as never, silent)).rejects.toBe(bug);
    expect(() => missing.describe()).toThrow(
      'plugin p.js, data set "mine": describe returned nothing, expected an object',
    );
  });
});

it('a plugin and the files that it imports find by import.meta what lies beside them', async () => {
  const place = makeFolder({
    'plugin.ts': `import { readFileSync } from 'node:fs';
import { inner } from './inner/inner.ts';
import { defineMethod, name, z } from 'targeted-dropout/plugin';
const { dirname, filename } = import.meta;
const beside: string = readFileSync(new URL('./beside.txt', import.meta.url), 'utf8');
const settings = z.strictObject({ name: name('placed') });
export const methods = [defineMethod({ name: 'placed', settings, columns: { placed: [dirname, filename, beside, inner, 'import.meta.url'].join('|') }, load: async () => () => ({ name: 'placed' }) })];
`,
    'beside.txt': 'outer text',
    'inner/inner.ts': `import { readFileSync } from 'node:fs';
import { join } from 'node:path';
export const inner: string = readFileSync(join(import.meta.dirname, 'beside.txt'), 'utf8');
`,
    'inner/beside.txt': 'inner text',
  });
  onTestFinished(() => place.remove());
  const folder = realpathSync(place.folder);
  await loadPlugins([join(folder, 'plugin.ts')]);
  expect(methods.get('placed').columns).toEqual({
    placed: `${folder}|${join(folder, 'plugin.ts')}|outer text|inner text|import.meta.url`,
  });
});

it.each(['', 'const { url } = import.meta;\n'])(
  'an error in a plugin names the line of the plugin: %j',
  async (first) => {
    const place = makeFolder({
      'noise.yaml': EXPERIMENT,
      'weight-noise.ts': `${first}import { defineMethod, name, positive, z } from 'targeted-dropout/plugin';
interface Unused { readonly a: number }
const create = (): never => {
  throw new TypeError('a bug');
};
const settings = z.strictObject({ name: name('weight-noise'), sd: positive.default(1) });
export const methods = [defineMethod({ name: 'weight-noise', settings, columns: { 'weight-noise': '' }, load: async () => create })];
`,
    });
    onTestFinished(() => place.remove());
    const { code, stderr } = await td(place.folder, 'run', 'noise.yaml', ...PLUGIN, ...FLAGS);
    expect(stderr).toMatch(
      new RegExp(
        `TypeError: a bug\n +at .*${join(place.folder, 'weight-noise.ts')}:${first === '' ? 4 : 5}:9`,
      ),
    );
    expect(code).toBe(1);
  },
);

describe('td new method', () => {
  it('writes a plugin whose test fails until the method does something', async () => {
    const { folder, remove } = makeFolder({});
    onTestFinished(remove);
    expect(await td(folder, 'new', 'method', 'half-weights')).toEqual({
      code: 0,
      stdout:
        'written: half-weights/plugin.ts, half-weights/experiment.yaml, half-weights/plugin.test.mjs\nnext: td run half-weights/experiment.yaml --plugin half-weights/plugin.ts\n',
      stderr: '',
    });
    const test = () =>
      execute(process.execPath, ['--test', 'half-weights/plugin.test.mjs'], folder, { TD, NODE_OPTIONS: '' });
    const failed = await test();
    expect(failed.stdout).toContain('half-weights does nothing yet');
    expect(failed.code).toBe(1);
    const path = join(folder, 'half-weights/plugin.ts');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace('tf.clone(weight)', 'tf.mul(weight, strength)'));
    expect(await test()).toMatchObject({ code: 0 });
  }, 120_000);

  it.each([
    [['model', 'mine'], 'there is nothing "model" to write'],
    [['method', 'Mine'], '"Mine" cannot be the name of a method'],
    [['method', 'l1'], 'there is a method "l1" already'],
    [['method', 'there'], 'there is there already'],
  ])('refuses %j', async (words, sentence) => {
    const place = makeFolder({ 'there/file': '' });
    onTestFinished(() => place.remove());
    const { code, stderr } = await td(place.folder, 'new', ...words);
    expect(stderr).toContain(sentence);
    expect(code).toBe(2);
    expect(listFiles(place.folder)).toEqual(['there/file']);
  });
});

it('the guide shows the plugin that is tested here', () => {
  const guide = readFileSync(join(import.meta.dirname, '../../docs/extending.md'), 'utf8');
  expect(guide).toContain(readFileSync(join(EXAMPLES, 'weight-noise.ts'), 'utf8'));
});
