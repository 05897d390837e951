/** @file Experiment files changed at random: by their settings, by their text and by their bytes. */
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { byteChanges } from './bytes.ts';
import { oddValue, oddWord, slip } from './oddities.ts';

/** Settings that exist, so that changes reach them more often than by chance. */
const PATHS = [
  ...['name', 'seeds', 'seeds.0', 'extends', 'variants', 'variants.none', 'sweep.prune', 'sweep.granularity'],
  ...[
    'dataset',
    'dataset.name',
    'dataset.path',
    'dataset.trainImages',
    'dataset.testImages',
    'dataset.augmentation',
  ],
  ...[
    'model',
    'model.name',
    'model.widths',
    'model.widths.0',
    'model.filters',
    'model.units',
    'model.batchNorm.epsilon',
  ],
  ...[
    'regularizer',
    'regularizer.name',
    'regularizer.dropRate',
    'regularizer.ramp.first',
    'regularizer.granularity',
  ],
  ...[
    'schedule',
    'schedule.epochs',
    'schedule.batchSize',
    'schedule.learningRate',
    'schedule.warmup',
    'schedule.decay',
  ],
  ...['schedule.decay.at', 'schedule.optimizer', 'schedule.optimizer.momentum', 'schedule.gradientClip'],
  ...['variants.none.regularizer', 'variants.none.schedule.epochs', 'variants.none.model.widths'],
];

type Settings = Record<string, unknown>;
type SettingsChange = (settings: Settings) => void;

const set = fc.tuple(fc.constantFrom(...PATHS), oddValue).map(
  ([path, value]): SettingsChange =>
    (settings) =>
      write(settings, path.split('.'), value),
);

const rename = fc
  .tuple(
    fc.nat(),
    fc.oneof(
      oddWord,
      fc.tuple(fc.nat(3), fc.nat()).map(
        ([kind, place]) =>
          (word: string) =>
            slip(word, kind, place),
      ),
    ),
  )
  .map(
    ([choice, to]): SettingsChange =>
      (settings) => {
        const [owner, key] = choose(listKeys(settings), choice) ?? [settings, 'name'];
        const name = typeof to === 'string' ? to : to(key);
        const value = owner[key];
        delete owner[key];
        define(owner, name, value);
      },
  );

const exchange = fc.tuple(fc.nat(), fc.nat()).map(
  ([first, second]): SettingsChange =>
    (settings) => {
      const keys = listKeys(settings);
      const [a, b] = [choose(keys, first), choose(keys, second)];
      if (a === undefined || b === undefined) return;
      const [valueA, valueB] = [structuredClone(a[0][a[1]]), structuredClone(b[0][b[1]])];
      define(a[0], a[1], valueB);
      define(b[0], b[1], valueA);
    },
);

const drop = fc.nat().map(
  (choice): SettingsChange =>
    (settings) => {
      const [owner, key] = choose(listKeys(settings), choice) ?? [settings, 'name'];
      delete owner[key];
    },
);

const replace = fc.tuple(fc.nat(), oddValue).map(
  ([choice, value]): SettingsChange =>
    (settings) => {
      const [owner, key] = choose(listKeys(settings), choice) ?? [settings, 'name'];
      define(owner, key, value);
    },
);

const settingsChanges = fc
  .array(fc.oneof(set, set, rename, exchange, drop, replace), { minLength: 1, maxLength: 3 })
  .map((changes) => (text: string) => {
    const settings = parse(text) as Settings;
    for (const change of changes) change(settings);
    return Buffer.from(stringify(settings, { aliasDuplicateObjects: false }));
  });

/** What is put between two lines, or in place of a value. */
const SNIPPETS = [
  ...[
    '&a',
    '*a',
    'x: &a [*a]',
    'y: *a',
    '<<: *a',
    '!!binary aGk=',
    '!!set {a}',
    '!!js/function x',
    '!local',
    '!!str',
    '!!int',
  ],
  ...[
    '%YAML 1.1',
    '%TAG ! tag:x,2000:',
    '---',
    '...',
    '--- |',
    '? {a: b}',
    '? - a',
    ': b',
    '- - -',
    '[',
    ']',
    '{',
    '}',
    '{a: [{',
    ',',
  ],
  ...[
    '"',
    "'",
    '|',
    '>-',
    '|9',
    '#',
    '\t',
    '\ta: 1',
    '\u0000',
    '\u0085',
    '\u2028',
    '\ufeff',
    '\u001b]0;x\u0007',
    '\r',
    '\ud83d',
  ],
  ...[
    'name: ../../x',
    'name: a/b',
    'name: "a\\0b"',
    'name: CON',
    'name: ..',
    `name: ${'n'.repeat(300)}`,
    'extends: .',
    'extends: /dev/zero',
  ],
  ...[
    'extends: "a\\0b"',
    'extends: mnist-mlp.yaml',
    'extends: ../file.txt',
    '__proto__: {a: 1}',
    'constructor: {}',
    'toString: 1',
    'null: 1',
  ],
  ...[
    'variants: {__proto__: {}, constructor: {}}',
    'variants: {"a/b": {}}',
    'variants: {"..": {}}',
    'variants: {con: }',
    'variants: [1]',
  ],
  ...[
    'name: a',
    'name: b',
    'seeds: [1e308]',
    'seeds: [-1]',
    'schedule: {epochs: 1e15}',
    'schedule: {batchSize: 1000000000000}',
  ],
  ...[
    'model: {widths: [1000000000]}',
    'model: {name: resnet, units: 1000000000}',
    'dataset: {trainImages: 70000}',
    'sweep: {prune: "0:0.9:1e-9"}',
  ],
  ...[
    'a: &b {c: &d {e: &f [1,1,1,1]}}',
    `deep: ${'['.repeat(60)}${']'.repeat(60)}`,
    `long: [${'1,'.repeat(21_000)}]`,
    'schedule: {warmup: 99999999999999999999999it}',
  ],
];

const putIn = fc
  .tuple(fc.nat(), fc.nat(12), fc.constantFrom(...SNIPPETS))
  .map(([line, indent, snippet]) => (text: string) => {
    const lines = text.split('\n');
    lines.splice(line % (lines.length + 1), 0, ' '.repeat(indent) + snippet);
    return lines.join('\n');
  });

const putAfterColon = fc
  .tuple(fc.nat(), fc.constantFrom(...SNIPPETS))
  .map(([line, snippet]) => (text: string) => {
    const lines = text.split('\n');
    const index = line % lines.length;
    lines[index] = (lines[index] ?? '').replace(/: .*$/, `: ${snippet}`);
    return lines.join('\n');
  });

const doubleLine = fc.tuple(fc.nat(), fc.nat()).map(([from, to]) => (text: string) => {
  const lines = text.split('\n');
  lines.splice(to % lines.length, 0, lines[from % lines.length] ?? '');
  return lines.join('\n');
});

const asElsewhere = fc.constantFrom(
  (text: string) => text.replaceAll('\n', '\r\n'),
  (text: string) => text.replaceAll('\n', '\r'),
  (text: string) => `\ufeff${text}`,
  (text: string) => text.replaceAll('  ', '\t'),
  (text: string) => text.replace(/^.*\n/, ''),
  (text: string) => `${text}\n${text}`,
);

const textChanges = fc
  .array(fc.oneof(putIn, putIn, putAfterColon, putAfterColon, doubleLine, asElsewhere), {
    minLength: 1,
    maxLength: 3,
  })
  .map(
    (changes) => (text: string) => Buffer.from(changes.reduce((changed, change) => change(changed), text)),
  );

const rawChanges = byteChanges.map((change) => (text: string) => change(Buffer.from(text)));

const utf16 = fc
  .constantFrom('utf16le', 'latin1')
  .map((encoding) => (text: string) => Buffer.from(text, encoding as BufferEncoding));

/** From the text of a good experiment file to the bytes of one that may be anything. */
export const configChanges: fc.Arbitrary<(text: string) => Buffer> = fc.oneof(
  { weight: 8, arbitrary: settingsChanges },
  { weight: 6, arbitrary: textChanges },
  { weight: 5, arbitrary: rawChanges },
  { weight: 1, arbitrary: utf16 },
);

/** Every key of every map within, with the map that holds it. */
function listKeys(settings: Settings): [Settings, string][] {
  return Object.entries(settings).flatMap(([key, value]): [Settings, string][] => [
    [settings, key],
    ...(isMap(value) ? listKeys(value) : []),
  ]);
}

function choose<T>(items: readonly T[], choice: number): T | undefined {
  return items[choice % Math.max(1, items.length)];
}

function write(settings: Settings, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    define(settings, key, value);
    return;
  }
  if (!isMap(settings[key])) define(settings, key, {});
  write(settings[key] as Settings, rest, value);
}

/** Assigning to `__proto__` would change the map itself. */
function define(owner: Settings, key: string, value: unknown): void {
  Object.defineProperty(owner, key, { value, enumerable: true, configurable: true, writable: true });
}

function isMap(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
