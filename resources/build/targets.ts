import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { InlineConfig } from 'vite';
import { listComponents } from './server-program.ts';

export interface Target {
  readonly name: 'renderer' | 'desktop' | 'preload' | 'engine' | 'model-realm' | 'model-server';
  /** Files and folders whose contents make the output: while none changes, it is not stale. */
  readonly inputs: readonly string[];
  readonly output: string;
  readonly config: InlineConfig;
}

/** Loaded from node_modules at run time: native code, and data that is read as files. */
export const nativePackages = ['better-sqlite3', 'onnxruntime-node', 'sharp', '@duckdb/node-api'];

const shared = ['main/base', 'main/contract', 'package-lock.json', 'resources/build'];
const engineRooms = [
  'graph',
  'models',
  'stats',
  'sandbox',
  'runtime',
  'formats',
  'storage',
  'engine',
  'workers',
  'server',
  'cli',
];

/** What is built into `out/`, each from the sources that also run unbuilt. */
export function targets(root: string): readonly Target[] {
  return [
    {
      name: 'renderer',
      inputs: [...shared, 'renderer', 'vite.config.ts'],
      output: 'out/renderer',
      config: { configFile: path.join(root, 'vite.config.ts') },
    },
    {
      name: 'desktop',
      inputs: [...shared, 'main/desktop', 'resources/icons'],
      output: 'out/desktop',
      // CommonJS for Node 18: Electron 25 is the oldest shell it has to run in.
      config: forNode(root, { main: 'main/desktop/main.ts' }, 'out/desktop', 'cjs', 'node18'),
    },
    {
      name: 'preload',
      inputs: [...shared, 'preload'],
      output: 'out/preload',
      // A sandboxed preload script is one CommonJS file.
      config: forNode(root, { preload: 'preload/preload.ts' }, 'out/preload', 'cjs', 'chrome114'),
    },
    {
      name: 'engine',
      inputs: [...shared, ...engineRooms.map((room) => `main/${room}`)],
      output: 'out/engine',
      config: forNode(root, engineEntries(root), 'out/engine', 'es', 'node22'),
    },
    {
      name: 'model-realm',
      inputs: [...shared, 'main/graph', 'main/models'],
      output: 'out/model-realm',
      // One file: the process that loads it beside a model file may read nothing, and is given it as text.
      config: inOneFile(
        forNode(root, { 'model-realm': 'main/models/own/realm.ts' }, 'out/model-realm', 'es', 'node22'),
      ),
    },
    {
      name: 'model-server',
      inputs: [...shared, 'main/formats', 'main/graph', 'main/runtime', 'main/workers'],
      output: 'out/model-server',
      // The same worker as one file, which goes into every bundle and runs without Lightbench.
      config: serverProgram(root),
    },
  ];
}

/** The engine host, the command line, the headless server, and every worker. */
function engineEntries(root: string): Record<string, string> {
  const workers = readdirSync(path.join(root, 'main/workers')).filter((file) => /^[\w-]+\.ts$/.test(file));
  return {
    'engine-host': 'main/server/engine-host.ts',
    cli: 'main/cli/main.ts',
    ...Object.fromEntries(workers.map((file) => [`workers/${file.slice(0, -'.ts'.length)}`, `main/workers/${file}`])),
  };
}

function serverProgram(root: string): InlineConfig {
  const config = forNode(root, { 'model-server': 'main/workers/model-server.ts' }, 'out/model-server', 'es', 'node22');
  config.plugins = [listComponents(root)];
  return inOneFile(config);
}

function inOneFile(config: InlineConfig): InlineConfig {
  const output = config.build?.rolldownOptions?.output;
  if (output !== undefined && !Array.isArray(output)) output.codeSplitting = false;
  return config;
}

function forNode(
  root: string,
  entries: Readonly<Record<string, string>>,
  output: string,
  format: 'cjs' | 'es',
  target: string,
): InlineConfig {
  const extension = format === 'cjs' ? 'cjs' : 'mjs';
  return {
    root,
    configFile: false,
    // Everything that can be bundled is, so that a package carries only what is native.
    ssr: { noExternal: true, external: ['electron', ...nativePackages], target: 'node' },
    build: {
      ssr: true,
      outDir: path.join(root, output),
      emptyOutDir: true,
      target,
      minify: false,
      copyPublicDir: false,
      rolldownOptions: {
        input: Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, path.join(root, file)])),
        output: {
          format,
          entryFileNames: `[name].${extension}`,
          chunkFileNames: `chunks/[name]-[hash].${extension}`,
        },
      },
    },
  };
}
