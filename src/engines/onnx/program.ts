/** @file A compiled step in an onnxruntime session, with its state kept between runs. */
import type { ArrayData, NamedArrays } from '../../arrays.ts';
import type { Signature } from '../../compiler/step.ts';
import { STATE, withPrefix } from '../../compiler/trace-step.ts';
import { orThrow } from '../../lookup.ts';
import { checkArrays, checkFeeds, checkState, copyArrays } from '../arrays.ts';
import { freeGarbage } from '../garbage.ts';
import type { Program } from '../types.ts';
import type { Session } from './session-pool.ts';
import { arraysOf, dataOf, feedTensors, pick, sortResults, type Tensors, toTensors } from './tensors.ts';
import type { Update } from './updates/compile.ts';

/** What is done before the first run of the session, and after each. */
export interface ProgramParts {
  /** Compute inputs of the session from the state, whenever it was written. */
  readonly preparations?: readonly Session[];
  /** What is done to the state after each run, besides what the session itself returns of it. */
  readonly updates?: readonly Update[];
}

export class OnnxProgram implements Program {
  private readonly state: Tensors = {};
  /** What the preparations returned; undefined if the state was written since. */
  private prepared: Tensors | undefined;
  /** Bytes of arrays that nobody needs when the next run begins: gradients that updates have used, state that was replaced. */
  private garbageBytes = 0;
  private disposed = false;

  constructor(
    private readonly session: Session,
    private readonly signature: Signature,
    private readonly parts: ProgramParts = {},
  ) {}

  async run(feeds: NamedArrays): Promise<NamedArrays> {
    if (this.disposed) throw new Error('the program was disposed and cannot run');
    checkState(this.state, this.signature.state);
    checkFeeds(feeds, this.signature.feeds);
    freeGarbage(this.garbageBytes);
    this.garbageBytes = 0;
    this.prepared ??= await this.prepare();
    const arrays: Tensors = {
      ...withPrefix(this.state, STATE),
      ...feedTensors(feeds, this.signature.feeds),
      ...this.prepared,
    };
    const outputs = await runOn(this.session, arrays);
    const { next, fetches, handed } = sortResults(outputs);
    Object.assign(this.state, next);
    for (const tensor of Object.values(handed)) this.garbageBytes += dataOf(tensor).byteLength;
    const arrayOf = (name: string): ArrayData =>
      dataOf(orThrow(arrays[name] ?? outputs[name], `an update takes ${name}, which is not there`));
    for (const update of this.parts.updates ?? []) update(arrayOf);
    return fetches;
  }

  private async prepare(): Promise<Tensors> {
    const prepared: Tensors = {};
    const state = withPrefix(this.state, STATE);
    for (const session of this.parts.preparations ?? []) Object.assign(prepared, await runOn(session, state));
    return prepared;
  }

  async readState(): Promise<NamedArrays> {
    return copyArrays(arraysOf(this.state));
  }

  async writeState(values: NamedArrays): Promise<void> {
    checkArrays(values, this.signature.state, 'state');
    const copies = copyArrays(values);
    Object.assign(this.state, toTensors(copies, this.signature.state));
    for (const { byteLength } of Object.values(copies)) this.garbageBytes += byteLength;
    this.prepared = undefined;
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.session.release();
    for (const session of this.parts.preparations ?? []) session.release();
  }
}

/** Runs a session on those of the tensors that it takes. */
async function runOn(session: Session, tensors: Tensors): Promise<Tensors> {
  return session.run(pick(tensors, session.inputNames));
}
