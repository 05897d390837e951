/** @file What a report carries besides its content: the script of its charts, and its style. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Assets {
  readonly script: string;
  readonly style: string;
}

/** The script as it was bundled for a package. A checkout has none, and bundles it when it is needed. */
const BUNDLED_SCRIPT = join(import.meta.dirname, 'client.js');
const STYLE = join(import.meta.dirname, 'style.css');

export async function loadAssets(): Promise<Assets> {
  return { script: await loadScript(), style: readFileSync(STYLE, 'utf8') };
}

async function loadScript(): Promise<string> {
  if (existsSync(BUNDLED_SCRIPT)) return readFileSync(BUNDLED_SCRIPT, 'utf8');
  const { bundleClient } = await import('./bundle-client.ts');
  return bundleClient();
}
