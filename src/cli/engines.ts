/** @file td engines: what can compute here. */
import { listEngines } from '../engines/registry.ts';
import { describeUnusedCard } from '../engines/tensorflow/installation/card-note.ts';
import { locateTensorflow } from '../engines/tensorflow/installation/locate.ts';
import { printJson, printTable } from './output.ts';

export async function engines({ json = false }: { readonly json?: boolean }): Promise<void> {
  const found = await listEngines();
  const card = await describeUnusedCard(locateTensorflow(), process.env);
  if (json) {
    const noted = found.map((status) =>
      status.name === 'tensorflow' && card !== undefined ? { ...status, cardNote: card } : status,
    );
    printJson(noted);
    return;
  }
  const rows = found.map((status) =>
    status.available
      ? [status.name, 'available', `${status.devices.join(', ')}; ${status.version}`]
      : [status.name, 'absent', status.reason],
  );
  printTable(['engine', 'state', 'devices, or why it is absent'], rows);
  if (card !== undefined) process.stdout.write(`\n${card}\n`);
}
