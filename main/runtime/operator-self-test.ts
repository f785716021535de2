import type { CompiledCase, Target } from '../graph/index.ts';
import { compileOperatorCases, STANDARD } from '../graph/index.ts';
import type { RuntimeFeeds, RuntimeTensor } from './backend.ts';
import { elementTensor } from './element-tensor.ts';
import type { ProviderName } from './provider.ts';
import { type Execute, TOLERANCES } from './self-test.ts';

/** What is wrong with an operator on a device. */
export interface OperatorFailure {
  readonly operator: string;
  /** `wrong`: it computes something else than the CPU. `missing`: the device's library refuses it. */
  readonly kind: 'wrong' | 'missing';
  /** In which application of it, and by how much or with which message. */
  readonly reason: string;
}

export interface OperatorTestResult {
  /** Rows of the operator table that were reached. */
  readonly operators: readonly string[];
  readonly failures: readonly OperatorFailure[];
  readonly cases: number;
}

export interface OperatorTestOptions {
  readonly provider: ProviderName;
  /** The lowering that runs on the device. */
  readonly target: Target;
  /** Runs a graph on the device. */
  readonly execute: Execute;
  /** Runs a graph on the CPU. */
  readonly reference: Execute;
  /** Cases to leave out, because the process did not survive them; their operators count as missing. */
  readonly deadly?: readonly string[];
  /** Called before a case runs. */
  readonly onCase?: (name: string, done: number, total: number) => void;
}

/**
 * Applies every operator to small tensors, forward and backward, on the device with its lowering and on the CPU with the
 * standard one, and compares.
 */
export async function testOperators(options: OperatorTestOptions): Promise<OperatorTestResult> {
  const { provider, target, execute, reference, deadly = [], onCase } = options;
  const tolerance = TOLERANCES[provider];
  const cases = compileOperatorCases(target);
  const standard = new Map(compileOperatorCases(STANDARD).map((each) => [each.name, each.onnx]));
  const subjects = new Set(cases.map(({ operator }) => operator));
  const operators = new Set<string>();
  const failures = new Map<string, OperatorFailure>();
  const blame = (names: Iterable<string>, kind: OperatorFailure['kind'], reason: string) => {
    for (const operator of names) if (!failures.has(operator)) failures.set(operator, { operator, kind, reason });
  };
  for (const [place, each] of cases.entries()) {
    for (const output of each.outputs) for (const name of output.operators) operators.add(name);
    if (deadly.includes(each.name)) {
      blame(
        culprits(
          each,
          each.outputs.map(({ name }) => name),
          subjects,
        ),
        'missing',
        `${each.name} ended the process.`,
      );
      continue;
    }
    onCase?.(each.name, place, cases.length);
    const feeds = feedsOf(each);
    const expected = await reference(standard.get(each.name) ?? each.onnx, feeds);
    const found = await attempt(execute, each.onnx, feeds);
    if (typeof found === 'string') {
      const forward = each.forwardOnnx === null ? found : await attempt(execute, each.forwardOnnx, feeds);
      const lacking = each.outputs.filter(({ name }) => typeof forward === 'string' || name.startsWith('gradient'));
      blame(
        culprits(
          each,
          lacking.map(({ name }) => name),
          subjects,
        ),
        'missing',
        `${each.name}: ${typeof forward === 'string' ? forward : found}`,
      );
      continue;
    }
    const errors = each.outputs.map(({ name }) => ({ name, error: relativeError(found[name], expected[name]) }));
    const off = errors.filter(({ error }) => !(error <= tolerance));
    if (off.length > 0)
      blame(
        culprits(
          each,
          off.map(({ name }) => name),
          subjects,
        ),
        'wrong',
        `${each.name}: ${off.map(({ name, error }) => `${name} is off by ${figure(error)}`).join(', ')}.`,
      );
  }
  return { operators: [...operators], failures: [...failures.values()], cases: cases.length };
}

/**
 * Which operators to hold to account for outputs that failed: the one that the case is about when its own output did,
 * otherwise those of the backward pass that have no case of their own.
 */
function culprits({ operator, outputs }: CompiledCase, failed: readonly string[], subjects: ReadonlySet<string>) {
  if (failed.some((name) => name.startsWith('y'))) return [operator];
  const backward = outputs
    .filter(({ name }) => failed.includes(name))
    .flatMap((output) => [...output.operators].filter((name) => !subjects.has(name)));
  return backward.length > 0 ? new Set(backward) : [operator];
}

function feedsOf({ feeds }: CompiledCase): RuntimeFeeds {
  return Object.fromEntries(feeds.map(({ name, dtype, data, shape }) => [name, elementTensor(dtype, data, shape)]));
}

/** The outputs, or why there are none. */
async function attempt(execute: Execute, onnx: Uint8Array, feeds: RuntimeFeeds) {
  try {
    return await execute(onnx, feeds);
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').trim().slice(0, 300);
  }
}

/** Relative L2 distance; 0 or infinite for what is no float32. */
function relativeError(found: RuntimeTensor | undefined, expected: RuntimeTensor | undefined): number {
  if (found === undefined || expected === undefined) return Number.POSITIVE_INFINITY;
  if (found.type !== expected.type || String(found.dims) !== String(expected.dims)) return Number.POSITIVE_INFINITY;
  const [actual, wanted] = [found.data, expected.data];
  if (!(actual instanceof Float32Array && wanted instanceof Float32Array))
    return String(actual) === String(wanted) ? 0 : Number.POSITIVE_INFINITY;
  let [difference, norm] = [0, 0];
  wanted.forEach((value, index) => {
    difference += (value - actual[index]) ** 2;
    norm += value ** 2;
  });
  return difference === 0 ? 0 : Math.sqrt(difference / (norm + 1e-30));
}

const figure = (error: number): string => (Number.isFinite(error) ? error.toExponential(1) : 'no number');
