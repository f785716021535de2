/** The only door to the engine. Screens and controls import from here, never from the files beside it. */

export { LightbenchError } from '../../main/contract/errors.ts';
export { assetUrl } from './assets.ts';
export { call } from './call.ts';
export { desktop, useConnection } from './connection.ts';
export { listenToWorkspace, sortedJobs, useJob, useJobs, workspaceEvents } from './events.ts';
export type { CommandOptions, ProcedureOptions } from './queries.ts';
export { queryClient, rememberAnswer, unhandledErrors, useCommand, useProcedure } from './queries.ts';
export { setSessionToken, useSession, wantSignIn } from './session.ts';
export { subscribe } from './subscribe.ts';
export type { DroppedFile, UploadProgress } from './upload.ts';
export { droppedFiles, upload } from './upload.ts';
