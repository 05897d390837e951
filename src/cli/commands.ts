/** @file The table of commands: what help says of each before its file is loaded. A file is loaded when its command is called. */
import type { Command } from 'commander';

export interface CommandEntry {
  readonly name: string;
  /** In the list of commands, and at the top of the command's own help. */
  readonly summary: string;
  /** Each as commander writes it, with its description: `['<run>', 'folder of a run']`. */
  readonly arguments?: readonly (readonly [name: string, description: string])[];
  /** What follows the name in the help; commander's own words if absent. */
  readonly usage?: string;
  /** Absent if it only has commands below it. */
  readonly load?: () => Promise<CommandFile>;
  /** Whether it reads experiments, runs or data sets, which may be those of plugins; true if absent. */
  readonly takesPlugins?: boolean;
  readonly commands?: readonly CommandEntry[];
}

interface CommandFile {
  /** Adds flags, help and action. */
  readonly define: (command: Command) => void;
}

const EXPERIMENTS_TO_SHOW = ['[experiment...]', 'names or files of experiments; all if absent'] as const;

const DATA_COMMANDS: readonly CommandEntry[] = [
  {
    name: 'list',
    summary: 'list the data sets, and where they lie',
    load: () => import('./data/list.ts'),
  },
  {
    name: 'fetch',
    summary: 'bring the files of a data set, unless they are there',
    arguments: [['<name>', 'data set']],
    load: () => import('./data/fetch.ts'),
  },
  {
    name: 'verify',
    summary: 'hash every file of a data set, and report what is damaged',
    arguments: [['[name]', 'data set; all if absent']],
    load: () => import('./data/verify.ts'),
  },
];

const ENGINE_COMMANDS: readonly CommandEntry[] = [
  {
    name: 'install',
    summary: 'install an engine that does not come with td',
    arguments: [['<engine>', 'tensorflow']],
    load: () => import('./engines/install.ts'),
    takesPlugins: false,
  },
  {
    name: 'uninstall',
    summary: 'remove what td has installed',
    arguments: [['<engine>', 'tensorflow']],
    load: () => import('./engines/uninstall.ts'),
    takesPlugins: false,
  },
];

/** In the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'run',
    summary: 'train the variants of an experiment that are not trained yet',
    arguments: [['[experiment...]', 'experiment files (YAML)']],
    usage: '[options] <experiment...>',
    load: () => import('./run.ts'),
  },
  {
    name: 'plan',
    summary: 'list the runs of experiments: state, time and memory, the command of each',
    arguments: [['<experiment...>', 'experiment files (YAML)']],
    load: () => import('./plan.ts'),
  },
  {
    name: 'submit',
    summary: 'hand the runs that are not trained yet to a cluster',
    arguments: [['<experiment...>', 'experiment files (YAML)']],
    load: () => import('./submit.ts'),
  },
  {
    name: 'sweep',
    summary: 'prune trained networks at increasing rates, and compare them in tables',
    arguments: [['[experiment...]', 'experiment files (YAML); all that is trained if absent']],
    load: () => import('./sweep.ts'),
  },
  {
    name: 'table',
    summary: 'print the tables of a sweep in the layout of the paper',
    arguments: [['<experiment>', 'name or file of an experiment, folder with a sweep.csv, or a CSV file']],
    load: () => import('./table.ts'),
  },
  {
    name: 'baseline',
    summary: 'write a sweep as the one that later sweeps are compared with',
    arguments: [['<experiment>', 'name or file of an experiment, or its folder of results']],
    load: () => import('./baseline.ts'),
  },
  {
    name: 'check',
    summary: 'fail if accuracy is not what a baseline lets expect',
    arguments: [['<experiment>', 'name or file of an experiment, folder with a sweep.csv, or a CSV file']],
    load: () => import('./check.ts'),
  },
  {
    name: 'list',
    summary: 'list runs: state, accuracy, time',
    arguments: [['[name...]', 'names of experiments; all if absent']],
    load: () => import('./list.ts'),
  },
  {
    name: 'show',
    summary: 'show a run: settings, state, curves, files',
    arguments: [['<run>', 'folder of a run, or experiment/variant/seed']],
    load: () => import('./show.ts'),
  },
  {
    name: 'export',
    summary: 'write a pruned network as ONNX, safetensors, or for TensorFlow.js or PyTorch',
    arguments: [['<run>', 'folder of a run, or experiment/variant/seed']],
    load: () => import('./export.ts'),
  },
  {
    name: 'measure',
    summary: 'measure what pruned networks cost: parameters, bytes, time',
    arguments: [['<run...>', 'runs as in td show, or names of experiments for all their runs']],
    load: () => import('./measure.ts'),
  },
  {
    name: 'diff',
    summary: 'compare two runs or two experiments: settings, accuracies, crossings',
    arguments: [
      ['<a>', 'run, experiment, or folder of either'],
      ['<b>', 'the same'],
    ],
    load: () => import('./diff.ts'),
  },
  {
    name: 'figures',
    summary: 'draw the figures of experiments as SVG and PNG',
    arguments: [EXPERIMENTS_TO_SHOW],
    load: () => import('./figures.ts'),
  },
  {
    name: 'report',
    summary: 'write what experiments found as one HTML page, or show it while runs go on',
    arguments: [EXPERIMENTS_TO_SHOW],
    load: () => import('./report.ts'),
  },
  {
    name: 'gc',
    summary: 'list what can be removed from the results, or remove it',
    arguments: [['[experiment...]', 'names or files of experiments; all if absent']],
    load: () => import('./gc.ts'),
  },
  {
    name: 'export-metrics',
    summary: 'write settings and curves of trained runs for MLflow',
    arguments: [['[experiment...]', 'names of experiments; all if absent']],
    load: () => import('./export-metrics.ts'),
  },
  {
    name: 'data',
    summary: 'list, fetch and verify data sets',
    usage: '<command> [options]',
    commands: DATA_COMMANDS,
  },
  {
    name: 'engines',
    summary: 'list what can compute here, or why not; install TensorFlow',
    usage: '[command] [options]',
    load: () => import('./engines/list.ts'),
    commands: ENGINE_COMMANDS,
  },
  {
    name: 'init',
    summary: 'copy an experiment that comes with td beside you, for you to change',
    arguments: [['[experiment]', 'its name; a list of all if absent']],
    load: () => import('./init.ts'),
    takesPlugins: false,
  },
  {
    name: 'schema',
    summary: 'print the JSON Schema of experiment files, for editors',
    load: () => import('./schema.ts'),
  },
  {
    name: 'completion',
    summary: 'print a script that lets a shell complete commands and flags',
    arguments: [['<shell>', 'bash, zsh or fish']],
    load: () => import('./completion.ts'),
    takesPlugins: false,
  },
  {
    name: 'new',
    summary: 'write a plugin with a method of your own, to begin with',
    arguments: [
      ['<kind>', 'method'],
      ['<name>', 'of the method, and of the folder that is written'],
    ],
    load: () => import('./new.ts'),
    takesPlugins: false,
  },
  {
    name: 'bench',
    summary: "time the training step and the evaluation of an experiment's variants",
    arguments: [['<experiment>', 'experiment file (YAML)']],
    load: () => import('./bench.ts'),
  },
];
