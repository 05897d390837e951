/** @file Numbers as people read them, in a terminal and on a page. */

/** 0.97412 as `97.41 %`. */
export function formatPercent(share: number): string {
  return `${formatPoints(share)} %`;
}

/** A share in percent with two decimals, without the sign: 0.97412 as `97.41`. */
export function formatPoints(share: number): string {
  return (share * 100).toFixed(2);
}

/** A prune rate in as many digits as it has: 0.125 as `12.5 %`. */
export function formatRate(rate: number): string {
  return `${Number((rate * 100).toPrecision(12))} %`;
}

/** `1 run`, `2 runs`. */
export function describeCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `a, b and c` */
export function joinNames(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}

/** Seconds as `48 s`, `3 min 20 s` or `2 h 05 min`. */
export function formatDuration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (number: number) => String(number).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

/** 138940914 bytes as `139 MB`. */
export function formatMegabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
