import type { Migration } from './migration.ts';

export const migration: Migration = {
  number: 7,
  name: 'forgotten predictions',
  up: (database) =>
    void database.exec(`
      -- How many rows of predictions were removed for want of room, so that the totals of an endpoint stay true.
      CREATE TABLE forgotten_predictions (
        endpoint TEXT PRIMARY KEY,
        requests INTEGER NOT NULL,
        failures INTEGER NOT NULL
      ) STRICT;
    `),
};
