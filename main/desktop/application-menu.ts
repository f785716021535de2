import type { MenuItemConstructorOptions } from 'electron';

export interface MenuActions {
  readonly openWorkspace: () => void;
  readonly openRecent: (folder: string) => void;
  readonly showWorkspaceFolder: () => void;
  readonly showLogs: () => void;
}

/**
 * The menu by the habits of each system. Roles bring their own labels, accelerators and behaviour. `recentWorkspaces` is
 * null where the engine runs elsewhere: its workspace is not chosen here.
 */
export function applicationMenu(
  platform: string,
  recentWorkspaces: readonly string[] | null,
  actions: MenuActions,
): readonly MenuItemConstructorOptions[] {
  const isMac = platform === 'darwin';
  const separator = { type: 'separator' } as const;
  return [
    ...(isMac ? [{ role: 'appMenu' } as const] : []),
    {
      label: '&File',
      submenu: [
        ...(recentWorkspaces === null ? [] : workspaceItems(recentWorkspaces, actions)),
        isMac ? { role: 'close' } : { role: 'quit' },
      ],
    },
    { role: 'editMenu' },
    {
      label: '&View',
      submenu: [
        { role: 'reload' },
        { role: 'toggleDevTools' },
        separator,
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        separator,
        { role: 'togglefullscreen' },
      ],
    },
    { role: 'windowMenu' },
    { role: 'help', submenu: [{ label: 'Show Logs', click: actions.showLogs }] },
  ];
}

function workspaceItems(recent: readonly string[], actions: MenuActions): MenuItemConstructorOptions[] {
  return [
    { label: 'Open Workspace…', accelerator: 'CmdOrCtrl+O', click: actions.openWorkspace },
    {
      label: 'Open Recent',
      enabled: recent.length > 0,
      submenu: recent.map((folder) => ({ label: folder, click: () => actions.openRecent(folder) })),
    },
    { type: 'separator' },
    { label: 'Show Workspace Folder', click: actions.showWorkspaceFolder },
    { type: 'separator' },
  ];
}
