import { isoTime } from '../../base/clock.ts';
import { type CpuFeatures, deviceTestMessage, deviceTestResult } from '../../contract/device-worker.ts';
import type { ExecutionProvider, OperatorTest } from '../../contract/devices.ts';
import { LightbenchError } from '../../contract/errors.ts';
import type { EngineContext } from '../core/context.ts';
import { startWorker } from '../processes/worker-process.ts';

/** A driver that compiles programs for every operator may take its time; one that hangs is given up on. */
const TIMEOUT_MS = 600_000;
/** A device whose driver ends that many processes is not worth a further try. */
const MOST_CRASHES = 5;

/** How the processes that test compute. */
export interface TestedDevice extends Readonly<CpuFeatures> {
  readonly provider: ExecutionProvider;
}

/** Tries every operator of the compiler on a device at its first use, and keeps what came out in the workspace. */
export class OperatorTests {
  readonly #context: EngineContext;
  readonly #running = new Map<ExecutionProvider, Promise<OperatorTest>>();
  /** Known to be those of this machine, as it is now. */
  readonly #current = new Map<ExecutionProvider, OperatorTest>();

  constructor(context: EngineContext) {
    this.#context = context;
  }

  /** What is stored, without a look at whether it still holds. */
  stored(provider: ExecutionProvider): OperatorTest | null {
    return this.#current.get(provider) ?? this.#context.workspace.deviceTests.get(provider)?.test ?? null;
  }

  /** @throws LightbenchError device.unavailable when the device ends process after process */
  of(device: TestedDevice, refresh = false): Promise<OperatorTest> {
    const { provider } = device;
    const running = this.#running.get(provider);
    if (running !== undefined) return running;
    const current = this.#current.get(provider);
    if (current !== undefined && !refresh) return Promise.resolve(current);
    const test = this.#test(device, refresh).finally(() => this.#running.delete(provider));
    this.#running.set(provider, test);
    return test;
  }

  async #test(device: TestedDevice, refresh: boolean): Promise<OperatorTest> {
    const { clock, workspace } = this.#context;
    const stored = refresh ? undefined : workspace.deviceTests.get(device.provider);
    const deadly: string[] = [];
    for (;;) {
      let last: string | null = null;
      const worker = startWorker({
        entry: this.#context.workerEntry,
        name: 'device-test',
        input: { ...device, threads: 1, known: stored?.identity ?? null, deadly },
        messages: deviceTestMessage,
        onMessage: ({ name }) => {
          last = name;
        },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      try {
        const { identity, tested } = deviceTestResult.parse(await worker.result);
        if (tested === null && stored !== undefined) return this.#keep(device.provider, stored.test);
        if (tested === null)
          throw new LightbenchError('internal.unexpected', 'A device test came back without results.');
        const { operators, failures, durationMs } = tested;
        const test: OperatorTest = {
          tested: operators.length,
          passed: operators.length - failures.length,
          failures,
          durationMs,
          testedAt: isoTime(clock),
        };
        workspace.deviceTests.put(device.provider, { identity, test });
        this.#context.changed('devices');
        return this.#keep(device.provider, test);
      } catch (error) {
        const failure = LightbenchError.from(error);
        if (failure.code !== 'worker.crashed' || last === null) throw failure;
        deadly.push(last);
        if (deadly.length >= MOST_CRASHES)
          throw new LightbenchError(
            'device.unavailable',
            `${deadly.length} operators ended their process on this device: ${deadly.join(', ')}.`,
          );
      }
    }
  }

  #keep(provider: ExecutionProvider, test: OperatorTest): OperatorTest {
    this.#current.set(provider, test);
    return test;
  }
}
