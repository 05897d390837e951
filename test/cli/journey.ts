/** @file A user at work: commands typed one after another in one folder, and a look at the files that they leave. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { type Ended, makeFolder, td } from './td.ts';

/** A record of a CSV file, by column. */
export type CsvRecord = Readonly<Record<string, string>>;

export class Journey {
  private readonly place: ReturnType<typeof makeFolder>;

  constructor(files: Readonly<Record<string, string>>) {
    this.place = makeFolder(files);
  }

  get folder(): string {
    return this.place.folder;
  }

  /** Types what stands after `td`, which must succeed. */
  async type(words: string): Promise<Ended> {
    const result = await td(this.folder, ...words.split(' '));
    if (result.code !== 0) throw new Error(`td ${words}: ${result.stderr}`);
    return result;
  }

  write(path: string, content: string): void {
    this.place.write(path, content);
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8');
  }

  readRecords(path: string): CsvRecord[] {
    return parseRecords(this.read(path));
  }

  /** When a file was written last, in milliseconds. */
  timeOf(path: string): number {
    return statSync(join(this.folder, path)).mtimeMs;
  }

  /** Removes the folder. */
  end(): void {
    this.place.remove();
  }
}

export function parseRecords(csv: string): CsvRecord[] {
  return parse(csv, { columns: true });
}
