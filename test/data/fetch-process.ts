/** @file A program that fetches the data set of a store, given as JSON, so that tests can run two and kill them. */
import type { RecordStore } from '../../src/data/records/manifest.ts';
import { fetchRecords } from '../../src/data/records/sources.ts';

// As td does: what is half-done is removed at the end of the process.
process.on('SIGINT', () => process.exit(130));
const [store = '', source] = process.argv.slice(2);
const origin = await fetchRecords(JSON.parse(store) as RecordStore, source, () => ({
  update() {},
  stop() {},
}));
process.stdout.write(origin);
