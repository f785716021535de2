/** Names of the IPC channels between the shell and its preload script. The messages are those of wire.ts. */
export const desktopChannels = {
  call: 'lightbench:call',
  stream: 'lightbench:stream',
  streamReply: 'lightbench:stream-reply',
  choosePath: 'lightbench:choose-path',
} as const;

/** Argument of the page's process when the engine cannot read this machine's files: they are uploaded then. */
export const remoteEngineArgument = '--lightbench-remote-engine';
