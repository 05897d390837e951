/** @file Event files record by record, and what is left of them after a death at any byte or a failure of any call. */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { appendEvents, truncateEvents } from '../../../src/runs/events/event-file.ts';
import { histogramOf } from '../../../src/runs/events/histogram.ts';
import type { EpochSummary } from '../../../src/runs/events/messages.ts';
import { withFaults } from '../../support/faulty-fs.ts';
import { temporaryFolder } from '../temporary.ts';
import { readEvents, unframe } from './reader.ts';

vi.mock('node:fs', async (importOriginal) => {
  const { wrapFileSystem } = await import('../../support/faulty-fs.ts');
  return wrapFileSystem(await importOriginal());
});

const NAME = 'events.out.tfevents.td';

function summaryOf(epoch: number): EpochSummary {
  return {
    step: 300 * epoch,
    scalars: { 'loss/train': 1 / epoch, sparsity: 0 },
    histograms: { 'weights/dense1/kernel': histogramOf(Float32Array.of(-epoch, 0, epoch)) },
  };
}

/** A folder with the events of some epochs. */
function write(...epochs: readonly number[]): string {
  const directory = temporaryFolder();
  for (const epoch of epochs) appendEvents(directory, summaryOf(epoch));
  return directory;
}

const bytesOf = (directory: string): Buffer => readFileSync(join(directory, NAME));
const stepsOf = (directory: string): number[] => readEvents(bytesOf(directory)).map(({ step }) => step);

/** All but the times. */
function contentOf(directory: string): unknown[] {
  return readEvents(bytesOf(directory)).map(({ wallTime, ...content }) => content);
}

function truncate(directory: string, step: number): string[] {
  const warnings: string[] = [];
  truncateEvents(directory, step, (sentence) => warnings.push(sentence));
  return warnings;
}

describe('an event file', () => {
  it('begins as every file of TensorFlow does: 24 bytes that name the version', () => {
    const bytes = bytesOf(write(1));
    // Length and masked checksum, as in files that TensorFlow wrote.
    expect(bytes.subarray(0, 12).toString('hex')).toBe('1800000000000000a37f4b22');
    expect(bytes.subarray(12 + 9, 12 + 24).toString('latin1')).toBe('\x1a\x0dbrain.Event:2');
    expect(readEvents(bytes)[0]).toMatchObject({ fileVersion: 'brain.Event:2', step: 0, scalars: {} });
  });

  it('holds a record an epoch with its step, its time, its scalars and its histograms', () => {
    const before = Date.now() / 1000;
    const [, first, second, ...rest] = readEvents(bytesOf(write(1, 2)));
    expect(rest).toEqual([]);
    expect(first).toEqual({
      wallTime: expect.any(Number),
      step: 300,
      scalars: { 'loss/train': 1, sparsity: 0 },
      histograms: { 'weights/dense1/kernel': histogramOf(Float32Array.of(-1, 0, 1)) },
    });
    expect(second).toMatchObject({ step: 600, scalars: { 'loss/train': 0.5 } });
    expect(first?.wallTime).toBeGreaterThanOrEqual(before);
    expect(second?.wallTime).toBeLessThanOrEqual(Date.now() / 1000);
  });

  it('keeps steps that do not fit 32 bits, and losses that are tiny', () => {
    const directory = temporaryFolder();
    const step = 2 ** 40 + 1;
    appendEvents(directory, { step, scalars: { loss: 1e-30 }, histograms: {} });
    expect(readEvents(bytesOf(directory))[1]).toMatchObject({ step, scalars: { loss: Math.fround(1e-30) } });
    truncate(directory, step - 1);
    expect(stepsOf(directory)).toEqual([0]);
  });

  it('is not made by looking for what to forget', () => {
    const directory = temporaryFolder();
    expect(truncate(directory, 0)).toEqual([]);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('forgets the epochs beyond a step, and goes on as if they had never been written', () => {
    const directory = write(1, 2, 3);
    expect(truncate(directory, 300)).toEqual([]);
    expect(stepsOf(directory)).toEqual([0, 300]);
    for (const epoch of [2, 3]) appendEvents(directory, summaryOf(epoch));
    expect(contentOf(directory)).toEqual(contentOf(write(1, 2, 3)));
    truncate(directory, 0);
    expect(stepsOf(directory)).toEqual([0]);
  });

  it('that ends at any byte is cut after its last whole record, and goes on there', () => {
    const directory = write(1, 2);
    const whole = bytesOf(directory);
    const ends: number[] = [];
    for (const { length } of unframe(whole)) ends.push((ends.at(-1) ?? 0) + length + 16);
    // All about the ends of records, and enough in between.
    const lengths = [...whole.keys(), whole.length].filter(
      (length) => length % 5 === 0 || ends.some((end) => Math.abs(end - length) < 2),
    );
    for (const length of lengths) {
      writeFileSync(join(directory, NAME), whole.subarray(0, length));
      expect(truncate(directory, 600)).toEqual([]);
      expect(bytesOf(directory).length).toBe(ends.findLast((end) => end <= length) ?? 0);
      // Appending waits for the disk, so that not every length is gone on from.
      if (length % 25 !== 0) continue;
      appendEvents(directory, summaryOf(3));
      const records = ends.filter((end) => end <= length).length;
      expect(stepsOf(directory)).toEqual([...[0, 300, 600].slice(0, Math.max(1, records)), 900]);
    }
  });

  it('in which any byte of a record changed is cut there, with a warning', () => {
    const directory = write(1, 2);
    const whole = bytesOf(directory);
    const begin = whole.length - 16 - (unframe(whole)[2]?.length ?? 0);
    for (let position = begin; position < whole.length; position += 3) {
      const bytes = Buffer.from(whole);
      bytes[position] = (bytes[position] ?? 0) ^ 1;
      writeFileSync(join(directory, NAME), bytes);
      expect(truncate(directory, 600)).toEqual([
        `${join(directory, NAME)} is damaged from byte ${begin} on; TensorBoard will miss the epochs that stood there`,
      ]);
      expect(bytesOf(directory).equals(whole.subarray(0, begin))).toBe(true);
    }
    expect(stepsOf(directory)).toEqual([0, 300]);
  });

  it('with a tail of zeros, as a power cut leaves it, loses the tail', () => {
    const directory = write(1);
    appendFileSync(join(directory, NAME), Buffer.alloc(4096));
    expect(truncate(directory, 300)).toEqual([expect.stringContaining('is damaged from byte')]);
    expect(contentOf(directory)).toEqual(contentOf(write(1)));
  });

  it('is told from a folder of its name by a sentence', () => {
    const directory = temporaryFolder();
    mkdirSync(join(directory, NAME));
    expect(() => truncate(directory, 0)).toThrow(`${join(directory, NAME)} is not a file; remove it`);
  });

  it('survives the failure of any one call: the next session ends with the same records', async () => {
    const session = (directory: string) => {
      for (const epoch of [1, 2]) appendEvents(directory, summaryOf(epoch));
    };
    const whole = write(1, 2);
    const { calls } = await withFaults(
      () => undefined,
      () => session(temporaryFolder()),
    );
    expect(calls).toBe(8);
    for (let faulty = 1; faulty <= calls; faulty++) {
      const directory = temporaryFolder();
      const { error } = await withFaults(
        (call) => (call === faulty ? 'ENOSPC' : undefined),
        () => session(directory),
      );
      expect(error, `call ${faulty}`).toMatchObject({ code: 'ENOSPC', path: join(directory, NAME) });
      // Nothing says how much of an epoch whose call failed is there: it begins anew.
      if (existsSync(join(directory, NAME))) expect(truncate(directory, 0)).toEqual([]);
      session(directory);
      expect(contentOf(directory), `call ${faulty}`).toEqual(contentOf(whole));
    }
  });
});
