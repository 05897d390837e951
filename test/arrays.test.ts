/** @file Arrays to be fed are where engines take them without copying. */
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { createArrays, type NamedSpecs } from '../src/arrays.ts';
import { loadNative } from '../src/engines/tensorflow/native/load.ts';
import { describeTensorflow } from './support/tensorflow.ts';

const specs: NamedSpecs = {
  images: { shape: [128, 28, 28, 1], dtype: 'float32' },
  labels: { shape: [128], dtype: 'int32' },
  drop: { shape: [300, 784], dtype: 'bool' },
  rate: { shape: [], dtype: 'float32' },
};

describe('arrays to be fed', () => {
  it('are zeros of the wanted size and type', () => {
    const { images, labels, drop, rate } = createArrays(specs);
    expect(images).toEqual(new Float32Array(100352));
    expect(labels).toEqual(new Int32Array(128));
    expect(drop).toEqual(new Uint8Array(235200));
    expect(rate).toEqual(new Float32Array(1));
  });

  it('can be handed to another thread, and copied', () => {
    const { images } = createArrays(specs);
    images?.fill(2);
    const copy = structuredClone(images);
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(images, [images?.buffer as ArrayBuffer]);
    const received = receiveMessageOnPort(port2)?.message;
    expect(received).toEqual(new Float32Array(100352).fill(2));
    expect(copy).toEqual(received);
    expect(images?.length).toBe(0);
    port1.close();
  });
});

describeTensorflow('arrays to be fed', () => {
  const { binding } = loadNative({ threads: 2, device: 'cpu', deterministic: true });

  it('are taken by TensorFlow as they are', () => {
    for (let count = 1; count <= 8; count++) {
      const { images } = createArrays({ images: { shape: [count, 5000], dtype: 'float32' } });
      const tensor = binding.createTensor([count, 5000], 1, images as Float32Array);
      images?.fill(count);
      expect(new Set(binding.tensorDataSync(tensor))).toEqual(new Set([count]));
      binding.deleteTensor(tensor);
    }
  });
});
