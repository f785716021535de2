/**
 * Who may import whom, as data. A room is a folder; everything in the repository belongs to a listed one.
 * Type-only imports count, and there is no list of exceptions: a new need is a new entry, seen in review.
 */
export interface Grant {
  /** Path of the room that may be imported. */
  readonly room: string;
  /** Only `import type`. */
  readonly typesOnly?: true;
  /** Only files below this path. */
  readonly below?: string;
}

export interface Room {
  readonly path: string;
  /** Rooms that may be imported, besides itself. */
  readonly rooms: readonly (string | Grant)[];
  /** Packages that may be imported; `node:` stands for everything built into Node. */
  readonly packages: readonly string[];
  /** Every folder directly below is entered from outside only through its `index.ts`, but what all of them stand on. */
  readonly domains?: { readonly common: readonly string[] };
  /** Folders directly below do not import each other. */
  readonly separate?: true;
}

export interface RoomsTable {
  readonly rooms: readonly Room[];
  /** Packages that a `*.test.ts` or `*.test-support.ts` may import besides those of its room. */
  readonly testPackages: readonly string[];
  /** Files and folders at the top of the repository that are no rooms. */
  readonly topLevel: readonly string[];
  /** Folders whose direct sub-folders must all be listed, and the files that may lie in them. */
  readonly closed: readonly {
    readonly path: string;
    readonly folders?: readonly string[];
    readonly files: readonly string[];
  }[];
}

const mantine = ['@mantine/core', '@mantine/hooks', '@mantine/notifications', '@mantine/spotlight'];
const react = [
  'react',
  'react-dom',
  'react-router',
  '@tanstack/react-query',
  'zustand',
  '@tabler/icons-react',
  ...mantine,
];

export const roomsTable: RoomsTable = {
  rooms: [
    { path: 'main/base', rooms: [], packages: [] },
    { path: 'main/contract', rooms: ['main/base'], packages: ['zod'] },
    { path: 'main/graph', rooms: ['main/base'], packages: [] },
    { path: 'main/models', rooms: ['main/base', 'main/graph'], packages: [] },
    { path: 'main/stats', rooms: ['main/base'], packages: [] },
    // Runs the model files that people write, in a process that can reach nothing; engine and workers both ask it to.
    { path: 'main/sandbox', rooms: ['main/base', 'main/contract'], packages: ['node:', 'zod'] },
    { path: 'main/runtime', rooms: ['main/base', 'main/graph'], packages: ['node:', 'onnxruntime-node'] },
    {
      path: 'main/formats',
      rooms: ['main/base'],
      packages: ['node:', 'sharp', '@duckdb/node-api', 'yaml', 'dicom-parser', 'fflate'],
    },
    { path: 'main/storage', rooms: ['main/base', 'main/contract'], packages: ['node:', 'better-sqlite3'] },
    {
      path: 'main/engine',
      rooms: [
        'main/base',
        'main/contract',
        'main/graph',
        'main/models',
        'main/stats',
        'main/formats',
        'main/storage',
        'main/sandbox',
        { room: 'main/runtime', typesOnly: true },
      ],
      packages: ['node:', 'zod', 'yaml', 'fflate', 'hash-wasm', '@cyclonedx/cyclonedx-library', 'sharp'],
      domains: { common: ['core', 'processes'] },
    },
    {
      path: 'main/workers',
      rooms: [
        'main/base',
        'main/contract',
        'main/graph',
        'main/models',
        'main/stats',
        'main/formats',
        'main/runtime',
        'main/sandbox',
        { room: 'main/storage', below: 'main/storage/artifacts' },
      ],
      packages: ['node:', 'zod', 'fastify', 'yaml', 'fflate', 'sharp'],
    },
    {
      path: 'main/server',
      rooms: ['main/base', 'main/contract', 'main/engine'],
      packages: ['node:', 'zod', 'fastify', '@fastify/cookie', '@fastify/static', '@fastify/websocket', 'ws'],
    },
    {
      path: 'main/desktop',
      rooms: ['main/base', 'main/contract', 'main/engine'],
      packages: ['node:', 'zod', 'electron', 'ws'],
    },
    {
      path: 'main/cli',
      // `serve` and `open` are browser mode started from a terminal.
      rooms: ['main/base', 'main/contract', 'main/engine', 'main/server'],
      packages: ['node:', 'zod'],
    },
    { path: 'preload', rooms: ['main/contract'], packages: ['electron'] },
    {
      path: 'renderer/app',
      rooms: [
        'main/base',
        'main/contract',
        'renderer/screens',
        'renderer/viewers',
        'renderer/charts',
        'renderer/components',
        'renderer/client',
        'renderer/theme',
      ],
      packages: [...react, 'zod'],
    },
    {
      path: 'renderer/screens',
      rooms: [
        'main/base',
        'main/contract',
        'renderer/viewers',
        'renderer/charts',
        'renderer/components',
        'renderer/client',
        'renderer/theme',
      ],
      packages: [...react, '@tanstack/react-table', '@tanstack/react-virtual', 'monaco-editor', 'yaml', 'zod'],
      separate: true,
    },
    {
      path: 'renderer/viewers',
      rooms: ['main/base', 'main/contract', 'renderer/components', 'renderer/client', 'renderer/theme'],
      packages: [...react, '@dagrejs/dagre', '@tanstack/react-table', '@tanstack/react-virtual'],
    },
    {
      path: 'renderer/charts',
      rooms: ['main/base', 'main/contract', 'renderer/components', 'renderer/client', 'renderer/theme'],
      packages: [...react, 'recharts', 'uplot'],
    },
    {
      path: 'renderer/components',
      rooms: ['main/base', 'main/contract', 'renderer/client', 'renderer/theme'],
      packages: [...react, '@tanstack/react-table', '@tanstack/react-virtual', 'monaco-editor', 'yaml', 'zod'],
    },
    { path: 'renderer/client', rooms: ['main/base', 'main/contract'], packages: [...react, 'zod'] },
    { path: 'renderer/theme', rooms: ['main/base'], packages: react },
    {
      // Benchmarks measure the engine's parts where they are, without the processes around them; results come by its door.
      path: 'e2e/bench',
      rooms: [
        'main/base',
        'main/contract',
        'main/graph',
        'main/models',
        'main/formats',
        'main/runtime',
        'main/storage',
        'main/stats',
        'main/workers',
        'main/cli',
        'resources',
        { room: 'e2e', below: 'e2e/support' },
      ],
      packages: ['node:', 'zod', 'onnxruntime-node', 'sharp', '@playwright/test'],
    },
    {
      path: 'e2e',
      rooms: ['main/base', 'main/contract', 'resources'],
      packages: [
        'node:',
        '@playwright/test',
        '@axe-core/playwright',
        'playwright',
        'ws',
        'fflate',
        'yaml',
        'cmu-pronouncing-dictionary',
      ],
    },
    { path: 'resources', rooms: ['main/cli'], packages: ['node:', 'vite', 'oxc-parser'] },
  ],
  testPackages: [
    'vitest',
    'fast-check',
    'node:',
    'onnxruntime-node',
    'sharp',
    'fflate',
    'yaml',
    'zod',
    'ws',
    'better-sqlite3',
    '@duckdb/node-api',
  ],
  topLevel: [
    '.ci',
    '.gitignore',
    'AGENTS.md',
    'LICENSE',
    'README.md',
    'biome.json',
    'electron-builder.yml',
    'knip.json',
    'main',
    'native',
    'package-lock.json',
    'package.json',
    'postcss.config.cjs',
    'postcss.config.js',
    'renderer',
    'tsconfig.json',
    'vite.config.ts',
    'vitest.config.ts',
  ],
  closed: [
    { path: 'main', files: [] },
    { path: 'renderer', folders: ['public'], files: ['index.html', 'main.tsx', 'vite-env.d.ts'] },
    {
      path: 'e2e',
      folders: ['bench', 'desktop', 'golden', 'headless', 'journeys', 'support'],
      files: ['playwright.config.ts'],
    },
    {
      path: 'resources',
      folders: ['build', 'decisions', 'icons', 'licences', 'lint', 'scripts', 'templates'],
      files: ['own-model.md', 'screenshot.png', 'training.md'],
    },
  ],
};
