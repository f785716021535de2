import type { z } from 'zod';
import * as datasets from './datasets.ts';
import * as devices from './devices.ts';
import * as evaluation from './evaluation.ts';
import * as events from './events.ts';
import * as explaining from './explaining.ts';
import * as governance from './governance.ts';
import * as jobs from './jobs.ts';
import * as labeling from './labeling.ts';
import * as modelFiles from './model-files.ts';
import * as registry from './registry.ts';
import * as serving from './serving.ts';
import * as training from './training.ts';
import * as workspace from './workspace.ts';

/** Everything the engine can be asked, through whichever door. A door mounts these tables and knows none of their rows. */
export const procedures = {
  ...workspace.procedures,
  ...jobs.procedures,
  ...datasets.procedures,
  ...labeling.procedures,
  ...devices.procedures,
  ...training.procedures,
  ...modelFiles.procedures,
  ...evaluation.procedures,
  ...explaining.procedures,
  ...governance.procedures,
  ...registry.procedures,
  ...serving.procedures,
};
export const streams = { ...events.streams, ...training.streams, ...serving.streams };
export const assets = { ...datasets.assets, ...serving.assets };

export type Procedures = typeof procedures;
export type ProcedureName = keyof Procedures;
/** What a caller sends: defaults may be left out. */
export type ProcedureInput<N extends ProcedureName> = z.input<Procedures[N]['input']>;
/** What a handler gets: parsed, defaults filled in. */
export type ParsedInput<N extends ProcedureName> = z.output<Procedures[N]['input']>;
export type ProcedureOutput<N extends ProcedureName> = z.output<Procedures[N]['output']>;

export type Streams = typeof streams;
export type StreamName = keyof Streams;
export type StreamInput<N extends StreamName> = z.input<Streams[N]['input']>;
export type ParsedStreamInput<N extends StreamName> = z.output<Streams[N]['input']>;
export type StreamEvent<N extends StreamName> = z.output<Streams[N]['event']>;

export type Assets = typeof assets;
export type AssetName = keyof Assets;
export type AssetParams<N extends AssetName> = z.output<Assets[N]['params']>;
