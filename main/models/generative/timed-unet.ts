import type { Tensor, Trace } from '../../graph/index.ts';
import {
  add,
  Conv2d,
  GraphError,
  gatherRows,
  LayerNorm,
  Linear,
  Module,
  PixelShuffle,
  PixelUnshuffle,
  reshape,
  silu,
} from '../../graph/index.ts';

/** Features of a time: sines and cosines of geometric frequencies (Vaswani et al. 2017). */
const TIME_FEATURES = 64;
const LONGEST_PERIOD = 10_000;

/** x + conv(silu(conv(silu(norm(x))) + time)), all of one size. */
class TimedBlock extends Module {
  readonly kind = 'TimedBlock';
  readonly norm: LayerNorm;
  readonly first: Conv2d;
  readonly time: Linear;
  readonly second: Conv2d;
  #told: Tensor | undefined;

  /** @param shape channels, height and width */
  constructor(shape: readonly number[], told: number) {
    super();
    const [channels = 0] = shape;
    this.norm = new LayerNorm(shape);
    this.first = new Conv2d(channels, channels, 3, { padding: 1 });
    this.time = new Linear(told, channels);
    this.second = new Conv2d(channels, channels, 3, { padding: 1 });
  }

  /** The features of the time [N, …] for the passes to come. */
  tell(told: Tensor): void {
    this.#told = told;
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const told = this.#told;
    if (!told) throw new GraphError('invalid-argument', 'A block that is told the time runs inside its net only.');
    const inner = this.first.forward(silu(this.norm.forward(x, trace)), trace);
    const moment = this.time.forward(told, trace);
    const shifted = add(inner, reshape(moment, [...moment.shape, 1, 1]));
    return add(x, this.second.forward(silu(shifted), trace));
  }
}

/**
 * A U-Net of two scales, told the time: [N, C, H, W] → [N, C, H, W]. It works on squares of 2 x 2 pixels, so that its
 * finer scale is half the image's and its coarser one a quarter.
 */
export class TimedUnet extends Module {
  readonly kind = 'TimedUnet';
  readonly time1: Linear;
  readonly time2: Linear;
  readonly stem: Conv2d;
  readonly down: readonly TimedBlock[];
  readonly halve: Conv2d;
  readonly middle: readonly TimedBlock[];
  readonly double: Conv2d;
  readonly up: readonly TimedBlock[];
  readonly head: Conv2d;
  readonly classes?: Linear;
  readonly #steps: number;

  /** @param image channels, height and width @param classes that it is told of; 0 for none */
  constructor(
    image: readonly [number, number, number],
    [fine, coarse]: readonly [number, number],
    steps: number,
    classes: number,
  ) {
    super();
    const [channels, height, width] = image;
    const told = 2 * coarse;
    const pair = (count: number, divisor: number): readonly TimedBlock[] => {
      const shape = [count, height / divisor, width / divisor];
      return [new TimedBlock(shape, told), new TimedBlock(shape, told)];
    };
    this.#steps = steps;
    this.time1 = new Linear(TIME_FEATURES, told);
    this.time2 = new Linear(told, told);
    this.stem = new Conv2d(4 * channels, fine, 3, { padding: 1 });
    this.down = pair(fine, 2);
    this.halve = new Conv2d(fine, coarse, 3, { stride: 2, padding: 1 });
    this.middle = pair(coarse, 4);
    this.double = new Conv2d(coarse, 4 * fine, 1);
    this.up = pair(fine, 2);
    this.head = new Conv2d(fine, 4 * channels, 3, { padding: 1 });
    if (classes > 0) this.classes = new Linear(classes, told, { bias: false });
  }

  /** @param time int64 [N] @param columns [N, classes], a one in the column of the class */
  predict(x: Tensor, time: Tensor, columns: Tensor | null, trace: Trace): Tensor {
    const told = this.#embed(time, columns, trace);
    for (const block of [...this.down, ...this.middle, ...this.up]) block.tell(told);
    const through = (name: 'down' | 'middle' | 'up', input: Tensor): Tensor =>
      this[name].reduce((value, block, index) => trace.run(`${name}.${index}`, block, value), input);
    const fine = through('down', trace.run('stem', this.stem, new PixelUnshuffle(2).forward(x)));
    const coarse = through('middle', trace.run('halve', this.halve, fine));
    const joined = add(new PixelShuffle(2).forward(trace.run('double', this.double, coarse)), fine);
    return new PixelShuffle(2).forward(trace.run('head', this.head, silu(through('up', joined))));
  }

  forward(x: Tensor, trace: Trace): Tensor {
    return this.predict(x, trace.input('time'), null, trace);
  }

  #embed(time: Tensor, columns: Tensor | null, trace: Trace): Tensor {
    const table = new Float32Array(this.#steps * TIME_FEATURES);
    const half = TIME_FEATURES / 2;
    for (let step = 0; step < this.#steps; step++) {
      for (let index = 0; index < half; index++) {
        const angle = (step * 1000) / this.#steps / LONGEST_PERIOD ** (index / half);
        table[step * TIME_FEATURES + index] = Math.sin(angle);
        table[step * TIME_FEATURES + half + index] = Math.cos(angle);
      }
    }
    const rows = gatherRows(trace.graph.constant('float32', [this.#steps, TIME_FEATURES], table), time);
    const moment = this.time2.forward(silu(this.time1.forward(rows, trace)), trace);
    if (this.classes === undefined || columns === null) return silu(moment);
    return silu(add(moment, this.classes.forward(columns, trace)));
  }
}
