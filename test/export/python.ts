/** @file A Python that has the packages which read exported networks, where there is one. */
import { execFileSync } from 'node:child_process';
import { it } from 'vitest';

/** Packages whose absence is a failure, such as `onnx,onnxruntime,safetensors,torch`: where the project is checked. */
const required = (process.env.TD_REQUIRE_PYTHON ?? '').split(',').filter((name) => name !== '');

/** `TD_READERS_PYTHON`, else `python3`. */
const PYTHON = process.env.TD_READERS_PYTHON ?? 'python3';

/**
 * A test that runs a Python program; it is skipped where one of its packages is missing, and says which.
 *
 * @param packages that the program imports
 */
export function itInPython(title: string, packages: readonly string[], test: () => void | Promise<void>) {
  const missing = packages.filter((name) => !hasPackage(name));
  if (missing.length === 0 || missing.some((name) => required.includes(name))) it(title, test);
  else it.skip(`${title} (skipped: ${PYTHON} has no ${missing.join(', ')})`, test);
}

function hasPackage(name: string): boolean {
  try {
    runPython(`import ${name}`);
    return true;
  } catch {
    return false;
  }
}

/** @returns what it prints */
export function runPython(program: string, ...parameters: readonly string[]): string {
  return execFileSync(PYTHON, ['-c', program, ...parameters], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
