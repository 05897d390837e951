/** @file A TensorFlow is judged by its files; it is never imported. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  computeCapabilities,
  findPackage,
  inspectFolder,
} from '../../../../src/engines/tensorflow/installation/tensorflow-folder.ts';
import { temporaryFolder } from '../../../runs/temporary.ts';
import { GPU_BUILD, writeFiles, writeTensorflow } from './fakes.ts';

describe('a TensorFlow package', () => {
  it.each([
    ['tensorflow', '2.15.0'],
    ['tensorflow_cpu', '2.21.0'],
    ['tf_nightly', '2.22.0.dev20260101'],
    ['tensorflow', '3.0.0'],
  ])('%s %s is taken with its version', (distribution, version) => {
    const libraries = writeTensorflow(temporaryFolder(), version, { distribution });
    expect(inspectFolder(libraries, 'linux')).toEqual({ libraries, version, build: 'cpu' });
  });

  it('says itself whether it has CUDA, and for which cards', () => {
    const folder = writeTensorflow(temporaryFolder(), '2.21.0', { build: GPU_BUILD });
    expect(inspectFolder(folder, 'linux')).toMatchObject({ build: 'gpu' });
    expect(computeCapabilities(folder)).toEqual(['6.0', '8.0', '9.0']);
  });

  it.each(['2.9.1', '2.14.1', '1.15.5'])('of version %s is too old', (version) => {
    const folder = writeTensorflow(temporaryFolder(), version);
    expect(inspectFolder(folder, 'linux')).toEqual({
      reason: `${folder} is TensorFlow ${version}, expected 2.15 or newer`,
    });
  });

  it.each(['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2', 'include/tensorflow/c/eager/c_api.h'])(
    'without %s cannot be built against',
    (without) => {
      const folder = writeTensorflow(temporaryFolder(), '2.21.0', { without, platform: 'linux' });
      expect(inspectFolder(folder, 'linux')).toEqual({
        reason: `TensorFlow 2.21.0 in ${folder} has no ${without}`,
      });
    },
  );

  it('has other names of its libraries on macOS', () => {
    const folder = writeTensorflow(temporaryFolder(), '2.21.0', { platform: 'darwin' });
    expect(inspectFolder(folder, 'darwin')).toMatchObject({ version: '2.21.0' });
    expect(inspectFolder(folder, 'linux')).toMatchObject({
      reason: expect.stringContaining('libtensorflow_cc.so.2'),
    });
  });

  it('is not confused with packages whose names begin like its own', () => {
    const folder = temporaryFolder();
    writeFiles(folder, { 'tensorflow_hub-0.16.1.dist-info/METADATA': '', 'tensorflow/x': '' });
    expect(inspectFolder(join(folder, 'tensorflow'), 'linux')).toEqual({
      reason: `${join(folder, 'tensorflow')} does not say which version of TensorFlow it is`,
    });
  });

  it('is found from the folder around it, and from the environment around that', () => {
    const environment = join(temporaryFolder(), 'Pythön env');
    const sitePackages = join(environment, 'lib/python3.11/site-packages');
    const folder = writeTensorflow(sitePackages, '2.21.0');
    for (const from of [folder, sitePackages, environment]) expect(findPackage(from)).toBe(folder);
    expect(findPackage(join(environment, 'lib'))).toBeUndefined();
  });
});
