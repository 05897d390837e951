/** @file NVIDIA cards of this machine, and why one of them is not used, in one sentence. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from './run-program.ts';

/** What there is to know of NVIDIA cards. */
export interface Cards {
  /** Names of the cards that a driver knows: `NVIDIA A40`. */
  readonly names: readonly string[];
  /** Version of the driver, nothing if none answers. */
  readonly driver: string | undefined;
  /** Why the driver does not answer, in a clause; only where there seems to be a card. */
  readonly problem?: string;
}

const NO_CARDS: Cards = { names: [], driver: undefined };
/** Milliseconds for nvidia-smi, which wakes sleeping cards. */
const PATIENCE = 30_000;
/** NVIDIA's number among the makers of PCI devices, and the beginning of the class of display and 3D controllers. */
const NVIDIA_VENDOR = '0x10de';
const DISPLAY_CLASS = '0x03';

export async function findCards(environment: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<Cards> {
  const query = ['--query-gpu=name,driver_version', '--format=csv,noheader'];
  const ended = await runProgram('nvidia-smi', query, { environment, timeout: PATIENCE, signal });
  const answered = ended.code === 0 ? parseNvidiaSmi(ended.stdout) : NO_CARDS;
  if (answered.names.length > 0 || !hasCard()) return answered;
  const said = `${ended.stdout}\n${ended.stderr}`.trim().split('\n')[0] ?? '';
  const problem =
    ended.unstartable === undefined
      ? `nvidia-smi says: ${said || 'nothing'}`
      : 'there is no nvidia-smi: no driver is installed, or this container was started without the card (docker run --gpus all)';
  return { names: [], driver: undefined, problem };
}

/** The lines of `nvidia-smi --query-gpu=name,driver_version --format=csv,noheader`: `NVIDIA A40, 535.104.05`. */
export function parseNvidiaSmi(output: string): Cards {
  const rows = output
    .trim()
    .split('\n')
    .map((line) => line.split(',').map((cell) => cell.trim()))
    .filter((cells) => cells.length === 2 && /^\d+(\.\d+)+$/.test(cells[1] ?? ''));
  return { names: rows.map(([name = '']) => name), driver: rows[0]?.[1] };
}

/** What Linux knows of its PCI devices, whether a driver runs or not. */
function hasCard(folder = '/sys/bus/pci/devices'): boolean {
  const read = (device: string, name: string) => {
    try {
      return readFileSync(join(folder, device, name), 'utf8');
    } catch {
      return '';
    }
  };
  let devices: string[];
  try {
    devices = readdirSync(folder);
  } catch {
    return false;
  }
  return devices.some(
    (device) =>
      read(device, 'vendor').startsWith(NVIDIA_VENDOR) && read(device, 'class').startsWith(DISPLAY_CLASS),
  );
}

export interface CardUse {
  readonly cards: Cards;
  /** What TensorFlow computes on: `CPU`, `GPU (NVIDIA A40)`. */
  readonly devices: readonly string[];
  readonly build: 'cpu' | 'gpu';
  readonly version: string;
  /** CUDA's compute capabilities that the build has kernels for: `8.0`; empty where it is not known. */
  readonly capabilities: readonly string[];
  /** TensorFlow's log, with what the loader of its libraries says (TF_CPP_VMODULE=dso_loader=1). */
  readonly log: string;
  /** The environment variable CUDA_VISIBLE_DEVICES. */
  readonly visibleDevices: string | undefined;
  /** Whether there is a build with CUDA for this kind of machine. */
  readonly isGpuOffered: boolean;
}

/**
 * Why a card that is there is not used, or will be slow at first.
 *
 * @returns nothing if there is no card, or it is used as it should be
 */
export function explainUnusedCard(use: CardUse): string | undefined {
  const { cards, devices, log } = use;
  const name = cards.names[0] ?? 'an NVIDIA card';
  if (devices.some((device) => device.startsWith('GPU'))) {
    const [, capability] =
      /not built with CUDA kernel binaries compatible with compute capability (\d+\.\d+)/.exec(log) ?? [];
    if (capability === undefined) return undefined;
    return `${name} is newer than this build of TensorFlow: its kernels are translated for compute capability ${capability} at first use, which may take half an hour once`;
  }
  if (cards.names.length === 0 && cards.problem === undefined) return undefined;
  return `${name} is there but not used: ${findReason(use)}`;
}

/** The first reason that applies. Each hides the ones below it: without a driver, for example, no library is looked for. */
function findReason(use: CardUse): string {
  const { cards, build, version, log, visibleDevices } = use;
  if (cards.problem !== undefined) return `its driver does not answer (${cards.problem})`;
  if (build === 'cpu') {
    const remedy = use.isGpuOffered
      ? '"td engines install tensorflow --gpu" brings the one with CUDA'
      : 'there is none with CUDA for this kind of machine';
    return `this is TensorFlow's build for the processor alone; ${remedy}`;
  }
  if (visibleDevices === '' || visibleDevices?.startsWith('-1')) {
    return `the environment variable CUDA_VISIBLE_DEVICES is "${visibleDevices}", which hides it`;
  }
  const driver = explainDriver(log, cards.driver ?? 'unknown');
  if (driver !== undefined) return driver;
  const libraries = missingLibraries(log);
  if (libraries.includes('libcuda.so.1')) {
    return 'the library of its driver, libcuda.so.1, does not load; in a container, NVIDIA_DRIVER_CAPABILITIES must have "compute"';
  }
  if (libraries.length > 0) {
    return `${libraries.join(', ')} ${libraries.length === 1 ? 'does' : 'do'} not load; "td engines install tensorflow --gpu" brings NVIDIA's libraries, or "pip install tensorflow[and-cuda]==${version}" in the Python whose TensorFlow this is`;
  }
  return explainCard(use) ?? `TensorFlow says: ${lastGpuLine(log) ?? 'nothing about it'}`;
}

function explainDriver(log: string, driver: string): string | undefined {
  if (
    /driver version is insufficient/i.test(log) ||
    /CUDA_ERROR_UNSUPPORTED_PTX_VERSION|PTX was compiled with an unsupported toolchain/.test(log)
  ) {
    return `its driver ${driver} is too old for this build's CUDA; driver 525 or newer is needed`;
  }
  if (/(does not match|version mismatch)/i.test(log) && /DSO version|driver\/library/i.test(log)) {
    return `the kernel still runs another version of its driver than the libraries are of; a restart of the machine mends that`;
  }
  if (/CUDA_ERROR_NO_DEVICE|no CUDA-capable device is detected/.test(log)) {
    return 'CUDA finds no device; another setting hides it from this process';
  }
  if (/CUDA_ERROR_SYSTEM_NOT_READY|CUDA_ERROR_SYSTEM_DRIVER_MISMATCH|system not yet initialized/.test(log)) {
    return `CUDA is not ready; on machines with NVSwitch the service nvidia-fabricmanager of version ${driver} must run`;
  }
  if (/CUDA_ERROR_OUT_OF_MEMORY|out of memory/i.test(log)) {
    return 'its memory is taken by another process; nvidia-smi shows by which';
  }
  return undefined;
}

/** Names of the libraries that the loader looked for in vain; TensorRT is optional, and TensorFlow says so at each start. */
function missingLibraries(log: string): string[] {
  const names = [...log.matchAll(/Could not load dynamic library '([^']+)'/g)].map(([, name = '']) => name);
  return [...new Set(names)].filter((name) => !name.startsWith('libnvinfer'));
}

function explainCard({ log, capabilities }: CardUse): string | undefined {
  const known = capabilities.length === 0 ? '' : ` (it has kernels for ${capabilities.join(', ')})`;
  const [, capability, least] =
    /with (?:Cuda )?compute capability (\d+\.\d+)\. The minimum required Cuda capability is (\d+\.\d+)/i.exec(
      log,
    ) ?? [];
  if (capability !== undefined) {
    return `its compute capability ${capability} is below the ${least} that this build needs${known}`;
  }
  if (/no kernel image is available|CUDA_ERROR_NO_BINARY_FOR_GPU|CUDA_ERROR_INVALID_PTX/.test(log)) {
    return `this build has no kernels that it can run${known}`;
  }
  const [, cores, leastCores] = /core count: (\d+)\. The minimum required count is (\d+)/.exec(log) ?? [];
  if (cores !== undefined) {
    return `it has ${cores} multiprocessors and TensorFlow uses cards with ${leastCores} or more; the environment variable TF_MIN_GPU_MULTIPROCESSOR_COUNT=${cores} allows it`;
  }
  return undefined;
}

function lastGpuLine(log: string): string | undefined {
  const line = log
    .split('\n')
    .filter((text) => /cuda|gpu/i.test(text))
    .at(-1);
  // `I0000 00:00:1795879174.769387   14473 cudart_stub.cc:31] `
  return line?.replace(/^.*?\w\.(?:cc|h):\d+\] /, '').trim();
}

/** Names of the cards on which TensorFlow's log says that it made a device. */
export function usedCards(log: string): string[] {
  return [...log.matchAll(/Created device .*?name: ([^,]+), pci bus id/g)].map(([, name = '']) => name);
}
