/** @file What SECURITY.md says of packages. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { temporaryFolder } from '../runs/temporary.ts';

const read = (path: string) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string(),
      integrity: z.string().optional(),
      resolved: z.string().optional(),
      dev: z.boolean().optional(),
      license: z.string().optional(),
    }),
  ),
});

it('every package is pinned to a version and a SHA-512, and comes from the registry', () => {
  const { packages } = lockSchema.parse(JSON.parse(read('package-lock.json')));
  const installed = Object.entries(packages).filter(([path]) => path !== '');
  expect(installed.length).toBeGreaterThan(100);
  for (const [path, { integrity, resolved }] of installed) {
    expect(integrity, path).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
    expect(resolved ?? 'https:', path).toMatch(/^https:/);
  }
});

it('no install script of a package runs', () => {
  expect(read('.npmrc')).toMatch(/^ignore-scripts=true$/m);
});

it('npm publish builds the package all the same', () => {
  const folder = temporaryFolder();
  const manifest = JSON.parse(read('package.json')) as { scripts: object };
  const scripts = { ...manifest.scripts, build: 'mkdir dist && echo built > dist/td.js' };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...manifest, scripts }));
  writeFileSync(join(folder, '.npmrc'), read('.npmrc'));
  // Nothing is asked of a registry: no one listens there.
  const words = ['publish', '--dry-run', '--registry', 'http://127.0.0.1:9', '--fetch-retries', '0'];
  execFileSync('npm', words, { cwd: folder, stdio: 'pipe' });
  expect(readFileSync(join(folder, 'dist/td.js'), 'utf8')).toBe('built\n');
});

it('td names the version of tar that reads archives, newer than the one with known faults', () => {
  const { packages } = lockSchema.parse(JSON.parse(read('package-lock.json')));
  const [major = 0, minor = 0, patch = 0] = (packages['node_modules/tar']?.version ?? '')
    .split('.')
    .map(Number);
  expect(major * 1e6 + minor * 1e3 + patch).toBeGreaterThan(7_005_002);
});

it('every package that users get has one of the licences that docs/installing.md lists', () => {
  const { packages } = lockSchema.parse(JSON.parse(read('package-lock.json')));
  const listed = read('docs/installing.md').replaceAll(/\s+/g, ' ');
  for (const [path, { dev = false, license = 'none' }] of Object.entries(packages)) {
    if (path === '' || dev) continue;
    for (const name of license.replaceAll(/[()]/g, '').split(/ AND | OR /))
      expect(listed, path).toContain(`${name},`);
  }
});
