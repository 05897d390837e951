/** @file Experiment files changed at random by their settings: renamed, exchanged, left out, of another value. */
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
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

/** One to three changes, from the text of an experiment file to that of another. */
export const settingsChanges = fc
  .array(fc.oneof(set, set, rename, exchange, drop, replace), { minLength: 1, maxLength: 3 })
  .map((changes) => (text: string) => {
    const settings = parse(text) as Settings;
    for (const change of changes) change(settings);
    return Buffer.from(stringify(settings, { aliasDuplicateObjects: false }));
  });

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
