import { type DeviceTestResult, deviceTestInput } from '../contract/device-worker.ts';
import { compileOperatorCases, type Target } from '../graph/index.ts';
import { deviceIdentity, type Execute, type ProviderName, RuntimeSession, testOperators } from '../runtime/index.ts';
import { targetOf } from './training/experiment.ts';
import { runWorker } from './worker-channel.ts';

/** Tries every operator on one device, in a process of its own: a driver that crashes takes nothing else along. */
runWorker(deviceTestInput, async (input, channel): Promise<DeviceTestResult> => {
  const { provider, threads, known, deadly } = input;
  const target: Target = targetOf(input);
  const identity = deviceIdentity(provider, compileOperatorCases(target));
  if (identity === known) return { identity, tested: null };
  const startedAt = performance.now();
  const { operators, failures } = await testOperators({
    provider,
    target,
    execute: executeOn(provider, threads),
    reference: executeOn('cpu', 1),
    deadly,
    onCase: (name, done, total) => channel.send({ type: 'case', name, done, total }),
  });
  return {
    identity,
    tested: { operators: [...operators], failures: [...failures], durationMs: performance.now() - startedAt },
  };
});

const executeOn =
  (provider: ProviderName, threads: number): Execute =>
  async (onnx, feeds) => {
    const session = await RuntimeSession.create(onnx, { provider, threads });
    try {
      return await session.run(feeds);
    } finally {
      await session.dispose();
    }
  };
