/** @file The adapter that WebGPU finds here. onnxruntime does not tell its name; the platform's own tools do. */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf, toOneLine } from '../../../errors.ts';
import { type NamedAdapter, nameAdapter, type PlatformFacts } from './adapter-name.ts';
import { openDevice } from './session.ts';

export type WebGpuAdapter =
  | NamedAdapter
  | { readonly kind: 'none'; readonly name: string; readonly reason: string };

/** A tool that takes longer has hung, as they do while a driver is being reset. */
const TOOL_MILLISECONDS = 10_000;

let known: Promise<WebGpuAdapter> | undefined;

/** Looks once in the life of the process. */
export function webGpuAdapter(): Promise<WebGpuAdapter> {
  known ??= look();
  return known;
}

/**
 * What may be a graphics card. Drivers that compute on the processor are left alone: to open one takes time, and some write to the
 * terminal.
 */
export async function findCard(): Promise<NamedAdapter | undefined> {
  if (process.platform === 'linux' && vulkanDriverFiles().length === 0) return undefined;
  if ((await nameOnce()).kind === 'software') return undefined;
  const adapter = await webGpuAdapter();
  return adapter.kind === 'none' ? undefined : adapter;
}

/** As a device in `environment.json` and on the screen: `WebGPU (NVIDIA H200, driver 580.65.06)`. */
export function describeAdapter({ kind, name, ...rest }: WebGpuAdapter): string {
  const driver = 'driver' in rest && rest.driver !== undefined ? `, driver ${rest.driver}` : '';
  const software = kind === 'software' ? 'software adapter ' : '';
  return kind === 'none' ? 'no WebGPU adapter' : `WebGPU (${software}${name}${driver})`;
}

async function look(): Promise<WebGpuAdapter> {
  if (process.platform === 'linux' && vulkanDriverFiles().length === 0) {
    const reason = 'no driver for Vulkan is installed, or VK_DRIVER_FILES does not name it';
    return { kind: 'none', name: 'none', reason };
  }
  try {
    await openDevice();
  } catch (error) {
    return { kind: 'none', name: 'none', reason: describeAbsence(error) };
  }
  return nameOnce();
}

let named: Promise<NamedAdapter> | undefined;

function nameOnce(): Promise<NamedAdapter> {
  named ??= collectFacts().then(nameAdapter);
  return named;
}

function describeAbsence(error: unknown): string {
  const message = messageOf(error);
  if (/Failed to get a WebGPU adapter|adapter|RequestAdapter/i.test(message))
    return 'onnxruntime found no graphics card with a driver for Vulkan, Direct3D 12 or Metal';
  return toOneLine(message);
}

async function collectFacts(): Promise<PlatformFacts> {
  const { platform } = process;
  if (platform === 'darwin')
    return { platform, displays: await output('system_profiler', ['SPDisplaysDataType', '-json']) };
  if (platform === 'win32') {
    const query = 'Get-CimInstance Win32_VideoController | Select-Object Name,DriverVersion | ConvertTo-Json';
    return { platform, controllers: await output('powershell', ['-NoProfile', '-Command', query]) };
  }
  const query = ['--query-gpu=name,driver_version', '--format=csv,noheader'];
  const [vulkan, nvidia] = await Promise.all([
    output('vulkaninfo', ['--summary']),
    output('nvidia-smi', query),
  ]);
  return { platform: 'linux', vulkan, nvidia, driverFiles: vulkanDriverFiles() };
}

/** What a tool prints; nothing if it is not there or fails. */
async function output(command: string, words: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(command, [...words], {
      timeout: TOOL_MILLISECONDS,
      windowsHide: true,
    });
    return stdout;
  } catch {
    return undefined;
  }
}

/** The descriptions of drivers that Vulkan's loader reads, in the places where it looks for them. */
function vulkanDriverFiles(): string[] {
  const { VK_DRIVER_FILES, VK_ICD_FILENAMES, VK_ADD_DRIVER_FILES } = process.env;
  const { XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_DATA_DIRS } = process.env;
  const named = VK_DRIVER_FILES || VK_ICD_FILENAMES;
  if (named) return named.split(delimiter);
  const added = VK_ADD_DRIVER_FILES ? VK_ADD_DRIVER_FILES.split(delimiter) : [];
  const roots = [
    XDG_CONFIG_HOME || join(homedir(), '.config'),
    '/etc/xdg',
    '/etc',
    XDG_DATA_HOME || join(homedir(), '.local/share'),
    ...(XDG_DATA_DIRS || '/usr/local/share:/usr/share').split(delimiter),
    // NixOS
    '/run/opengl-driver/share',
  ];
  return [...added, ...roots.flatMap((root) => filesIn(join(root, 'vulkan/icd.d')))];
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}
