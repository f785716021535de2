import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Chromium and Electron bring SwiftShader, a Vulkan device in software, and a Vulkan loader. */
const FOLDERS = [
  process.env.LIGHTBENCH_CHROMIUM && dirname(process.env.LIGHTBENCH_CHROMIUM),
  '/usr/lib/chromium',
  '/opt/google/chrome',
  join(import.meta.dirname, '../../node_modules/electron/dist'),
  join(import.meta.dirname, '../../.cache/electron'),
];

/**
 * The environment in which a process finds a WebGPU adapter without a graphics card: empty where one was set up already,
 * null where neither Chromium nor Electron is installed.
 */
export function swiftShaderEnvironment(): Readonly<Record<string, string>> | null {
  if (process.env.LIGHTBENCH_WEBGPU === '1' || process.env.VK_ICD_FILENAMES !== undefined) return {};
  const folder = FOLDERS.find(
    (each) =>
      each &&
      ['libvk_swiftshader.so', 'vk_swiftshader_icd.json', 'libvulkan.so.1'].every((file) =>
        existsSync(join(each, file)),
      ),
  );
  return folder ? { VK_ICD_FILENAMES: join(folder, 'vk_swiftshader_icd.json'), LD_LIBRARY_PATH: folder } : null;
}
