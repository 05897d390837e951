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
const { epochOrder } = await import('../../data/batches.ts');
const { TrainingFeeds } = await import('../../training/feeds.ts');
const { initialState } = await import('../../training/initial-state.ts');
const { buildTrainingStep } = await import('../../training/step.ts');
const { planTraining } = await import('../../training/trainer.ts');

const { settings, engine: name, options } = JSON.parse(process.argv[2] ?? '') as TrialTask;
const dataset = blankDataset(settings.dataset);
const { engine } = await chooseEngine(name, options);
const { setup, stepsPerEpoch } = await planTraining(settings, dataset);
const compiled = buildTrainingStep(setup);
const program = await engine.compile(compiled.step, compiled.signature);
await program.writeState(initialState(setup, compiled.signature, 0));
const feeds = new TrainingFeeds(setup, compiled, dataset.train, stepsPerEpoch, 0);
const order = epochOrder(0, 0, dataset.train.count);
let step = 0;

async function takeStep(): Promise<number> {
  const began = performance.now();
  await program.run(feeds.fill(step, order, (step % stepsPerEpoch) * settings.schedule.batchSize));
  step++;
  return performance.now() - began;
}

process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  const milliseconds: number[] = [];
  for (let left = Number(line); left > 0; left--) milliseconds.push(await takeStep());
  process.stdout.write(`${JSON.stringify(milliseconds)}\n`);
}
