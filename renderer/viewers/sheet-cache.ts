/** A picture that can be given back; an ImageBitmap in the window. */
export interface Sheet {
  readonly width: number;
  readonly height: number;
  close(): void;
}

export type SheetLoader<S extends Sheet> = (page: number, signal: AbortSignal) => Promise<S>;

export interface SheetCacheOptions<S extends Sheet> {
  readonly load: SheetLoader<S>;
  /** Called when a page arrived or failed. */
  readonly onChange: () => void;
  readonly maximumPixels?: number;
  readonly concurrency?: number;
}

const defaultMaximumPixels = 48 * 2 ** 20;
const defaultConcurrency = 3;

/**
 * Sheets by page, the least recently shown thrown away first. Only pages that are wanted now are loaded: a page that has
 * left the view before its turn came is never asked for, and a request under way is ended.
 */
export class SheetCache<S extends Sheet> {
  readonly #options: Required<SheetCacheOptions<S>>;
  /** In the order of last use. */
  readonly #sheets = new Map<number, S>();
  readonly #loading = new Map<number, AbortController>();
  readonly #failed = new Set<number>();
  #wanted: readonly number[] = [];
  #pixels = 0;
  #ended = false;

  constructor(options: SheetCacheOptions<S>) {
    this.#options = { maximumPixels: defaultMaximumPixels, concurrency: defaultConcurrency, ...options };
  }

  get(page: number): S | undefined {
    const sheet = this.#sheets.get(page);
    if (sheet !== undefined) {
      this.#sheets.delete(page);
      this.#sheets.set(page, sheet);
    }
    return sheet;
  }

  /** Whether some page could not be loaded since the last retry. */
  get anyFailed(): boolean {
    return this.#failed.size > 0;
  }

  /** Says which pages are needed, the most urgent first. */
  want(pages: readonly number[]): void {
    this.#wanted = pages;
    for (const [page, controller] of this.#loading)
      if (!pages.includes(page)) {
        controller.abort();
        this.#loading.delete(page);
      }
    this.#loadNext();
  }

  /** Forgets failures, so that the pages are asked for again. */
  retry(): void {
    this.#failed.clear();
    this.#options.onChange();
    this.#loadNext();
  }

  end(): void {
    this.#ended = true;
    for (const controller of this.#loading.values()) controller.abort();
    this.#loading.clear();
    for (const sheet of this.#sheets.values()) sheet.close();
    this.#sheets.clear();
  }

  #loadNext(): void {
    for (const page of this.#wanted) {
      if (this.#ended || this.#loading.size >= this.#options.concurrency) return;
      if (!this.#sheets.has(page) && !this.#loading.has(page) && !this.#failed.has(page)) void this.#load(page);
    }
  }

  async #load(page: number): Promise<void> {
    const controller = new AbortController();
    this.#loading.set(page, controller);
    try {
      const sheet = await this.#options.load(page, controller.signal);
      if (controller.signal.aborted) return sheet.close();
      this.#keep(page, sheet);
    } catch {
      if (controller.signal.aborted) return;
      this.#failed.add(page);
    }
    this.#loading.delete(page);
    this.#options.onChange();
    this.#loadNext();
  }

  #keep(page: number, sheet: S): void {
    this.#sheets.set(page, sheet);
    this.#pixels += sheet.width * sheet.height;
    for (const [oldest, old] of this.#sheets) {
      if (this.#pixels <= this.#options.maximumPixels) return;
      if (this.#wanted.includes(oldest)) continue;
      this.#sheets.delete(oldest);
      this.#pixels -= old.width * old.height;
      old.close();
    }
  }
}
