import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';

interface Level {
  readonly name: string;
  readonly width: number;
  readonly flags: string;
}

/** Instruction sets that kernels are compiled for beside the architecture's base, and floats per vector. */
const LEVELS: Partial<Record<string, readonly Level[]>> = {
  x64: [
    {
      name: 'avx512',
      width: 16,
      flags: '-mavx512f -mavx512vl -mavx512dq -mavx512bw -mfma -mprefer-vector-width=512',
    },
    { name: 'avx2', width: 8, flags: '-mavx2 -mfma' },
  ],
};
const BASE: Level = { name: 'base', width: 4, flags: '-g0' };
const FLAGS = '-std=c++20 -O3 -fno-math-errno -ffp-contract=fast -fPIC -fvisibility=hidden -Wall -Wextra -Wno-psabi';
const LINK: Partial<Record<NodeJS.Platform, string>> = {
  linux: '-shared -static-libstdc++ -static-libgcc',
  darwin: '-bundle -undefined dynamic_lookup',
};
/** From the package node-api-headers: the interface is the same for every Node and Electron. */
const HEADERS = 'node_modules/node-api-headers/include';

/**
 * Compiles `native/` into `output`/lightbench.node with the C++ compiler that is there (CXX, g++ or clang++).
 * @returns null, or in one sentence why there is no addon: everything works without it, training slower
 */
export function buildNative(root: string, output: string): string | null {
  const folder = path.join(root, output);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const link = LINK[process.platform];
  if (link === undefined) return `The addon is not built for ${process.platform}.`;
  const compiler = [process.env.CXX, 'g++', 'clang++'].find(
    (name) => name && spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
  );
  if (compiler === undefined)
    return 'There is no C++ compiler (g++ or clang++), so that training does without the addon, slower.';
  const compile = (flags: string, ...rest: readonly string[]): boolean =>
    spawnSync(compiler, [...flags.split(' '), ...rest], { cwd: path.join(root, 'native'), stdio: 'inherit' }).status ===
    0;
  const built: string[] = [];
  for (const { name, width, flags } of [...(LEVELS[process.arch] ?? []), BASE]) {
    const object = path.join(folder, `${name}.o`);
    const defines = `-DLEVEL=${name} -DNAME="${name}" -DWIDTH=${width}`;
    if (!compile(`${FLAGS} ${flags} ${defines}`, '-c', 'kernels.cc', '-o', object)) return failed(compiler);
    built.push(object);
  }
  const sources = readdirSync(path.join(root, 'native')).filter(
    (file) => file.endsWith('.cc') && file !== 'kernels.cc',
  );
  const unfinished = path.join(folder, 'unfinished');
  if (!compile(`${FLAGS} ${link}`, '-I', path.join(root, HEADERS), ...sources, ...built, '-o', unfinished))
    return failed(compiler);
  for (const file of built) rmSync(file);
  renameSync(unfinished, path.join(folder, 'lightbench.node'));
  return null;
}

const failed = (compiler: string): string =>
  `${compiler} could not build the addon (see above); training does without it, slower.`;
