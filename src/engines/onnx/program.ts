/** @file A compiled step in an onnxruntime session, with its state kept between runs. */
import type { ArrayData, ArraySpec, NamedArrays, NamedSpecs } from '../../arrays.ts';
import type { Signature } from '../../compiler/step.ts';
import { FEED, STATE, withoutPrefix, withPrefix } from '../../compiler/trace-step.ts';
import { orThrow } from '../../lookup.ts';
import { checkArrays, checkState, copyArrays, createFeedCheck, type FeedCheck } from '../arrays.ts';
import { freeArrays, freeGarbage } from '../garbage.ts';
import type { Program } from '../types.ts';
import type { Session } from './session-pool.ts';
import { dataOf, sortResults, type Tensors, toTensor, toTensors } from './tensors.ts';
import type { Update } from './updates/compile.ts';

/** What is done before the first run of the session, and after each. */
export interface ProgramParts {
  /** Compute inputs of the session from the state, whenever it was written. */
  readonly preparations?: readonly Session[];
  /** What is done to the state after each run, besides what the session itself returns of it. */
  readonly updates?: readonly Update[];
}

export class OnnxProgram implements Program {
  /** What the sessions take and the updates work on, as graphs name it: the state, what was prepared from it, the last feeds. */
  private readonly tensors: Tensors = {};
  private readonly feeds: readonly Entry[];
  private readonly state: readonly Entry[];
  private isWritten = false;
  private isPrepared = false;
  /** Bytes of arrays that nobody needs when the next run begins: state that was replaced. */
  private garbageBytes = 0;
  private disposed = false;
  private readonly checkFeeds: FeedCheck;

  constructor(
    private readonly session: Session,
    private readonly signature: Signature,
    private readonly parts: ProgramParts = {},
  ) {
    this.checkFeeds = createFeedCheck(signature.feeds);
    this.feeds = entriesOf(signature.feeds, FEED);
    this.state = entriesOf(signature.state, STATE);
  }

  async run(feeds: NamedArrays): Promise<NamedArrays> {
    if (this.disposed) throw new Error('the program was disposed and cannot run');
    if (!this.isWritten) checkState(withoutPrefix(this.tensors, STATE), this.signature.state);
    this.isWritten = true;
    this.checkFeeds(feeds);
    freeGarbage(this.garbageBytes);
    this.garbageBytes = 0;
    if (!this.isPrepared) await this.prepare();
    this.takeFeeds(feeds);
    const outputs = await this.session.run(this.tensors);
    const { next, fetches, handed } = sortResults(outputs);
    Object.assign(this.tensors, withPrefix(next, STATE));
    const arrayOf = (name: string): ArrayData =>
      dataOf(orThrow(this.tensors[name] ?? outputs[name], `an update takes ${name}, which is not there`));
    for (const update of this.parts.updates ?? []) update(arrayOf);
    freeArrays(Object.values(handed).map(dataOf));
    return fetches;
  }

  /** Most feeds come in the arrays of the run before, whose tensors still hold. */
  private takeFeeds(feeds: NamedArrays): void {
    for (const { name, key, spec } of this.feeds) {
      const data = orThrow(feeds[name], `the feed ${name} is not there`);
      const known = this.tensors[key];
      if (known === undefined || dataOf(known) !== data) this.tensors[key] = toTensor(data, spec);
    }
  }

  private async prepare(): Promise<void> {
    const state = { ...this.tensors };
    for (const session of this.parts.preparations ?? [])
      Object.assign(this.tensors, await session.run(state));
    this.isPrepared = true;
  }

  async readState(): Promise<NamedArrays> {
    const written = this.state.flatMap(({ name, key }) => {
      const tensor = this.tensors[key];
      return tensor === undefined ? [] : [[name, dataOf(tensor).slice()] as const];
    });
    return Object.fromEntries(written);
  }

  async writeState(values: NamedArrays): Promise<void> {
    checkArrays(values, this.signature.state, 'state');
    const copies = copyArrays(values);
    Object.assign(this.tensors, toTensors(copies, this.signature.state, STATE));
    for (const { byteLength } of Object.values(copies)) this.garbageBytes += byteLength;
    this.isPrepared = false;
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.session.release();
    for (const session of this.parts.preparations ?? []) session.release();
  }
}

/** An array of a signature, and its name in the graph. */
interface Entry {
  readonly name: string;
  readonly key: string;
  readonly spec: ArraySpec;
}

function entriesOf(specs: NamedSpecs, prefix: string): readonly Entry[] {
  return Object.entries(specs).map(([name, spec]) => ({ name, key: prefix + name, spec }));
}
