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
  /** Moves what lies in memory into pages of 2 MiB where Linux can. @returns bytes that lie in such pages now */
  gatherPages(): number;
  /**
   * A thread's part of an update by Adam, where the state lies.
   *
   * @param phase its number in `UPDATE_PHASES`
   * @param places per parameter: how many numbers, then at which bytes of the memory p, M, V, their successors, and the
   *   gradient of each part of the batch begin
   * @param numbers what gradients are clipped by, the share of each part, then rate, offset and decay per parameter
   * @returns the sum of squares of the merged gradient
   */
  update(
    memory: Uint8Array,
    phase: number,
    places: Float64Array,
    numbers: Float32Array,
    parts: number,
    beta1: number,
    beta2: number,
  ): number;
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
