/** @file Folders that a test may write to, removed after it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A new empty folder, removed when the running test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'td-results-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
