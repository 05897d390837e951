/** @file Runs td as users do: as a process of its own, in a folder of its own. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const TD = join(import.meta.dirname, '../../bin/td');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What drawing, reporting and exporting may say on standard error where they take more than two seconds. */
export const PROGRESS = /^((measuring|drawing|writing) .+ \(\d+ of \d+\)\n)*$/;

/** Runs td to its end; neither of its outputs is a terminal. */
export function td(folder: string, ...parameters: readonly string[]): Promise<Ended> {
  return execute(process.execPath, [TD, ...parameters], folder);
}

/** Runs any command to its end, with variables added to those of this process. */
export function execute(
  command: string,
  parameters: readonly string[],
  folder: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, parameters, {
      cwd: folder,
      env: { ...process.env, ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const outputs = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        outputs[name] += text;
      });
    }
    child.on('error', reject).on('close', (code) => resolve({ code, ...outputs }));
  });
}

export interface Place {
  readonly folder: string;
  /** Writes a file, by its path below the folder. */
  write(path: string, content: string): void;
  remove(): void;
}

/** A folder with files, by path below it. Whoever makes it removes it, since several tests may share it. */
export function makeFolder(files: Readonly<Record<string, string>>): Place {
  const folder = mkdtempSync(join(tmpdir(), 'td-cli-'));
  const write = (path: string, content: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  for (const [path, content] of Object.entries(files)) write(path, content);
  return { folder, write, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Paths of all files below a folder, sorted. */
export function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .sort();
}

/** Two methods with two seeds, on so few images that a run takes a fifth of a second. */
export const TINY = `
dataset: { name: mnist, trainImages: 512, testImages: 200 }
model: { name: mlp, widths: [16, 8] }
schedule: { learningRate: 0.1, batchSize: 64, epochs: 2 }
seeds: [0, 1]
sweep: { prune: "0,0.5" }
variants:
  plain:
    regularizer: { name: none }
  targeted:
    regularizer: { name: targeted, granularity: weight, targetRate: 0.5 }
`;
