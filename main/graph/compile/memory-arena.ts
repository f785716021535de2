/** Sizes of ONNX Runtime's CPU arena (core/framework/bfc_arena). */
const GRANULE = 256;
const BINS = 21;
const FIRST_REGION = 2 ** 20;
const LARGEST_WASTE = 128 * 2 ** 20;
/** Residence is followed at this grain. */
const PAGE = 64 * 1024;

interface Chunk {
  readonly region: Region;
  readonly start: number;
  size: number;
  free: boolean;
  before: Chunk | undefined;
  after: Chunk | undefined;
}

interface Region {
  /** Which pages were ever written to. */
  readonly touched: Uint8Array;
}

export type Allocation = { readonly chunk: Chunk } | undefined;

/**
 * The best-fit allocator with coalescing that ONNX Runtime takes intermediate tensors from: regions double, are never
 * given back, and lie apart from each other. A chunk that is not twice as large as asked for is handed out whole.
 */
export class ArenaModel {
  readonly #free: Chunk[][] = Array.from({ length: BINS }, () => []);
  readonly #regions: Region[] = [];
  #nextRegion = FIRST_REGION;

  allocate(bytes: number): Allocation {
    if (bytes === 0) return undefined;
    const rounded = Math.ceil(bytes / GRANULE) * GRANULE;
    const chunk = this.#take(rounded) ?? this.#extend(rounded);
    if (chunk.size >= 2 * rounded || chunk.size - rounded >= LARGEST_WASTE) this.#split(chunk, rounded);
    chunk.free = false;
    chunk.region.touched.fill(1, Math.floor(chunk.start / PAGE), Math.ceil((chunk.start + bytes) / PAGE));
    return { chunk };
  }

  release(allocation: Allocation): void {
    if (!allocation) return;
    const { chunk } = allocation;
    chunk.free = true;
    let whole = chunk;
    if (chunk.after?.free) this.#absorb(chunk, chunk.after);
    if (chunk.before?.free) {
      whole = chunk.before;
      this.#remove(whole);
      this.#join(whole, chunk);
    }
    this.#insert(whole);
  }

  /** Bytes of pages that were ever written to. */
  get residentBytes(): number {
    let pages = 0;
    for (const { touched } of this.#regions) for (const page of touched) pages += page;
    return pages * PAGE;
  }

  #take(bytes: number): Chunk | undefined {
    for (let bin = binOf(bytes); bin < BINS; bin++) {
      const list = this.#free[bin] as Chunk[];
      const place = list.findIndex(({ size }) => size >= bytes);
      if (place >= 0) return list.splice(place, 1)[0];
    }
    return undefined;
  }

  #extend(bytes: number): Chunk {
    let increased = false;
    while (bytes > this.#nextRegion) {
      this.#nextRegion *= 2;
      increased = true;
    }
    const size = this.#nextRegion;
    if (!increased) this.#nextRegion *= 2;
    const region: Region = { touched: new Uint8Array(Math.ceil(size / PAGE)) };
    this.#regions.push(region);
    return { region, start: 0, size, free: false, before: undefined, after: undefined };
  }

  #split(chunk: Chunk, bytes: number): void {
    const { region, start, size, after } = chunk;
    const rest: Chunk = { region, start: start + bytes, size: size - bytes, free: true, before: chunk, after };
    if (after) after.before = rest;
    chunk.after = rest;
    chunk.size = bytes;
    this.#insert(rest);
  }

  #absorb(chunk: Chunk, next: Chunk): void {
    this.#remove(next);
    this.#join(chunk, next);
  }

  #join(chunk: Chunk, next: Chunk): void {
    chunk.size += next.size;
    chunk.after = next.after;
    if (next.after) next.after.before = chunk;
  }

  /** Kept in order of size, then of address, as the runtime looks through them. */
  #insert(chunk: Chunk): void {
    const list = this.#free[binOf(chunk.size)] as Chunk[];
    const place = list.findIndex(
      ({ size, start }) => size > chunk.size || (size === chunk.size && start > chunk.start),
    );
    list.splice(place < 0 ? list.length : place, 0, chunk);
  }

  #remove(chunk: Chunk): void {
    const list = this.#free[binOf(chunk.size)] as Chunk[];
    list.splice(list.indexOf(chunk), 1);
  }
}

const binOf = (bytes: number): number => Math.min(BINS - 1, Math.floor(Math.log2(Math.max(bytes, GRANULE) / GRANULE)));
