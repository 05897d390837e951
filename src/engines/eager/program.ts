/** @file A step run op by op on a tfjs backend. */

import * as tf from '@tensorflow/tfjs';
import type { ArrayData, NamedArrays, NamedSpecs } from '../../arrays.ts';
import type { NamedTensors, Signature, StepFunction, StepResult } from '../../compiler/step.ts';
import { orThrow } from '../../lookup.ts';
import { checkArrays, checkState, createFeedCheck, type FeedCheck } from '../arrays.ts';
import type { Program } from '../types.ts';

export class EagerProgram implements Program {
  private state: Record<string, tf.Tensor> = {};
  private disposed = false;
  private readonly checkFeeds: FeedCheck;

  constructor(
    private readonly backend: string,
    private readonly step: StepFunction,
    private readonly signature: Signature,
  ) {
    this.checkFeeds = createFeedCheck(signature.feeds);
  }

  async run(feeds: NamedArrays): Promise<NamedArrays> {
    if (this.disposed) throw new Error('the program was disposed and cannot run');
    checkState(this.state, this.signature.state);
    this.checkFeeds(feeds);
    tf.setBackend(this.backend);
    const outputs = tf.tidy(() => {
      const tensors = toTensors(feeds, this.signature.feeds);
      const result = this.step(this.state, tensors);
      // A result may be an input itself: clones have a life of their own.
      const outputs = { state: cloneAll(result.state), fetches: cloneAll(result.fetches) };
      disposeKept(result, new Set([...Object.values(this.state), ...Object.values(tensors)]));
      return outputs;
    });
    for (const [name, tensor] of Object.entries(outputs.state)) {
      this.state[name]?.dispose();
      this.state[name] = tensor;
    }
    const fetches = await readAll(outputs.fetches);
    tf.dispose(outputs.fetches);
    return fetches;
  }

  async readState(): Promise<NamedArrays> {
    return readAll(this.state);
  }

  async writeState(values: NamedArrays): Promise<void> {
    checkArrays(values, this.signature.state, 'state');
    tf.setBackend(this.backend);
    for (const [name, tensor] of Object.entries(toTensors(values, this.signature.state))) {
      this.state[name]?.dispose();
      this.state[name] = tensor;
    }
  }

  dispose(): void {
    this.disposed = true;
    tf.dispose(this.state);
    this.state = {};
  }
}

/** Copies the arrays: tfjs would share their memory, and a feed that becomes state would change when it is used again. */
function toTensors(arrays: NamedArrays, specs: NamedSpecs): Record<string, tf.Tensor> {
  const entries = Object.entries(arrays).map(([name, data]) => {
    const { shape, dtype } = orThrow(specs[name], `no shape is known for "${name}"`);
    return [name, tf.tensor(data.slice(), [...shape], dtype)] as const;
  });
  return Object.fromEntries(entries);
}

function cloneAll(tensors: NamedTensors): Record<string, tf.Tensor> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.clone()]));
}

/** Disposes results that the step kept, which no tidy does. */
function disposeKept({ state, fetches }: StepResult, inputs: ReadonlySet<tf.Tensor>): void {
  for (const tensor of [...Object.values(state), ...Object.values(fetches)]) {
    if (!inputs.has(tensor)) tensor.dispose();
  }
}

async function readAll(tensors: NamedTensors): Promise<NamedArrays> {
  const entries = Object.entries(tensors).map(async ([name, tensor]) => {
    const data: ArrayData = await tensor.data();
    return [name, data.slice()] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}
