import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter } from 'node:events';
import type { MenuItemConstructorOptions } from 'electron';
import type { ElectronParts } from './electron-parts.ts';

/**
 * As much of Electron as the shell uses, for tests on plain Node. It draws nothing; what crosses a process boundary in
 * Electron goes through structured cloning here too, and a utility process is a real process with a `parentPort`.
 */
export class ElectronStandIn {
  readonly app: AppStandIn;
  readonly windows: WindowStandIn[] = [];
  readonly ipc = new IpcStandIn();
  readonly opened: string[] = [];
  /** What the person answers, and what they were asked. */
  readonly answers: { folders: string[]; buttons: number[] } = { folders: [], buttons: [] };
  readonly questions: string[] = [];
  menu: readonly MenuItemConstructorOptions[] = [];
  schemes: unknown[] = [];
  #handler: ((request: Request) => Promise<Response>) | null = null;

  constructor(userData: string) {
    this.app = new AppStandIn(userData);
  }

  /** The engine's program is started by `utilityProgram`, which gives it a `process.parentPort`. */
  parts(utilityProgram = ''): ElectronParts {
    const { windows } = this;
    const answers = this.answers;
    class BrowserWindow extends WindowStandIn {
      constructor(options: Electron.BrowserWindowConstructorOptions) {
        super(options);
        windows.push(this);
      }
    }
    const parts = {
      app: this.app,
      BrowserWindow,
      dialog: {
        showMessageBox: async (...args: unknown[]) => {
          const options = args.at(-1) as { message: string; detail: string };
          this.questions.push(`${options.message} ${options.detail}`);
          return { response: answers.buttons.shift() ?? 1 };
        },
        showOpenDialog: async () => {
          const folder = answers.folders.shift();
          return { canceled: folder === undefined, filePaths: folder === undefined ? [] : [folder] };
        },
      },
      ipcMain: this.ipc,
      Menu: {
        buildFromTemplate: (template: readonly MenuItemConstructorOptions[]) => template,
        setApplicationMenu: (menu: readonly MenuItemConstructorOptions[]) => {
          this.menu = menu;
        },
      },
      nativeTheme: { shouldUseDarkColors: true },
      protocol: {
        registerSchemesAsPrivileged: (schemes: unknown[]) => {
          this.schemes = schemes;
        },
        handle: (_scheme: string, handler: (request: Request) => Promise<Response>) => {
          this.#handler = handler;
        },
      },
      screen: { getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }] },
      session: {
        defaultSession: {
          setPermissionRequestHandler: () => undefined,
          setPermissionCheckHandler: () => undefined,
          setDevicePermissionHandler: () => undefined,
        },
      },
      shell: {
        openExternal: async (url: string) => void this.opened.push(url),
        openPath: async (path: string) => {
          this.opened.push(path);
          return '';
        },
      },
      utilityProcess: {
        fork: (program: string, args: string[]) =>
          new UtilityProcessStandIn(
            fork(utilityProgram, [program, ...args], {
              serialization: 'advanced',
              stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
              execArgv: [],
            }),
          ),
      },
    };
    return parts as unknown as ElectronParts;
  }

  /** What a page gets when it asks the protocol for an address. */
  request(address: string): Promise<Response> {
    if (this.#handler === null) throw new Error('No protocol is handled yet');
    return this.#handler(new Request(address));
  }
}

class AppStandIn extends EventEmitter {
  readonly #userData: string;
  exitCode: number | null = null;
  isFirstInstance = true;

  constructor(userData: string) {
    super();
    this.#userData = userData;
  }
  setName(): void {}
  getPath(): string {
    return this.#userData;
  }
  requestSingleInstanceLock(): boolean {
    return this.isFirstInstance;
  }
  async whenReady(): Promise<void> {}
  /** As in Electron: asks first, and ends when nobody objects. */
  quit(): void {
    let prevented = false;
    this.emit('before-quit', {
      preventDefault: () => {
        prevented = true;
      },
    });
    if (!prevented) this.exit(0);
  }
  exit(code: number): void {
    this.exitCode ??= code;
    this.emit('exited');
  }
}

class IpcStandIn extends EventEmitter {
  readonly #handlers = new Map<string, (event: unknown, message: unknown) => Promise<unknown>>();

  handle(channel: string, handler: (event: unknown, message: unknown) => Promise<unknown>): void {
    this.#handlers.set(channel, handler);
  }
  async invoke(channel: string, message: unknown, from = 'lightbench://app/'): Promise<unknown> {
    const reply = await this.#handlers.get(channel)?.(sender(from), structuredClone(message));
    return structuredClone(reply);
  }
  send(channel: string, message: unknown, from = 'lightbench://app/'): void {
    this.emit(channel, sender(from), structuredClone(message));
  }
}

class WindowStandIn extends EventEmitter {
  readonly options: Electron.BrowserWindowConstructorOptions;
  readonly webContents = new ContentsStandIn();
  title = '';
  shown = 0;

  constructor(options: Electron.BrowserWindowConstructorOptions) {
    super();
    this.options = options;
  }
  async loadURL(url: string): Promise<void> {
    this.webContents.url = url;
    this.webContents.emit('did-navigate', {}, url);
    this.emit('ready-to-show');
  }
  setTitle(title: string): void {
    this.title = title;
  }
  show(): void {
    this.shown += 1;
  }
  focus(): void {}
  isMinimized(): boolean {
    return false;
  }
  isMaximized(): boolean {
    return false;
  }
  getNormalBounds(): Electron.Rectangle {
    return { x: 10, y: 20, width: 1200, height: 800 };
  }
}

class ContentsStandIn extends EventEmitter {
  url = '';
  readonly sent: unknown[] = [];
  #openHandler: ((details: { url: string }) => { action: string }) | null = null;

  setWindowOpenHandler(handler: (details: { url: string }) => { action: string }): void {
    this.#openHandler = handler;
  }
  open(url: string): string | undefined {
    return this.#openHandler?.({ url }).action;
  }
  /** True when the page may go there. */
  navigate(url: string): boolean {
    let allowed = true;
    const event = {
      preventDefault: () => {
        allowed = false;
      },
    };
    this.emit('will-navigate', event, url);
    return allowed;
  }
  send(channel: string, message: unknown): void {
    this.sent.push(structuredClone({ channel, message }));
  }
}

class UtilityProcessStandIn extends EventEmitter {
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    super();
    this.#child = child;
    child.on('message', (message) => this.emit('message', message));
    child.on('close', (code) => this.emit('exit', code ?? 1));
  }
  get stderr(): ChildProcess['stderr'] {
    return this.#child.stderr;
  }
  postMessage(message: Parameters<ChildProcess['send']>[0]): void {
    this.#child.send(message);
  }
  kill(): boolean {
    return this.#child.kill('SIGKILL');
  }
}

function sender(url: string): unknown {
  return { senderFrame: { url, parent: null } };
}
