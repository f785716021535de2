import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { cpus, release, version } from 'node:os';
import { join } from 'node:path';
import type { CompiledCase } from '../graph/index.ts';
import { type ProviderName, runtimeVersion } from './provider.ts';

/** Where graphics adapters and their drivers show on Linux. ONNX Runtime names neither. */
const ADAPTERS = '/sys/class/drm';
const ADAPTER_FILES = ['vendor', 'device', 'subsystem_device', 'revision'] as const;
const DRIVER_MODULES = ['nvidia', 'amdgpu', 'i915', 'xe', 'nouveau'].map((name) => `/sys/module/${name}/version`);
const VULKAN_FOLDERS = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d', '/usr/local/share/vulkan/icd.d'];
/** Changes with every driver that Windows installs. */
const WINDOWS_DRIVERS = 'C:\\Windows\\System32\\DriverStore\\FileRepository';
const VULKAN_VARIABLES = ['VK_ICD_FILENAMES', 'VK_DRIVER_FILES'] as const;

/**
 * What the results of a device's test depend on: the device and its driver as far as the system tells them, ONNX Runtime,
 * and the very graphs that were run. One short text per combination.
 */
export function deviceIdentity(provider: ProviderName, cases: readonly CompiledCase[]): string {
  const hash = createHash('sha256');
  const parts = [provider, runtimeVersion(), process.platform, process.arch, release(), version()];
  parts.push(...(provider === 'cpu' ? [cpus()[0]?.model ?? ''] : graphics()));
  hash.update(JSON.stringify(parts));
  for (const { onnx, feeds } of cases) {
    hash.update(onnx);
    for (const { data } of feeds) hash.update(ArrayBuffer.isView(data) ? data : JSON.stringify(data));
  }
  return hash.digest('hex').slice(0, 32);
}

function graphics(): readonly string[] {
  const adapters = list(ADAPTERS)
    .filter((name) => /^card\d+$/.test(name))
    .flatMap((name) => ADAPTER_FILES.map((file) => text(join(ADAPTERS, name, 'device', file))));
  const drivers = VULKAN_FOLDERS.flatMap((folder) => list(folder).map((name) => changed(join(folder, name))));
  const named = VULKAN_VARIABLES.flatMap((name) => (process.env[name] ?? '').split(':').map(changed));
  return [...adapters, ...DRIVER_MODULES.map(text), ...drivers, ...named, changed(WINDOWS_DRIVERS)];
}

const list = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder).sort() : []);

function text(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}

function changed(file: string): string {
  const found = file === '' ? undefined : statSync(file, { throwIfNoEntry: false });
  return found === undefined ? '' : `${file} ${found.mtimeMs}`;
}
