/** @file The log of a session: what befalls the training, apart from what the recorder says of its course. */
import type { Logger } from 'pino';
import type { RunEvent, WarningEvent } from './events.ts';
import type { RecordOptions } from './record-options.ts';

export class SessionLog {
  private readonly recorded = new Set<string>();

  constructor(
    readonly lines: Logger,
    private readonly options: Pick<RecordOptions, 'run' | 'signal' | 'remarks'>,
  ) {}

  /** Runs work that may warn. What it warns of is in the log at once, and yielded thereafter, also if the work fails. */
  *warnings<T>(work: (warn: (sentence: string) => void) => T): Generator<WarningEvent, T, undefined> {
    const sentences: string[] = [];
    try {
      return work((sentence) => {
        this.lines.warn(sentence);
        sentences.push(sentence);
      });
    } finally {
      for (const sentence of sentences) yield { kind: 'warning', sentence };
    }
  }

  /** Passes on what happens before a training begins; what it warns of is in the log first. */
  async *record<T>(stream: AsyncGenerator<RunEvent, T, undefined>): AsyncGenerator<RunEvent, T, undefined> {
    try {
      for (;;) {
        const { done, value } = await stream.next();
        if (done) return value;
        if (value.kind === 'warning') this.lines.warn(value.sentence);
        yield value;
      }
    } finally {
      // Nothing is left to return; it ends what is under way.
      await stream.return(undefined as T);
    }
  }

  /** Records what befell the command since the last time. */
  recordRemarks(): void {
    for (const remark of this.options.remarks ?? []) {
      if (!this.recorded.has(remark)) this.lines.warn(remark);
      this.recorded.add(remark);
    }
  }

  recordFailure(error: unknown): void {
    const { run, signal } = this.options;
    this.recordRemarks();
    if (signal?.aborted && error === signal.reason) this.lines.info({ run: run.id }, 'training interrupted');
    else this.lines.error(error, 'training failed');
  }
}
