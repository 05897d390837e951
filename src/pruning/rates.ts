/** @file Prune rates as users write them: numbers and ranges, comma-separated. */
import { shorten, UserError } from '../errors.ts';

/** The rates of the paper's tables. */
const PAPER_RATES = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99];
/** Whoever asks for more has probably mistyped a step. */
export const MOST_RATES = 1000;
/** Beyond this many decimals a double no longer tells neighbouring rates apart. */
const MOST_DECIMALS = 15;

/**
 * Reads prune rates: `0.5` is a rate, `0:0.99` the paper's grid cut to that interval, `0:0.9:0.1` every rate from the
 * first number on in steps of the third, up to the second, which is one of them where the steps come to it. Parts are joined by commas.
 *
 * @returns distinct rates in rising order, each at least 0 and below 1
 * @throws UserError if a part is malformed, outside 0 to 1, reversed, has step 0 or holds no rate, or if there are more
 * than 1000 rates
 */
export function parsePruneRates(text: string): number[] {
  const rates = new Set<number>();
  const parts = text.split(',');
  if (parts.length > MOST_RATES) throw tooMany(text);
  for (const part of parts) {
    for (const rate of parsePart(part.trim())) rates.add(rate);
    if (rates.size > MOST_RATES) throw tooMany(text);
  }
  return [...rates].sort((a, b) => a - b);
}

function parsePart(part: string): number[] {
  const texts = part.split(':').map((number) => number.trim());
  if (texts.length > 3 || !texts.every(isDecimal)) {
    throw new UserError(
      `prune rate "${part}" is malformed, expected a number such as 0.5 or a range such as 0:0.99 or 0:0.9:0.1`,
    );
  }
  const [from = Number.NaN, to = from, step] = texts.map(Number);
  for (const rate of [from, to]) {
    if (rate >= 1)
      throw new UserError(`prune rate ${rate} in "${part}" is too high, expected at least 0 and below 1`);
  }
  if (from > to) throw new UserError(`prune range "${part}" is reversed, expected the lower rate first`);
  if (texts.length === 1) return [from];
  if (step === undefined) return cutGrid(from, to, part);
  if (step === 0) throw new UserError(`prune range "${part}" has step 0, expected a step above 0`);
  return walk(from, to, step, Math.max(...texts.map(countDecimals)), part);
}

function cutGrid(from: number, to: number, part: string): number[] {
  const rates = PAPER_RATES.filter((rate) => rate >= from && rate <= to);
  if (rates.length > 0) return rates;
  throw new UserError(
    `prune range "${part}" holds none of the usual rates (${PAPER_RATES.join(', ')}), expected a step as in ${from}:${to}:0.01`,
  );
}

/** Rounding each rate to the decimals that were written keeps 3 × 0.1 at 0.3; sums would drift. */
function walk(from: number, to: number, step: number, decimals: number, part: string): number[] {
  const steps = Math.floor((to - from) / step + 1e-9);
  if (steps >= MOST_RATES) throw tooMany(part);
  return Array.from({ length: steps + 1 }, (_, index) =>
    Number((from + index * step).toFixed(Math.min(decimals, MOST_DECIMALS))),
  );
}

function isDecimal(text: string): boolean {
  return /^(\d+(\.\d*)?|\.\d+)$/.test(text);
}

function countDecimals(text: string): number {
  return text.split('.')[1]?.length ?? 0;
}

function tooMany(text: string): UserError {
  return new UserError(
    `prune rates "${shorten(text, 40)}" are too many, expected at most ${MOST_RATES} rates`,
  );
}
