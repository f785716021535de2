import { contextBridge, type IpcRendererEvent, ipcRenderer, webUtils } from 'electron';
import { desktopChannels, remoteEngineArgument } from '../main/contract/desktop-channels.ts';
import type { DesktopBridge, StreamReply } from '../main/contract/wire.ts';

/** Electron before 32 put the path on the file itself, and had no `webUtils`. */
interface FileWithPath extends File {
  readonly path?: string;
}

const remote = process.argv.includes(remoteEngineArgument);

const bridge: DesktopBridge = {
  call: (message) => ipcRenderer.invoke(desktopChannels.call, message),
  stream: (message) => ipcRenderer.send(desktopChannels.stream, message),
  onStream: (listener) => {
    const receive = (_event: IpcRendererEvent, message: StreamReply): void => listener(message);
    ipcRenderer.on(desktopChannels.streamReply, receive);
    return () => void ipcRenderer.off(desktopChannels.streamReply, receive);
  },
  pathForFile: (file) => {
    if (remote) return '';
    return webUtils === undefined ? ((file as FileWithPath).path ?? '') : webUtils.getPathForFile(file);
  },
  choosePath: (kind) => ipcRenderer.invoke(desktopChannels.choosePath, kind),
  platform: process.platform,
};

contextBridge.exposeInMainWorld('lightbench', bridge);
