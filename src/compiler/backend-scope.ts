/** @file tfjs has one current backend for the whole process; this is the one way to borrow it. */
import * as tf from '@tensorflow/tfjs';
import './quiet-tfjs.ts';

/**
 * Runs a synchronous function with a tfjs backend, disposes the tensors made in it, and puts the former backend back.
 */
export function withBackend<T>(name: string, compute: () => T): T {
  // Undefined until some backend has been used, whatever tfjs' types say.
  const previous: string | undefined = tf.getBackend();
  tf.setBackend(name);
  tf.engine().startScope();
  try {
    return compute();
  } finally {
    tf.engine().endScope();
    // A tracing backend must not stay: what computes next would meet symbols instead of numbers.
    tf.setBackend(previous ?? 'cpu');
  }
}
