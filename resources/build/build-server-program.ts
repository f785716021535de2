import path from 'node:path';
import { build } from 'vite';
import { targets } from './targets.ts';

/** Builds the model server alone, into the folder that is named: `node build-server-program.ts DIR`. */
const root = path.resolve(import.meta.dirname, '../..');
const target = targets(root).find(({ name }) => name === 'model-server');
const folder = process.argv[2];
if (target === undefined || folder === undefined) throw new Error('Name a folder to build the model server into.');
await build({
  ...target.config,
  logLevel: 'warn',
  build: { ...target.config.build, outDir: path.resolve(folder) },
});
