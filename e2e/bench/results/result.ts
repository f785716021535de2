import type { ResultOptions, Studio } from './studio.ts';

/** Figures of one result as they are printed. */
export type Figures = Readonly<Record<string, unknown>>;

/** One line of the record of what the templates reach on real data, made by the engine from import to evaluation. */
export interface Result {
  /** What `--only` calls it. */
  readonly name: string;
  readonly title: string;
  /** In words, with its threshold. */
  readonly asked: string;
  /** @throws Error naming what is missing on this machine, and how to get it */
  run(studio: Studio, options: ResultOptions): Promise<Figures>;
}
