import { z } from 'zod';
import { desktopChannels } from '../contract/desktop-channels.ts';
import { LightbenchError } from '../contract/errors.ts';
import { type CallReply, callMessage, streamRequest } from '../contract/wire.ts';
import type { ElectronParts } from './electron-parts.ts';
import type { EngineLink } from './engine-link.ts';
import { isApplication } from './window-guard.ts';

export interface IpcParts {
  readonly engine: () => EngineLink | null;
  /** Every call says who asks; the last answer is kept for what the page fetches by address. */
  readonly onSessionToken: (token: string | undefined) => void;
  readonly choosePath: (kind: 'folder' | 'file') => Promise<string | null>;
}

/** Mounts the contract on Electron's IPC. Only the application's own page is heard, and only within the contract. */
export function mountIpc(ipcMain: ElectronParts['ipcMain'], parts: IpcParts): { forgetStreams(): void } {
  const subscribed = new Set<string>();

  ipcMain.handle(desktopChannels.call, async (event, raw: unknown): Promise<CallReply> => {
    if (!isHeard(event)) return refusal(new LightbenchError('access.door_closed', 'Only the application may call.'));
    const message = callMessage.safeParse(raw);
    if (!message.success) return refusal(new LightbenchError('request.invalid', message.error.message));
    const engine = parts.engine();
    if (engine === null) return refusal(new LightbenchError('worker.crashed', 'The engine is not running.'));
    parts.onSessionToken(message.data.token);
    return engine.call(message.data);
  });

  ipcMain.on(desktopChannels.stream, (event, raw: unknown) => {
    const message = streamRequest.safeParse(raw);
    if (!isHeard(event) || !message.success) return;
    if (message.data.type === 'subscribe') subscribed.add(message.data.id);
    else subscribed.delete(message.data.id);
    parts.engine()?.stream(message.data);
  });

  const pathKind = z.enum(['folder', 'file']);
  ipcMain.handle(desktopChannels.choosePath, async (event, raw: unknown): Promise<string | null> => {
    const kind = pathKind.safeParse(raw);
    return isHeard(event) && kind.success ? parts.choosePath(kind.data) : null;
  });

  return {
    /** The page that subscribed is gone. */
    forgetStreams() {
      for (const id of subscribed) parts.engine()?.stream({ type: 'unsubscribe', id });
      subscribed.clear();
    },
  };
}

function isHeard(event: Electron.IpcMainEvent | Electron.IpcMainInvokeEvent): boolean {
  const frame = event.senderFrame;
  return frame !== null && frame.parent === null && isApplication(frame.url);
}

function refusal(error: LightbenchError): CallReply {
  return { ok: false, error: error.toRecord() };
}
