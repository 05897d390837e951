/** @file Fetching: every source, every way to fail, interruption, and two processes at once. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RecordStore } from '../../src/data/records/manifest.ts';
import { fetchRecords, inspectRecords } from '../../src/data/records/sources.ts';
import { inWorkplace } from '../../src/data/workplace.ts';
import { UserError } from '../../src/errors.ts';
import type { StartStage } from '../../src/progress.ts';
import { type SmallSet, smallCifar10, smallCifar100, writeFiles } from './cifar-files.ts';
import { recordsOf } from './definitions.ts';
import { serve } from './server.ts';

const SILENT: StartStage = () => ({ update() {}, stop() {} });
const PROGRAM = join(import.meta.dirname, 'fetch-process.ts');

const statesOf = (store: RecordStore) => inspectRecords(store).map(({ state }) => state);

/** A set whose archive is served at its address, and how often it was asked for. */
async function served(answer?: (archive: Buffer) => Buffer, make = smallCifar10) {
  const requests: string[] = [];
  let set: SmallSet | undefined;
  const address = await serve((request, response) => {
    requests.push(request.url ?? '');
    const { archive } = set as SmallSet;
    response.end(answer === undefined ? archive : answer(archive));
  });
  set = make(`${address}/set.tar.gz`);
  return { ...set, requests };
}

/** Runs the program that fetches, up to its end. */
function startProgram(store: RecordStore): { child: ChildProcess; ended: Promise<string> } {
  const parameters = ['--import', 'tsx', PROGRAM, JSON.stringify(store)];
  const child = spawn(process.execPath, parameters, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      output += data;
    });
  }
  const ended = new Promise<string>((resolve) => child.on('close', () => resolve(output)));
  return { child, ended };
}

describe('the official archive', () => {
  it.each([
    ['of CIFAR-10', smallCifar10, [6, 9, 0, 3], [8, 1]],
    ['of CIFAR-100', smallCifar100, [99, 0, 42, 11], [50, 98]],
  ])('%s is downloaded once, unpacked into its cache and loaded from there', async (_, make, train, test) => {
    const { store, requests } = await served(undefined, make);
    const dataset = recordsOf(store);
    expect(dataset.describe().isPresent).toBe(false);
    for (let time = 0; time < 2; time++) {
      const loaded = await dataset.load();
      expect([...loaded.train.labels]).toEqual(train);
      expect([...loaded.test.labels]).toEqual(test);
    }
    expect(requests).toEqual(['/set.tar.gz']);
    expect(readdirSync(store.folder).sort()).toEqual(['test.bin', 'train.bin']);
    expect(dataset.describe().isPresent).toBe(true);
  });

  it('has its files joined in the cache, as they are', async () => {
    const { store, files } = await served();
    await fetchRecords(store, 'official', SILENT);
    const joined = Buffer.concat([files['batch_1.bin'] as Buffer, files['batch_2.bin'] as Buffer]);
    expect(readFileSync(join(store.folder, 'train.bin')).equals(joined)).toBe(true);
    expect(statesOf(store)).toEqual(['ok', 'ok']);
  });

  it('shows how much has arrived', async () => {
    const { store, archive } = await served();
    const shown: [string, number][] = [];
    const begin: StartStage = (label, total) => ({
      update: (done) => shown.push([label, done / total]),
      stop() {},
    });
    await fetchRecords(store, 'official', begin);
    expect(shown.at(-1)).toEqual(['downloading set.tar.gz (0 MB)', 1]);
    expect(archive.length).toBeGreaterThan(0);
  });

  const flip = (archive: Buffer) => {
    const copy = Buffer.from(archive);
    copy[200] = (copy[200] ?? 0) ^ 1;
    return copy;
  };
  it.each<[string, (archive: Buffer) => Buffer, RegExp]>([
    [
      'one byte is flipped',
      flip,
      /^small10 cannot be fetched: .* sent another file than set.tar.gz: its SHA-256 is \w{64}, expected \w{64}; without a network, /,
    ],
    [
      'it is cut short',
      (archive) => archive.subarray(0, 400),
      /ended after 400 of \d+ bytes; without a network, /,
    ],
    ['it goes on and on', (archive) => Buffer.concat([archive, archive]), /sends more than the \d+ bytes/],
  ])('is refused if %s, and nothing is left', async (_, answer, message) => {
    const { store } = await served(answer);
    const fetching = fetchRecords(store, 'official', SILENT);
    await expect(fetching).rejects.toThrow(UserError);
    await expect(fetching).rejects.toThrow(message);
    expect(readdirSync(store.folder)).toEqual([]);
  });

  it('is reported in one sentence if the server refuses, breaks off or is not there', async () => {
    const refusing = await serve((_, response) => response.writeHead(404).end());
    const breaking = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '5000' });
      response.write('x', () => response.destroy());
    });
    for (const [url, message] of [
      [
        `${refusing}/a.tar.gz`,
        /a.tar.gz answers 404 Not Found; without a network, bring set.tar.gz here and run "td data fetch small10 --source PATH"$/,
      ],
      [
        `${breaking}/a.tar.gz`,
        /: the download of http.* broke off after \d+ of \d+ bytes: .+; without a network, /,
      ],
      ['http://127.0.0.1:9/a.tar.gz', /: http.*a.tar.gz cannot be reached: .+; without a network, /],
    ] as const) {
      await expect(fetchRecords(smallCifar10(url).store, 'official', SILENT)).rejects.toThrow(message);
    }
  });
});

describe('an archive or folder of the user', () => {
  it('fills the cache, whether packed, unpacked or in the folder around', async () => {
    const { archive, files } = smallCifar10();
    const inner = Object.fromEntries(
      Object.entries(files).map(([name, bytes]) => [`set-bin/${name}`, bytes]),
    );
    const folder = writeFiles(inner);
    for (const path of [join(writeFiles({ 'my.tgz': archive }), 'my.tgz'), folder, join(folder, 'set-bin')]) {
      const { store } = smallCifar10();
      expect(await fetchRecords(store, path, SILENT)).toBe(path);
      expect(statesOf(store)).toEqual(['ok', 'ok']);
    }
  });

  it.each<[string, (set: SmallSet) => Record<string, Uint8Array>, string, RegExp]>([
    ['is not there', () => ({}), 'no.tgz', /no.tgz is not set.tar.gz as published: it is missing$/],
    [
      'is truncated',
      ({ archive }) => ({ 'a.tgz': archive.subarray(0, 500) }),
      'a.tgz',
      /a.tgz is not set.tar.gz as published: it holds 500 bytes, expected \d+$/,
    ],
    [
      'is another archive',
      () => ({ 'a.tgz': smallCifar100().archive }),
      'a.tgz',
      /a.tgz is not set.tar.gz as published/,
    ],
    [
      'has another record',
      ({ files }) => ({
        ...files,
        'batch_2.bin': Buffer.from(files['batch_2.bin'] as Buffer).fill(1, 50, 51),
      }),
      '',
      /^the train records of .* are not those of small10: its SHA-256 is \w+, expected \w+$/,
    ],
    [
      'lacks a file',
      ({ files: { 'test.bin': _, ...rest } }) => rest,
      '',
      /has no test.bin, expected batch_1.bin, batch_2.bin, test.bin$/,
    ],
  ])('is refused if it %s', async (_, damage, name, message) => {
    const set = smallCifar10();
    const fetching = fetchRecords(set.store, join(writeFiles(damage(set)), name), SILENT);
    await expect(fetching).rejects.toThrow(UserError);
    await expect(fetching).rejects.toThrow(message);
    expect(readdirSync(set.store.folder)).toEqual([]);
  });
});

describe('the cache', () => {
  it('is mended by fetching again if it was damaged, and refused until then', async () => {
    const { store, requests } = await served();
    const dataset = recordsOf(store);
    await fetchRecords(store, undefined, SILENT);
    expect(await fetchRecords(store, undefined, SILENT)).toBe('cache');
    const path = join(store.folder, 'test.bin');
    writeFileSync(path, readFileSync(path).fill(7, 99, 100));
    expect(await dataset.verify()).toMatchObject([{ state: 'ok' }, { state: 'damaged', check: 'sha256' }]);
    await expect(dataset.load()).rejects.toThrow(
      /test.bin is damaged: .*; "td data fetch small10" brings it back$/,
    );
    await fetchRecords(store, undefined, SILENT);
    expect(statesOf(store)).toEqual(['ok', 'ok']);
    expect(requests).toHaveLength(2);
  });

  it('is not begun on a disk with too little space', async () => {
    const { store } = smallCifar10();
    const { archive } = store.manifest.sources.official;
    const official = { ...store.manifest.sources.official, archive: { ...archive, bytes: 1e18 } };
    const huge = { ...store, manifest: { ...store.manifest, sources: { official } } };
    await expect(fetchRecords(huge, undefined, SILENT)).rejects.toThrow(
      /^the disk of .* has \d+ MB free, expected at least 1000000000000 MB; .*TD_DATA names another folder$/,
    );
  });

  it('is filled by two processes at once, both of which end well', async () => {
    const { store, requests } = await served();
    const outputs = await Promise.all([startProgram(store).ended, startProgram(store).ended]);
    const { url } = store.manifest.sources.official;
    for (const output of outputs) expect(['cache', url]).toContain(output);
    expect(requests.length).toBeGreaterThan(0);
    expect(statesOf(store)).toEqual(['ok', 'ok']);
    expect(readdirSync(store.folder).sort()).toEqual(['test.bin', 'train.bin']);
  });

  it.each(['SIGKILL', 'SIGINT'] as const)('is not taken for good after %s in a download', async (signal) => {
    let isHanging = true;
    let begun = () => {};
    const beginning = new Promise<void>((resolve) => {
      begun = resolve;
    });
    let set: SmallSet | undefined;
    const address = await serve((_, response) => {
      const { archive } = set as SmallSet;
      if (isHanging) response.write(archive.subarray(0, 3000), () => setTimeout(begun, 200));
      else response.end(archive);
    });
    set = smallCifar10(`${address}/set.tar.gz`);
    const { store } = set;
    const { child, ended } = startProgram(store);
    await beginning;
    expect(readdirSync(store.folder)).toHaveLength(1);
    child.kill(signal);
    await ended;
    expect(child.signalCode ?? child.exitCode).toBe(signal === 'SIGKILL' ? signal : 130);
    expect(readdirSync(store.folder)).toHaveLength(signal === 'SIGKILL' ? 1 : 0);
    expect(statesOf(store)).toEqual(['missing', 'missing']);
    isHanging = false;
    await fetchRecords(store, undefined, SILENT);
    expect(readdirSync(store.folder).sort()).toEqual(['test.bin', 'train.bin']);
  });

  it('leaves alone the work of living processes and of other machines, and removes what the dead and a past day left', async () => {
    const { store } = await served();
    const own = await inWorkplace(store.folder, 1, async (workplace) => basename(workplace));
    const [start, space] = own.split('-').slice(2);
    const { pid: dead } = spawnSync(process.execPath, ['--version']);
    const kept = [own, '.fetch-1-1-elsewhere0-abc', '.fetch-elsewhere0-1-abc'];
    const left = [
      `.fetch-${dead}-${start}-${space}-abc`,
      `.fetch-${process.pid}-1-${space}-abc`,
      '.fetch-1-1-old-abc',
    ];
    for (const name of left) mkdirSync(join(store.folder, name), { recursive: true });
    utimesSync(join(store.folder, '.fetch-1-1-old-abc'), 0, 0);
    for (const name of kept) mkdirSync(join(store.folder, name), { recursive: true });
    await fetchRecords(store, undefined, SILENT);
    for (const name of kept) expect(existsSync(join(store.folder, name)), name).toBe(true);
    for (const name of left) expect(existsSync(join(store.folder, name)), name).toBe(false);
  });
});
