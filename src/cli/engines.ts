/** @file td engines: what can compute here. */
import { listEngines } from '../engines/registry.ts';
import { printJson, printTable } from './output.ts';

export async function engines({ json = false }: { readonly json?: boolean }): Promise<void> {
  const found = await listEngines();
  if (json) {
    printJson(found);
    return;
  }
  const rows = found.map((status) =>
    status.available
      ? [status.name, 'available', `${status.devices.join(', ')}; ${status.version}`]
      : [status.name, 'absent', status.reason],
  );
  printTable(['engine', 'state', 'devices, or why it is absent'], rows);
}
