/** @file What td writes as YAML, read by others: PyYAML where it is installed, and the rules by which YAML 1.1 tells values from text. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Document, isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import { type Experiment, expandRuns } from '../../src/config/experiment.ts';
import { readExperimentFile } from '../../src/config/experiment-files.ts';
import { loadExperiment } from '../../src/config/load.ts';
import { renderSettings } from '../../src/config/render.ts';
import { writeFolder } from './folder.ts';

/** Plain scalars of YAML 1.1 that are no text (yaml.org/type): PyYAML's, and `y` and `n`, which the standard has, too. */
const VALUES = {
  bool: /^(?:y|Y|n|N|yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
  int: /^[-+]?(?:0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(?::[0-5]?[0-9])+)$/,
  float:
    /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9_]+(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
  null: /^(?:~|null|Null|NULL|)$/,
  time: /^\d{4}-\d\d?-\d\d?(?:(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)?$/,
  other: /^(?:<<|=)$/,
} as const;

/** @throws Error for a value that JavaScript and YAML 1.1 would not read alike */
function readScalar(text: string): unknown {
  if (VALUES.null.test(text)) return null;
  if (/^(true|false)$/.test(text)) return text === 'true';
  if (VALUES.float.test(text) && !text.includes(':')) return Number(text);
  if (VALUES.int.test(text) && /^-?(0|[1-9]\d*)$/.test(text)) return Number(text);
  if (Object.values(VALUES).some((form) => form.test(text)))
    throw new Error(`${text} is another value in YAML 1.1`);
  return text;
}

/** Lists as they are, maps as lists of pairs, so that their order counts. */
function readYaml11(node: unknown, document: Document): unknown {
  const read = (inner: unknown) => readYaml11(inner, document);
  if (isAlias(node)) return read(node.resolve(document));
  if (isMap(node)) return node.items.map(({ key, value }) => [read(key), read(value)]);
  if (isSeq(node)) return ['list', ...node.items.map(read)];
  if (!isScalar(node)) throw new Error(`${node} is no value`);
  return node.type === 'PLAIN' ? readScalar(node.source ?? '') : node.value;
}

const byRules = (text: string) => {
  const document = parseDocument(text, { schema: 'failsafe' });
  return readYaml11(document.contents, document);
};

const PYTHON = `
import json, sys, yaml
def pairs(v):
    if isinstance(v, dict): return [[pairs(k), pairs(w)] for k, w in v.items()]
    if isinstance(v, list): return ['list'] + [pairs(w) for w in v]
    return v
print(json.dumps([pairs(yaml.safe_load(t)) for t in json.load(sys.stdin)]))
`;

function byPyYaml(texts: readonly string[]): unknown {
  const { stdout, stderr } = spawnSync('python3', ['-c', PYTHON], { input: JSON.stringify(texts) });
  if (stderr.length > 0) throw new Error(String(stderr));
  return JSON.parse(String(stdout));
}

const hasPyYaml = spawnSync('python3', ['-c', 'import yaml']).status === 0;

function listPairs(value: unknown): unknown {
  if (Array.isArray(value)) return ['list', ...value.map(listPairs)];
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value).map(([key, entry]) => [key, listPairs(entry)]);
}

/** What a reader should find in the settings of a run. */
function contentOf(experiment: Experiment): unknown {
  const [run] = expandRuns(experiment);
  if (run === undefined) throw new Error('an experiment without runs');
  const { settings, seed, variant } = run;
  return listPairs({ name: run.experiment, seeds: [seed], ...settings, variants: { [variant]: {} } });
}

/** Words and numbers that YAML 1.1 reads in its own way. */
const NAMES = [
  ...[
    'no',
    'off',
    'Yes',
    'ON',
    'y',
    'N',
    'true',
    'Null',
    '010',
    '0777',
    '0b11',
    '0x1F',
    '1_000',
    '1e3',
    '12',
  ],
];
const PATHS = [
  ...[
    '190:20:30',
    '1:30',
    '0:59.5',
    '=',
    '<<',
    '~',
    '.inf',
    '.NaN',
    ' a ',
    'a: b',
    '#',
    "'",
    '"',
    '\\',
    '- a',
  ],
  ...[
    'a\nb',
    'a\tb',
    'a\u0085b',
    'a\u2028b',
    'a\u007fb\u0080',
    '\ufeffa',
    '\uffff',
    'é😀',
    '*a',
    '&a',
    '!a',
    '%a',
  ],
  ...[
    '2024-01-31 10:00:00',
    '@a',
    '`a',
    '? a',
    '---',
    '...',
    'a\u0000b',
    'a\u001bb',
    '|',
    '>',
    '[',
    '{}',
    '+.5',
  ],
];
const NUMBERS = [1e-8, 1e-7, 1.5e-9, 1e21, 1.25e300, 5e-324, 0.1, 100000000000000000000];

function withValues(name: string, path: string, number: number): Experiment {
  const settings = {
    name,
    dataset: { path },
    schedule: { weightDecay: number, optimizer: { name: 'adam', epsilon: number } },
    variants: { [name]: {} },
  };
  return loadExperiment(`${writeFolder({ 'x.yaml': JSON.stringify(settings) })}/x.yaml`);
}

const written = () => {
  const most = Math.max(NAMES.length, PATHS.length);
  const at = <T>(list: readonly T[], index: number) => list[index % list.length] as T;
  const experiments = Array.from({ length: most }, (_, index) =>
    withValues(at(NAMES, index), at(PATHS, index), at(NUMBERS, index)),
  );
  return experiments.map((experiment) => {
    const [run] = expandRuns(experiment);
    return { text: run === undefined ? '' : renderSettings(run), content: contentOf(experiment) };
  });
};

describe('settings that td writes', () => {
  it('mean the same by the rules of YAML 1.1', () => {
    for (const { text, content } of written()) expect(byRules(text), text).toEqual(content);
  });

  it.skipIf(!hasPyYaml)('mean the same to PyYAML', () => {
    const all = written();
    expect(byPyYaml(all.map(({ text }) => text))).toEqual(all.map(({ content }) => content));
  });

  it('are read by td itself as they were, whatever the path and the numbers', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 });
    const number = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true, minExcluded: true });
    fc.assert(
      fc.property(fc.constantFrom(...NAMES), text, number, (name, path, value) => {
        const experiment = withValues(name, path, value);
        const [run] = expandRuns(experiment);
        const printed = run === undefined ? '' : renderSettings(run);
        expect(byRules(printed)).toEqual(contentOf(experiment));
        expect(
          expandRuns(loadExperiment(`${writeFolder({ 'y.yaml': printed })}/y.yaml`)).map(({ id }) => id),
        ).toEqual([run?.id]);
      }),
    );
  });
});

describe('the YAML files that come with td', () => {
  const ROOT = join(import.meta.dirname, '../..');
  const paths = ['configs', 'datasets'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => join(folder, name)),
  );
  const texts = paths.map((path) => readFileSync(join(ROOT, path), 'utf8'));
  const asTdReads = texts.map((text) => listPairs(parseDocument(text).toJS()));

  it.each(paths.map((path, index) => [path, index] as const))(
    'mean the same by the rules of YAML 1.1: %s',
    (_, index) => {
      expect(byRules(texts[index] ?? '')).toEqual(asTdReads[index]);
    },
  );

  it('are held against rules that see a number which is text in YAML 1.1', () => {
    expect(byRules('weightDecay: 5e-4')).toEqual([['weightDecay', '5e-4']]);
    expect(byRules('weightDecay: 5.0e-4')).toEqual([['weightDecay', 5e-4]]);
  });

  it.skipIf(!hasPyYaml)('mean the same to PyYAML', () => {
    expect(byPyYaml(texts)).toEqual(asTdReads);
  });
});

describe('an experiment that td prints', () => {
  const print = (text: string) => {
    const path = `${writeFolder({ 'x.yaml': text })}/x.yaml`;
    return renderSettings(loadExperiment(path), readExperimentFile(path, 'as written'));
  };
  const keysAt = (text: string, ...keys: readonly string[]) => {
    const node = parseDocument(text).getIn(keys, true);
    const map = keys.length === 0 ? parseDocument(text).contents : node;
    return isMap(map) ? map.items.map(({ key }) => String(isScalar(key) ? key.value : key)) : [];
  };

  it('keeps the order of its file, with what the file lacks behind it', () => {
    const printed = print(
      [
        'schedule: { epochs: 3, batchSize: 7 }',
        'variants: { b: , "10": { model: { widths: [3] }, schedule: { learningRate: 0.2 } }, a: , "2": }',
        'seeds: [2, 0]',
        'model: { widths: [4] }',
        'x-shared: 1',
      ].join('\n'),
    );
    expect(keysAt(printed)).toEqual(['name', 'variants', 'seeds', 'sweep']);
    expect(keysAt(printed, 'variants')).toEqual(['b', '10', 'a', '2']);
    expect(keysAt(printed, 'variants', '10')).toEqual([
      'schedule',
      'model',
      'dataset',
      'regularizer',
      'precision',
    ]);
    const schedule = keysAt(printed, 'variants', '10', 'schedule');
    expect(schedule.slice(0, 4)).toEqual(['epochs', 'batchSize', 'learningRate', 'optimizer']);
    expect(keysAt(printed, 'variants', '10', 'model')).toEqual(['name', 'widths', 'initializer']);
    expect(parseDocument(printed).toJS().seeds).toEqual([2, 0]);
  });
});
