/** @file Sets tfjs to its plain JavaScript backend, the yardstick of these tests. */
import * as tf from '@tensorflow/tfjs';

export async function useCpuBackend(): Promise<void> {
  // Production mode silences the advice to install a native backend.
  tf.enableProdMode();
  await tf.setBackend('cpu');
}
