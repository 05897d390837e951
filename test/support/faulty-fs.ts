/** @file The file system with faults on order: one call that fails, or a death from one call on. */

/** The calls by which td changes folders and files. */
const CHANGING = [
  'openSync',
  'writeFileSync',
  'fsyncSync',
  'closeSync',
  'renameSync',
  'linkSync',
  'mkdirSync',
  'rmSync',
  'truncateSync',
  'utimesSync',
] as const;

type FileSystem = typeof import('node:fs');

/** What the next calls meet. */
const orders: { calls: number; fails(call: number): string | undefined } | { calls?: undefined } = {};

/** For `vi.mock('node:fs', …)`: the real functions, counted and failing as ordered. Syncing is left out: tests lose no power. */
export function wrapFileSystem(real: FileSystem): FileSystem {
  const wrapped: Record<string, unknown> = { ...real };
  for (const name of CHANGING) {
    const call = real[name] as (...parameters: unknown[]) => unknown;
    wrapped[name] = (...parameters: unknown[]) => {
      if (orders.calls === undefined) return call(...parameters);
      orders.calls++;
      const code = orders.fails(orders.calls);
      if (code !== undefined) {
        // A descriptor that cannot be closed is gone all the same.
        if (name === 'closeSync') call(...parameters);
        const syscall = name.replace(/(File)?Sync$/, '').replace('rm', 'unlink');
        throw Object.assign(new Error(`${code}: ordered fault, ${syscall}`), { code, errno: -1, syscall });
      }
      return name === 'fsyncSync' ? undefined : call(...parameters);
    };
  }
  return { ...wrapped, default: wrapped } as unknown as FileSystem;
}

/**
 * Does work during which calls fail as ordered.
 *
 * @param fails the code of the error that a call (from 1) meets, if any
 * @returns how many calls there were, and what the work threw
 */
export async function withFaults(
  fails: (call: number) => string | undefined,
  work: () => unknown,
): Promise<{ calls: number; error: unknown }> {
  Object.assign(orders, { calls: 0, fails });
  let error: unknown;
  try {
    await work();
  } catch (thrown) {
    error = thrown;
  }
  const calls = orders.calls ?? 0;
  orders.calls = undefined;
  return { calls, error };
}
