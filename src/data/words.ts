/** @file Sizes as people read them. */

/** 138940914 as `139 MB`. */
export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
