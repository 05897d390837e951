/** @file A compiled step on a graphics card, whose state stays there between runs: only feeds and fetches cross. */
import { FEED, FETCH, NEXT, STATE, withPrefix } from '../../../compiler/trace-step.ts';
import { checkArrays, checkFeeds, checkState } from '../../arrays.ts';
import type { ArrayData, ArraySpec, NamedArrays, Program, Signature } from '../../types.ts';
import { ort } from '../runtime.ts';
import { COPY } from './copies.ts';
import { type DeviceSession, disposeAll, type Tensors } from './session.ts';

export interface ProgramSessions {
  /** The step; its new state is left on the device. */
  readonly main: DeviceSession;
  /** Compute inputs of the step from the state, whenever it was written. */
  readonly preparations: readonly DeviceSession[];
  /** Copies the state to the device, and back to the host. */
  readonly upload: DeviceSession;
  readonly download: DeviceSession;
}

/** Runs a program for the first time, and looks whether it can be trusted. */
export type FirstRun = (program: Program, feeds: NamedArrays) => Promise<NamedArrays>;

export class WebGpuProgram implements Program {
  private state: Tensors = {};
  private prepared: Tensors | undefined;
  private disposed = false;

  /** @param firstRun is called instead of the first run, and runs the program itself */
  constructor(
    private readonly signature: Signature,
    private readonly sessions: ProgramSessions,
    private firstRun?: FirstRun,
  ) {}

  async run(feeds: NamedArrays): Promise<NamedArrays> {
    if (this.disposed) throw new Error('the program was disposed and cannot run');
    checkState(this.state, this.signature.state);
    checkFeeds(feeds, this.signature.feeds);
    const { firstRun } = this;
    this.firstRun = undefined;
    if (firstRun !== undefined) return firstRun(this, feeds);
    await this.upload(this.state);
    this.prepared ??= await this.prepare();
    const given = Object.entries(this.signature.feeds).map(
      ([name, spec]) => [FEED + name, toTensor(feeds[name] as ArrayData, spec)] as const,
    );
    const outputs = await this.sessions.main.run({
      ...withPrefix(this.state, STATE),
      ...Object.fromEntries(given),
      ...this.prepared,
    });
    const fetches: NamedArrays = {};
    const next: Tensors = {};
    for (const [name, tensor] of Object.entries(outputs)) {
      if (name.startsWith(NEXT)) next[name.slice(NEXT.length)] = tensor;
      else if (name.startsWith(FETCH)) fetches[name.slice(FETCH.length)] = tensor.data as ArrayData;
    }
    this.replace(next);
    return fetches;
  }

  /** Takes what lies on the host to the device. With results there, onnxruntime insists on all of them: all is copied. */
  private async upload(state: Tensors): Promise<void> {
    if (Object.values(state).every(({ location }) => location === 'gpu-buffer')) return;
    const copies = await this.sessions.upload.run(state);
    this.replace(
      Object.fromEntries(Object.keys(state).map((name) => [name, copies[COPY + name] as ort.Tensor])),
    );
  }

  private async prepare(): Promise<Tensors> {
    const prepared: Tensors = {};
    const state = withPrefix(this.state, STATE);
    for (const session of this.sessions.preparations) Object.assign(prepared, await session.run(state));
    return prepared;
  }

  async readState(): Promise<NamedArrays> {
    const entries = Object.entries(this.state);
    if (entries.every(([, { location }]) => location === 'cpu'))
      return Object.fromEntries(entries.map(([name, { data }]) => [name, (data as ArrayData).slice()]));
    // A part of the state can only be written before the first run: by then it is whole.
    const copies = await this.sessions.download.run(this.state);
    return Object.fromEntries(entries.map(([name]) => [name, copies[COPY + name]?.data as ArrayData]));
  }

  async writeState(values: NamedArrays): Promise<void> {
    checkArrays(values, this.signature.state, 'state');
    const written = Object.entries(values).map(
      ([name, data]) => [name, toTensor(data.slice(), this.signature.state[name] as ArraySpec)] as const,
    );
    this.replace(Object.fromEntries(written));
    this.forgetPrepared();
  }

  async copyState(source: Program, names: readonly string[]): Promise<void> {
    if (!(source instanceof WebGpuProgram)) throw new Error('the state to copy is not on this device');
    const copied = names.map((name) => [name, source.state[name] as ort.Tensor] as const);
    const state = { ...this.state, ...Object.fromEntries(copied) };
    checkState(state, this.signature.state);
    const copies = await this.sessions.upload.run(state);
    this.replace(
      Object.fromEntries(Object.keys(state).map((name) => [name, copies[COPY + name] as ort.Tensor])),
    );
    this.forgetPrepared();
  }

  private replace(tensors: Tensors): void {
    const old = Object.keys(tensors).map((name) => this.state[name]);
    this.state = { ...this.state, ...tensors };
    disposeAll(old);
  }

  private forgetPrepared(): void {
    disposeAll(Object.values(this.prepared ?? {}));
    this.prepared = undefined;
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    // Tensors go before the sessions that made them.
    this.forgetPrepared();
    disposeAll(Object.values(this.state));
    this.state = {};
    const { main, preparations, upload, download } = this.sessions;
    for (const session of [main, ...preparations, upload, download]) session.release();
  }
}

function toTensor(data: ArrayData, { shape, dtype }: ArraySpec): ort.Tensor {
  return new ort.Tensor(dtype, data as Float32Array, shape);
}
