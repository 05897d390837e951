/** @file Trains one network briefly and prints what the process held at most, and what was estimated, as JSON. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expandRuns } from '../../src/config/experiment.ts';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { blankDataset } from '../../src/data/load.ts';
import type { Dataset, Split } from '../../src/data/types.ts';
import { chooseEngine } from '../../src/engines/registry.ts';
import { recordRun } from '../../src/runner/record.ts';
import { collectEnvironment } from '../../src/runs/environment.ts';
import { estimateMemory } from '../../src/training/memory.ts';
import { prepareTraining } from '../../src/training/setup.ts';
import type { MeasuredMemory } from './process.ts';

const [text = '{}', threads = '1'] = process.argv.slice(2);
const settings = runSettingsSchema.parse(JSON.parse(text));
const dataset = blankDataset(settings.dataset);
fill(dataset.train, dataset);
fill(dataset.test, dataset);
const { engine } = await chooseEngine('onnx', { threads: Number(threads) });
const resultsDirectory = mkdtempSync(join(tmpdir(), 'td-memory-'));
const sweep = { prune: '0', granularity: 'both' } as const;
const [run] = expandRuns({
  name: 'memory',
  path: '',
  seeds: [0],
  sweep,
  variants: [{ name: 'any', settings }],
});
if (run === undefined) throw new Error('an experiment without runs');
try {
  const environment = collectEnvironment({ engine: engine.name, device: engine.device });
  for await (const _ of recordRun({ resultsDirectory, run, dataset, engine, environment }));
} finally {
  rmSync(resultsDirectory, { recursive: true });
}
const measured: MeasuredMemory = {
  peak: process.resourceUsage().maxRSS * 1024,
  estimate: estimateMemory(await prepareTraining(run, dataset), engine) ?? Number.NaN,
};
process.stdout.write(`${JSON.stringify(measured)}\n`);

/** The system lends pages of zeros without taking memory for them: images that take theirs are other numbers, also those left out. */
function fill({ images, labels }: Split, { classes }: Dataset): void {
  const bytes = new Uint8Array(images.buffer);
  for (let index = 0; index < bytes.length; index++) bytes[index] = (Math.imul(index, 0x9e3779b1) >>> 24) | 1;
  for (let index = 0; index < labels.length; index++) labels[index] = index % classes;
}
