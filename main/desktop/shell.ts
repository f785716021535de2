import { appendFileSync, mkdirSync, statSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { desktopChannels, remoteEngineArgument } from '../contract/desktop-channels.ts';
import { type ErrorRecord, LightbenchError } from '../contract/errors.ts';
import { answer, schemePrivileges, startUrl } from './app-protocol.ts';
import { applicationMenu } from './application-menu.ts';
import { type CommandLine, readCommandLine } from './command-line.ts';
import type { ElectronParts, Window } from './electron-parts.ts';
import type { EngineLink } from './engine-link.ts';
import { mountIpc } from './ipc.ts';
import { PreferencesFile } from './preferences.ts';
import {
  type ProblemAction,
  problemActions,
  problemPage,
  problemUrl,
  startingPage,
  startingUrl,
} from './shell-pages.ts';
import { smallestWindow, windowBounds } from './window-bounds.ts';
import { denyPermissions, guardWindow } from './window-guard.ts';

/** A page that ends this often within a minute would do so for ever. */
const crashLimit = 3;
const logLimitBytes = 5 * 1024 * 1024;
/** The canvas of both themes, so that nothing flashes before the page has painted. */
const canvas = { light: '#f7f7f8', dark: '#101114' } as const;

export interface ShellParts {
  readonly electron: ElectronParts;
  readonly args: readonly string[];
  readonly workingFolder: string;
  /** LIGHTBENCH_WORKSPACE names a workspace here as it does on the command line. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  /** Folder that holds `renderer/`, `preload/` and `engine/` as built. */
  readonly builtFolder: string;
  /** Starts an engine for a workspace; rejects where none can be started. */
  readonly startEngine: (workspaceFolder: string, log: (text: string) => void) => Promise<EngineLink>;
  readonly connectEngine: (address: URL) => EngineLink;
}

/** Opens the window and supervises the engine behind it until the person quits. */
export async function startShell(parts: ShellParts): Promise<void> {
  const { app, protocol } = parts.electron;
  app.setName('Lightbench');
  protocol.registerSchemesAsPrivileged([schemePrivileges]);
  const commandLine = readCommandLine(parts.args, parts.workingFolder);
  if (!app.requestSingleInstanceLock()) {
    process.stderr.write('Lightbench is already open; its window comes to the front.\n');
    app.exit(0);
    return;
  }
  await app.whenReady();
  await new Shell(parts, commandLine).start();
}

class Shell {
  readonly #parts: ShellParts;
  readonly #commandLine: CommandLine;
  readonly #preferences: PreferencesFile;
  readonly #logFile: string;
  /** The engine that answered and is in use. */
  #engine: EngineLink | null = null;
  /** The engine that was started and has not answered yet. */
  #starting: EngineLink | null = null;
  #workspace: string;
  #window: Window | null = null;
  #problem: { readonly error: ErrorRecord; readonly actions: readonly ProblemAction[] } | null = null;
  #sessionToken: string | undefined;
  /** Counts openings: what an earlier one still says is no longer of interest. */
  #opening = 0;
  #quitting = false;
  /** When the page of the window crashed lately, in ms. */
  #crashes: readonly number[] = [];

  constructor(parts: ShellParts, commandLine: CommandLine) {
    this.#parts = parts;
    this.#commandLine = commandLine;
    const { app } = parts.electron;
    this.#preferences = new PreferencesFile(app.getPath('userData'));
    this.#logFile = path.join(app.getPath('userData'), 'logs', 'engine.log');
    this.#workspace =
      commandLine.workspace ??
      parts.environment.LIGHTBENCH_WORKSPACE ??
      this.#preferences.value.recentWorkspaces[0] ??
      path.join(app.getPath('home'), 'Lightbench');
  }

  async start(): Promise<void> {
    const { app, protocol, session, ipcMain } = this.#parts.electron;
    denyPermissions(session.defaultSession);
    const protocolParts = {
      rendererFolder: path.join(this.#parts.builtFolder, 'renderer'),
      engine: () => this.#engine,
      sessionToken: () => this.#sessionToken,
      shellPages: {
        '/problem': () => this.#problemPage(),
        '/starting': () => startingPage(this.#commandLine.engine?.host ?? this.#workspace),
      },
    };
    protocol.handle('lightbench', (request) => answer(request, protocolParts));
    const ipc = mountIpc(ipcMain, {
      engine: () => this.#engine,
      onSessionToken: (token) => {
        this.#sessionToken = token;
      },
      choosePath: (kind) => this.#choosePath(kind),
    });
    this.#openWindow(() => ipc.forgetStreams());
    app.on('second-instance', () => this.#comeToFront());
    app.on('activate', () => {
      if (this.#window === null) {
        this.#openWindow(() => ipc.forgetStreams());
        if (this.#starting === null) this.#show();
      }
    });
    app.on('window-all-closed', () => {
      if (this.#parts.platform !== 'darwin') app.quit();
    });
    app.on('before-quit', (event) => {
      if (this.#quitting) return;
      event.preventDefault();
      this.#quitting = true;
      void this.#closeEngine().finally(() => app.exit(0));
    });
    await this.#openEngine();
  }

  /** Starts or reaches the engine and shows the application, or shows why that failed. */
  async #openEngine(): Promise<void> {
    const opening = ++this.#opening;
    if (this.#problem !== null) this.#window?.loadURL(startingUrl).catch(() => undefined);
    this.#problem = null;
    await this.#closeEngine();
    const { engine: address, problem } = this.#commandLine;
    try {
      if (problem !== null) throw new LightbenchError('request.invalid', problem);
      const link =
        address === null
          ? await this.#parts.startEngine(this.#workspace, (text) => this.#log(text))
          : this.#parts.connectEngine(address);
      if (opening !== this.#opening || this.#quitting) {
        await link.close();
        return;
      }
      this.#starting = link;
      const { workspacePath } = await link.ready;
      if (opening !== this.#opening) return;
      this.#starting = null;
      this.#engine = link;
      link.onStream((message) => this.#window?.webContents.send(desktopChannels.streamReply, message));
      link.onEnd((error) => {
        if (link !== this.#engine || this.#quitting) return;
        this.#engine = null;
        this.#showProblem(error);
      });
      if (address === null) this.#preferences.rememberWorkspace(workspacePath);
      this.#workspace = workspacePath;
      this.#problem = null;
      this.#setMenu();
      this.#show();
    } catch (error) {
      if (opening !== this.#opening || this.#quitting) return;
      this.#starting = null;
      this.#showProblem(LightbenchError.from(error));
    }
  }

  async #closeEngine(): Promise<void> {
    const links = [this.#engine, this.#starting];
    this.#engine = null;
    this.#starting = null;
    this.#sessionToken = undefined;
    await Promise.all(links.map((link) => link?.close()));
  }

  #showProblem(error: LightbenchError): void {
    const actions = Object.keys(problemActions) as ProblemAction[];
    const remote = this.#commandLine.engine !== null || this.#commandLine.problem !== null;
    this.#problem = {
      error: error.toRecord(),
      actions: remote ? actions.filter((action) => action !== 'open-workspace') : actions,
    };
    this.#log(`${new Date().toISOString()} ${error.code}: ${error.message}\n`);
    this.#setMenu();
    this.#show();
  }

  #problemPage(): string {
    return this.#problem === null ? startingPage('') : problemPage(this.#problem.error, this.#problem.actions);
  }

  #openWindow(onPageGone: () => void): void {
    const { BrowserWindow, nativeTheme, screen } = this.#parts.electron;
    const remembered = this.#preferences.value.window;
    const screens = screen.getAllDisplays().map((display) => display.workArea);
    const window = new BrowserWindow({
      ...windowBounds(remembered?.bounds ?? null, screens),
      minWidth: smallestWindow.width,
      minHeight: smallestWindow.height,
      title: 'Lightbench',
      icon: path.join(this.#parts.builtFolder, 'desktop', 'icon.png'),
      backgroundColor: nativeTheme.shouldUseDarkColors ? canvas.dark : canvas.light,
      show: false,
      webPreferences: {
        preload: path.join(this.#parts.builtFolder, 'preload', 'preload.cjs'),
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        webviewTag: false,
        spellcheck: false,
        additionalArguments: this.#isRemote() ? [remoteEngineArgument] : [],
      },
    });
    this.#window = window;
    guardWindow(window, this.#parts.electron, (action) => this.#act(action));
    window.once('ready-to-show', () => {
      if (remembered?.maximized) window.maximize();
      window.show();
    });
    window.on('page-title-updated', (event) => event.preventDefault());
    // Its streams end with the page, whatever made it go: a reload, a navigation, a crash.
    window.webContents.on('did-navigate', onPageGone);
    window.webContents.on('render-process-gone', (_event, details) => {
      onPageGone();
      if (details.reason !== 'clean-exit' && !this.#quitting) this.#reloadCrashed(details.reason);
    });
    // A window without a page is unknown to tools that drive it, and white.
    window.loadURL(startingUrl).catch(() => undefined);
    window.on('close', () => {
      this.#preferences.rememberWindow(window.getNormalBounds(), window.isMaximized());
    });
    window.on('closed', () => {
      onPageGone();
      this.#window = null;
    });
  }

  #show(): void {
    const window = this.#window;
    if (window === null) return;
    const name = this.#problem === null ? path.basename(this.#workspace) : null;
    window.setTitle(name === null ? 'Lightbench' : `${name} – Lightbench`);
    // A newer navigation aborts the older one, which is no failure of anything.
    window.loadURL(this.#problem === null ? startUrl : problemUrl).catch(() => undefined);
  }

  #reloadCrashed(reason: string): void {
    const now = Date.now();
    this.#crashes = [...this.#crashes.filter((time) => now - time < 60_000), now];
    this.#log(`${new Date(now).toISOString()} The page of the window ended: ${reason}\n`);
    if (this.#crashes.length < crashLimit) this.#show();
    else
      this.#showProblem(
        new LightbenchError(
          'internal.unexpected',
          `The page of the window ended ${crashLimit} times within a minute (${reason}). The engine and its jobs still run.`,
        ),
      );
  }

  #act(action: ProblemAction): void {
    if (action === 'quit') this.#parts.electron.app.quit();
    else if (action === 'open-workspace') void this.#chooseWorkspace();
    else void this.#openEngine();
  }

  async #chooseWorkspace(): Promise<void> {
    const folder = await this.#dialog('folder', 'Open Workspace');
    if (folder !== null) await this.#openWorkspace(folder);
  }

  async #openWorkspace(folder: string): Promise<void> {
    this.#workspace = folder;
    await this.#openEngine();
  }

  async #choosePath(kind: 'folder' | 'file'): Promise<string | null> {
    if (!this.#isRemote()) return this.#dialog(kind, kind === 'folder' ? 'Choose a Folder' : 'Choose a File');
    const { dialog } = this.#parts.electron;
    const options = {
      type: 'info' as const,
      message: 'The engine runs on another machine',
      detail: `It cannot read this computer's folders. Type a path of ${this.#commandLine.engine?.host}, or drop files on the window to upload them.`,
    };
    await (this.#window === null ? dialog.showMessageBox(options) : dialog.showMessageBox(this.#window, options));
    return null;
  }

  async #dialog(kind: 'folder' | 'file', title: string): Promise<string | null> {
    const { dialog } = this.#parts.electron;
    const properties: ('openDirectory' | 'createDirectory' | 'openFile')[] =
      kind === 'folder' ? ['openDirectory', 'createDirectory'] : ['openFile'];
    const options = { title, properties };
    const { canceled, filePaths } = await (this.#window === null
      ? dialog.showOpenDialog(options)
      : dialog.showOpenDialog(this.#window, options));
    return canceled ? null : (filePaths[0] ?? null);
  }

  /** An engine on this machine reads this machine's files, even when somebody else started it. */
  #isRemote(): boolean {
    const host = this.#commandLine.engine?.hostname;
    return host !== undefined && !['127.0.0.1', 'localhost', '[::1]'].includes(host);
  }

  #setMenu(): void {
    const { Menu, shell } = this.#parts.electron;
    const recent = this.#preferences.value.recentWorkspaces;
    const template = applicationMenu(this.#parts.platform, this.#commandLine.engine === null ? recent : null, {
      openWorkspace: () => void this.#chooseWorkspace(),
      openRecent: (folder) => void this.#openWorkspace(folder),
      showWorkspaceFolder: () => void shell.openPath(this.#workspace),
      showLogs: () => void shell.openPath(path.dirname(this.#logFile)),
    });
    Menu.setApplicationMenu(Menu.buildFromTemplate([...template]));
  }

  #comeToFront(): void {
    if (this.#window?.isMinimized()) this.#window.restore();
    this.#window?.show();
    this.#window?.focus();
  }

  #log(text: string): void {
    try {
      mkdirSync(path.dirname(this.#logFile), { recursive: true });
      if ((statSync(this.#logFile, { throwIfNoEntry: false })?.size ?? 0) > logLimitBytes) truncateSync(this.#logFile);
      appendFileSync(this.#logFile, text);
    } catch {
      // A log that cannot be written must not stop what it would tell about.
    }
  }
}
