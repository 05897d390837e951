/** @file Tests that need TensorFlow: skipped where it is not installed, failing where it is required. */
import { describe } from 'vitest';
import { locateTensorflow } from '../../src/engines/tensorflow/installation/locate.ts';
import { describeAbsent } from './required-engines.ts';

const located = locateTensorflow();

export function describeTensorflow(what: string, tests: () => void): void {
  if ('reason' in located) describeAbsent('tensorflow', located.reason);
  else describe(what, tests);
}
