/** @file Everything that an installation needs is looked for before anything is written. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { besides } from '../../../../src/engines/tensorflow/installation/paths.ts';
import {
  planInstallation,
  type Site,
  thisSite,
} from '../../../../src/engines/tensorflow/installation/plan.ts';
import { CPU_WHEELS } from '../../../../src/engines/tensorflow/installation/wheels.ts';
import { UserError } from '../../../../src/errors.ts';
import { listFiles } from '../../../cli/td.ts';
import { temporaryFolder } from '../../../runs/temporary.ts';
import { siteWith, writeFiles, writeProgram, writePython, writeTensorflow } from './fakes.ts';

const CPU = CPU_WHEELS['linux-x64'] as NonNullable<(typeof CPU_WHEELS)[string]>;

/** A machine with a compiler, a Python with pip, and an empty cache folder. */
function machine(more: Partial<Site> = {}): { site: Site; programs: string; cache: string } {
  const folder = temporaryFolder();
  const [programs, cache] = [join(folder, 'programs'), join(folder, 'Zwischen speicher')];
  writeProgram(`${programs}/c++`, 'case "$*" in *--version*) echo "c++ 12";; esac');
  writePython(`${programs}/python3`, {});
  return { programs, cache, site: siteWith([programs], { ...more, environment: { TD_CACHE: cache } }) };
}

describe('a plan', () => {
  it('to fetch names wheel, sizes, Python, compiler and folder, and writes nothing', async () => {
    const { site, programs, cache } = machine();
    const before = listFiles(join(programs, '..'));
    const plan = await planInstallation({ gpu: false }, site);
    expect(plan).toMatchObject({
      folder: join(cache, 'engines/tensorflow'),
      choice: { kind: 'download', wheels: [CPU] },
      python: { path: `${programs}/python3` },
      compiler: { command: [`${programs}/c++`], version: 'c++ 12' },
      downloadBytes: CPU.bytes,
      unpackedBytes: CPU.unpackedBytes,
      freeBytes: 1e12,
    });
    expect(plan).not.toHaveProperty('untested');
    expect(listFiles(join(programs, '..'))).toEqual(before);
  });

  it('counts a wheel that has arrived at an earlier try as fetched', async () => {
    const { site, cache } = machine();
    const { downloads } = besides(join(cache, 'engines/tensorflow'));
    const gpu = await planInstallation({ gpu: true }, site);
    const [small] =
      gpu.choice.kind === 'download' ? gpu.choice.wheels.filter(({ bytes }) => bytes < 4e6) : [];
    writeFiles(downloads, { [small?.file ?? '']: 'x'.repeat(small?.bytes ?? 0) });
    expect((await planInstallation({ gpu: true }, site)).downloadBytes).toBe(
      gpu.downloadBytes - (small?.bytes ?? 0),
    );
  });

  it('to use a TensorFlow that a Python has fetches nothing and needs no pip', async () => {
    const { site, programs } = machine();
    const folder = writeTensorflow(join(programs, '../site-packages'), '2.18.1');
    writePython(`${programs}/python3`, { hasPip: false, tensorflow: [folder] });
    const plan = await planInstallation({ gpu: false }, site);
    expect(plan).toMatchObject({
      choice: { kind: 'folder', owner: `${programs}/python3`, found: { version: '2.18.1' } },
      downloadBytes: 0,
      unpackedBytes: 0,
    });
    expect(plan).not.toHaveProperty('python');
  });

  it('with --from asks no Python, unless there is a wheel to unpack', async () => {
    const { site, programs } = machine();
    writeProgram(`${programs}/python3`, 'exit 1');
    const folder = writeTensorflow(join(programs, '../mine'), '2.18.1');
    expect((await planInstallation({ gpu: false, from: folder }, site)).choice.kind).toBe('folder');
    writeFiles(programs, { 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl': 'zip' });
    const from = `${programs}/tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl`;
    await expect(planInstallation({ gpu: false, from }, site)).rejects.toThrow(/^no Python 3 is on PATH/);
    writePython(`${programs}/python3`, { hasPip: false });
    expect(await planInstallation({ gpu: false, from }, site)).toMatchObject({
      choice: { kind: 'wheel file', path: from },
      python: { hasPip: false },
    });
  });

  it('never uses what td installed itself, which would go away under it', async () => {
    const { site, cache } = machine();
    const from = writeTensorflow(join(cache, 'engines/tensorflow/site-packages'), '2.21.0');
    await expect(planInstallation({ gpu: false, from }, site)).rejects.toThrow(
      new UserError(`--from: ${from} is td's own; without --from, --force builds and tests it again`),
    );
  });

  it('on a kind of machine that is untested says so', async () => {
    const { site } = machine({ machine: { platform: 'linux', arch: 'arm64', glibc: '2.36' } });
    const plan = await planInstallation({ gpu: false }, site);
    expect(plan.untested).toMatch(/^Linux on arm64 is untested/);
    expect(plan.choice).toMatchObject({ wheels: [CPU_WHEELS['linux-arm64']] });
  });
});

describe('what is missing', () => {
  const refusal = async (site: Site, gpu = false) => {
    const error: unknown = await planInstallation({ gpu }, site).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    return (error as UserError).message;
  };

  it('is told in one sentence: the platform, the compiler, the Python, pip', async () => {
    const { site, programs } = machine();
    expect(await refusal({ ...site, machine: { ...site.machine, glibc: undefined } })).toMatch(/Alpine/);
    const withOnly = (name: string) => {
      const { site, programs } = machine();
      const other = join(programs, '../other');
      if (name === 'c++') writeProgram(`${other}/c++`, 'case "$*" in *--version*) echo "c++ 12";; esac');
      else writePython(`${other}/${name}`, {});
      return { ...site, environment: { ...site.environment, PATH: other } };
    };
    expect(await refusal(withOnly('python3'))).toMatch(/^no C\+\+ compiler is on PATH/);
    expect(await refusal(withOnly('c++'))).toMatch(/^no Python 3 is on PATH/);
    writePython(`${programs}/python3`, { hasPip: false });
    expect(await refusal(site)).toMatch(/^.*python3 has no pip, which is what fetches TensorFlow/);
  });

  it('is room on the disk, counted with wheels and what is unpacked of them', async () => {
    const needed = CPU.bytes + CPU.unpackedBytes + 50e6;
    const { site, cache } = machine({ freeBytes: () => needed - 1 });
    expect(await refusal(site)).toBe(
      `the disk of ${cache}/engines/tensorflow has 1184 MB free, expected at least 1184 MB; the environment variable TD_CACHE puts td's cache elsewhere`,
    );
    await planInstallation({ gpu: false }, { ...site, freeBytes: () => needed });
    expect(await refusal({ ...site, freeBytes: () => 8e9 }, true)).toMatch(
      /has 8000 MB free, expected at least 91\d\d MB;/,
    );
  });
});

describe('the free space of a real disk', () => {
  it('is that of the nearest folder that exists', () => {
    const folder = temporaryFolder();
    const { freeBytes } = thisSite();
    expect(freeBytes(join(folder, 'not/yet/there'))).toBeGreaterThan(0);
    writeFiles(folder, { file: '' });
    expect(freeBytes(join(folder, 'file/below'))).toBeGreaterThan(0);
  });
});
