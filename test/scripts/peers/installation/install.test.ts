/** @file PyTorch for the benchmark is installed by a Python that is a script: no network, and nothing half-done is left. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { installPytorch } from '../../../../scripts/peers/installation/install.ts';
import { locatePytorch, pytorchFolder } from '../../../../scripts/peers/installation/locate.ts';
import { listCandidates } from '../../../../scripts/peers/python.ts';
import { UserError } from '../../../../src/errors.ts';
import { siteWith, writeFiles, writeProgram } from '../../../engines/tensorflow/installation/fakes.ts';
import { temporaryFolder } from '../../../runs/temporary.ts';

const STAGE = { update() {}, stop() {}, line() {} };
const TORCH = '2.15.0+cu132';

interface Scripts {
  readonly version?: string;
  /** What the Python does when it is asked for the modules of virtual environments. */
  readonly modules?: string;
  /** What the environment's pip does. */
  readonly pip?: string;
  /** What its PyTorch says of itself. */
  readonly torch?: string;
}

/** A machine with one Python, whose environments have a Python that is a script, too. */
function place({ version = '3.11.2', modules = 'exit 0', pip = 'exit 0', torch = `echo ${TORCH}` }: Scripts) {
  const root = join(temporaryFolder(), 'Zwischen speicher');
  const bin = join(root, 'programs');
  const asked = join(root, 'asked');
  const path = 'export PATH=/usr/bin:/bin';
  const inner = writeProgram(
    join(root, 'inner'),
    `${path}\necho "$@" >> '${asked}'\ncase "$*" in *"-m pip"*) ${pip};; *) ${torch};; esac`,
  );
  const answer = JSON.stringify({ version, prefix: bin, hasPip: true, tensorflow: [] });
  writeProgram(
    join(bin, 'python3'),
    `${path}
case "$*" in
  *"-m venv"*) for made; do :; done; mkdir -p "$made/bin"; cp '${inner}' "$made/bin/python";;
  *ensurepip*) ${modules};;
  *) echo '${answer}';;
esac`,
  );
  const said: string[] = [];
  const say = (text: string): void => void said.push(text);
  const site = siteWith([bin], { environment: { TD_CACHE: join(root, 'td') } });
  const folder = pytorchFolder(site.environment);
  const install = (signal?: AbortSignal) =>
    installPytorch(site, { startStage: () => ({ ...STAGE, line: say }), say }, signal);
  return { root, bin, asked, said, site, folder, install };
}

/** What lies where installations are made. */
const leftIn = (folder: string): string[] =>
  existsSync(dirname(folder)) ? readdirSync(dirname(folder)) : [];

describe('the installation of PyTorch', () => {
  it('says its size first, then fetches with pip into an environment of its own, which the benchmark finds', async () => {
    const { said, site, folder, install, asked } = place({ pip: 'echo "  Downloading torch.whl (902 MB)"' });
    const before = listCandidates(site.environment);
    const installed = await install();
    expect(installed).toEqual({ folder, python: join(folder, 'bin/python'), torch: TORCH });
    expect(said[0]).toMatch(
      /^PyTorch 2\.15\.0 and numpy, .*pytorch: .*3 GB to fetch and 5\.4 GB on the disk/,
    );
    expect(said).toContain('Downloading torch.whl (902 MB)');
    expect(readFileSync(asked, 'utf8').split('\n')[0]).toBe(
      '-I -m pip install --no-input --disable-pip-version-check --progress-bar off --no-cache-dir --only-binary=:all: torch==2.15.0 numpy',
    );
    expect(locatePytorch(site.environment)).toEqual(installed);
    expect(listCandidates(site.environment)).toEqual([installed.python, ...before]);
    expect(listCandidates({ ...site.environment, TD_PYTHON: 'mine' })).toEqual(['mine']);
    expect(leftIn(folder)).toEqual(['pytorch']);
    expect(readdirSync(folder).sort()).toEqual(['bin', 'installation.json']);
  });

  it('that is there is not made again', async () => {
    const { install, asked } = place({});
    const first = await install();
    const questions = readFileSync(asked, 'utf8');
    expect(await install()).toEqual(first);
    expect(readFileSync(asked, 'utf8')).toBe(questions);
  });

  it.each<[string, Scripts, RegExp]>([
    [
      'whose index does not have it',
      {
        pip: 'echo "ERROR: Could not find a version" >&2; echo "ERROR: No matching distribution found for torch==2.15.0" >&2; exit 1',
      },
      /^pip could not install PyTorch 2\.15\.0: its index does not have it for this platform and Python; ".*python3 -m pip config list"/,
    ],
    [
      'whose index cannot be reached',
      {
        pip: 'echo "Retrying: Failed to establish a new connection: [Errno -3]" >&2; echo "ERROR: No matching distribution found for torch==2.15.0" >&2; exit 1',
      },
      /^pip could not install PyTorch 2\.15\.0, its index cannot be reached \(failed to establish a new connection\);/,
    ],
    [
      'that fills the disk',
      { pip: 'echo "OSError: [Errno 28] No space left on device" >&2; exit 1' },
      /^the disk of .* is full; .*TD_CACHE/,
    ],
    [
      'that does not load',
      { torch: 'echo "ImportError: libtorch_cpu.so" >&2; exit 1' },
      /^PyTorch was installed but does not load: ImportError: libtorch_cpu\.so$/,
    ],
    ['of another version', { torch: 'echo 2.14.1' }, /^pip delivered PyTorch 2\.14\.1, expected 2\.15\.0$/],
    [
      'by a Python that has no ensurepip',
      { modules: 'echo "ModuleNotFoundError: No module named ensurepip" >&2; exit 1' },
      /python3 cannot make virtual environments with pip; install its modules venv and ensurepip$/,
    ],
    [
      'by an older Python',
      { version: '3.10.12' },
      /python3 is Python 3\.10\.12, and PyTorch 2\.15\.0 needs 3\.11 or newer/,
    ],
  ])('%s ends in a sentence and leaves nothing', async (_, scripts, message) => {
    const { install, folder, site } = place(scripts);
    await expect(install()).rejects.toThrow(UserError);
    await expect(install()).rejects.toThrow(message);
    expect(leftIn(folder)).toEqual([]);
    expect(locatePytorch(site.environment)).toBeUndefined();
  });

  it('names the package of Debian that brings virtual environments', async () => {
    const { install, bin } = place({ modules: 'exit 1' });
    writeProgram(join(bin, 'apt-get'), 'exit 1');
    await expect(install()).rejects.toThrow(/; apt-get install python3-venv brings what is missing$/);
  });

  it('needs room for what is fetched and what is unpacked', async () => {
    if (process.platform !== 'linux') return;
    const { site, folder } = place({});
    const progress = { startStage: () => STAGE, say() {} };
    const installing = installPytorch({ ...site, freeBytes: () => 8e9 }, progress);
    await expect(installing).rejects.toThrow(/has 8000 MB free, expected at least 8400 MB/);
    expect(leftIn(folder)).toEqual([]);
  });

  it('that is interrupted ends pip and leaves nothing', async () => {
    const { install, folder, root } = place({ pip: `touch "$0.started"; exec sleep 600` });
    const controller = new AbortController();
    const reason = new Error('stop');
    const installing = install(controller.signal);
    const started = join(dirname(folder), 'pytorch.work/bin/python.started');
    const timer = setInterval(() => {
      if (existsSync(started)) controller.abort(reason);
    }, 20);
    await expect(installing).rejects.toBe(reason);
    clearInterval(timer);
    expect(leftIn(folder)).toEqual([]);
    expect(existsSync(root)).toBe(true);
  });

  it('that was killed is made anew, and is not taken for one meanwhile', async () => {
    const { install, folder, site } = place({});
    mkdirSync(`${folder}.work`, { recursive: true });
    // An environment without its record, as well as one of another kind of machine.
    writeFiles(folder, { 'bin/python': '' });
    expect(locatePytorch(site.environment)).toBeUndefined();
    writeFiles(folder, { 'installation.json': JSON.stringify({ platform: 'plan9-x64', torch: TORCH }) });
    expect(locatePytorch(site.environment)).toBeUndefined();
    expect((await install()).torch).toBe(TORCH);
    expect(leftIn(folder)).toEqual(['pytorch']);
  });
});
