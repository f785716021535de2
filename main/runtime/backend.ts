import type { Tensor } from 'onnxruntime-node';
import type { ProviderName } from './provider.ts';

/** A tensor in memory. `data` belongs to it: what a session wrote into may be written into again. */
export type RuntimeTensor = Tensor;
export type RuntimeFeeds = Readonly<Record<string, RuntimeTensor>>;

export interface SessionSettings {
  readonly provider: ProviderName;
  /** Threads of one operator; operators themselves run one after the other, so that sums keep their order. */
  readonly threads: number;
  /** Numbers below 1e-38 become 0: dying optimiser moments otherwise make every multiplication slow. */
  readonly flushDenormals?: boolean;
  /**
   * Threads look out for work without a pause while a run lasts: the operators of a dense network's training step then
   * begin a fifth sooner. For processes that do nothing but compute.
   */
  readonly spinning?: boolean;
  /** Every run says where each output goes: see `run`. Nothing is then copied. CPU only. */
  readonly outputsGiven?: boolean;
  /** Outputs that stay on the device, to be fed to a session there. Reading their numbers ends the process. */
  readonly onDevice?: readonly string[];
}

/** What sets threads and sums of every session of a CPU: keys and values of ONNX Runtime's session configuration. */
export const entriesOf = ({ spinning, flushDenormals }: SessionSettings): Readonly<Record<string, '0' | '1'>> => ({
  // Threads that burn their core while they wait halve the speed of everything as soon as cores are scarce, so that they
  // stop at the end of every run at least.
  'session.intra_op.allow_spinning': spinning ? '1' : '0',
  'session.force_spinning_stop': '1',
  'session.set_denormal_as_zero': flushDenormals ? '1' : '0',
});

/** What computes a graph: a session of the addon, or one of onnxruntime-node. */
export interface Backend {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** @param into a place for each output, or null */
  run(
    feeds: RuntimeFeeds,
    into: Readonly<Record<string, RuntimeTensor | null>>,
  ): Promise<Record<string, RuntimeTensor>>;
  dispose(): Promise<void>;
}
