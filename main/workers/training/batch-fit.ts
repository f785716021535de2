import { ITEMS_PER_CLASS, type RunConfig } from '../../contract/run-config.ts';
import type { BatchFit } from '../../contract/trial-results.ts';
import type { Feeds } from './feeds.ts';

/** Of what the loss was above its floor, what may be left when a batch counts as learned. */
const LEARNED = 0.05;
/** A loss that has kept this much of its start has not moved. */
const UNMOVED = 0.9;
/** The last part of the curve, and how much lower it must be than the part before to be still falling. */
const TAIL = 0.2;
const FALLING = 0.9;
const PRECISION = 6;

/** What label smoothing leaves of a cross-entropy, and the choice among positives of InfoNCE, when every answer is perfect. */
export function lossFloor({ loss, data }: Pick<RunConfig, 'loss' | 'data'>, classCount: number): number {
  if (loss.kind === 'info_nce') return Math.log((data.itemsPerClass ?? ITEMS_PER_CLASS) - 1);
  if (loss.kind !== 'cross_entropy' || loss.labelSmoothing === 0 || classCount < 2) return 0;
  const other = loss.labelSmoothing / classCount;
  const right = 1 - loss.labelSmoothing + other;
  return -(right * Math.log(right) + (classCount - 1) * other * Math.log(other));
}

/** Whether one batch was learned by heart, and if not, what that usually means. */
export function judgeBatchFit(config: RunConfig, feeds: Feeds, losses: readonly number[], floor: number): BatchFit {
  const samples = feeds.x?.dims[0] ?? 0;
  const base = { kind: 'one_batch', samples, floor, losses: losses.filter(Number.isFinite).map(short) } as const;
  const last = losses.at(-1) ?? Number.NaN;
  if (!Number.isFinite(last))
    return {
      ...base,
      verdict: 'diverged',
      reasons: [
        `The learning rate of ${config.optimizer.learningRate} is too high: the loss stopped being a number at step ${losses.length}.`,
        'If a lower rate does not help, the inputs may hold values far from the rest: look at the quality report.',
      ],
    };
  const start = losses[0] - floor;
  if (last - floor <= LEARNED * start) return { ...base, verdict: 'fits', reasons: [] };
  const tail = Math.max(1, Math.floor(losses.length * TAIL));
  const late = mean(losses.slice(-tail)) - floor;
  const earlier = mean(losses.slice(-2 * tail, -tail)) - floor;
  const reasons = [...contradictions(feeds), ...noise(config)];
  if (late > UNMOVED * start)
    return {
      ...base,
      verdict: 'still',
      reasons: [
        ...reasons,
        `The loss hardly moves: the learning rate of ${config.optimizer.learningRate} is far too low, or no gradient reaches the weights (dead rectifiers, saturated units).`,
        'The targets may not belong to the inputs: look at a few labels.',
      ],
    };
  if (late < FALLING * earlier)
    return {
      ...base,
      verdict: 'falling',
      reasons: ['The loss is still falling: it only needs more steps, or a higher learning rate.', ...reasons],
    };
  return {
    ...base,
    verdict: 'stuck',
    reasons: [
      ...reasons,
      'The loss came to rest above zero. The model may be too small to tell the samples apart, or the learning rate too high to settle.',
      'Or the preprocessing removes what tells the samples apart.',
    ],
  };
}

/** Samples that are the same to the model, with different targets. */
function contradictions({ x, y }: Feeds): string[] {
  if (x === undefined || y === undefined || x.dims[0] !== y.dims[0]) return [];
  const row = ({ data, dims }: Feeds[string], place: number): string => {
    const length = data.length / dims[0];
    return data.subarray(place * length, (place + 1) * length).join();
  };
  const targets = new Map<string, string>();
  let count = 0;
  for (let place = 0; place < x.dims[0]; place++) {
    const [input, target] = [row(x, place), row(y, place)];
    const before = targets.get(input);
    if (before === undefined) targets.set(input, target);
    else if (before !== target) count++;
  }
  return count === 0
    ? []
    : [`${count} of the batch's samples are the same as another one but have another target: nothing can learn both.`];
}

function noise({ model, task, loss }: RunConfig): string[] {
  const dropout = 'dropout' in model && typeof model.dropout === 'number' ? model.dropout : 0;
  return [
    ...(task === 'image-generation' ? ['A generative loss holds noise of its own and does not fall to zero.'] : []),
    ...(loss.kind === 'triplet' && loss.mining !== 'all'
      ? ['Mined triplets are always hard ones: their loss falls less than the number of them. Try mining: all.']
      : []),
    ...(dropout > 0 ? [`Dropout of ${dropout} leaves out other units at every step: try without it.`] : []),
  ];
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const short = (value: number): number => Number(value.toPrecision(PRECISION));
