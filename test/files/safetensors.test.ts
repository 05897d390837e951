/** @file Checks the safetensors encoding against bytes built by hand and bytes of the format's own Python writer. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { decodeSafetensors, encodeSafetensors, type TensorFile } from '../../src/files/safetensors.ts';

const EXAMPLE: TensorFile = {
  arrays: {
    steps: Int32Array.of(7, -1),
    'dense1/kernel': Float32Array.of(1, 2, 3, -4, 0.5, 1e-3),
    'dense1/bias': Float32Array.of(0.25),
    'adam/count': Int32Array.of(3),
  },
  specs: {
    steps: { shape: [2], dtype: 'int32' },
    'dense1/kernel': { shape: [2, 3], dtype: 'float32' },
    'dense1/bias': { shape: [1], dtype: 'float32' },
    'adam/count': { shape: [], dtype: 'int32' },
  },
  metadata: { epoch: '2' },
};

/** `safetensors.numpy.save` of EXAMPLE, safetensors 0.8.0 for Python: header, padding, numbers. */
const PYTHON_HEADER =
  '{"__metadata__":{"epoch":"2"},"dense1/bias":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},' +
  '"dense1/kernel":{"dtype":"F32","shape":[2,3],"data_offsets":[4,28]},' +
  '"adam/count":{"dtype":"I32","shape":[],"data_offsets":[28,32]},' +
  '"steps":{"dtype":"I32","shape":[2],"data_offsets":[32,40]}}     ';
const PYTHON_DATA = '0000803e0000803f0000004000004040000080c00000003f6f12833a0300000007000000ffffffff';
const PYTHON_BYTES = Buffer.concat([
  Buffer.from('2001000000000000', 'hex'),
  Buffer.from(PYTHON_HEADER),
  Buffer.from(PYTHON_DATA, 'hex'),
]);

/** A file with this header, as it is given, and this many bytes of data. */
function fileOf(header: unknown, dataBytes: number): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeUInt32LE(json.length);
  return Buffer.concat([length, json, Buffer.alloc(dataBytes)]);
}

function entry(shape: number[], begin: number, end: number, dtype = 'F32') {
  return { dtype, shape, data_offsets: [begin, end] };
}

describe('encodeSafetensors', () => {
  it('writes a file of one number byte by byte as the format says', () => {
    const header = '{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
    expect(header).toHaveLength(54);
    const bytes = encodeSafetensors({
      arrays: { w: Float32Array.of(-2) },
      specs: { w: { shape: [1], dtype: 'float32' } },
      metadata: {},
    });
    // 54 characters are padded to 56; -2 is sign 1, exponent 128, fraction 0: c0000000, low byte first.
    const expected = [56, 0, 0, 0, 0, 0, 0, 0, ...Buffer.from(`${header}  `), 0x00, 0x00, 0x00, 0xc0];
    expect([...bytes]).toEqual(expected);
  });

  it('writes the very bytes of the Python writer', () => {
    expect(Buffer.from(encodeSafetensors(EXAMPLE)).toString('hex')).toBe(PYTHON_BYTES.toString('hex'));
  });

  it('writes views of larger buffers correctly', () => {
    const view = Float32Array.of(9, 1, 2, 9).subarray(1, 3);
    const bytes = encodeSafetensors({
      arrays: { w: view },
      specs: { w: { shape: [2], dtype: 'float32' } },
      metadata: {},
    });
    expect(decodeSafetensors(bytes, 'x').arrays.w).toEqual(Float32Array.of(1, 2));
  });

  it('refuses arrays that do not match their spec', () => {
    const arrays = { w: Float32Array.of(1, 2) };
    const encode = (specs: TensorFile['specs']) => () => encodeSafetensors({ arrays, specs, metadata: {} });
    expect(encode({})).toThrow('expected no array of that name');
    expect(encode({ w: { shape: [3], dtype: 'float32' } })).toThrow('expected float32 of shape [3]');
    expect(encode({ w: { shape: [2], dtype: 'int32' } })).toThrow('expected int32');
  });
});

describe('decodeSafetensors', () => {
  it('reads the bytes of the Python writer, wherever they lie in memory', () => {
    const shifted = Buffer.concat([Buffer.alloc(3), PYTHON_BYTES]).subarray(3);
    expect(decodeSafetensors(shifted, 'x')).toEqual(EXAMPLE);
  });

  it('gives back any arrays bit for bit, not numbers and infinities included', () => {
    const bits = fc.uint32Array({ maxLength: 20 });
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), bits), (dictionary) => {
        const names = Object.keys(dictionary).filter(
          (name) => name !== '__metadata__' && name !== '__proto__',
        );
        const original = Object.fromEntries(
          names.map((name) => [name, new Float32Array(dictionary[name]?.buffer as ArrayBuffer)]),
        );
        const specs = Object.fromEntries(
          names.map((name) => [name, { shape: [original[name]?.length ?? 0], dtype: 'float32' as const }]),
        );
        const { arrays } = decodeSafetensors(
          encodeSafetensors({ arrays: original, specs, metadata: {} }),
          'x',
        );
        expect(Object.keys(arrays).sort()).toEqual(names.sort());
        const bitsOf = (name: string) => [...new Uint32Array(arrays[name]?.buffer as ArrayBuffer)];
        for (const name of names) expect(bitsOf(name)).toEqual([...(dictionary[name] ?? [])]);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['shorter than its length field', Buffer.from([1, 2, 3]), 'weights is not a safetensors file: 3 bytes'],
    [
      'with an absurd header length',
      Buffer.alloc(16, 0xff),
      'its header should have 18446744073709551615 bytes',
    ],
    [
      'cut off within its header',
      PYTHON_BYTES.subarray(0, 100),
      'its header should have 288 bytes, but 92 follow',
    ],
    ['cut off within its data', PYTHON_BYTES.subarray(0, -1), 'its arrays take 40 bytes, but 39 follow'],
    [
      'with bytes after its data',
      fileOf({ a: entry([1], 0, 4) }, 8),
      'its arrays take 4 bytes, but 8 follow',
    ],
    ['whose header is not JSON', fileOf('{"a":', 0), 'weights: header is not valid JSON'],
    ['whose header is not UTF-8', Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 0xff]), 'not UTF-8 text'],
    ['of another element type', fileOf({ a: entry([2], 0, 4, 'F16') }, 4), '"a.dtype"'],
    ['with a negative extent', fileOf({ a: entry([-1], 0, 4) }, 4), '"a.shape.0"'],
    ['with a key that the format lacks', fileOf({ a: { ...entry([1], 0, 4), strides: [1] } }, 4), 'strides'],
    [
      'whose shape contradicts its bytes',
      fileOf({ a: entry([2], 0, 4) }, 4),
      'lies at bytes 0 to 4, expected 0 to 8',
    ],
    ['whose arrays overlap', fileOf({ a: entry([2], 0, 8), b: entry([1], 4, 8) }, 8), 'expected 8 to 12'],
    ['whose arrays leave a gap', fileOf({ a: entry([1], 4, 8) }, 8), 'expected 0 to 4'],
    ['whose arrays lie beyond its end', fileOf({ a: entry([4], 0, 16) }, 8), 'take 16 bytes, but 8 follow'],
    ['with an extent beyond counting', fileOf({ a: entry([2 ** 52, 2 ** 52], 0, 4) }, 4), 'array "a"'],
  ])('refuses a file %s', (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes, 'weights')).toThrow(UserError);
    expect(() => decodeSafetensors(bytes, 'weights')).toThrow(message);
  });
});
