/** @file Mistakes of users: each is answered by one sentence and exit code 2, and nothing is written. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execute, listFiles, makeFolder, TD, TINY, td } from './td.ts';

const FILES = {
  'tiny.yaml': TINY,
  'same.yaml': 'name: tiny',
  'wrong.yaml': 'schedule:\n  epochs: many\n',
  'large.yaml': 'dataset: { trainImages: 100 }\nvariants: { big: { schedule: { batchSize: 128 } } }',
  'folder/keep.txt': '',
};

/** What the user types, and the answer. */
const MISTAKES = {
  'rnu tiny.yaml': 'unknown command "rnu" (did you mean "run"?); see td --help',
  run: 'the argument <experiment> is missing; see td run --help',
  'run tiny.yaml --onyl plain': 'unknown option "--onyl" (did you mean "--only"?); see td run --help',
  'run --cell 1': '--cell is given without --plan, expected both',
  'run --plan plan.json tiny.yaml --cell 1':
    '--plan is given with tiny.yaml, expected one of them: the plan names its experiments',
  'run --plan plan.json --cell 1 --seeds 0':
    '--seeds is given with --plan, expected one of them: the plan says which runs',
  'run --plan plan.json --cell 1':
    'plan.json does not exist, expected a plan, as "td plan EXPERIMENT --json" prints it',
  'run --plan same.yaml --cell 1': /^same\.yaml is not valid JSON: /,
  'submit tiny.yaml': '--slurm is missing, expected it: Slurm is the scheduler that td knows',
  'submit tiny.yaml --slurm --sbatch --dry-run':
    '--sbatch has no value but the flag "--dry-run", expected --sbatch <flags>',
  'submit tiny.yaml --slurm --sbatch 8G':
    '--sbatch is "8G", expected flags of sbatch on one line, such as "--mem=8G"',
  'submit tiny.yaml --slurm --time=':
    '--time is "", expected a limit as Slurm takes it, such as 4:00:00 or 2-12 (days-hours)',
  'submit tiny.yaml --slurm --dry-run --time banana':
    '--time is "banana", expected a limit as Slurm takes it, such as 4:00:00 or 2-12 (days-hours)',
  'submit tiny.yaml --slurm --dry-run --time 0:02:00':
    '--time is "0:02:00", expected more than 120 seconds: so long before its end a run saves and gives way',
  'submit tiny.yaml --slurm --sweep after': '--sweep: there is no "after" (did you mean "afterok"?)',
  'run tiny.yaml --set': '--set has no value, expected <path=value>; see td run --help',
  'engines extra': 'td engines has no command "extra" (expected one of: install, uninstall)',
  'run tiny.yml': 'tiny.yml does not exist (did you mean "tiny.yaml"?)',
  'run wrong.yaml': 'wrong.yaml:2:11: schedule.epochs is "many", expected a whole number of at least 1',
  'run tiny.yaml --only plian': 'experiment "tiny" has no variant "plian" (did you mean "plain"?)',
  'run tiny.yaml --set schedule.epoch=3':
    '--set schedule.epoch: unknown key "epoch" in schedule (did you mean "epochs"?), in variant "plain"',
  'run tiny.yaml same.yaml': 'tiny.yaml and same.yaml are both named "tiny", expected each experiment once',
  'run large.yaml':
    'experiment "large", variant "big": schedule.batchSize is 128, expected at most the 100 training images',
  'run tiny.yaml --results tiny.yaml': '--results: tiny.yaml is a file, expected a folder',
  'run tiny.yaml --results --dry-run':
    '--results has no value but the flag "--dry-run", expected --results <folder>',
  'list --results=': '--results is empty, expected a folder',
  'sweep --results tiny.yaml/x':
    /^--results: tiny.yaml\/x lies below the file .*\/tiny.yaml, expected a folder$/,
  'sweep tiny.yaml --prune 0.9:0.1':
    '--prune: prune range "0.9:0.1" is reversed, expected the lower rate first',
  sweep: 'nothing is trained in results; train with: td run <experiment.yaml>',
  'sweep tiny.yaml --results elsewhere':
    'no run of experiment "tiny" is trained in elsewhere; train with: td run tiny.yaml --results elsewhere',
  'list --watch --json': '--watch and --json exclude each other, expected one of them',
  'list tiny': 'results holds no experiment "tiny"',
  'data verify mnsit': 'unknown data set "mnsit" (did you mean "mnist"?)',
  'run tiny.yaml --seeds 9007199254740992':
    '--seeds: "9007199254740992" is no seed, expected whole numbers from 0 to 9007199254740991, separated by commas',
  'run tiny.yaml --seeds=-1':
    '--seeds: "-1" is no seed, expected whole numbers from 0 to 9007199254740991, separated by commas',
  'run tiny.yaml --engine onnx --device gpu':
    'the engine "onnx" has no device "gpu" (did you mean "webgpu"?)',
  'run tiny.yaml --print-config --json':
    '--json is given with --print-config, which prints YAML, expected one of them',
  'sweep tiny.yaml --draws 5': '--draws is for --evaluate stochastic or paper, expected one of these with it',
  'sweep --results nowhere':
    'nothing is trained in nowhere; train with: td run <experiment.yaml> --results nowhere',
  'table tiny --results nowhere': /td sweep --results nowhere$/,
  'check tiny.yaml --baseline same.yaml --results nowhere': /^experiment "tiny" is not swept in nowhere; /,
  'export tiny/plain/0 --out x.safetensors':
    '--out x.safetensors has the ending of another format than onnx, expected --format safetensors with it',
  'bench large.yaml': 'schedule.batchSize is 128, expected at most the 100 training images',
};

describe.concurrent('a mistake', () => {
  let place: ReturnType<typeof makeFolder>;
  beforeAll(() => {
    place = makeFolder(FILES);
  });
  afterAll(() => {
    expect(listFiles(place.folder)).toEqual(Object.keys(FILES).sort());
    place.remove();
  });

  it.each(Object.entries(MISTAKES))('td %s', async (typed, answer) => {
    const { code, stdout, stderr } = await td(place.folder, ...typed.split(' '));
    const line = stderr.replace(/^td: /, '').replace(/\n$/, '');
    if (typeof answer === 'string') expect(line).toBe(answer);
    else expect(line).toMatch(answer);
    expect({ code, stdout, lines: stderr.split('\n').length }).toEqual({ code: 2, stdout: '', lines: 2 });
    expect(stderr).toMatch(/^td: /);
  });

  it('of the environment names its variable', async () => {
    const { code, stderr } = await execute(process.execPath, [TD, 'run', 'tiny.yaml'], place.folder, {
      TD_ENGINE: 'onxx',
    });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'td: TD_ENGINE: there is no "onxx" (did you mean "onnx"?)\n',
    });
  });
});
