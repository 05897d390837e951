/** @file A program that trains a tiny network for many epochs and tells, every few of them, what the process holds. */
import { readdirSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { chooseEngine } from '../../src/engines/registry.ts';
import { trainAndRecord } from '../runner/recording.ts';
import { ENVIRONMENT } from '../runs/runs.ts';
import { loadSmallMnist, runOf, smallSettings } from '../training/small-mnist.ts';

/** What the process holds after an epoch, garbage collected. */
export interface Sample {
  readonly epoch: number;
  /** Bytes. */
  readonly heap: number;
  /** Bytes outside the heap that JavaScript knows of, arrays among them. */
  readonly external: number;
  /** Bytes, of which native libraries hold the most. */
  readonly resident: number;
  /** Open files; nothing where the system does not say. */
  readonly descriptors: number | undefined;
  /** Timers, sockets and the like. */
  readonly handles: number;
  /** Of tfjs. */
  readonly tensors: number;
  /** Processor time since the last sample, milliseconds an epoch. */
  readonly processorTime: number;
}

const [, , engineName = '', epochs = '', every = '', results = ''] = process.argv;
const { gc } = globalThis as { gc?: () => void };
if (gc === undefined) throw new Error('expected to be run with --expose-gc');

const samples: Sample[] = [];
let before = process.cpuUsage();

function sample(epoch: number): void {
  const { user, system } = process.cpuUsage(before);
  // What the first collection lets go is freed by the second.
  for (let time = 0; time < 2; time++) gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  samples.push({
    epoch,
    heap: heapUsed,
    external,
    resident: rss,
    descriptors: countDescriptors(),
    handles: process.getActiveResourcesInfo().length,
    tensors: tf.memory().numTensors,
    processorTime: (user + system) / 1000 / Number(every),
  });
  before = process.cpuUsage();
}

function countDescriptors(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}

const { engine } = await chooseEngine(engineName, { threads: 1 });
const settings = smallSettings({
  model: { name: 'mlp', widths: [64, 8] },
  regularizer: { name: 'targeted', granularity: 'weight' },
  schedule: { epochs: Number(epochs), learningRate: 0.01 },
});
await trainAndRecord({
  resultsDirectory: results,
  run: runOf(settings, 0),
  dataset: await loadSmallMnist(128, 100),
  engine,
  environment: ENVIRONMENT,
  onEpoch({ epoch }) {
    if (epoch % Number(every) === 0) sample(epoch);
  },
});
process.stdout.write(JSON.stringify(samples));
