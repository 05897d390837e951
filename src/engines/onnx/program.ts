/** @file A compiled step in an onnxruntime session, with its state kept between runs. */

import { FEED, FETCH, NEXT, STATE, withPrefix } from '../../compiler/trace-step.ts';
import { checkArrays, checkFeeds, checkState } from '../arrays.ts';
import { freeGarbage } from '../garbage.ts';
import type { ArrayData, ArraySpec, NamedArrays, NamedSpecs, Program, Signature } from '../types.ts';
import { ort } from './runtime.ts';
import type { Session } from './session-pool.ts';
import type { Update } from './updates/compile.ts';

type Tensors = Record<string, ort.Tensor>;

/** What is done beside the runs of the session. */
export interface ProgramParts {
  /** Compute inputs of the session from the state, whenever it was written. */
  readonly preparations?: readonly Session[];
  /** What is done to the state after each run, besides what the session itself returns of it. */
  readonly updates?: readonly Update[];
}

export class OnnxProgram implements Program {
  private readonly state: Tensors = {};
  /** Undefined if the state was written since. */
  private prepared: Tensors | undefined;
  /** Of what was handed to updates, or replaced or copied as state: garbage when the next run begins. */
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
    const given = Object.entries(this.signature.feeds).map(
      ([name, spec]) => [FEED + name, toTensor(feeds[name] as ArrayData, spec)] as const,
    );
    this.prepared ??= await this.prepare();
    const arrays: Tensors = {
      ...withPrefix(this.state, STATE),
      ...Object.fromEntries(given),
      ...this.prepared,
    };
    const outputs = await runOn(this.session, arrays);
    const fetches: NamedArrays = {};
    for (const [name, tensor] of Object.entries(outputs)) {
      if (name.startsWith(NEXT)) this.state[name.slice(NEXT.length)] = tensor;
      else if (name.startsWith(FETCH)) fetches[name.slice(FETCH.length)] = tensor.data as ArrayData;
      else this.garbageBytes += (tensor.data as ArrayData).byteLength;
    }
    for (const update of this.parts.updates ?? []) {
      update((name) => (arrays[name] ?? outputs[name])?.data as ArrayData);
    }
    return fetches;
  }

  private async prepare(): Promise<Tensors> {
    const prepared: Tensors = {};
    const state = withPrefix(this.state, STATE);
    for (const session of this.parts.preparations ?? []) Object.assign(prepared, await runOn(session, state));
    return prepared;
  }

  async readState(): Promise<NamedArrays> {
    const copies = Object.entries(this.state).map(([name, tensor]) => [
      name,
      (tensor.data as ArrayData).slice(),
    ]);
    return Object.fromEntries(copies) as NamedArrays;
  }

  async writeState(values: NamedArrays): Promise<void> {
    checkArrays(values, this.signature.state, 'state');
    for (const [name, data] of Object.entries(values)) {
      this.state[name] = toTensor(data.slice(), specOf(this.signature.state, name));
      this.garbageBytes += data.byteLength;
    }
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
  const taken = session.inputNames.map((name) => [name, tensors[name] as ort.Tensor]);
  return session.run(Object.fromEntries(taken));
}

function toTensor(data: ArrayData, { shape, dtype }: ArraySpec): ort.Tensor {
  return new ort.Tensor(dtype, data as Float32Array, shape);
}

function specOf(specs: NamedSpecs, name: string): ArraySpec {
  const spec = specs[name];
  if (spec === undefined) throw new Error(`the program has no state named ${name}`);
  return spec;
}
