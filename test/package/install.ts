/** @file Packs td and installs the package into an empty folder, without a registry: its dependencies are links. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { extract } from 'tar';
import { withLock } from '../../src/locks/lock.ts';

export const ROOT = join(import.meta.dirname, '../..');

/** Whoever holds it builds and packs: two suites may run in one checkout, which has one `dist/`. */
const LOCK = join(ROOT, 'node_modules/.cache/td-package.lock');

interface Packed {
  readonly size: number;
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

export interface Installed {
  readonly packed: Packed;
  /** The package as it lies in `node_modules`. */
  readonly folder: string;
  readonly td: string;
}

/**
 * Only what users get is linked: packages that the lock file needs for development alone are absent.
 *
 * @param place an empty folder
 */
export async function installPackage(place: string): Promise<Installed> {
  const packed = await withLock(LOCK, () => buildAndPack(place));
  const folder = join(place, 'node_modules/targeted-dropout');
  mkdirSync(folder, { recursive: true });
  await extract({ file: join(place, packed.filename), cwd: folder, strip: 1 });
  for (const path of listUserPackages()) {
    mkdirSync(dirname(join(place, path)), { recursive: true });
    symlinkSync(join(ROOT, path), join(place, path), 'junction');
  }
  writeFileSync(join(place, 'package.json'), '{ "private": true, "type": "module" }\n');
  return { packed, folder, td: join(folder, 'bin/td') };
}

function buildAndPack(place: string): Packed {
  const npm = (...words: string[]) => execFileSync('npm', words, { cwd: ROOT, encoding: 'utf8' });
  npm('run', '--silent', 'build');
  const [packed] = JSON.parse(
    npm('pack', '--json', '--ignore-scripts', '--pack-destination', place),
  ) as Packed[];
  if (packed === undefined) throw new Error('npm pack made nothing');
  return packed;
}

/** Places of the packages at the top of `node_modules` that come with an installation. */
function listUserPackages(): string[] {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'node_modules/.package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
  };
  return Object.entries(packages)
    .filter(([, { dev = false, devOptional = false }]) => !dev && !devOptional)
    .map(([path]) => path)
    .filter((path) => path.lastIndexOf('node_modules/') === 0);
}
