/**
 * What the shell uses of Electron, as an argument: the tests pass a stand-in whose messages go through structured
 * cloning, and nothing but the entry file imports the real one.
 */
export type ElectronParts = Pick<
  typeof import('electron'),
  | 'app'
  | 'BrowserWindow'
  | 'dialog'
  | 'ipcMain'
  | 'Menu'
  | 'nativeTheme'
  | 'protocol'
  | 'screen'
  | 'session'
  | 'shell'
  | 'utilityProcess'
>;
export type Window = InstanceType<ElectronParts['BrowserWindow']>;
