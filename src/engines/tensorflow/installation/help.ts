/** @file The command that brings what is missing, in the words of this machine's package manager. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface Surroundings {
  readonly environment: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
  readonly home: string;
}

type Need = 'compiler' | 'python' | 'pip';

/** By package manager: its command, and what it calls each thing. */
const MANAGERS: readonly (readonly [string, Readonly<Record<Need, string>>])[] = [
  [
    'apt-get',
    {
      compiler: 'apt-get install g++',
      python: 'apt-get install python3 python3-pip',
      pip: 'apt-get install python3-pip',
    },
  ],
  [
    'dnf',
    {
      compiler: 'dnf install gcc-c++',
      python: 'dnf install python3 python3-pip',
      pip: 'dnf install python3-pip',
    },
  ],
  [
    'zypper',
    {
      compiler: 'zypper install gcc-c++',
      python: 'zypper install python3 python3-pip',
      pip: 'zypper install python3-pip',
    },
  ],
  [
    'pacman',
    { compiler: 'pacman -S gcc', python: 'pacman -S python python-pip', pip: 'pacman -S python-pip' },
  ],
];

const MACOS: Readonly<Record<Need, string>> = {
  compiler: 'xcode-select --install',
  python: 'xcode-select --install',
  pip: 'python3 -m ensurepip --user',
};

const UNKNOWN: Readonly<Record<Need, string>> = {
  compiler: 'install g++ 8 or newer',
  python: 'install Python 3 with pip',
  pip: 'python3 -m ensurepip --user',
};

/** The command that brings a compiler, Python or pip to this machine. */
export function commandFor(need: Need, { environment, platform }: Surroundings): string {
  if (platform === 'darwin') return MACOS[need];
  const found = MANAGERS.find(([manager]) => findOnPath(manager, environment) !== undefined);
  return (found?.[1] ?? UNKNOWN)[need];
}

/** Path of the first program of a name on PATH. */
export function findOnPath(name: string, environment: NodeJS.ProcessEnv): string | undefined {
  return foldersOnPath(environment)
    .map((folder) => join(folder, name))
    .find(isProgram);
}

/** Relative entries of PATH are left out: what they name depends on where td is called. */
export function foldersOnPath({ PATH = '' }: NodeJS.ProcessEnv): string[] {
  return [...new Set(PATH.split(delimiter).filter((folder) => folder.startsWith('/')))];
}

export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
