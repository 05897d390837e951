/** @file The form of a kernel's test: random calls, and how the results of two engines are compared. */
import type * as tf from '@tensorflow/tfjs';
import type * as fc from 'fast-check';
import type { KernelCall } from './samples.ts';

export interface KernelCalls {
  readonly calls: fc.Arbitrary<KernelCall>;
  /** Results are equal, not only close. Integers and booleans always are. */
  readonly exact?: boolean;
  /** The kernel takes its inputs as an array. */
  readonly list?: boolean;
  /** Adds inputs that follow from others. */
  complete?(
    inputs: Record<string, tf.Tensor>,
    attributes: KernelCall['attributes'],
  ): Record<string, tf.Tensor>;
  /** Brings results into one order where the kernel leaves it open. */
  arrange?(outputs: readonly number[][], call: KernelCall): readonly number[][];
}

export type KernelTable = Readonly<Record<string, KernelCalls>>;
