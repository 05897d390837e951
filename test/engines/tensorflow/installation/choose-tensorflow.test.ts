/** @file Which TensorFlow is taken: the one that is asked for, one that is there, else the pinned one. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  chooseFrom,
  chooseTensorflow,
} from '../../../../src/engines/tensorflow/installation/choose-tensorflow.ts';
import type { Python } from '../../../../src/engines/tensorflow/installation/pythons.ts';
import { CPU_WHEELS, GPU_WHEELS } from '../../../../src/engines/tensorflow/installation/wheels.ts';
import { UserError } from '../../../../src/errors.ts';
import { temporaryFolder } from '../../../runs/temporary.ts';
import { GPU_BUILD, LINUX, writeFiles, writeTensorflow } from './fakes.ts';

const pythonWith = (path: string, ...tensorflow: string[]): Python => ({
  path,
  version: '3.11.2',
  prefix: path,
  hasPip: true,
  tensorflow,
});

describe('among the Pythons of a machine', () => {
  const old = () => pythonWith('/old', writeTensorflow(temporaryFolder(), '2.9.1'));
  const cpu = () => pythonWith('/cpu', writeTensorflow(temporaryFolder(), '2.21.0'));
  const gpu = () => pythonWith('/gpu', writeTensorflow(temporaryFolder(), '2.18.1', { build: GPU_BUILD }));

  it('the first TensorFlow that will do is taken where it lies', () => {
    const pythons = [pythonWith('/none'), old(), cpu(), gpu()];
    expect(chooseTensorflow(pythons, LINUX, false)).toMatchObject({
      kind: 'folder',
      owner: '/cpu',
      found: { version: '2.21.0' },
    });
  });

  it('--gpu takes one with CUDA alone', () => {
    expect(chooseTensorflow([cpu(), gpu()], LINUX, true)).toMatchObject({
      owner: '/gpu',
      found: { build: 'gpu' },
    });
  });

  it('what is passed over is told with the reason, and the pinned wheels are fetched', () => {
    const choice = chooseTensorflow([old(), cpu()], LINUX, true);
    expect(choice).toEqual({
      kind: 'download',
      wheels: GPU_WHEELS['linux-x64'],
      passedOver: [
        expect.stringMatching(/is TensorFlow 2\.9\.1, expected 2\.15 or newer$/),
        expect.stringMatching(/^TensorFlow 2\.21\.0 in .* is the build for the processor alone$/),
      ],
    });
  });

  it.each([
    ['a colon', 'a:b', ':'],
    ['a dollar sign', 'a$ORIGIN', '$'],
  ])(
    'one in a folder with %s in its name is passed over: the dynamic linker would not find it',
    (_, name, sign) => {
      const python = pythonWith('/p', writeTensorflow(join(temporaryFolder(), name), '2.21.0'));
      expect(chooseTensorflow([python], LINUX, false)).toMatchObject({
        kind: 'download',
        passedOver: [expect.stringContaining(`a folder with "${sign}" in its name`)],
      });
    },
  );

  it('where there is none, the wheel of the platform is fetched', () => {
    for (const [platform, arch] of [
      ['linux', 'x64'],
      ['linux', 'arm64'],
      ['darwin', 'arm64'],
    ] as const) {
      const machine = { platform, arch, glibc: '2.36' };
      expect(chooseTensorflow([], machine, false)).toMatchObject({
        wheels: [CPU_WHEELS[`${platform}-${arch}`]],
      });
    }
  });

  it('where there is no wheel for the platform either, that is said', () => {
    const intelMac = { platform: 'darwin', arch: 'x64', glibc: undefined } as const;
    expect(() => chooseTensorflow([], intelMac, false)).toThrow(
      /^there is no TensorFlow 2.21.0 for macOS x64; --from/,
    );
    expect(() => chooseTensorflow([], { ...LINUX, arch: 'arm64' }, true)).toThrow(
      /^there is no TensorFlow for NVIDIA cards on Linux arm64; without --gpu/,
    );
  });
});

describe('--from', () => {
  const wheel = (name: string) => {
    const folder = temporaryFolder();
    writeFiles(folder, { [name]: 'zip' });
    return join(folder, name);
  };

  it('takes a folder, and never a wheel of another kind of machine or build', () => {
    const folder = writeTensorflow(temporaryFolder(), '2.16.1');
    expect(chooseFrom(join(folder, '..'), LINUX, false)).toMatchObject({
      kind: 'folder',
      found: { libraries: folder },
    });
    expect(() => chooseFrom(folder, LINUX, true)).toThrow(/is the build for the processor alone$/);
    const path = wheel('tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl');
    expect(chooseFrom(path, LINUX, false)).toEqual({ kind: 'wheel file', path, version: '2.21.0' });
    expect(() => chooseFrom(path, LINUX, true)).toThrow(
      /build for the processor alone, expected one with CUDA$/,
    );
    expect(() => chooseFrom(path, { ...LINUX, arch: 'arm64' }, false)).toThrow(
      /x86_64, and this is linux on arm64$/,
    );
    expect(() => chooseFrom(path, { ...LINUX, platform: 'darwin' }, false)).toThrow(
      /and this is darwin on x64$/,
    );
  });

  it.each([
    ['nothing', () => '/nonexistent/x', /^--from: there is no \/nonexistent\/x$/],
    ['an empty folder', temporaryFolder, /has no TensorFlow with headers, expected its package folder/],
    [
      'another wheel',
      () => wheel('numpy-2.0.0-cp311-cp311-any.whl'),
      /neither a folder nor a wheel of TensorFlow/,
    ],
    ['another file', () => wheel('notes.txt'), /neither a folder nor a wheel of TensorFlow/],
    [
      'an old wheel',
      () => wheel('tensorflow-2.9.1-cp39-cp39-manylinux_2_17_x86_64.whl'),
      /is TensorFlow 2\.9\.1, expected 2\.15 or newer$/,
    ],
    ['an old folder', () => writeTensorflow(temporaryFolder(), '2.9.1'), /2\.9\.1, expected 2\.15 or newer$/],
  ])('of %s is refused in a sentence', (_, make, message) => {
    const path = make();
    expect(() => chooseFrom(path, LINUX, false)).toThrow(UserError);
    expect(() => chooseFrom(path, LINUX, false)).toThrow(message);
  });
});

describe('the pinned wheels', () => {
  const wheels = [...Object.values(CPU_WHEELS), ...Object.values(GPU_WHEELS).flat()];

  it('each have a hash of their own, a size, and a platform by which pip finds them', () => {
    expect(new Set(wheels.map(({ sha256 }) => sha256)).size).toBe(wheels.length);
    for (const { sha256, bytes, unpackedBytes, tag, file, name, version } of wheels) {
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(unpackedBytes).toBeGreaterThan(bytes);
      expect(file.startsWith(`${name.replaceAll('-', '_')}-${version}-`)).toBe(true);
      expect(file.slice(0, -'.whl'.length).split('-')[4]?.split('.')).toContain(tag);
    }
  });

  it('of a card are TensorFlow with CUDA and twelve of NVIDIA, 3.4 GB', () => {
    const gpu = GPU_WHEELS['linux-x64'] ?? [];
    expect(gpu.map(({ name }) => name.replace(/-.*/, ''))).toEqual([
      'tensorflow',
      ...Array(12).fill('nvidia'),
    ]);
    expect(gpu.reduce((sum, { bytes }) => sum + bytes, 0) / 1e9).toBeCloseTo(3.4, 1);
  });
});
