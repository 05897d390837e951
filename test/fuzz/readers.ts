/** @file What td reads beside experiment files: a good input of each kind, and the function that reads it. */
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encode } from 'fast-png';
import { expect } from 'vitest';
import { readArchive } from '../../src/data/archive.ts';
import { decodeIdx } from '../../src/data/idx/format.ts';
import { readIdxManifest } from '../../src/data/idx/manifest.ts';
import { decodeJpegPicture } from '../../src/data/images/jpeg.ts';
import { decodePngPicture } from '../../src/data/images/png.ts';
import { decodeRecords } from '../../src/data/records/format.ts';
import { readRecordManifest } from '../../src/data/records/manifest.ts';
import { readOfficial } from '../../src/data/records/official.ts';
import { decodePngImages } from '../../src/data/records/png-images.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/files/safetensors.ts';
import { readLock } from '../../src/locks/lock-file.ts';
import { reportRun } from '../../src/report/run-report.ts';
import { readCheckpoint, writeCheckpoint } from '../../src/runs/checkpoint.ts';
import { conditionOf } from '../../src/runs/condition.ts';
import { RUN_FILES } from '../../src/runs/directory.ts';
import { appendEvents, truncateEvents } from '../../src/runs/events/event-file.ts';
import { histogramOf } from '../../src/runs/events/histogram.ts';
import { findRuns } from '../../src/runs/find.ts';
import { readMetrics } from '../../src/runs/metrics.ts';
import { recoverCheckpoint } from '../../src/runs/recovery.ts';
import { readSummary, writeSummary } from '../../src/runs/summary.ts';
import { readSweep } from '../../src/sweeps/read-sweep.ts';
import { writeSweep } from '../../src/sweeps/rows.ts';
import { readPublished } from '../../src/tables/paper/published.ts';
import { makeRecords, makeTar, smallCifar10 } from '../data/cifar-files.ts';
import { loadMnist } from '../data/definitions.ts';
import { countUp, encodeIdx, smallFiles } from '../data/idx-files.ts';
import { COLOUR } from '../data/images/jpeg-samples.ts';
import { RUN, summaryOf } from '../runs/runs.ts';
import { ofBytes, ofFile, put, type Reader } from './reader.ts';

const IMAGES = encodeIdx([20, 4, 4], countUp(320));
const RECORDS = makeRecords([[6], [9], [0]]);
const TAR = makeTar([
  { path: 'set/', type: 'Directory' },
  { path: 'set/a', content: Buffer.from(countUp(700)) },
  { path: 'set/link', type: 'SymbolicLink' },
  { path: 'set/b', content: Buffer.from('b') },
]);
const PNG = Buffer.from(
  encode({ width: 1024, height: 3, channels: 3, depth: 8, data: Uint8Array.from(countUp(1024 * 9)) }),
);
const COLOUR_PNG = Buffer.from(
  encode({ width: 5, height: 4, channels: 4, depth: 8, data: Uint8Array.from(countUp(80)) }),
);
const ARRAYS = {
  arrays: { 'dense1/kernel': Float32Array.of(1, 2, 3, 4, 5, 6), 'step/count': Int32Array.of(7) },
  specs: {
    'dense1/kernel': { shape: [3, 2], dtype: 'float32' },
    'step/count': { shape: [], dtype: 'int32' },
  },
} as const;
const POSITION = { epoch: 2, step: 200, trainSeconds: 3, totals: { loss: 1.5, correct: 40 } };

const requireIdx = (bytes: Uint8Array, axes: 1 | 3) => {
  const { shape, values } = decodeIdx(bytes, axes, 'input');
  expect(values.length).toBe(shape.reduce((product, extent) => product * extent, 1));
};

const isCheckpoint = (found: ReturnType<typeof readCheckpoint>, step: number) => {
  expect(found?.step).toBe(step);
  expect(found?.arrays['step/count']).toEqual(Int32Array.of(step));
};

/** Two checkpoints, the second of them the last. */
function putCheckpoints(folder: string): void {
  for (const step of [100, 200]) {
    const arrays = { ...ARRAYS.arrays, 'step/count': Int32Array.of(step) };
    writeCheckpoint(folder, { ...POSITION, step, arrays, specs: ARRAYS.specs });
  }
}

/** No file of a checkpoint may be taken for good when it is not; what is found is one of the two that were written. */
function ofCheckpoint(file: string): Reader[] {
  const prepare = (folder: string) => {
    putCheckpoints(folder);
    return join(folder, file);
  };
  return [
    {
      name: `readCheckpoint with another ${file}`,
      prepare,
      read: (path) => isCheckpoint(readCheckpoint(dirname(path)), 200),
    },
    {
      name: `recoverCheckpoint with another ${file}`,
      isForgiving: true,
      prepare,
      read(path) {
        const warnings: string[] = [];
        const found = recoverCheckpoint(dirname(path), (sentence) => warnings.push(sentence));
        if (found?.step === 100) expect(warnings.length).toBeGreaterThan(0);
        isCheckpoint(found, found?.step === 100 ? 100 : 200);
      },
    },
  ];
}

/** The run in a folder of results, of which one file was changed. */
function ofRun(file: string, good: string): Reader {
  const inRun = `results/${RUN.experiment}/${RUN.variant}/seed-0-1a2b3c4d`;
  const reader = ofFile(`the report of a run with another ${file}`, join(inRun, file), good, (path) => {
    const { runs, leftOut } = findRuns(join(dirname(path), '../../..'));
    const [run] = [...runs, ...leftOut];
    if (run === undefined) throw new Error('the run is not found');
    conditionOf(run.directory);
    reportRun(run);
  });
  return { ...reader, isForgiving: true };
}

const LOG = [
  { level: 30, msg: 'training begins' },
  { level: 40, msg: 'clock' },
  { level: 50, msg: 'failed', err: { message: 'the loss is NaN', stack: 'Error: at x' } },
];
const LOCK = {
  ...{ id: '0123456789abcdef', pid: 4711, host: 'machine', processSpace: 'boot pid:[1]', processStart: '77' },
  since: '2025-01-31T12:00:05.000Z',
};
const ENVIRONMENT = { engine: 'onnx', device: 'CPU', versions: { node: '20.20.2' }, cores: 2 };
const METRICS = 'epoch,step,learning_rate,train_loss,train_accuracy,test_loss,test_accuracy\n';
const METRICS_ROWS = `${METRICS}1,100,0.1,1.5,0.5,1.2,0.6\n2,200,0.1,NaN,0.7,Infinity,0.8\n`;

const ROOT = join(import.meta.dirname, '../..');
const manifest = (name: string, read: (name: string, path: string) => unknown) =>
  ofFile(
    `the manifest of ${name}`,
    `${name}.yaml`,
    readFileSync(join(ROOT, `datasets/${name}.yaml`)),
    (path) => void read(name, path),
  );

/** Every function that reads a file, but those of experiment files. */
export const READERS: readonly Reader[] = [
  ofBytes('IDX images', IMAGES, (bytes) => requireIdx(bytes, 3)),
  ofBytes('IDX images, packed', gzipSync(IMAGES), (bytes) => requireIdx(bytes, 3)),
  ofBytes('IDX labels', encodeIdx([30], countUp(30)), (bytes) => requireIdx(bytes, 1)),
  {
    name: 'a folder of IDX files',
    prepare(folder) {
      const paths = Object.entries(smallFiles()).map(([name, content]) => put(folder, name, content));
      return paths[1] ?? '';
    },
    async read(path) {
      const { train, test, classes } = await loadMnist(dirname(path));
      for (const { labels, count, images } of [train, test]) {
        expect([labels.length, images.length]).toEqual([count, count * 6]);
        expect(Math.max(...labels)).toBeLessThan(classes);
      }
    },
  },
  ofBytes('records of CIFAR', RECORDS, (bytes) => {
    const { count, images, labels } = decodeRecords(bytes, { labelBytes: 1, label: 0 }, 10, 'input');
    expect([images.length, labels.length]).toEqual([count * 3072, count]);
  }),
  ofFile('a tar archive', 'set.tar', TAR, (path) => readArchive(path, ['set/a', 'set/b'])),
  ofFile('a packed tar archive', 'set.tar.gz', gzipSync(TAR), (path) =>
    readArchive(path, ['set/b', 'set/a']),
  ),
  {
    name: 'an archive of CIFAR',
    prepare: (folder) => put(folder, 'set.tar.gz', smallCifar10().archive),
    read(path) {
      const { sources, record } = smallCifar10().store.manifest;
      return readOfficial(path, sources.official, record);
    },
  },
  ofBytes('a PNG picture', COLOUR_PNG, (bytes) => {
    const { width, height, pixels } = decodePngPicture(bytes, 'input');
    expect(pixels.length).toBe(4 * width * height);
  }),
  ofBytes('a JPEG picture', COLOUR.bytes, async (bytes) => {
    const { width, height, pixels } = await decodeJpegPicture(Uint8Array.from(bytes), 'input');
    expect(pixels.length).toBe(4 * width * height);
  }),
  ofBytes('a PNG', PNG, (bytes) => {
    expect(decodePngImages(bytes, 5, 'input').length % 3072).toBe(0);
  }),
  ofBytes('safetensors', Buffer.from(encodeSafetensors({ ...ARRAYS, metadata: { step: '7' } })), (bytes) => {
    const { arrays, specs } = decodeSafetensors(bytes, 'input');
    expect(Object.keys(arrays)).toEqual(Object.keys(specs));
  }),
  ...['checkpoint.safetensors', 'checkpoint.json'].flatMap(ofCheckpoint),
  {
    name: 'summary.json',
    prepare(folder) {
      writeSummary(folder, summaryOf(RUN, 'ab'.repeat(32)));
      return join(folder, 'summary.json');
    },
    read: (path) => readSummary(dirname(path)),
  },
  ofFile('metrics.csv', 'metrics.csv', METRICS_ROWS, (path) => readMetrics(dirname(path))),
  {
    name: 'sweep.csv',
    prepare(folder) {
      const path = join(folder, 'sweep.csv');
      writeSweep(path, readSweep(join(ROOT, 'results/baseline/ci.csv')).slice(0, 12));
      return path;
    },
    read(path) {
      for (const { experiment, variant, runId, accuracy } of readSweep(path)) {
        expect(`${experiment}/${variant}/${runId}`).not.toMatch(/(^|\/)\.\.?\//);
        expect(basename(experiment)).toBe(experiment);
        expect(accuracy >= 0 && accuracy <= 1).toBe(true);
      }
    },
  },
  ofFile(
    'paper-tables.csv',
    'paper.csv',
    readFileSync(join(ROOT, 'results/paper/paper-tables.csv')),
    readPublished,
  ),
  {
    name: 'the events of a run',
    isForgiving: true,
    prepare(folder) {
      for (const step of [100, 200, 300]) {
        const histograms = { weights: histogramOf(Float32Array.of(-1, 0, step)) };
        appendEvents(folder, { step, scalars: { loss: 1 / step }, histograms });
      }
      return join(folder, RUN_FILES.events);
    },
    read(path) {
      const changed = readFileSync(path);
      truncateEvents(dirname(path), 200, () => {});
      const kept = readFileSync(path);
      expect(kept.equals(changed.subarray(0, kept.length))).toBe(true);
      // What is left is whole: looked at again, nothing is damaged and nothing goes.
      const warnings: string[] = [];
      truncateEvents(dirname(path), 200, (sentence) => warnings.push(sentence));
      expect([warnings, readFileSync(path).length]).toEqual([[], kept.length]);
    },
  },
  { ...ofFile('lock.json', 'lock.json', JSON.stringify(LOCK), readLock), isForgiving: true },
  ofRun('log.jsonl', LOG.map((entry) => JSON.stringify(entry)).join('\n')),
  ofRun('lock.json', JSON.stringify(LOCK)),
  ofRun('environment.json', JSON.stringify(ENVIRONMENT)),
  ofRun('summary.json', JSON.stringify(summaryOf(RUN, 'ab'.repeat(32)))),
  ofRun('checkpoint.json', JSON.stringify({ ...POSITION, sha256: 'ab'.repeat(32) })),
  manifest('mnist', readIdxManifest),
  manifest('fashion-mnist', readIdxManifest),
  manifest('cifar10', readRecordManifest),
  manifest('cifar100', readRecordManifest),
];
