/** @file Names of a training step's state and feeds. Parameters stand under their own names. */

/** State that a regularizer adds to a weight. */
export const extraStateName = (weight: string, name: string): string => `${weight}/${name}`;
/** State of the optimizer for a parameter. */
export const slotName = (parameter: string, slot: string): string => `optimizer/${slot}/${parameter}`;
/** Noise for a weight. */
export const noiseName = (weight: string, name: string): string => `noise/${weight}/${name}`;
/** A number that changes over training. */
export const scalarName = (owner: 'regularizer' | 'optimizer', name: string): string =>
  `scalar/${owner}/${name}`;
