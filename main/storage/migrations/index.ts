import { migration as m0001 } from './0001-workspace.ts';
import { migration as m0002 } from './0002-datasets.ts';
import { migration as m0003 } from './0003-labels.ts';
import { migration as m0004 } from './0004-runs.ts';
import { migration as m0005 } from './0005-registry.ts';
import { migration as m0006 } from './0006-serving.ts';
import { migration as m0007 } from './0007-forgotten-predictions.ts';
import type { Migration } from './migration.ts';

/** In order; a migration that has been released is never edited, only followed by another. */
export const migrations: readonly Migration[] = [m0001, m0002, m0003, m0004, m0005, m0006, m0007];

export const newestSchema = migrations[migrations.length - 1].number;
