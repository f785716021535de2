import { SAMPLES_PREFIX } from '../../contract/checkpoint.ts';
import type { SafetensorsEntry } from '../../formats/safetensors/safetensors.ts';
import type { ParameterValues } from '../../graph/index.ts';
import type { Computing } from './predict.ts';
import type { Task } from './tasks/task.ts';

/** How often a run is looked at; a short one at every step. */
const LOOKS = 8;

/** What a generative model draws along the way. It lies in every checkpoint, so that a resumed run has it all. */
export class SampleHistory {
  /** Steps between two looks; infinite where the task draws nothing. */
  readonly every: number;
  readonly #draw: Task['drawSome'];
  readonly #samples: Map<string, SafetensorsEntry>;

  /** @param known of the checkpoint that the run goes on from */
  constructor(task: Task, totalSteps: number, known: ReadonlyMap<string, SafetensorsEntry> = new Map()) {
    this.#draw = task.drawSome;
    this.every = task.drawSome === undefined ? Number.POSITIVE_INFINITY : Math.ceil(totalSteps / LOOKS);
    this.#samples = new Map(known);
  }

  isDue(step: number): boolean {
    return step % this.every === 0;
  }

  async look(step: number, computing: Computing, parameters: ParameterValues): Promise<void> {
    const drawn = await this.#draw?.(computing, parameters);
    if (drawn !== undefined) this.#samples.set(`${SAMPLES_PREFIX}${step}`, drawn);
  }

  entries(): IterableIterator<[string, SafetensorsEntry]> {
    return this.#samples.entries();
  }
}
