/** @file The Pythons of a machine are found and asked, in the order in which their user would mean them. */
import { spawnSync } from 'node:child_process';
import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  choosePip,
  findPythons,
  listCandidates,
} from '../../../../src/engines/tensorflow/installation/pythons.ts';
import { UserError } from '../../../../src/errors.ts';
import { temporaryFolder } from '../../../runs/temporary.ts';
import { HAS_PIP, siteWith, writeFiles, writeProgram, writePython } from './fakes.ts';

describe('Pythons', () => {
  it('of the active environment come first, then those on PATH, then those of pyenv; each program once', () => {
    const folder = temporaryFolder();
    const [venv, one, two, home] = ['venv', 'one', 'two', 'home'].map((name) => join(folder, name));
    const paths = [
      writePython(`${venv}/bin/python`, {}),
      writePython(`${one}/python3`, {}),
      writePython(`${one}/python3.9`, {}),
      writePython(`${two}/python3`, {}),
      writePython(`${home}/.pyenv/versions/3.12.1/bin/python`, {}),
    ];
    symlinkSync(`${one}/python3`, `${one}/python3.11`);
    writeProgram(`${one}/python3-config`, 'exit 1');
    writeFiles(two ?? '', { 'python3.8': 'not to be run' });
    const site = siteWith([one, two, one, 'relative'] as string[], {
      home: home as string,
      environment: { VIRTUAL_ENV: venv },
    });
    expect(listCandidates(site)).toEqual(paths);
  });

  it('that are old, broken or say something else are left out, and an environment is counted once', async () => {
    const folder = temporaryFolder();
    writeProgram(`${folder}/a/python3`, 'echo "Unknown option: -I" >&2; exit 2');
    writeProgram(`${folder}/b/python3`, 'echo hello');
    writePython(`${folder}/c/python3`, { prefix: '/same', version: '3.9.1' });
    writePython(`${folder}/d/python3`, { prefix: '/same', version: '3.9.1' });
    const chatty = '{"version":"3.13.0","prefix":"/other","hasPip":true,"tensorflow":[]}';
    writeProgram(`${folder}/e/python3`, `echo "sitecustomize says hello"; echo '${chatty}'`);
    const site = siteWith(['a', 'b', 'c', 'd', 'e'].map((name) => join(folder, name)));
    const found = await findPythons(site);
    expect(found.map(({ path, version }) => [path, version])).toEqual([
      [`${folder}/c/python3`, '3.9.1'],
      [`${folder}/e/python3`, '3.13.0'],
    ]);
  });

  it('are many on some machines, and asking them leaves no listener behind', async () => {
    const folder = temporaryFolder();
    const names = Array.from({ length: 15 }, (_, index) => `${folder}/${index}`);
    for (const name of names) writePython(`${name}/python3`, { prefix: name });
    const before = process.listenerCount('exit');
    expect(await findPythons(siteWith(names))).toHaveLength(15);
    expect(process.listenerCount('exit')).toBe(before);
  });

  it('named by their user are asked alone, and refused if they are none', async () => {
    const folder = temporaryFolder();
    writePython(`${folder}/on path/python3`, {});
    const site = siteWith([`${folder}/on path`]);
    const mine = writePython(`${folder}/mine/python`, { version: '3.10.0' });
    expect(await findPythons(site, mine)).toMatchObject([{ path: mine, version: '3.10.0' }]);
    const broken = writeProgram(`${folder}/broken`, 'echo "no module named encodings" >&2; exit 1');
    await expect(findPythons(site, broken)).rejects.toThrow(
      new UserError(`--python: ${broken} does not answer as a Python 3 would: no module named encodings`),
    );
    await expect(findPythons(site, `${folder}/none`)).rejects.toThrow(
      new UserError(`--python: ${folder}/none does not answer as a Python 3 would: there is no such program`),
    );
  });
});

describe('pip', () => {
  const python = (path: string, hasPip: boolean) => ({
    path,
    version: '3.11.2',
    prefix: path,
    hasPip,
    tensorflow: [],
  });
  const debian = () => {
    const folder = temporaryFolder();
    writeProgram(`${folder}/apt-get`, '');
    return siteWith([folder]);
  };

  it('is that of the first Python that has it', () => {
    const pythons = [python('/a', false), python('/b', true), python('/c', true)];
    expect(choosePip(pythons, debian()).path).toBe('/b');
  });

  it('that is missing is named with the command of the package manager', () => {
    expect(() => choosePip([python('/usr/bin/python3', false)], debian())).toThrow(
      new UserError(
        '/usr/bin/python3 has no pip, which is what fetches TensorFlow; apt-get install python3-pip brings it',
      ),
    );
  });

  it('without any Python is a sentence, too, in the words of each system', () => {
    const message = (site = siteWith([])) => {
      try {
        choosePip([], site);
      } catch (error) {
        return (error as Error).message;
      }
      return undefined;
    };
    expect(message(debian())).toMatch(
      /^no Python 3 is on PATH.*; apt-get install python3 python3-pip brings it$/,
    );
    expect(message(siteWith([], { platform: 'darwin' }))).toMatch(/; xcode-select --install brings it$/);
    expect(message()).toMatch(/; install Python 3 with pip brings it$/);
  });
});

describe.runIf(HAS_PIP)('a real Python', () => {
  it('finds the TensorFlow of its environment without importing it, whatever lies in the working folder', async () => {
    const environment = join(temporaryFolder(), 'Pythön env');
    expect(spawnSync('python3', ['-m', 'venv', '--without-pip', environment]).status).toBe(0);
    const sitePackages = spawnSync(
      `${environment}/bin/python`,
      ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'],
      { encoding: 'utf8' },
    ).stdout.trim();
    const trace = join(environment, 'imported');
    writeFiles(sitePackages, { 'tensorflow/__init__.py': `open(${JSON.stringify(trace)}, "w")` });
    const [python] = await findPythons(siteWith([]), `${environment}/bin/python`);
    expect(python).toMatchObject({
      hasPip: false,
      prefix: environment,
      tensorflow: [`${sitePackages}/tensorflow`],
    });
    expect(existsSync(trace)).toBe(false);
  });
});
