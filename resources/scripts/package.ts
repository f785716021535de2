import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { buildStale } from '../build/build.ts';

/**
 * `npm run package -- …`: builds what is stale and hands the rest to electron-builder, whose arguments these are:
 * `--linux dir`, or `-c.electronDist=FOLDER -c.electronVersion=N` for a runtime that is there already.
 */
const root = path.resolve(import.meta.dirname, '../..');

await buildStale();
const builder = path.join(root, 'node_modules/electron-builder/cli.js');
const { status } = spawnSync(process.execPath, [builder, '--publish=never', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
if (status !== 0) {
  process.stderr.write(
    'The package was not made. Where github.com cannot be reached, electron-builder cannot fetch Electron and its tools: give a runtime with -c.electronDist and -c.electronVersion, and the target `--linux dir`.\n',
  );
  process.exitCode = 1;
}
