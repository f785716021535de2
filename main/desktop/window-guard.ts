import { appOrigin } from './app-protocol.ts';
import type { ElectronParts, Window } from './electron-parts.ts';
import { parseUrl } from './parse-url.ts';
import { type ProblemAction, problemActionOf } from './shell-pages.ts';

/**
 * Keeps the window where it belongs: no navigation away from the application, no further windows, no embedded pages,
 * no permissions. A link to the web goes to the system's browser once a person has agreed to that host.
 */
export function guardWindow(
  window: Window,
  electron: Pick<ElectronParts, 'dialog' | 'shell'>,
  onAction: (action: ProblemAction) => void,
): void {
  const agreedHosts = new Set<string>();
  const contents = window.webContents;

  const openOutside = async (address: string): Promise<void> => {
    const url = parseUrl(address);
    if (url?.protocol !== 'https:') return;
    if (!agreedHosts.has(url.host)) {
      const { response } = await electron.dialog.showMessageBox(window, {
        type: 'question',
        message: `Open ${url.host} in your browser?`,
        detail: url.href,
        buttons: ['Open', 'Cancel'],
        defaultId: 1,
        cancelId: 1,
      });
      if (response !== 0) return;
      agreedHosts.add(url.host);
    }
    await electron.shell.openExternal(url.href);
  };

  contents.on('will-navigate', (event, address) => {
    if (isApplication(address)) return;
    event.preventDefault();
    const action = problemActionOf(address);
    if (action === null) void openOutside(address);
    else onAction(action);
  });
  contents.on('will-redirect', (event, address) => {
    if (!isApplication(address)) event.preventDefault();
  });
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    void openOutside(url);
    return { action: 'deny' };
  });
}

/** Every permission is refused but writing to the clipboard, which the copy buttons need. */
export function denyPermissions(session: Electron.Session): void {
  const allowed = 'clipboard-sanitized-write';
  session.setPermissionRequestHandler((_contents, permission, decide) => decide(permission === allowed));
  session.setPermissionCheckHandler((_contents, permission) => permission === allowed);
  session.setDevicePermissionHandler(() => false);
}

export function isApplication(address: string): boolean {
  return address === appOrigin || address.startsWith(`${appOrigin}/`);
}
