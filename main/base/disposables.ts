/** Things with an end. Registered at birth, ended in reverse order, every one even if another fails. */
export type Dispose = () => void | Promise<void>;

export class Disposables {
  readonly #entries: Dispose[] = [];
  #ended = false;

  /** Registers `dispose`; runs it at once when the owner has already ended, so that nothing born late is leaked. */
  add(dispose: Dispose): void {
    if (this.#ended) void dispose();
    else this.#entries.push(dispose);
  }

  async end(): Promise<void> {
    this.#ended = true;
    const failures: unknown[] = [];
    for (const dispose of this.#entries.splice(0).reverse()) {
      try {
        await dispose();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'Some resources did not close cleanly');
  }
}
