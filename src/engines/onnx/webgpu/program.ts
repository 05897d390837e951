/** @file A compiled step on a graphics card, whose state stays there between runs: only feeds and fetches cross. */
import type { NamedArrays } from '../../../arrays.ts';
import type { Signature } from '../../../compiler/step.ts';
import { STATE, withoutPrefix, withPrefix } from '../../../compiler/trace-step.ts';
import { checkArrays, checkState, copyArrays, createFeedCheck, type FeedCheck } from '../../arrays.ts';
import type { Program } from '../../types.ts';
import { arraysOf, feedTensors, pick, sortResults, type Tensors, toTensors } from '../tensors.ts';
import { COPY } from './copies.ts';
import { type DeviceSession, disposeAll } from './session.ts';

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
  private readonly checkFeeds: FeedCheck;

  /** @param firstRun is called instead of the first run, and runs the program itself */
  constructor(
    private readonly signature: Signature,
    private readonly sessions: ProgramSessions,
    private firstRun?: FirstRun,
  ) {
    this.checkFeeds = createFeedCheck(signature.feeds);
  }

  async run(feeds: NamedArrays): Promise<NamedArrays> {
    if (this.disposed) throw new Error('the program was disposed and cannot run');
    checkState(this.state, this.signature.state);
    this.checkFeeds(feeds);
    const { firstRun } = this;
    this.firstRun = undefined;
    if (firstRun !== undefined) return firstRun(this, feeds);
    await this.upload(this.state);
    this.prepared ??= await this.prepare();
    const outputs = await this.sessions.main.run({
      ...withPrefix(this.state, STATE),
      ...feedTensors(feeds, this.signature.feeds),
      ...this.prepared,
    });
    const { next, fetches } = sortResults(outputs);
    this.replace(next);
    return fetches;
  }

  /**
   * Takes the state to the device. A session whose results stay there returns all of them, so that all entries are copied even if only
   * one lies on the host.
   */
  private async upload(state: Tensors): Promise<void> {
    if (Object.values(state).every(({ location }) => location === 'gpu-buffer')) return;
    this.replace(await this.copiesOf(state));
  }

  /** On the device. */
  private async copiesOf(state: Tensors): Promise<Tensors> {
    return pick(withoutPrefix(await this.sessions.upload.run(state), COPY), Object.keys(state));
  }

  private async prepare(): Promise<Tensors> {
    const prepared: Tensors = {};
    const state = withPrefix(this.state, STATE);
    for (const session of this.sessions.preparations) Object.assign(prepared, await session.run(state));
    return prepared;
  }

  async readState(): Promise<NamedArrays> {
    if (Object.values(this.state).every(({ location }) => location === 'cpu'))
      return copyArrays(arraysOf(this.state));
    // A part of the state can only be written before the first run: by then it is whole.
    const copies = withoutPrefix(arraysOf(await this.sessions.download.run(this.state)), COPY);
    return pick(copies, Object.keys(this.state));
  }

  async writeState(values: NamedArrays): Promise<void> {
    checkArrays(values, this.signature.state, 'state');
    this.replace(toTensors(copyArrays(values), this.signature.state));
    this.forgetPrepared();
  }

  async copyState(source: Program, names: readonly string[]): Promise<void> {
    if (!(source instanceof WebGpuProgram)) throw new Error('the state to copy is not on this device');
    const state = { ...this.state, ...pick(source.state, names) };
    checkState(state, this.signature.state);
    this.replace(await this.copiesOf(state));
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
