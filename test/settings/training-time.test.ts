/** @file Time in training: epochs, steps, and how far a training has come. */
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { Epochs, Progress, parseLength, Steps } from '../../src/settings/training-time.ts';

describe('a length of training', () => {
  it('counts a plain number and "ep" in epochs, "it" in steps', () => {
    expect(parseLength(12)).toStrictEqual(new Epochs(12));
    expect(parseLength('12')).toStrictEqual(new Epochs(12));
    expect(parseLength('2.5ep')).toStrictEqual(new Epochs(2.5));
    expect(parseLength('2000it')).toStrictEqual(new Steps(2000));
    expect(parseLength(1e-7)).toStrictEqual(new Epochs(1e-7));
  });

  it('is epochs times the steps of an epoch, rounded to a whole step', () => {
    // 60,000 images in batches of 128 are 469 steps an epoch.
    expect(parseLength(12).inSteps(469)).toBe(5628);
    expect(parseLength('0.5ep').inSteps(469)).toBe(235);
    expect(parseLength('2000it').inSteps(469)).toBe(2000);
    expect(parseLength(0).inSteps(469)).toBe(0);
  });

  it.each(['', 'ep', '-1', '12 ep', '2.5it', '12epochs', 'it12', -1, Number.NaN])('refuses %j', (text) => {
    expect(() => parseLength(text)).toThrow(UserError);
    expect(() => parseLength(text)).toThrow('expected epochs (12 or "12ep") or steps ("2000it")');
  });
});

describe('the progress of a training', () => {
  it('is an epoch and a step within it', () => {
    const places = [0, 9, 10, 25].map((step) => new Progress(step, 10));
    expect(places.map(({ epoch, stepOfEpoch }) => [epoch, stepOfEpoch])).toEqual([
      [0, 0],
      [0, 9],
      [1, 0],
      [2, 5],
    ]);
  });

  it('has reached a point, in epochs or in steps, once so many steps are taken', () => {
    for (const point of [new Epochs(2.5), new Steps(25)]) {
      expect([24, 25, 26].map((step) => new Progress(step, 10).hasReached(point))).toEqual([
        false,
        true,
        true,
      ]);
    }
    expect(new Progress(0, 10).hasReached(new Epochs(0))).toBe(true);
  });

  it('is a share of a length, or of some in a row, from nothing to all of it', () => {
    const shares = [0, 5, 20, 21].map((step) => new Progress(step, 10).shareOf(new Epochs(2)));
    expect(shares).toEqual([0, 0.25, 1, 1]);
    expect(new Progress(15, 10).shareOf(new Epochs(2), new Steps(10))).toBe(0.5);
    expect(new Progress(0, 10).shareOf(new Steps(0))).toBe(1);
  });

  it('since a point begins there, and is nothing before it', () => {
    const length = new Steps(10);
    const shares = [15, 20, 25, 40].map((step) =>
      new Progress(step, 10).since(new Epochs(2)).shareOf(length),
    );
    expect(shares).toEqual([0, 0, 0.5, 1]);
  });
});
