/** @file What a report says of one run: how it stands, what went wrong, what it was made with. */
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { type Condition, conditionOf } from '../results/condition.ts';
import { environmentSchema } from '../results/environment.ts';
import { LARGEST_RECORD, readEnd, readIfPresent, readJson } from '../results/files.ts';
import type { FoundRun } from '../results/find-runs.ts';
import { RUN_FILES } from '../results/run-directory.ts';

export interface RunReport {
  readonly run: FoundRun;
  readonly state: 'done' | Condition['kind'];
  /** What there is to know beyond the state: which process, how far it came, why it failed. */
  readonly detail: string;
  /** Warnings in its log, oldest first. */
  readonly warnings: readonly string[];
  /** Engine, machine, versions: by name, as the file has them. */
  readonly environment: Readonly<Record<string, unknown>>;
  /** Resolved settings as YAML. */
  readonly config: string;
}

export function reportRun(run: FoundRun): RunReport {
  return {
    run,
    ...describeState(run),
    warnings: readWarnings(run.directory),
    environment: readEnvironment(run.directory),
    config: readIfPresent(join(run.directory, RUN_FILES.config), LARGEST_RECORD)?.toString('utf8') ?? '',
  };
}

function describeState(run: FoundRun): Pick<RunReport, 'state' | 'detail'> {
  if (run.state === 'done') return { state: 'done', detail: '' };
  const condition = conditionOf(run.directory);
  const progress = run.checkpoint === undefined ? [] : [`epoch ${run.checkpoint.epoch} done`];
  if (condition.kind === 'failed') return { state: 'failed', detail: condition.reason };
  const owner = condition.kind === 'under way' ? [condition.owner] : [];
  return { state: condition.kind, detail: [...owner, ...progress].join(', ') };
}

const lineSchema = z.object({ level: z.number(), msg: z.string() });

/** The level of pino's warnings. */
const WARNING = 40;

/** Bytes at the end of a log that are looked at. */
const MOST_BYTES = 2 ** 20;

/** A line that was cut off is none. */
function readWarnings(directory: string): string[] {
  const lines = readEnd(join(directory, RUN_FILES.log), MOST_BYTES).toString('utf8').split('\n');
  return lines.flatMap((line) => {
    const entry = parseLine(line);
    return entry?.level === WARNING ? [entry.msg] : [];
  });
}

function parseLine(line: string): z.output<typeof lineSchema> | undefined {
  try {
    return lineSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** A report goes without an environment that cannot be read. */
function readEnvironment(directory: string): Record<string, unknown> {
  try {
    return readJson(join(directory, RUN_FILES.environment), environmentSchema) ?? {};
  } catch (error) {
    if (error instanceof UserError) return {};
    throw error;
  }
}
