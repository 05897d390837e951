/** @file The adapter is named from what the platform's tools print, and software is never taken for a graphics card. */
import { describe, expect, it } from 'vitest';
import { describeAdapter } from '../../../../src/engines/onnx/webgpu/adapter.ts';
import { nameAdapter } from '../../../../src/engines/onnx/webgpu/adapter-name.ts';

/** As `vulkaninfo --summary` prints devices. */
const device = (index: number, type: string, name: string, driver: string, info: string) => `GPU${index}:
	apiVersion         = 1.4.305
	driverVersion      = 25.0.7
	vendorID           = 0x10005
	deviceID           = 0x0000
	deviceType         = PHYSICAL_DEVICE_TYPE_${type}
	deviceName         = ${name}
	driverID           = DRIVER_ID_MESA_LLVMPIPE
	driverName         = ${driver}
	driverInfo         = ${info}
	conformanceVersion = 1.3.1.1
`;
const HEADER = `==========
VULKANINFO
==========

Vulkan Instance Version: 1.3.239

Devices:
========
`;
const LLVMPIPE = [
  'CPU',
  'llvmpipe (LLVM 15.0.6, 256 bits)',
  'llvmpipe',
  'Mesa 25.0.7-2~bpo12+1 (LLVM 15.0.6)',
] as const;
const RADEON = ['DISCRETE_GPU', 'AMD Radeon RX 7800 XT (RADV NAVI32)', 'radv', 'Mesa 25.0.7'] as const;
const IRIS = [
  'INTEGRATED_GPU',
  'Intel(R) Iris(R) Xe Graphics (TGL GT2)',
  'Intel open-source Mesa driver',
  'Mesa 25.0.7',
] as const;

const linux = (vulkan?: string, nvidia?: string, driverFiles: readonly string[] = []) =>
  nameAdapter({ platform: 'linux', vulkan, nvidia, driverFiles });

describe('the name of the adapter on Linux', () => {
  it('is that of the processor driver where vulkaninfo lists nothing else', () => {
    expect(linux(HEADER + device(0, ...LLVMPIPE))).toEqual({
      kind: 'software',
      name: 'llvmpipe (LLVM 15.0.6, 256 bits)',
      driver: 'llvmpipe Mesa 25.0.7-2~bpo12+1 (LLVM 15.0.6)',
    });
  });

  it('is that of the fastest kind that vulkaninfo lists, wherever it stands', () => {
    const text = HEADER + device(0, ...LLVMPIPE) + device(1, ...IRIS) + device(2, ...RADEON);
    expect(linux(text)).toEqual({ kind: 'hardware', name: RADEON[1], driver: 'radv Mesa 25.0.7' });
    expect(linux(HEADER + device(0, ...LLVMPIPE) + device(1, ...IRIS)).name).toBe(IRIS[1]);
  });

  it('of software is told by its name, too, and is unknown in a virtual machine', () => {
    const swiftshader = device(0, 'OTHER', 'SwiftShader Device (LLVM 10.0.0)', 'SwiftShader driver', '');
    expect(linux(HEADER + swiftshader).kind).toBe('software');
    const virtual = device(0, 'VIRTUAL_GPU', 'Virtio-GPU Venus (NVIDIA T4)', 'venus', 'Mesa 25');
    expect(linux(HEADER + virtual).kind).toBe('unknown');
  });

  it('is that of nvidia-smi where there is no vulkaninfo but the driver for Vulkan', () => {
    const smi = 'NVIDIA H200, 580.65.06\nNVIDIA H200, 580.65.06\n';
    expect(linux(undefined, smi, ['/etc/vulkan/icd.d/nvidia_icd.json'])).toEqual({
      kind: 'hardware',
      name: 'NVIDIA H200',
      driver: 'NVIDIA 580.65.06',
    });
    // The card is there, but Vulkan can only find the processor.
    expect(linux(undefined, smi, ['/usr/share/vulkan/icd.d/lvp_icd.x86_64.json']).kind).toBe('software');
  });

  it('is unknown without tools, unless all drivers are software', () => {
    expect(linux(undefined, undefined, ['/x/lvp_icd.json'])).toEqual({ kind: 'software', name: 'lavapipe' });
    expect(linux(undefined, undefined, ['/x/lvp_icd.json', '/x/radeon_icd.json']).kind).toBe('unknown');
    expect(linux('ERROR: [Loader Message] no ICD', 'NVIDIA-SMI has failed', []).kind).toBe('unknown');
  });
});

describe('the name of the adapter elsewhere', () => {
  it('is the first display card of a Mac', () => {
    const displays = (model: string) =>
      JSON.stringify({ SPDisplaysDataType: [{ _name: 'x', sppci_model: model, sppci_cores: '10' }] });
    expect(nameAdapter({ platform: 'darwin', displays: displays('Apple M2') })).toEqual({
      kind: 'hardware',
      name: 'Apple M2, 10 cores',
    });
    const virtual = displays('Apple Paravirtual device');
    expect(nameAdapter({ platform: 'darwin', displays: virtual }).kind).toBe('unknown');
  });

  it('is the first card of Windows that is no software, of one or of several', () => {
    const basic = { Name: 'Microsoft Basic Render Driver', DriverVersion: '10.0.1' };
    const card = { Name: 'NVIDIA GeForce RTX 4070', DriverVersion: '32.0.15.6094' };
    const named = (controllers: unknown) =>
      nameAdapter({ platform: 'win32', controllers: JSON.stringify(controllers) });
    expect(named([basic, card])).toEqual({ kind: 'hardware', name: card.Name, driver: card.DriverVersion });
    expect(named(card).kind).toBe('hardware');
    expect(named(basic).kind).toBe('software');
  });

  it.each(['', 'no JSON', '{}', '[]', '{"SPDisplaysDataType":[]}', 'null'])('is unknown from %j', (text) => {
    expect(nameAdapter({ platform: 'darwin', displays: text }).kind).toBe('unknown');
    expect(nameAdapter({ platform: 'win32', controllers: text }).kind).toBe('unknown');
    expect(linux(text, text).kind).toBe('unknown');
  });
});

describe('an adapter in words', () => {
  it('says what it is, and that software is software', () => {
    expect(describeAdapter({ kind: 'hardware', name: 'NVIDIA H200', driver: 'NVIDIA 580.65.06' })).toBe(
      'WebGPU (NVIDIA H200, driver NVIDIA 580.65.06)',
    );
    expect(describeAdapter({ kind: 'software', name: 'lavapipe' })).toBe(
      'WebGPU (software adapter lavapipe)',
    );
  });
});
