/** @file A program that fetches the data set of a store, given as JSON, so that tests can run two and kill them. */
import { fetchRecords, type RecordStore } from '../../src/data/fetch.ts';

const [store = '', source] = process.argv.slice(2);
const origin = await fetchRecords(JSON.parse(store) as RecordStore, source, () => ({
  update() {},
  stop() {},
}));
process.stdout.write(origin);
