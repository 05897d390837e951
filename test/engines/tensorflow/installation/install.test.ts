/** @file Whatever goes wrong, nothing half installed is left, and what was there before is there still. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  installTensorflow,
  uninstallTensorflow,
} from '../../../../src/engines/tensorflow/installation/install.ts';
import { besides } from '../../../../src/engines/tensorflow/installation/paths.ts';
import type { InstallPlan } from '../../../../src/engines/tensorflow/installation/plan.ts';
import { findSources } from '../../../../src/engines/tensorflow/installation/sources.ts';
import type { Wheel } from '../../../../src/engines/tensorflow/installation/wheels.ts';
import { UserError } from '../../../../src/errors.ts';
import { tryLock } from '../../../../src/locks/lock.ts';
import { listFiles } from '../../../cli/td.ts';
import { temporaryFolder } from '../../../runs/temporary.ts';
import { PYTHON, siteWith, writeFiles, writeProgram, writeTensorflow } from './fakes.ts';

const said: string[] = [];
const PROGRESS = {
  startStage: () => ({ update() {}, stop() {} }),
  say: (text: string) => void said.push(text),
};
const PATHS = 'export PATH=/usr/bin:/bin';

/** A machine whose compiler does as its script says. The plan is to use a TensorFlow that is there. */
function place(compilerScript: string): {
  plan: InstallPlan;
  root: string;
  site: ReturnType<typeof siteWith>;
} {
  const root = join(temporaryFolder(), 'Zwischen speicher');
  const compiler = writeProgram(join(root, 'programs/c++'), `${PATHS}\n${compilerScript}`);
  const libraries = writeTensorflow(join(root, 'site-packages'), '2.21.0');
  const plan: InstallPlan = {
    folder: join(root, 'td/engines/tensorflow'),
    choice: { kind: 'folder', owner: 'python3', found: { libraries, version: '2.21.0', build: 'cpu' } },
    compiler: { command: [compiler], version: 'c++ 12' },
    sources: findSources(),
    downloadBytes: 0,
    unpackedBytes: 0,
    freeBytes: 1e12,
  };
  return { plan, root, site: siteWith([], { environment: { TD_CACHE: join(root, 'td') } }) };
}

/** The plan is to fetch a wheel, by a Python that does as its script says. */
function withWheel({ plan, root }: ReturnType<typeof place>, pythonScript: string): InstallPlan {
  const wheel: Wheel = {
    name: 'tensorflow-cpu',
    version: '2.21.0',
    file: 'tensorflow_cpu-2.21.0-x.whl',
    tag: 'any',
    bytes: 2,
    unpackedBytes: 2,
    sha256: createHash('sha256').update('ok').digest('hex'),
  };
  const path = writeProgram(join(root, 'programs/python3'), `${PATHS}\n${pythonScript}`);
  return {
    ...plan,
    choice: { kind: 'download', wheels: [wheel], passedOver: [] },
    python: { ...PYTHON, path, tensorflow: [] },
  };
}

const DELIVER = 'for dest; do :; done; mkdir -p "$dest"; printf';
const LAST = 'for out; do :; done';

describe('an installation that fails', () => {
  it.each([
    [
      'while it is compiled',
      'echo "x.cc:1: error: bad" >&2; exit 1',
      /could not build the native module: x\.cc:1: error: bad$/,
    ],
    ['in the self-test', `${LAST}; echo junk > "$out"`, /^the self-test failed: /],
  ])('%s leaves nothing behind', async (_, script, message) => {
    const { plan, site } = place(script);
    await expect(installTensorflow(plan, site, PROGRESS)).rejects.toThrow(message);
    expect(readdirSync(dirname(plan.folder))).toEqual([]);
    expect(existsSync(plan.choice.kind === 'folder' ? plan.choice.found.libraries : '')).toBe(true);
  });

  it('because another wheel was delivered leaves nothing behind', async () => {
    const there = place('exit 1');
    const plan = withWheel(there, `${DELIVER} no > "$dest/tensorflow_cpu-2.21.0-x.whl"`);
    await expect(installTensorflow(plan, there.site, PROGRESS)).rejects.toThrow(
      /pip delivered another .* than the published/,
    );
    expect(readdirSync(dirname(plan.folder))).toEqual([]);
  });

  it('after its wheel has arrived keeps the wheel for the next try, and uninstalling removes it', async () => {
    const there = place('exit 1');
    const plan = withWheel(
      there,
      `case "$*" in *" download "*) ${DELIVER} ok > "$dest/tensorflow_cpu-2.21.0-x.whl";; *) echo "File is not a zip file" >&2; exit 1;; esac`,
    );
    await expect(installTensorflow(plan, there.site, PROGRESS)).rejects.toThrow(
      /^cannot unpack .*: File is not a zip file$/,
    );
    expect(listFiles(dirname(plan.folder))).toEqual(['tensorflow.downloads/tensorflow_cpu-2.21.0-x.whl']);
    expect(await uninstallTensorflow(there.site, PROGRESS)).toBe(true);
    expect(readdirSync(dirname(plan.folder))).toEqual([]);
  });

  it('on a full disk says so, whoever met it', async () => {
    const full = place('echo "ld: cannot write: No space left on device" >&2; exit 1');
    await expect(installTensorflow(full.plan, full.site, PROGRESS)).rejects.toThrow(
      /^the disk of .* is full; .* TD_CACHE/,
    );
    const python = withWheel(
      place('exit 1'),
      'echo "OSError: [Errno 28] No space left on device" >&2; exit 1',
    );
    await expect(installTensorflow(python, full.site, PROGRESS)).rejects.toThrow(UserError);
    await expect(installTensorflow(python, full.site, PROGRESS)).rejects.toThrow(/^the disk of .* is full/);
  });

  it('leaves the installation that was there before', async () => {
    const { plan, site } = place('exit 1');
    writeFiles(plan.folder, { 'installation.json': 'before' });
    await expect(installTensorflow(plan, site, PROGRESS)).rejects.toThrow(/could not build/);
    expect(listFiles(dirname(plan.folder))).toEqual(['tensorflow/installation.json']);
  });

  it('when it is interrupted leaves nothing behind, and ends the program under way', async () => {
    const { plan, site, root } = place(`touch "$0.started"; exec sleep 600`);
    const controller = new AbortController();
    const reason = new Error('interrupted');
    const installing = installTensorflow(plan, site, PROGRESS, controller.signal);
    const timer = setInterval(() => {
      if (existsSync(join(root, 'programs/c++.started'))) controller.abort(reason);
    }, 20);
    await expect(installing).rejects.toBe(reason);
    clearInterval(timer);
    expect(readdirSync(dirname(plan.folder))).toEqual([]);
  });
});

describe('an installation', () => {
  it('removes what one that was killed left half-done', async () => {
    const { plan, site } = place('exit 1');
    const { work } = besides(plan.folder);
    writeFiles(work, { 'site-packages/tensorflow/libtensorflow_cc.so.2': 'half', 'build/x.o': '' });
    await expect(installTensorflow(plan, site, PROGRESS)).rejects.toThrow(/could not build/);
    expect(readdirSync(dirname(plan.folder))).toEqual([]);
  });

  it('puts the former one back if one was killed between setting it aside and its own name', async () => {
    const { plan, site } = place('exit 1');
    writeFiles(plan.folder, { 'installation.json': 'before' });
    renameSync(plan.folder, besides(plan.folder).former);
    await expect(installTensorflow(plan, site, PROGRESS)).rejects.toThrow(/could not build/);
    expect(listFiles(dirname(plan.folder))).toEqual(['tensorflow/installation.json']);
  });

  it('is not begun while another process is at one', async () => {
    const { plan, site } = place('exit 1');
    mkdirSync(dirname(plan.folder), { recursive: true });
    const lock = tryLock(besides(plan.folder).lock);
    for (const call of [
      () => installTensorflow(plan, site, PROGRESS),
      () => uninstallTensorflow(site, PROGRESS),
    ]) {
      await expect(call()).rejects.toThrow(
        new RegExp(
          `tensorflow is being installed by process ${process.pid} on .*; when that is done, the same command`,
        ),
      );
    }
    if ('release' in lock) lock.release();
  });

  it('into a folder that cannot be written is refused in a sentence', async () => {
    const { plan, site, root } = place('exit 1');
    writeFiles(join(root, 'td'), { engines: 'a file' });
    await expect(installTensorflow(plan, site, PROGRESS)).rejects.toThrow(
      /^cannot write to .*engines \(E[A-Z]+\); the environment variable TD_CACHE puts td's cache elsewhere$/,
    );
  });
});

describe('uninstalling', () => {
  it('removes what td put there and nothing else, and is harmless again', async () => {
    const { plan, site, root } = place('exit 1');
    writeFiles(plan.folder, { 'installation.json': '{}', 'site-packages/tensorflow/x': '' });
    writeFiles(join(root, 'td/engines'), { 'other/file': '' });
    const before = listFiles(join(root, 'site-packages'));
    expect(await uninstallTensorflow(site, PROGRESS)).toBe(true);
    expect(listFiles(join(root, 'td'))).toEqual(['engines/other/file']);
    expect(listFiles(join(root, 'site-packages'))).toEqual(before);
    expect(await uninstallTensorflow(site, PROGRESS)).toBe(false);
  });
});
