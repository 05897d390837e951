/**
 * @file How long commands take with thousands of finished runs in the results folder, and how much memory: `npm run
 * bench:results`. Exit code 1 if one takes more than it may, or more than its share as the runs grow.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EXPERIMENT, generateResults } from './generate.ts';

const TD = join(import.meta.dirname, '../../bin/td');
const USAGE = pathToFileURL(join(import.meta.dirname, 'usage.mjs')).href;

/** Seconds of processor time and bytes that each command may take with the most runs. */
const LIMITS = { seconds: 10, bytes: 1e9 };
/** Times as long as in proportion that a command may take with the most runs. */
const LINEAR = 1.5;

const FILE = `${EXPERIMENT}.yaml`;
const COMMANDS = {
  'td list': ['list'],
  'td plan': ['plan', FILE],
  'td sweep': ['sweep', FILE, '--no-figures', '--engine', 'onnx'],
  'td table': ['table', EXPERIMENT],
  'td report': ['report', EXPERIMENT],
} as const;

interface Usage {
  readonly processorSeconds: number;
  readonly maxBytes: number;
}

function measure(folder: string, words: readonly string[]): Usage {
  const path = join(folder, 'usage.json');
  const { status, stderr } = spawnSync(process.execPath, ['--import', USAGE, TD, ...words], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, TD_USAGE: path },
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error(`td ${words.join(' ')}: ${stderr}`);
  return JSON.parse(readFileSync(path, 'utf8')) as Usage;
}

const VARIANTS = 100;
const sizes = process.argv.slice(2).map(Number);
if (sizes.length === 0) sizes.push(2500, 5000, 10_000);

const measured = sizes.map((runs) => {
  const folder = mkdtempSync(join(tmpdir(), 'td-results-'));
  try {
    generateResults(folder, { variants: VARIANTS, seeds: Math.max(1, Math.round(runs / VARIANTS)) });
    const usages = Object.entries(COMMANDS).map(([name, words]) => [name, measure(folder, words)] as const);
    process.stderr.write(`${runs} runs measured\n`);
    return { runs, usages: new Map(usages) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

const lines = [
  `| command |${sizes.map((runs) => ` ${runs} runs |`).join('')}`,
  `|---|${sizes.map(() => '---|').join('')}`,
];
let isWithin = true;
for (const name of Object.keys(COMMANDS)) {
  const usages = measured.map(({ usages }) => usages.get(name) as Usage);
  const cells = usages.map(
    ({ processorSeconds, maxBytes }) =>
      ` ${processorSeconds.toFixed(1)} s, ${Math.round(maxBytes / 1e6)} MB |`,
  );
  lines.push(`| \`${name}\` |${cells.join('')}`);
  const [first, last] = [usages[0], usages.at(-1)] as [Usage, Usage];
  const growth = (sizes.at(-1) ?? 1) / (sizes[0] ?? 1);
  isWithin &&= last.processorSeconds < LIMITS.seconds && last.maxBytes < LIMITS.bytes;
  isWithin &&= last.processorSeconds < LINEAR * growth * first.processorSeconds;
}
process.stdout.write(`${lines.join('\n')}\n`);
process.exitCode = isWithin ? 0 : 1;
