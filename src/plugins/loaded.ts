/** @file The plugins that this process has loaded. */
import { rememberPlugins } from '../next-command.ts';

const loaded = new Set<string>();

/** Their paths, in the order in which they were loaded. */
export function listPlugins(): string[] {
  return [...loaded];
}

export function addPlugin(path: string): void {
  loaded.add(path);
  rememberPlugins(listPlugins());
}
