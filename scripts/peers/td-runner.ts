/** @file What a side of td runs: a training step or an evaluation of one batch, by the project's own code. */
import { type ArrayData, createArray, type NamedArrays, sizeOf } from '../../src/arrays.ts';
import type { Signature, StepFunction } from '../../src/compiler/step.ts';
import type { Engine, Program } from '../../src/engines/types.ts';
import { createRegularizer } from '../../src/methods/registry.ts';
import { createModel } from '../../src/models/registry.ts';
import type { Model } from '../../src/models/types.ts';
import { fillNormal, fillUniform } from '../../src/random/streams.ts';
import { buildEvaluationStep } from '../../src/training/evaluator.ts';
import { initialState } from '../../src/training/initial-state.ts';
import { fillNoise } from '../../src/training/noise.ts';
import { buildTrainingStep } from '../../src/training/step.ts';
import type { Exchange } from './exchange.ts';
import type { PeerTask } from './workloads.ts';

/** A step before it is compiled, with what it begins with and is fed. */
export interface TdStep {
  readonly step: StepFunction;
  readonly signature: Signature;
  /** The fetch that is compared beside the loss. */
  readonly metric: 'gradientNorm' | 'correct';
  /** Names of the state that is a moving average. */
  readonly averages: ReadonlySet<string>;
  /**
   * First values of kernels, zeros for momentum, and numbers around 1 for all else: a bias, shift or average at its usual
   * first value would hide that it is forgotten.
   */
  createState(): NamedArrays;
  /** A random batch and the learning rate; noise is zero. */
  createFeeds(): NamedArrays;
  /** Draws the noise of a step into the feeds, as the trainer does. */
  fillNoise(feeds: NamedArrays, step: number): void;
}

const SEED = 0;
/** Of 50,000 images in batches of 128; nothing that is compared depends on it. */
const STEPS_PER_EPOCH = 390;

/** @throws UserError if the model cannot take such images */
export async function describeStep({ what, settings, imageShape, classes }: PeerTask): Promise<TdStep> {
  const { schedule } = settings;
  const model = createModel(settings.model, imageShape, classes);
  const setup = { model, regularizer: await createRegularizer(settings.regularizer), schedule };
  const isTraining = what === 'step';
  const training = buildTrainingStep(setup);
  const { step, signature } = isTraining ? training : buildEvaluationStep(model, schedule.batchSize);
  const noise = Object.entries(isTraining ? training.noise : {});
  return {
    step,
    signature,
    metric: isTraining ? 'gradientNorm' : 'correct',
    averages: new Set(model.parameters.filter(({ role }) => role === 'average').map(({ name }) => name)),
    createState: () => ({ ...initialState(setup, signature, SEED), ...drawVectors(model) }),
    createFeeds: () => createFeeds(signature, classes, schedule.learningRate),
    fillNoise(feeds, index) {
      const progress = { step: index, stepsPerEpoch: STEPS_PER_EPOCH };
      for (const [name, distribution] of noise) {
        const key = { seed: SEED, purpose: name, index };
        fillNoise(distribution, key, progress, feeds[name] as ArrayData);
      }
    },
  };
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
  const arrays = Object.entries(specs).map(([name, spec]) => [name, createArray(spec)] as const);
  const feeds: NamedArrays = Object.fromEntries(arrays);
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
    private readonly program: Program,
  ) {
    this.feeds = description.createFeeds();
  }

  static async create(task: PeerTask, engine: Engine): Promise<TdRunner> {
    const description = await describeStep(task);
    const program = await engine.compile(description.step, description.signature);
    await program.writeState(description.createState());
    return new TdRunner(description, program);
  }

  get signature(): Signature {
    return this.description.signature;
  }

  /** Milliseconds of each run, the drawing of noise included; the batch is ready. */
  async time(runs: number): Promise<{ milliseconds: number[]; loss: number }> {
    const milliseconds: number[] = [];
    let loss = Number.NaN;
    for (let run = 0; run < runs; run++) {
      const began = performance.now();
      this.description.fillNoise(this.feeds, this.runs++);
      loss = scalarOf(await this.program.run(this.feeds), 'loss');
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
    const fetches = await this.program.run(feeds);
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
