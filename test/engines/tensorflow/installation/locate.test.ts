/** @file An installation counts only as long as everything that it needs is there. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeOtherKernels } from '../../../../src/engines/tensorflow/installation/kernels-note.ts';
import { locateTensorflow } from '../../../../src/engines/tensorflow/installation/locate.ts';
import { libraryNames } from '../../../../src/engines/tensorflow/installation/paths.ts';
import { hashOwnSources } from '../../../../src/engines/tensorflow/installation/sources.ts';
import { temporaryFolder } from '../../../runs/temporary.ts';
import { writeFiles } from './fakes.ts';

const { cc, framework } = libraryNames();
const record = {
  format: 1,
  platform: `${process.platform}-${process.arch}`,
  version: '2.21.0',
  build: 'cpu',
  libraries: 'site-packages/tensorflow',
  libraryBytes: 2,
  source: { kind: 'wheel', wheels: ['tensorflow_cpu-2.21.0.whl'], python: 'python3' },
  compiler: 'g++ 12.2.0',
  tfjsNode: '4.22.0',
  installed: '2026-01-31T12:00:00.000Z',
  selfTest: { devices: ['CPU'], seconds: 5, largestDifference: 1e-7 },
};

function install(changes: Readonly<Record<string, unknown>> = {}): string {
  const folder = join(temporaryFolder(), 'engines', 'tensorflow');
  writeFiles(folder, {
    'installation.json': JSON.stringify({ ...record, ...changes }),
    'tensorflow.node': 'module',
    'process.node': 'module',
    [`site-packages/tensorflow/${cc}`]: 'cc',
    [`site-packages/tensorflow/${framework}`]: 'framework',
  });
  return folder;
}

const reasonOf = (folder: string) => {
  const located = locateTensorflow(folder);
  return 'reason' in located ? located.reason : 'none: it is there';
};

describe('an installation', () => {
  it('is found with its module, its libraries and what the self-test saw', () => {
    const folder = install();
    expect(locateTensorflow(folder)).toEqual({
      folder,
      addon: join(folder, 'tensorflow.node'),
      version: '2.21.0',
      libraries: join(folder, 'site-packages/tensorflow'),
      build: 'cpu',
      source: record.source,
      compiler: 'g++ 12.2.0',
      installed: record.installed,
      selfTest: record.selfTest,
    });
  });

  it('whose modules another version of td built is there, and a sentence says so', () => {
    const noteOf = (changes: Readonly<Record<string, unknown>>) =>
      describeOtherKernels(locateTensorflow(install(changes)));
    const sentence =
      "td's kernels for TensorFlow were built by another version of td, and may be slower: td engines install tensorflow --force builds those of this one";
    expect(noteOf({})).toBe(sentence);
    expect(noteOf({ ownSources: '0123456789abcdef' })).toBe(sentence);
    expect(noteOf({ ownSources: hashOwnSources() })).toBeUndefined();
    expect(describeOtherKernels({ reason: 'not installed' })).toBeUndefined();
  });

  it('that is not there is named with the command that brings it', () => {
    expect(reasonOf(join(temporaryFolder(), 'none'))).toBe('not installed, td engines install tensorflow');
  });

  it.each(['installation.json', 'installation.json/below'])('cut off in %s does not count', (name) => {
    const folder = temporaryFolder();
    writeFiles(folder, { [name]: '{"format": 1, "plat' });
    expect(reasonOf(folder)).toBe(
      `the installation in ${folder} is damaged or of another version of td; td engines install tensorflow installs it again`,
    );
  });

  it('of a later format does not count', () => {
    expect(reasonOf(install({ format: 2 }))).toMatch(/is damaged or of another version of td/);
  });

  it('of another kind of machine, which may share the cache folder, does not count', () => {
    const folder = install({ platform: 'linux-riscv64' });
    expect(reasonOf(folder)).toMatch(/^the installation in .* is for linux-riscv64 and this is /);
  });

  it.each([
    'tensorflow.node',
    'process.node',
    `site-packages/tensorflow/${cc}`,
    `site-packages/tensorflow/${framework}`,
  ])('without %s does not count', (name) => {
    const folder = install();
    rmSync(join(folder, name));
    expect(reasonOf(folder)).toBe(
      `${join(folder, name)} is gone; td engines install tensorflow installs it again`,
    );
  });

  it('whose TensorFlow was replaced by its Python does not count', () => {
    const folder = install();
    writeFiles(folder, { [`site-packages/tensorflow/${cc}`]: 'another' });
    expect(reasonOf(folder)).toMatch(/tensorflow was replaced since td was built against it; td engines/);
  });
});
