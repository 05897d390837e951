/** @file A folder of settings files that lives as long as a test. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Writes files, by path below the folder, and returns the folder. It is removed when the test ends. */
export function writeFolder(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'td-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

/** Removes the folder's own path from a message, so that a test can state the rest. */
export function messageOf(action: () => unknown, folder: string): string {
  try {
    action();
  } catch (error) {
    if (error instanceof Error && error.name === 'UserError') {
      return error.message.replaceAll(`${folder}/`, '').replaceAll(folder, '.');
    }
    throw error;
  }
  throw new Error('expected a UserError');
}
