import path from 'node:path';
import {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  nativeTheme,
  protocol,
  screen,
  session,
  shell,
  utilityProcess,
} from 'electron';
import { LightbenchError } from '../contract/errors.ts';
import type { EngineLink } from './engine-link.ts';
import { findNode, neededNodeMajor } from './engine-node.ts';
import { HostLink } from './host-link.ts';
import { type HostProgram, nodeHost, utilityHost } from './host-process.ts';
import { RemoteLink } from './remote-link.ts';
import { startShell } from './shell.ts';

const applicationFolder = app.getAppPath();
/** What plain Node has to read lies beside the archive, not in it. */
const unpackedFolder = applicationFolder.replace(/\.asar$/, '.asar.unpacked');

startShell({
  electron: {
    app,
    BrowserWindow,
    dialog,
    ipcMain,
    Menu,
    nativeTheme,
    protocol,
    screen,
    session,
    shell,
    utilityProcess,
  },
  args: process.argv.slice(1),
  workingFolder: process.cwd(),
  environment: process.env,
  platform: process.platform,
  builtFolder: path.join(applicationFolder, 'out'),
  startEngine,
  connectEngine: (address) => new RemoteLink(address),
}).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  app.exit(1);
});

async function startEngine(workspaceFolder: string, log: (text: string) => void): Promise<EngineLink> {
  const program: HostProgram = {
    path: path.join(unpackedFolder, 'out', 'engine', 'engine-host.mjs'),
    args: ['--workspace', workspaceFolder],
    log,
  };
  if (Number(process.versions.node.split('.')[0]) >= neededNodeMajor)
    return new HostLink(utilityHost(utilityProcess, program));
  const found = await findNode({
    environment: process.env,
    platform: process.platform,
    architecture: process.arch,
    folders: [unpackedFolder],
  });
  if (found.path !== null) return new HostLink(nodeHost(found.path, program));
  throw new LightbenchError(
    'engine.no_runtime',
    `The engine needs Node ${neededNodeMajor} or later, and this window brings ${process.versions.node}. ${found.tried.length === 0 ? 'No other was found.' : `Found: ${found.tried.join('; ')}.`}`,
  );
}
