/** @file A step that TensorFlow runs as one call, with its state in TensorFlow's variables. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArrayData, ArraySpec, NamedArrays } from '../../arrays.ts';
import type { Signature } from '../../compiler/step.ts';
import { at, orThrow } from '../../lookup.ts';
import { checkArrays, checkState, createFeedCheck, type FeedCheck } from '../arrays.ts';
import { freeGarbage } from '../garbage.ts';
import type { Program } from '../types.ts';
import { toDeviceError } from './failures.ts';
import { specOfWords, toWords } from './feeds.ts';
import { DATA_TYPES } from './format.ts';
import type { Binding, NativeTensor } from './native/load.ts';
import type { ModelNames } from './saved-model.ts';

interface Input {
  /** Of the output that the array is fed to. */
  readonly name: string;
  readonly data: ArrayData;
  readonly spec: ArraySpec;
}

/** An array of a signature, and the output that it is fed to. */
interface FedArray {
  readonly name: string;
  readonly spec: ArraySpec;
  readonly output: string;
}

/** What is fetched: names of results, and of outputs of the model, in the same order, separated by commas. */
interface Fetched {
  readonly names: readonly string[];
  readonly outputs: string;
}

/** Name of what is fetched of a step that has no fetches. */
const RAN = 'ran';

/** How arrays enter and leave a saved model. */
export interface ModelInterface {
  readonly names: ModelNames;
  readonly feedsAsWords: boolean;
}

export class TensorflowProgram implements Program {
  private readonly model: number;
  private readonly written: Record<string, true> = {};
  /** Bytes of arrays that were written to the state: TensorFlow has copied them, and they may be garbage when the next run begins. */
  private garbageBytes = 0;
  private disposed = false;
  private isWritten = false;
  private readonly checkFeeds: FeedCheck;
  private readonly feeds: readonly FedArray[];
  private readonly step: Fetched;

  constructor(
    private readonly binding: Binding,
    private readonly signature: Signature,
    private readonly access: ModelInterface,
    savedModel: Uint8Array,
  ) {
    this.model = loadModel(binding, savedModel);
    const { names } = access;
    this.checkFeeds = createFeedCheck(signature.feeds);
    this.feeds = Object.entries(signature.feeds).map(([name, spec]) => ({
      name,
      spec,
      output: given(names.feeds, name),
    }));
    this.step = fetched(names.ran === undefined ? names.fetches : { [RAN]: names.ran });
  }

  async run(feeds: NamedArrays): Promise<NamedArrays> {
    this.requireAlive('run');
    if (!this.isWritten) checkState(this.written, this.signature.state);
    this.isWritten = true;
    this.checkFeeds(feeds);
    freeGarbage(this.garbageBytes);
    this.garbageBytes = 0;
    const inputs = this.feeds.map(({ name, output, spec }) => this.inputOf(output, given(feeds, name), spec));
    const results = this.fetch(this.step, inputs);
    return this.access.names.ran === undefined ? results : {};
  }

  async readState(): Promise<NamedArrays> {
    this.requireAlive('be read');
    const written = Object.keys(this.written);
    const { reads } = this.access.names;
    return this.fetch(fetched(Object.fromEntries(written.map((name) => [name, given(reads, name)]))), []);
  }

  async writeState(values: NamedArrays): Promise<void> {
    this.requireAlive('be written to');
    checkArrays(values, this.signature.state, 'state');
    const { writes } = this.access.names;
    // One at a time: all at once would hold every array three times.
    for (const [name, data] of Object.entries(values)) {
      const { value, done } = given(writes, name);
      const spec = given(this.signature.state, name);
      this.fetch(fetched({ done }), [{ name: value, data, spec }]);
      this.written[name] = true;
      this.garbageBytes += data.byteLength;
    }
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.binding.deleteSavedModel(this.model);
  }

  private requireAlive(what: string): void {
    if (this.disposed) throw new Error(`the program was disposed and cannot ${what}`);
  }

  private inputOf(name: string, data: ArrayData, spec: ArraySpec): Input {
    if (!this.access.feedsAsWords || spec.dtype === 'int32') return { name, data, spec };
    return { name, data: toWords(data), spec: specOfWords(spec) };
  }

  /** @throws DeviceError in a sentence, if TensorFlow cannot do it */
  private call(inputs: readonly number[], inputNames: string, outputNames: string): NativeTensor[] {
    try {
      return this.binding.runSavedModel(this.model, inputs, inputNames, outputNames);
    } catch (error) {
      throw toDeviceError(error);
    }
  }

  /** Runs what the outputs need, and returns them under their names. */
  private fetch({ names, outputs }: Fetched, inputs: readonly Input[]): NamedArrays {
    if (names.length === 0) return {};
    const { binding } = this;
    const ids: number[] = [];
    try {
      for (const { data, spec } of inputs)
        ids.push(binding.createTensor(spec.shape, DATA_TYPES[spec.dtype], data));
      const inputNames = inputs.map(({ name }) => name).join();
      const results = this.call(ids, inputNames, outputs);
      const taken: NamedArrays = {};
      for (const [index, name] of names.entries()) taken[name] = take(binding, at(results, index).id);
      return taken;
    } finally {
      for (const id of ids) binding.deleteTensor(id);
    }
  }
}

/** @param outputs by name of the result */
function fetched(outputs: Readonly<Record<string, string>>): Fetched {
  return { names: Object.keys(outputs), outputs: Object.values(outputs).join() };
}

function given<T>(entries: Readonly<Record<string, T>>, name: string): T {
  return orThrow(entries[name], `the program has nothing named ${name}`);
}

/** The numbers of a tensor, which is deleted. */
function take(binding: Binding, id: number): ArrayData {
  try {
    return binding.tensorDataSync(id);
  } finally {
    binding.deleteTensor(id);
  }
}

/** TensorFlow loads a model from a folder only. */
function loadModel(binding: Binding, bytes: Uint8Array): number {
  const folder = mkdtempSync(join(tmpdir(), 'td-tensorflow-'));
  try {
    writeFileSync(join(folder, 'saved_model.pb'), bytes);
    return binding.loadSavedModel(folder, 'serve');
  } finally {
    rmSync(folder, { recursive: true });
  }
}
