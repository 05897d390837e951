/** @file What a run was made with: versions, machine, engine, commit. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { readJson } from '../files/json.ts';
import { RUN_FILES } from './directory.ts';

const ROOT = join(import.meta.dirname, '../..');
const PACKAGES = ['onnxruntime-node', '@tensorflow/tfjs', '@tensorflow/tfjs-node-gpu'] as const;

/** How a run is executed: what only the caller of a training knows. */
export interface Execution {
  readonly engine: string;
  /** What computes, in words: `CPU, 2 threads`. */
  readonly device: string;
  /** Number of threads asked for; absent if the engine chose. */
  readonly threads?: number;
  /** Other facts about the engine on which numbers depend: the version of its library, the driver of a card. */
  readonly engineFacts?: Readonly<Record<string, string>>;
}

export interface Environment extends Execution {
  /** Version of each package that computes, of this program (`td`) and of Node. */
  readonly versions: Readonly<Record<string, string>>;
  readonly platform: string;
  readonly cpu: string;
  /** The processor's vector instructions by which libraries choose kernels: `avx2 avx512f fma`. Linux only. */
  readonly vectorInstructions?: string;
  /** Passes of the compiler that TD_SKIP_PASSES leaves out, or `none`. */
  readonly skippedPasses?: string;
  /** Logical cores that this process may use. */
  readonly cores: number;
  readonly memoryGigabytes: number;
  /** Of the images that the run is trained on; added for each run. */
  readonly dataFingerprint?: string;
  /** Of this program's own checkout, with `-dirty` if files differ from it; absent outside a checkout. */
  readonly commit?: string;
}

const plain = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** environment.json of any version: all say engine and device, and each entry is plain or a list of plain entries by name. */
const environmentSchema = z
  .object({ engine: z.string(), device: z.string() })
  .catchall(plain.or(z.record(z.string(), plain)));

/**
 * @returns what the file has, by name; nothing if there is none
 * @throws UserError naming the file if it is malformed
 */
export function readEnvironment(directory: string): z.output<typeof environmentSchema> | undefined {
  return readJson(join(directory, RUN_FILES.environment), environmentSchema);
}

/** Describes this machine and program. */
export function collectEnvironment(execution: Execution): Environment {
  const commit = readCommit(ROOT);
  const vectorInstructions = readVectorInstructions();
  return {
    ...execution,
    versions: collectVersions(),
    platform: `${platform()} ${release()} ${arch()}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    ...(vectorInstructions === undefined ? {} : { vectorInstructions }),
    skippedPasses: process.env.TD_SKIP_PASSES || 'none',
    cores: availableParallelism(),
    memoryGigabytes: Math.round(totalmem() / 1e8) / 10,
    ...(commit === undefined ? {} : { commit }),
  };
}

/** What numbers can depend on beyond the settings of a run, and what it is called in sentences; of a list, what stands before each name in it. */
const INFLUENCES = {
  engine: 'engine',
  device: 'device',
  threads: 'threads',
  engineFacts: "engine's",
  versions: 'version of',
  platform: 'system',
  cpu: 'processor',
  vectorInstructions: 'vector instructions',
  skippedPasses: 'skipped compiler passes',
} as const;

/**
 * What differs between the environments of two sessions of a run: its numbers are then close to those of a single
 * session, and not bit for bit the same.
 *
 * @param before as it was written to a file; what an earlier version of this program did not write counts as the same
 * @returns what is there now and was before: `threads 2 in place of 8, processor AMD EPYC in place of Intel`; nothing if nothing differs
 */
export function describeChange(
  before: Readonly<Record<string, unknown>>,
  now: Environment,
): string | undefined {
  const changes = Object.entries(INFLUENCES).flatMap(([key, name]) =>
    before[key] === undefined ? [] : changesOf(name, before[key], now[key as keyof typeof INFLUENCES]),
  );
  return changes.length === 0 ? undefined : changes.join(', ');
}

/** @param absent what stands for an entry that is not there */
function changesOf(name: string, before: unknown, now: unknown, absent = 'unset'): string[] {
  if (isList(before) || isList(now)) {
    const [earlier, later] = [isList(before) ? before : {}, isList(now) ? now : {}];
    const keys = [...new Set([...Object.keys(earlier), ...Object.keys(later)])];
    return keys.flatMap((key) => changesOf(`${name} ${inWords(key)}`, earlier[key], later[key], 'none'));
  }
  return before === now ? [] : [`${name} ${quote(now ?? absent)} in place of ${quote(before ?? absent)}`];
}

function isList(entry: unknown): entry is Readonly<Record<string, unknown>> {
  return typeof entry === 'object' && entry !== null;
}

/** `denseLayers` as `dense layers`. */
function inWords(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function quote(value: unknown): string {
  return String(value).includes(',') ? `"${value}"` : String(value);
}

/** The processor's name does not tell them: virtual machines give it a general one. */
function readVectorInstructions(): string | undefined {
  try {
    const [, flags = ''] = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8')) ?? [];
    const vector = /^(avx\w*|fma|amx\w*|asimd\w*|sve\w*|i8mm|bf16)$/;
    const found = flags.split(' ').filter((flag) => vector.test(flag));
    return found.length === 0 ? undefined : [...new Set(found)].sort().join(' ');
  } catch {
    return undefined;
  }
}

function collectVersions(): Record<string, string> {
  const require = createRequire(import.meta.url);
  const versions: Record<string, string> = {
    node: process.versions.node,
    td: (require(join(ROOT, 'package.json')) as { version: string }).version,
  };
  for (const name of PACKAGES) {
    const version = versionOf(require, name);
    if (version !== undefined) versions[name] = version;
  }
  return versions;
}

/** Optional packages may be absent. */
function versionOf(require: NodeJS.Require, name: string): string | undefined {
  try {
    return (require(`${name}/package.json`) as { version: string }).version;
  } catch {
    return undefined;
  }
}

/** Only this program's own checkout counts: installed as a package, the program may lie inside the checkout of another. */
function readCommit(root: string): string | undefined {
  if (!existsSync(join(root, '.git'))) return undefined;
  try {
    const flags = ['describe', '--always', '--dirty', '--abbrev=40', '--exclude=*'];
    return execFileSync('git', flags, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}
