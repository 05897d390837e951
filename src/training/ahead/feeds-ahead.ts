/**
 * @file Batch and noise of the next step, made by a second thread of JavaScript while a step computes. Engines compute on the thread that
 * asks them to, which can make nothing meanwhile.
 *
 * The bytes of a batch are copied out of the data set and handed over together with the arrays that are to be filled; the filled ones come
 * back the same way, without being copied. They are the same to the bit, so that the thread may be late or fail, and nothing is lost but
 * time.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { createArrays, type NamedArrays, type NamedSpecs, sizeOf } from '../../arrays.ts';
import { threadModule } from '../../child-script.ts';
import { gatherBatch } from '../../data/batches.ts';
import { availableThreads } from '../../engines/threads.ts';
import type { Engine } from '../../engines/types.ts';
import { suggest, UserError } from '../../errors.ts';
import type { DrawnBatch } from '../drawn-feeds.ts';
import {
  ANSWERED,
  type Answer,
  buffersOf,
  type Memory,
  READY,
  type Request,
  type WorkerSettings,
} from './messages.ts';

/** Milliseconds after which a thread that does not answer is given up. */
const PATIENCE = 5000;

/** What the environment variable TD_FEEDS may say. */
const WAYS = ['ahead', 'inline'] as const;

/**
 * Whether a second thread pays: where a processor is left beside those that the engine keeps busy, or TD_FEEDS says so.
 *
 * @throws UserError if that is no such word
 */
export function isAheadOf({ busyThreads }: Pick<Engine, 'busyThreads'>): boolean {
  const { TD_FEEDS: way } = process.env;
  if (way !== undefined && way !== '') {
    if (!WAYS.some((known) => known === way))
      throw new UserError(`unknown way "${way}" in TD_FEEDS${suggest(way, WAYS)}`);
    return way === 'ahead';
  }
  return busyThreads !== undefined && busyThreads < availableThreads();
}

export class FeedsAhead {
  private readonly signals = new Int32Array(new SharedArrayBuffer(8));
  private readonly port: MessagePort;
  private readonly worker: Worker;
  /** What nobody uses. */
  private spare: Memory;
  private asked = 0;
  /** The step whose batch was asked for. */
  private pending: number | undefined;
  private isBroken = false;
  /** Steps whose batch the thread made. */
  made = 0;

  /** @param specs of the arrays to be filled */
  constructor(seed: number, specs: NamedSpecs) {
    this.spare = { arrays: createArrays(specs), images: new Uint8Array(sizeOf(specs.images?.shape ?? [])) };
    const { port1, port2 } = new MessageChannel();
    const workerData: WorkerSettings = { seed, port: port2, signals: this.signals };
    const module = threadModule(import.meta.dirname, 'worker');
    this.worker = new Worker(module, { execArgv: [], workerData, transferList: [port2] });
    this.worker.on('error', () => this.dispose());
    // A thread that waits for work keeps no process alive.
    this.worker.unref();
    this.port = port1;
    port1.unref();
  }

  /** Whether the thread takes requests and has none. */
  get isFree(): boolean {
    return !this.isBroken && this.pending === undefined && Atomics.load(this.signals, READY) === 1;
  }

  /**
   * Asks for the batch of a step; only where the thread is free.
   *
   * @param batch its images are copied
   * @throws RangeError as `fillBatch`
   */
  ask(step: number, batch: DrawnBatch): void {
    const request: Request = { batch: ownBatch(batch, this.spare.images), ...this.spare };
    this.port.postMessage(request, buffersOf(this.spare));
    this.pending = step;
    this.asked++;
  }

  /**
   * Waits for the batch of a step.
   *
   * @param used arrays in place of the filled ones, to be filled with those of a later step
   * @returns nothing if another was asked for, or the thread failed
   */
  take(step: number, used: NamedArrays): NamedArrays | undefined {
    if (this.pending === undefined || this.isBroken) return undefined;
    const wanted = this.pending === step;
    this.pending = undefined;
    const filled = this.receive();
    if (filled === undefined) {
      this.dispose();
      return undefined;
    }
    this.spare = wanted ? { ...filled, arrays: used } : filled;
    if (!wanted) return undefined;
    this.made++;
    return filled.arrays;
  }

  dispose(): void {
    this.isBroken = true;
    this.port.close();
    void this.worker.terminate();
  }

  private receive(): Answer {
    const { signals, asked } = this;
    for (let answered = Atomics.load(signals, ANSWERED); answered < asked; ) {
      if (Atomics.wait(signals, ANSWERED, answered, PATIENCE) === 'timed-out') return undefined;
      answered = Atomics.load(signals, ANSWERED);
    }
    return receiveMessageOnPort(this.port)?.message as Answer;
  }
}

/** The same batch, whose images are all that there are. */
function ownBatch({ split, indices, start, ...rest }: DrawnBatch, images: Uint8Array): Request['batch'] {
  const gathered = gatherBatch(split, indices, start, images);
  const inOrder = Uint32Array.from({ length: gathered.count }, (_, index) => index);
  return { ...rest, split: gathered, indices: inOrder, start: 0 };
}
