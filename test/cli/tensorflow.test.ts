/** @file td on TensorFlow, as users run it: trained, killed and gone on, swept, timed, and refused where it cannot be. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { multipliesBfloat16 } from '../../src/engines/precision.ts';
import { describeTensorflow } from '../support/tensorflow.ts';
import { startTd } from './background.ts';
import { execute, listFiles, makeFolder, TD, TINY, td } from './td.ts';

/** State of every kind: moments, averages of batch normalisation, switches, a ramp. */
const EXPERIMENT = `
dataset: { name: mnist, trainImages: 512, testImages: 200 }
model: { name: resnet, filters: [2, 2], units: 1 }
schedule: { learningRate: 0.001, batchSize: 64, epochs: 3, optimizer: { name: adam } }
sweep: { prune: "0,0.5" }
variants:
  smallify: { regularizer: { name: smallify, granularity: weight } }
  ramping: { regularizer: { name: ramping, granularity: weight, ramp: { first: 4it, second: 9it } } }
${multipliesBfloat16() ? '  rounded: { precision: bfloat16 }' : ''}
`;
const VARIANTS = multipliesBfloat16() ? 3 : 2;
const MINUTES = 60_000;
const FLAGS = ['--engine', 'tensorflow', '--threads', '1'] as const;

describeTensorflow('td on TensorFlow', () => {
  const place = makeFolder({ 'killed.yaml': EXPERIMENT, 'tiny.yaml': TINY });
  afterAll(() => place.remove());

  /** Names and bytes of the files that hold no times. */
  const filesOf = (results: string): Record<string, string> => {
    const folder = join(place.folder, results);
    const kept = listFiles(folder).filter((path) => /metrics\.csv|safetensors|sweep\.csv$/.test(path));
    return Object.fromEntries(kept.map((path) => [path, readFileSync(join(folder, path), 'latin1')]));
  };
  const runAndSweep = async (results: string) => {
    for (const command of ['run', 'sweep'])
      expect(await td(place.folder, command, 'killed.yaml', ...FLAGS, '--results', results)).toMatchObject({
        code: 0,
      });
  };

  beforeAll(() => runAndSweep('whole'), 10 * MINUTES);

  it(
    'ends with the same bytes in another process',
    async () => {
      await runAndSweep('again');
      expect(filesOf('again')).toEqual(filesOf('whole'));
      expect(Object.keys(filesOf('whole'))).toHaveLength(2 * VARIANTS + 1);
    },
    10 * MINUTES,
  );

  it(
    'ends with the same bytes when it is killed and started again',
    async () => {
      const moments = ['smallify seed 0: epoch 1/3', 'smallify seed 0: epoch 2/3'];
      if (multipliesBfloat16()) moments.push('rounded seed 0: epoch 1/3');
      for (const moment of moments) {
        const flags = [...FLAGS, '--checkpoint-minutes', '0.0001', '--results', 'killed'];
        const training = startTd(place.folder, 'run', 'killed.yaml', ...flags);
        await training.says(new RegExp(moment));
        training.child.kill('SIGKILL');
        await training.ended;
      }
      await runAndSweep('killed');
      expect(filesOf('killed')).toEqual(filesOf('whole'));
    },
    10 * MINUTES,
  );

  it(
    'says the engine in its first line, and nothing that TensorFlow says of itself',
    async () => {
      const { code, stderr } = await td(
        place.folder,
        'run',
        'tiny.yaml',
        '--only',
        'plain',
        ...FLAGS,
        '--tensorboard',
      );
      expect(code).toBe(0);
      const lines = stderr.trim().split('\n');
      expect(lines[0]).toBe('engine tensorflow on CPU, 1 thread (asked for)');
      for (const line of lines.slice(1)) expect(line).toMatch(/^\[\d\/2\] plain seed|^next: /);
      const path = listFiles(place.folder).find(
        (name) => name.includes('tiny/plain/') && name.endsWith('environment.json'),
      );
      const environment: unknown = JSON.parse(readFileSync(join(place.folder, path ?? ''), 'utf8'));
      expect(environment).toMatchObject({
        engine: 'tensorflow',
        device: 'CPU, 1 thread',
        engineFacts: { tensorflow: expect.stringMatching(/^2\.\d+\.\d+/) },
      });
      expect(listFiles(place.folder).filter((name) => name.includes('tfevents'))).toHaveLength(2);
      expect(await td(place.folder, 'report', 'tiny')).toMatchObject({ code: 0 });
    },
    10 * MINUTES,
  );

  it(
    'times its steps',
    async () => {
      const timed = await td(place.folder, 'bench', 'tiny.yaml', '--steps', '3', '--json', ...FLAGS);
      expect(JSON.parse(timed.stdout)).toMatchObject([{ engine: 'tensorflow', steps: 3 }]);
    },
    5 * MINUTES,
  );

  it(
    'runs op by op, ramps included',
    async () => {
      const flags = ['--only', 'ramping', '--set', 'schedule.epochs=1', '--results', 'eager', ...FLAGS];
      const { code, stderr } = await td(place.folder, 'run', 'killed.yaml', '--eager', ...flags);
      expect(stderr).toContain('engine tensorflow on CPU, 1 thread, op by op (asked for)');
      expect(code).toBe(0);
    },
    5 * MINUTES,
  );

  it(
    'refuses a precision that cannot be had, before anything is written',
    async () => {
      const refused = async (...flags: string[]) => {
        const { code, stderr } = await td(place.folder, 'run', 'tiny.yaml', ...flags, '--results', 'refused');
        expect(code).toBe(2);
        return stderr;
      };
      expect(await refused('--set', 'precision=bfloat16', ...FLAGS)).toBe(
        'td: experiment "tiny", variant "plain": precision is bfloat16, in which the network "mlp" would be slower, as it has no convolutions; expected float32\n',
      );
      expect(await refused('--set', 'precision=tensorfloat32', ...FLAGS)).toBe(
        'td: precision: tensorfloat32 cannot be had here: processors do not multiply in it, only graphics cards do\n',
      );
      expect(await refused('--set', 'precision=tensorfloat32', '--engine', 'onnx')).toContain(
        'expected the engine "tensorflow"',
      );
      expect(listFiles(place.folder).filter((path) => path.startsWith('refused'))).toEqual([]);
    },
    5 * MINUTES,
  );

  it(
    'is refused a graphics card that is not there, and never takes the processor instead',
    async () => {
      const { code, stderr } = await td(
        place.folder,
        'run',
        'tiny.yaml',
        '--engine',
        'tensorflow',
        '--device',
        'gpu',
        '--results',
        'none',
      );
      expect(code).toBe(2);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(stderr).toMatch(/card/);
    },
    5 * MINUTES,
  );

  it(
    'is compared with onnx by auto once for a network, which says what it took and why',
    async () => {
      const variables = { TD_ENGINE: 'auto', TD_CACHE: join(place.folder, 'no such cache') };
      const run = () =>
        execute(
          process.execPath,
          [TD, 'run', 'tiny.yaml', '--only', 'plain', '--results', 'auto'],
          place.folder,
          variables,
        );
      // Another cache has another installation: none.
      expect((await run()).stderr).toContain('engine onnx on CPU');
      const { TD_CACHE, ...own } = variables;
      expect(TD_CACHE).toBeDefined();
      const again = await execute(
        process.execPath,
        [TD, 'run', 'tiny.yaml', '--only', 'targeted', '--results', 'auto'],
        place.folder,
        own,
      );
      expect(again.stderr).toMatch(
        /engine (onnx|tensorflow) on CPU, \d+ threads? \(the fastest for this network in a trial: [\d.]+ ms a step, (onnx|tensorflow) [\d.]+ ms\)/,
      );
    },
    5 * MINUTES,
  );
});
