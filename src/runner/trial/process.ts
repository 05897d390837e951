/**
 * @file A process that takes training steps on one engine, so that engines can be compared without all of them being loaded into
 * the process that will train.
 *
 * Its one argument is a `TrialTask` as JSON. It prints a line when it is ready; then, for each number that it reads, it takes
 * so many steps and prints their times in milliseconds as JSON.
 */
import { createInterface } from 'node:readline';
import { loadTfjs } from '../../engines/load-tfjs.ts';
import type { TrialTask } from './trial.ts';

await loadTfjs();
const { blankDataset } = await import('../../data/load.ts');
const { chooseEngine } = await import('../../engines/registry.ts');
const { TrainingProgram } = await import('../../training/program.ts');
const { continuationOf } = await import('../../methods/continuation.ts');
const { prepareTraining } = await import('../../training/setup.ts');

const { settings, engine: name, options, plugins } = JSON.parse(process.argv[2] ?? '') as TrialTask;
if (plugins.length > 0) await (await import('../../plugins/load.ts')).loadPlugins(plugins);
const { engine } = await chooseEngine(name, options);
// A step costs the same whatever network it begins with.
const isContinued = continuationOf(settings.regularizer) !== undefined;
const alone = isContinued ? { ...settings, regularizer: { name: 'none' as const } } : settings;
const training = await prepareTraining({ settings: alone, seed: 0 }, blankDataset(settings.dataset));
const steps = (await TrainingProgram.compile(engine, training)).steps();

process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  const milliseconds: number[] = [];
  for (let left = Number(line); left > 0; left--) {
    const { value } = await steps.next();
    if (value !== undefined) milliseconds.push(value.milliseconds);
  }
  process.stdout.write(`${JSON.stringify(milliseconds)}\n`);
}
