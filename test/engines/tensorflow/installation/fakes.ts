/** @file Machines made of folders: programs that are a few lines of shell, TensorFlow packages without TensorFlow. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { libraryNames } from '../../../../src/engines/tensorflow/installation/paths.ts';
import type { Site } from '../../../../src/engines/tensorflow/installation/plan.ts';

/** Whether this machine has a Python with pip; users may have none, and the tests that need one are skipped there. */
export const HAS_PIP = spawnSync('python3', ['-I', '-m', 'pip', '--version']).status === 0;
export const PYTHON = { path: 'python3', version: '3', prefix: '/', hasPip: true, tensorflow: [] } as const;

export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}

/** A program that is a script of the shell. @returns its path */
export function writeProgram(path: string, script: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** A Python that answers as given, whatever it is asked. */
export function writePython(path: string, answer: Readonly<Record<string, unknown>>): string {
  const whole = {
    version: '3.11.2',
    prefix: dirname(dirname(path)),
    hasPip: true,
    tensorflow: [],
    ...answer,
  };
  return writeProgram(path, `echo '${JSON.stringify(whole)}'`);
}

export const GPU_BUILD =
  "build_info = collections.OrderedDict([('cpu_compiler', 'clang'), ('cuda_compute_capabilities', ['sm_60', 'sm_80', 'compute_90']), ('cuda_version', '12.5.1'), ('is_cuda_build', True), ('is_rocm_build', False)])\n";
export const CPU_BUILD =
  "build_info = collections.OrderedDict([('is_cuda_build', False), ('is_rocm_build', False)])\n";

/** site-packages with a package of TensorFlow, as far as td looks at it. @returns the package's folder */
export function writeTensorflow(
  sitePackages: string,
  version: string,
  {
    build = CPU_BUILD,
    without = '',
    distribution = 'tensorflow',
    platform = 'linux',
  }: { build?: string; without?: string; distribution?: string; platform?: NodeJS.Platform } = {},
): string {
  const { cc, framework } = libraryNames(platform);
  const files = {
    [cc]: 'cc',
    [framework]: 'framework',
    'include/tensorflow/c/c_api.h': '',
    'include/tensorflow/c/eager/c_api.h': '',
    'python/platform/build_info.py': build,
  };
  const folder = join(sitePackages, 'tensorflow');
  writeFiles(folder, Object.fromEntries(Object.entries(files).filter(([name]) => name !== without)));
  writeFiles(sitePackages, { [`${distribution}-${version}.dist-info/METADATA`]: '' });
  return folder;
}

export const LINUX = { platform: 'linux', arch: 'x64', glibc: '2.36' } as const;

/** A Linux on which only the programs of these folders are there. */
export function siteWith(
  folders: readonly string[],
  more: Partial<Site> & { environment?: NodeJS.ProcessEnv } = {},
): Site {
  return {
    platform: 'linux',
    home: '/nonexistent',
    machine: LINUX,
    freeBytes: () => 1e12,
    ...more,
    environment: { PATH: folders.join(':'), ...more.environment },
  };
}
