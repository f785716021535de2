import { isoTime } from '../../base/clock.ts';
import {
  type CpuFeatures,
  type DeviceProbeResult,
  deviceProbeResult,
  NO_CPU_FEATURES,
} from '../../contract/device-worker.ts';
import { type Device, type ExecutionProvider, executionProvider } from '../../contract/devices.ts';
import { LightbenchError } from '../../contract/errors.ts';
import type { RunConfig } from '../../contract/run-config.ts';
import type { EngineContext, HandlersOf } from '../core/context.ts';
import { startWorker } from '../processes/worker-process.ts';
import { OperatorTests } from './operator-tests.ts';
import { physicalCores } from './processor.ts';

/** A driver that neither answers nor fails is given up on. */
const PROBE_TIMEOUT_MS = 60_000;

const TITLES: Readonly<Record<ExecutionProvider, string>> = {
  cpu: 'CPU',
  webgpu: 'WebGPU',
  cuda: 'NVIDIA CUDA',
  dml: 'DirectML',
  coreml: 'Apple Core ML',
};

/** Where a run will compute. */
export interface ChosenDevice extends Readonly<CpuFeatures> {
  readonly provider: ExecutionProvider;
  readonly threads: number;
}

interface Probe {
  readonly device: Device;
  readonly features: CpuFeatures;
}

/** The devices of this machine. Each is tried in a process of its own, once, and again on request. */
export class Devices {
  readonly #context: EngineContext;
  readonly #probes = new Map<ExecutionProvider, Promise<Probe>>();
  readonly #operatorTests: OperatorTests;
  #cpuFeatures = NO_CPU_FEATURES;

  readonly handlers: HandlersOf<'devices'> = {
    'devices.list': async ({ refresh }) => {
      if (refresh) this.#probes.clear();
      const probes = await Promise.all(executionProvider.options.map((provider) => this.#probe(provider)));
      if (refresh) this.#context.changed('devices');
      return probes.map(({ device }) => ({ ...device, operatorTest: this.#operatorTests.stored(device.id) }));
    },
    'devices.test': async ({ device: provider, refresh }) => {
      const { device, features } = await this.#probe(provider);
      if (!device.offered) throw notOffered(device);
      return this.#operatorTests.of({ provider, ...features }, refresh);
    },
  };

  constructor(context: EngineContext) {
    this.#context = context;
    this.#operatorTests = new OperatorTests(context);
  }

  /** Those of this processor as far as it was asked for; none until then. */
  get knownFeatures(): CpuFeatures {
    return this.#cpuFeatures;
  }

  threadsOf(config: Pick<RunConfig, 'threads'>): number {
    return config.threads === 0 ? physicalCores() : config.threads;
  }

  /**
   * @param operators what the model is computed by: a device where one of them fails its test is not taken, and tested
   *   first if it never was. The CPU is what devices are held against.
   * @throws LightbenchError device.unavailable with the reason when the device that the config names is not offered, or
   *   cannot compute the model
   */
  async choose(
    config: Pick<RunConfig, 'device' | 'threads'>,
    operators: ReadonlySet<string> = new Set(),
  ): Promise<ChosenDevice> {
    const threads = this.threadsOf(config);
    const cpu = await this.#probe('cpu');
    const onCpu: ChosenDevice = { provider: 'cpu', threads, ...cpu.features };
    if (config.device === 'cpu') return onCpu;
    const wanted = config.device === 'auto' ? executionProvider.options.filter((id) => id !== 'cpu') : [config.device];
    for (const provider of wanted) {
      const { device } = await this.#probe(provider);
      const obstacle = device.offered ? await this.#obstacle(device, operators) : notOffered(device);
      if (obstacle === null) return { provider, threads, ...NO_CPU_FEATURES };
      if (config.device !== 'auto') throw obstacle;
    }
    return onCpu;
  }

  async #obstacle({ id, title }: Device, operators: ReadonlySet<string>): Promise<LightbenchError | null> {
    if (operators.size === 0) return null;
    const { failures } = await this.#operatorTests.of({ provider: id, ...NO_CPU_FEATURES });
    const needed = failures.filter(({ operator }) => operators.has(operator));
    if (needed.length === 0) return null;
    const described = needed.map(
      ({ operator, kind }) => `${operator} ${kind === 'wrong' ? 'computes wrongly' : 'is missing'}`,
    );
    return new LightbenchError(
      'device.unavailable',
      `${title} cannot train this model: ${described.join(', ')}. ${needed[0]?.reason ?? ''}`,
      { suggestion: 'Set device to cpu, or leave out the layer that needs it.' },
    );
  }

  #probe(provider: ExecutionProvider): Promise<Probe> {
    const known = this.#probes.get(provider);
    if (known !== undefined) return known;
    const probe = this.#run(provider);
    this.#probes.set(provider, probe);
    return probe;
  }

  async #run(provider: ExecutionProvider): Promise<Probe> {
    const threads = physicalCores();
    const result = await this.#ask(provider, threads);
    const selfTest = result.selfTest && {
      passed: result.selfTest.passed,
      maxRelativeError: result.selfTest.maxRelativeError,
      durationMs: result.selfTest.durationMs,
      testedAt: isoTime(this.#context.clock),
    };
    const device: Device = {
      id: provider,
      title: provider === 'cpu' ? `CPU (${threads} thread${threads === 1 ? '' : 's'})` : TITLES[provider],
      present: result.present,
      offered: result.present && result.selfTest?.passed === true,
      reason: result.reason,
      selfTest,
      operatorTest: null,
      details: result.details,
    };
    const features = { blockSize: result.blockSize, native: result.native };
    if (provider === 'cpu') this.#cpuFeatures = features;
    return { device, features };
  }

  async #ask(provider: ExecutionProvider, threads: number): Promise<DeviceProbeResult> {
    const abort = AbortSignal.timeout(PROBE_TIMEOUT_MS);
    const worker = startWorker({
      entry: this.#context.workerEntry,
      name: 'device-probe',
      input: { provider, threads },
      messages: deviceProbeResult,
      onMessage: () => {},
      signal: abort,
    });
    try {
      return deviceProbeResult.parse(await worker.result);
    } catch (error) {
      const reason = abort.aborted
        ? `It did not answer within ${PROBE_TIMEOUT_MS / 1000} seconds.`
        : `Trying it ended its process: ${LightbenchError.from(error).message}`;
      return { present: false, reason, selfTest: null, ...NO_CPU_FEATURES, details: {} };
    }
  }
}

function notOffered({ title, reason }: Device): LightbenchError {
  return new LightbenchError('device.unavailable', `${title} is not offered. ${reason}`);
}
