/** @file Axes on which rates and accuracies are drawn: evenly, or stretched where they crowd. */

import { formatRate } from '../../format.ts';

/** How a share from 0 to 1 becomes a place on an axis. */
export interface Scale {
  place(share: number): number;
  /** Shares that may have a tick. */
  readonly ticks: readonly number[];
}

const EVEN_TICKS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];
/** Shares nearer to 0 or 1 than this have no place of their own on a logit axis. */
const LOGIT_LIMIT = 1e-4;
const LOGIT_TICKS = [
  0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995,
];
const KEPT_TICKS = [0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999];

export const LINEAR: Scale = { place: (share) => share, ticks: EVEN_TICKS };

/** log10(p / (1 − p)): a step from 90 to 99 % is as wide as one from 50 to 90.9 %. */
export const LOGIT: Scale = {
  place(share) {
    const inside = Math.min(1 - LOGIT_LIMIT, Math.max(LOGIT_LIMIT, share));
    return Math.log10(inside / (1 - inside));
  },
  ticks: LOGIT_TICKS,
};

/** Logarithm of what is kept: each factor by which a network shrinks is as wide as the next. */
export const KEPT: Scale = {
  place: (share) => 0 - Math.log10(Math.max(LOGIT_LIMIT, 1 - share)),
  ticks: KEPT_TICKS,
};

export interface Axis {
  readonly min: number;
  readonly max: number;
  /** Places of the ticks, ascending, and the shares that stand there. */
  readonly ticks: readonly number[];
  nameTick(place: number): string;
}

/** Between two ticks of an axis of shares: all of them go into 1. */
const STEPS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2];
const MOST_STEPS = 7;
/** On a shorter axis, what is nearly the same would look different. */
const LEAST_SPAN = 0.01;

/** Ends of an axis, and what lies between two of its ticks. */
export interface EvenAxis {
  readonly min: number;
  readonly max: number;
  readonly interval: number;
}

/**
 * The part of an even axis of shares that some of them need, from tick to tick.
 *
 * @param shares 0 to 1, what has to have a place on the axis; at least one
 */
export function spanEvenly(shares: readonly number[]): EvenAxis {
  const [lowest, highest] = [Math.min(...shares), Math.max(...shares)];
  const margin = Math.max(0, LEAST_SPAN - (highest - lowest)) / 2;
  // A share that is a tick but for its rounding needs no further one.
  const below = (step: number) => Math.floor(Math.max(0, lowest - margin) / step + 1e-9);
  const above = (step: number) => Math.ceil(Math.min(1, highest + margin) / step - 1e-9);
  const interval = STEPS.find((step) => above(step) - below(step) <= MOST_STEPS) ?? 0.2;
  const place = (ticks: number) => Number((ticks * interval).toPrecision(12));
  return { min: place(below(interval)), max: place(above(interval)), interval };
}

/**
 * The part of a logarithmic axis that some values need, from one power of ten to another.
 *
 * @param values above 0, at least one
 */
export function spanDecades(values: readonly number[]): { readonly min: number; readonly max: number } {
  const first = Math.floor(Math.log10(Math.min(...values)));
  const last = Math.ceil(Math.log10(Math.max(...values)));
  return { min: 10 ** first, max: 10 ** Math.max(first + 1, last) };
}

/**
 * The part of a scale that some shares need, from tick to tick.
 *
 * @param shares 0 to 1, what has to have a place on the axis
 */
export function spanAxis(scale: Scale, shares: readonly number[]): Axis {
  const places = shares.map(scale.place);
  const all = scale.ticks.map(scale.place);
  const lowest = Math.min(...places);
  const highest = Math.max(...places);
  const min = Math.max(...all.filter((tick) => tick <= lowest));
  const max = Math.min(...all.filter((tick) => tick >= highest));
  const bounds = {
    min: Number.isFinite(min) ? min : Math.min(lowest, ...all),
    max: Number.isFinite(max) ? max : Math.max(highest, ...all),
  };
  const ticks = all.filter((tick) => tick >= bounds.min && tick <= bounds.max);
  return { ...bounds, ticks, nameTick: (place) => nameNearest(scale, place) };
}

/** The tick's share in percent, whatever rounding its place went through. */
function nameNearest(scale: Scale, place: number): string {
  const distance = (share: number) => Math.abs(scale.place(share) - place);
  const [nearest = 0] = scale.ticks.toSorted((a, b) => distance(a) - distance(b));
  return formatRate(nearest);
}
