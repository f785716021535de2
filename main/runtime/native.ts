import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';

/** [element type of ONNX, numbers or texts, sizes]. */
export type NativeTensor = readonly [type: number, data: ArrayBufferView | readonly string[], dims: readonly number[]];

/** What the addon offers (`native/addon.cc`). */
export interface NativeRuntime {
  load(runtimeLibrary: string): boolean;
  /** The instruction set that its kernels use. */
  level(): string;
  /** For tests: the named instruction set from now on. @returns whether this processor has it */
  choose(level: string): boolean;
  create(
    onnx: Uint8Array,
    threads: number,
    entries: readonly string[],
  ): readonly [session: unknown, inputs: readonly string[], outputs: readonly string[]];
  run(
    session: unknown,
    inputs: readonly NativeTensor[],
    outputs: readonly (NativeTensor | null)[],
  ): readonly (readonly [type: number, data: ArrayBuffer, dims: readonly number[]])[];
  dispose(session: unknown): void;
}

const require = createRequire(import.meta.url);
const FOLDER = extname(import.meta.filename) === '.ts' ? '../../out/native' : '../../native';
const ADDON = join(import.meta.dirname, FOLDER, 'lightbench.node');

let found: NativeRuntime | null | undefined;

/**
 * The addon, or null where none was built for this machine (no compiler when the packages were installed, or a platform that
 * the runtime's library is not known for). Everything it does has a twin without it.
 */
export function nativeRuntime(): NativeRuntime | null {
  if (found === undefined) found = load();
  return found;
}

function load(): NativeRuntime | null {
  if (!existsSync(ADDON) || process.env.LIGHTBENCH_NATIVE === 'off') return null;
  try {
    const addon = require(ADDON) as NativeRuntime;
    return addon.load(runtimeLibrary()) ? addon : null;
  } catch {
    return null;
  }
}

/** The library that onnxruntime-node loads: both must be the same. */
function runtimeLibrary(): string {
  const folder = join(
    dirname(require.resolve('onnxruntime-node/package.json')),
    'bin/napi-v6',
    process.platform,
    process.arch,
  );
  const name = readdirSync(folder).find((file) => /^(lib)?onnxruntime[.\d]*\.(so|dll|dylib)/.test(file));
  return join(folder, name ?? '');
}
