/** @file A compiled step in an onnxruntime session, with its state kept between runs. */
import { checkArrays, checkFeeds, checkState } from '../arrays.ts';
import type { ArrayData, ArraySpec, NamedArrays, NamedSpecs, Program, Signature } from '../types.ts';
import { FEED, FETCH, NEXT, STATE, withPrefix } from './compile.ts';
import { ort } from './runtime.ts';
import type { Update } from './updates/compile.ts';

export class OnnxProgram implements Program {
  private readonly state: Record<string, ort.Tensor> = {};
  private disposed = false;

  /** @param updates what is done to the state after each run, besides what the session itself returns of it */
  constructor(
    private readonly session: ort.InferenceSession,
    private readonly signature: Signature,
    private readonly updates: readonly Update[] = [],
  ) {}

  async run(feeds: NamedArrays): Promise<NamedArrays> {
    if (this.disposed) throw new Error('the program was disposed and cannot run');
    checkState(this.state, this.signature.state);
    checkFeeds(feeds, this.signature.feeds);
    const given = Object.entries(this.signature.feeds).map(
      ([name, spec]) => [FEED + name, toTensor(feeds[name] as ArrayData, spec)] as const,
    );
    const arrays: Record<string, ort.Tensor> = {
      ...withPrefix(this.state, STATE),
      ...Object.fromEntries(given),
    };
    const taken = this.session.inputNames.map((name) => [name, arrays[name] as ort.Tensor]);
    const outputs = await this.session.run(Object.fromEntries(taken));
    const fetches: NamedArrays = {};
    for (const [name, tensor] of Object.entries(outputs)) {
      if (name.startsWith(NEXT)) this.state[name.slice(NEXT.length)] = tensor;
      else if (name.startsWith(FETCH)) fetches[name.slice(FETCH.length)] = tensor.data as ArrayData;
    }
    for (const update of this.updates) {
      update((name) => (arrays[name] ?? outputs[name])?.data as ArrayData);
    }
    return fetches;
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
    }
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    void this.session.release();
  }
}

function toTensor(data: ArrayData, { shape, dtype }: ArraySpec): ort.Tensor {
  return new ort.Tensor(dtype, data as Float32Array, shape);
}

function specOf(specs: NamedSpecs, name: string): ArraySpec {
  const spec = specs[name];
  if (spec === undefined) throw new Error(`the program has no state named ${name}`);
  return spec;
}
