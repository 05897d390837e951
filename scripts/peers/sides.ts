/** @file The sides of the benchmark: which there are, and how each computes. */

import type { RunSettings } from '../../src/config/schema.ts';

/** How convolutions and products are computed; what is trained, the loss and the optimizer stay in float32 in any case. */
export const PRECISIONS = ['float32', 'bfloat16'] as const satisfies readonly RunSettings['precision'][];
export type Precision = (typeof PRECISIONS)[number];

/** A process that is measured. */
interface SideDescription {
  /** An engine of td, or PyTorch in one of its layouts of images and kernels, in the words of peer.py. */
  readonly computes:
    | { readonly engine: 'onnx' | 'tensorflow' }
    | { readonly layout: 'default' | 'channels_last' };
  readonly precision: Precision;
}

/** All sides, in the order of the table. The first is what td's others are compared with. */
const DESCRIPTIONS = {
  onnx: { computes: { engine: 'onnx' }, precision: 'float32' },
  tensorflow: { computes: { engine: 'tensorflow' }, precision: 'float32' },
  'pytorch-default': { computes: { layout: 'default' }, precision: 'float32' },
  'pytorch-channels_last': { computes: { layout: 'channels_last' }, precision: 'float32' },
  'tensorflow-bfloat16': { computes: { engine: 'tensorflow' }, precision: 'bfloat16' },
  'pytorch-default-bfloat16': { computes: { layout: 'default' }, precision: 'bfloat16' },
  'pytorch-channels_last-bfloat16': { computes: { layout: 'channels_last' }, precision: 'bfloat16' },
} as const satisfies Readonly<Record<string, SideDescription>>;

export type Side = keyof typeof DESCRIPTIONS;
export const SIDES = Object.keys(DESCRIPTIONS) as Side[];

/** What a user chooses from: an engine of td, or PyTorch, which is measured in each of its layouts. */
export const CHOICES = ['onnx', 'tensorflow', 'pytorch'] as const;
export type Choice = (typeof CHOICES)[number];

function describe(side: Side): SideDescription {
  return DESCRIPTIONS[side];
}

export function precisionOf(side: Side): Precision {
  return describe(side).precision;
}

/** The engine of td that a side is, nothing for PyTorch. */
export function engineOf(side: Side): 'onnx' | 'tensorflow' | undefined {
  const { computes } = describe(side);
  return 'engine' in computes ? computes.engine : undefined;
}

/** PyTorch's memory layout, nothing for td. */
export function layoutOf(side: Side): 'default' | 'channels_last' | undefined {
  const { computes } = describe(side);
  return 'layout' in computes ? computes.layout : undefined;
}

export function choiceOf(side: Side): Choice {
  return engineOf(side) ?? 'pytorch';
}

/** `onnx` or `PyTorch (channels_last)`, without the precision. */
export function nameLibrary(side: Side): string {
  return engineOf(side) ?? `PyTorch (${layoutOf(side)})`;
}

/** `onnx`, `PyTorch (channels_last)` or `PyTorch (channels_last) in bfloat16`. */
export function nameSide(side: Side): string {
  return `${nameLibrary(side)}${describePrecision(precisionOf(side))}`;
}

/** ` in bfloat16`, and nothing for float32, which is the rule. */
export function describePrecision(precision: Precision): string {
  return precision === 'float32' ? '' : ` in ${precision}`;
}
