/** @file The name of the adapter that WebGPU takes, from what the tools of the platform print. */
import { z } from 'zod';

/**
 * `kind` is `unknown` where nothing tells whether the adapter is a card or computes on the processor, for example because no tool is
 * installed that lists the cards.
 */
export interface NamedAdapter {
  readonly kind: 'hardware' | 'software' | 'unknown';
  readonly name: string;
  /** Name and version, as far as they are known. */
  readonly driver?: string;
}

/** What was printed; undefined where a tool is absent. */
export type PlatformFacts =
  | {
      readonly platform: 'linux';
      /** By `vulkaninfo --summary`. */
      readonly vulkan: string | undefined;
      /** By `nvidia-smi --query-gpu=name,driver_version --format=csv,noheader`. */
      readonly nvidia: string | undefined;
      /** Paths of the descriptions of Vulkan drivers. */
      readonly driverFiles: readonly string[];
    }
  /** By `system_profiler SPDisplaysDataType -json`. */
  | { readonly platform: 'darwin'; readonly displays: string | undefined }
  /** By `Get-CimInstance Win32_VideoController`, as JSON. */
  | { readonly platform: 'win32'; readonly controllers: string | undefined };

const UNKNOWN: NamedAdapter = { kind: 'unknown', name: 'adapter of unknown name' };
const SOFTWARE = /llvmpipe|lavapipe|swiftshader|\blvp\b|Microsoft Basic Render|softpipe|WARP/i;
/** Adapters of virtual machines: whether a card computes for them cannot be seen from inside. */
const VIRTUAL = /paravirtual|virtio|vmware|virtualbox|parallels|hyper-v|qxl/i;

export function nameAdapter(facts: PlatformFacts): NamedAdapter {
  switch (facts.platform) {
    case 'darwin':
      return fromDisplays(facts.displays);
    case 'win32':
      return fromControllers(facts.controllers);
    default:
      return fromVulkan(facts.vulkan) ?? fromDrivers(facts.driverFiles, facts.nvidia);
  }
}

/** In the order in which WebGPU prefers them when it is asked for speed. */
const DEVICE_TYPES = ['DISCRETE_GPU', 'INTEGRATED_GPU', 'VIRTUAL_GPU', 'CPU', 'OTHER'];

function fromVulkan(text: string | undefined): NamedAdapter | undefined {
  const devices = (text ?? '').split(/^GPU\d+:/m).slice(1);
  const found = devices.map((device) => {
    const entry = (key: string): string | undefined =>
      new RegExp(`^\\s*${key}\\s*=\\s*(.+)$`, 'm').exec(device)?.[1]?.trim();
    const type = entry('deviceType')?.replace('PHYSICAL_DEVICE_TYPE_', '') ?? 'OTHER';
    const driver = [entry('driverName'), entry('driverInfo')].filter((part) => part !== undefined).join(' ');
    return { type, name: entry('deviceName') ?? UNKNOWN.name, driver };
  });
  const [first] = found.sort((a, b) => DEVICE_TYPES.indexOf(a.type) - DEVICE_TYPES.indexOf(b.type));
  if (first === undefined) return undefined;
  const isSoftware = first.type === 'CPU' || SOFTWARE.test(first.name);
  const isHardware = first.type === 'DISCRETE_GPU' || first.type === 'INTEGRATED_GPU';
  return adapter(isSoftware ? 'software' : isHardware ? 'hardware' : 'unknown', first.name, first.driver);
}

/** Without vulkaninfo: a card that nvidia-smi shows counts if Vulkan's loader has NVIDIA's driver to find it with. */
function fromDrivers(driverFiles: readonly string[], nvidia: string | undefined): NamedAdapter {
  const [name, driver] = (nvidia ?? '').split('\n')[0]?.split(', ') ?? [];
  const hasNvidia = driverFiles.some((file) => /nvidia/i.test(file));
  if (name && driver && hasNvidia) return adapter('hardware', name, `NVIDIA ${driver.trim()}`);
  if (driverFiles.length > 0 && driverFiles.every((file) => /lvp|lavapipe|swiftshader/i.test(file)))
    return {
      kind: 'software',
      name: driverFiles.some((file) => /swift/i.test(file)) ? 'SwiftShader' : 'lavapipe',
    };
  return UNKNOWN;
}

const displaysSchema = z.object({
  SPDisplaysDataType: z
    .array(z.object({ sppci_model: z.string(), sppci_cores: z.string().optional() }))
    .min(1),
});

function fromDisplays(text: string | undefined): NamedAdapter {
  const parsed = displaysSchema.safeParse(parseJson(text));
  const [first] = parsed.success ? parsed.data.SPDisplaysDataType : [];
  if (first === undefined) return UNKNOWN;
  const cores = first.sppci_cores === undefined ? '' : `, ${first.sppci_cores} cores`;
  return adapter(kindOf(first.sppci_model), first.sppci_model + cores);
}

const controllerSchema = z.object({ Name: z.string(), DriverVersion: z.string().nullish() });
const controllersSchema = z.union([controllerSchema.transform((one) => [one]), z.array(controllerSchema)]);

function fromControllers(text: string | undefined): NamedAdapter {
  const parsed = controllersSchema.safeParse(parseJson(text));
  const controllers = parsed.success ? parsed.data : [];
  // Nothing tells which of several cards WebGPU takes; it takes a software adapter only if there is no card.
  const first = controllers.find(({ Name }) => kindOf(Name) === 'hardware') ?? controllers[0];
  return first === undefined
    ? UNKNOWN
    : adapter(kindOf(first.Name), first.Name, first.DriverVersion ?? undefined);
}

function kindOf(name: string): NamedAdapter['kind'] {
  if (SOFTWARE.test(name)) return 'software';
  return VIRTUAL.test(name) ? 'unknown' : 'hardware';
}

function adapter(kind: NamedAdapter['kind'], name: string, driver?: string): NamedAdapter {
  return { kind, name, ...(driver ? { driver } : {}) };
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
