/** @file td engines: what can compute here. */
import { listEngines } from '../engines/registry.ts';
import { columns } from './words.ts';

export async function engines({ json = false }: { readonly json?: boolean }): Promise<void> {
  const found = await listEngines();
  if (json) {
    process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
    return;
  }
  const rows = found.map((status) =>
    status.available
      ? [status.name, 'available', `${status.devices.join(', ')}; ${status.version}`]
      : [status.name, 'absent', status.reason],
  );
  process.stdout.write(`${columns(['engine', 'state', 'devices, or why it is absent'], rows)}\n`);
}
