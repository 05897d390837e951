/** @file What a run was made with: versions, machine, engine, commit. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const PACKAGES = ['onnxruntime-node', '@tensorflow/tfjs', '@tensorflow/tfjs-node-gpu'] as const;

/** How a run is executed, which the run itself cannot find out. */
export interface Execution {
  readonly engine: string;
  /** What computes, in words: `CPU, 2 threads`. */
  readonly device: string;
  /** Number of threads asked for; absent if the engine chose. */
  readonly threads?: number;
}

export interface Environment extends Execution {
  /** Version of each package that computes, of this program (`td`) and of Node. */
  readonly versions: Readonly<Record<string, string>>;
  readonly platform: string;
  readonly cpu: string;
  /** Logical cores open to this process. */
  readonly cores: number;
  readonly memoryGigabytes: number;
  /** Of this program's own checkout, with `-dirty` if files differ from it; absent outside a checkout. */
  readonly commit?: string;
}

/** Describes this machine and program. */
export function collectEnvironment(execution: Execution): Environment {
  const commit = readCommit(ROOT);
  return {
    ...execution,
    versions: collectVersions(),
    platform: `${platform()} ${release()} ${arch()}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGigabytes: Math.round(totalmem() / 1e8) / 10,
    ...(commit === undefined ? {} : { commit }),
  };
}

/** What numbers can depend on beyond the settings of a run. */
const INFLUENCES = ['engine', 'device', 'threads', 'versions', 'platform', 'cpu'] as const;

/**
 * What differs between the environments of two sessions of a run: its numbers are then close to those of a single
 * session, and not bit for bit the same.
 *
 * @param before as it was written to a file
 * @returns names of what differs: `threads, cpu`; nothing if nothing does
 */
export function describeChange(
  before: Readonly<Record<string, unknown>>,
  now: Environment,
): string | undefined {
  const changed = INFLUENCES.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(now[name]));
  return changed.length === 0 ? undefined : changed.join(', ');
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

/** Only this program's own checkout counts: installed as a package, it may lie inside somebody else's. */
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
