import { create } from 'zustand';
import type { DesktopBridge } from '../../main/contract/wire.ts';
import { DesktopTransport } from './desktop-transport.ts';
import { HttpTransport } from './http-transport.ts';
import type { ConnectionState, Transport } from './transport.ts';

declare global {
  interface Window {
    readonly lightbench?: DesktopBridge;
  }
}

export const desktop: DesktopBridge | undefined = window.lightbench;

export const transport: Transport = desktop === undefined ? new HttpTransport() : new DesktopTransport(desktop);

/** Whether the engine can be reached, for the banner of the shell. */
export const useConnection = create<{ readonly state: ConnectionState }>(() => ({ state: 'connecting' }));

transport.onConnection((state) => useConnection.setState({ state }));
