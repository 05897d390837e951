/** @file What a side of td runs: a training step or an evaluation of one batch, by the project's own code. */

import { type ArrayData, createArrays, type NamedArrays, sizeOf } from '../../src/arrays.ts';
import type { Signature } from '../../src/compiler/step.ts';
import type { Dataset, Split } from '../../src/data/types.ts';
import type { Engine } from '../../src/engines/types.ts';
import type { Model } from '../../src/models/types.ts';
import { fillNormal, fillUniform } from '../../src/random/streams.ts';
import { Progress } from '../../src/settings/training-time.ts';
import { buildEvaluationStep } from '../../src/training/evaluator.ts';
import { TrainingFeeds } from '../../src/training/feeds.ts';
import { initialState } from '../../src/training/initial-state.ts';
import { TrainingProgram } from '../../src/training/program.ts';
import { prepareTraining } from '../../src/training/setup.ts';
import type { Training } from '../../src/training/types.ts';
import { readBatch } from './batch.ts';
import type { StateRoles } from './compare.ts';
import type { Exchange } from './exchange.ts';
import type { PeerTask } from './workloads.ts';

/** A step before it is compiled, with what it begins with and is fed. */
export interface TdStep {
  /** Its step and signature are those of the evaluation where that is what is compared. */
  readonly training: Training;
  /** The fetch that is compared beside the loss. */
  readonly metric: 'gradientNorm' | 'correct';
  /** What the names of the state stand for. */
  readonly roles: StateRoles;
  /**
   * First values of kernels, zeros for momentum, and numbers around 1 for all else: a bias, shift or average at its usual
   * first value would hide that it is forgotten.
   */
  createState(): NamedArrays;
  /** The task's batch, or a random one, and the learning rate; noise is zero. */
  createFeeds(): NamedArrays;
  /** Draws the noise of a step into the feeds, as a training does. */
  fillNoise(feeds: NamedArrays, step: number): void;
}

const SEED = 0;
/** Of 50,000 images in batches of 128; nothing that is compared depends on it. */
const STEPS_PER_EPOCH = 390;

/** @throws UserError if the model cannot take such images */
export async function describeStep(task: PeerTask): Promise<TdStep> {
  const { what, settings, classes, batch } = task;
  const { learningRate, batchSize } = settings.schedule;
  const prepared = await prepareTraining(
    { settings: { ...settings, dataset: {} }, seed: SEED },
    blankDataset(task),
  );
  const { model } = prepared;
  const training: Training = {
    ...prepared,
    stepsPerEpoch: STEPS_PER_EPOCH,
    ...(what === 'evaluation' && { ...buildEvaluationStep(model, batchSize), noise: {} }),
  };
  const drawn = new TrainingFeeds(training);
  const namesOf = (wanted: 'average' | 'kernel'): ReadonlySet<string> =>
    new Set(model.parameters.filter(({ role }) => role === wanted).map(({ name }) => name));
  return {
    training,
    metric: what === 'step' ? 'gradientNorm' : 'correct',
    roles: { averages: namesOf('average'), kernels: namesOf('kernel') },
    createState: () => ({ ...initialState(training), ...drawVectors(model) }),
    createFeeds: () => ({
      ...createFeeds(training.signature, classes, learningRate),
      ...(batch !== null && readBatch(batch, training.signature)),
    }),
    fillNoise(feeds, step) {
      const all = drawn.fillNoise(new Progress(step, STEPS_PER_EPOCH));
      for (const name of Object.keys(training.noise)) feeds[name] = all[name] as ArrayData;
    },
  };
}

/** A batch of images of zeros: what the sides are fed is made elsewhere. */
function blankDataset({ settings, imageShape, classes }: PeerTask): Dataset {
  const count = settings.schedule.batchSize;
  const split: Split = {
    count,
    images: new Uint8Array(count * sizeOf(imageShape)),
    labels: new Uint8Array(count),
  };
  return { name: 'blank', imageShape, classes, train: split, test: split };
}

/** Biases and the arrays of batch normalisation, uniform on [0.5, 1.5). */
function drawVectors({ parameters }: Model): NamedArrays {
  const vectors = parameters.filter(({ role }) => role !== 'kernel');
  return Object.fromEntries(
    vectors.map(({ name, shape }) => {
      const numbers = new Float32Array(sizeOf(shape));
      fillUniform({ seed: SEED, purpose: `vector/${name}`, index: 0 }, numbers);
      return [name, numbers.map((number) => number + 0.5)];
    }),
  );
}

/** Images are standard normal, labels equally likely. */
function createFeeds({ feeds: specs }: Signature, classes: number, learningRate: number): NamedArrays {
  const feeds = createArrays(specs);
  const { images, labels } = feeds;
  fillNormal({ seed: SEED, purpose: 'images', index: 0 }, images as Float32Array);
  const numbers = new Float32Array(labels?.length ?? 0);
  fillUniform({ seed: SEED, purpose: 'labels', index: 0 }, numbers);
  labels?.set(numbers.map((number) => Math.floor(number * classes)));
  feeds.learningRate?.fill(learningRate);
  feeds.valid?.fill(1);
  return feeds;
}

/** A compiled step. */
export class TdRunner {
  private readonly feeds: NamedArrays;
  private runs = 0;

  private constructor(
    private readonly description: TdStep,
    private readonly program: TrainingProgram,
  ) {
    this.feeds = description.createFeeds();
  }

  static async create(task: PeerTask, engine: Engine): Promise<TdRunner> {
    const description = await describeStep(task);
    const { training } = description;
    const program = await TrainingProgram.compile(engine, training, description.createState());
    return new TdRunner(description, program);
  }

  get signature(): Signature {
    return this.description.training.signature;
  }

  /** Milliseconds of each run, the drawing of noise included; the batch is ready. */
  async time(runs: number): Promise<{ milliseconds: number[]; loss: number }> {
    const milliseconds: number[] = [];
    let loss = Number.NaN;
    for (let run = 0; run < runs; run++) {
      const began = performance.now();
      this.description.fillNoise(this.feeds, this.runs++);
      loss = scalarOf(await this.program.runOn(this.feeds), 'loss');
      milliseconds.push(performance.now() - began);
    }
    return { milliseconds, loss };
  }

  /** A copy of the state. */
  readState(): Promise<NamedArrays> {
    return this.program.readState();
  }

  dispose(): void {
    this.program.dispose();
  }

  /** One run from a given state on given feeds. */
  async check({ state, feeds }: Exchange): Promise<{ state: NamedArrays; loss: number; metric: number }> {
    await this.program.writeState(state);
    const fetches = await this.program.runOn(feeds);
    return {
      state: await this.program.readState(),
      loss: scalarOf(fetches, 'loss'),
      metric: scalarOf(fetches, this.description.metric),
    };
  }
}

function scalarOf(fetches: NamedArrays, name: string): number {
  return fetches[name]?.[0] ?? Number.NaN;
}
