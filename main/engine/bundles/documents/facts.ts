import type { DatasetVersion } from '../../../contract/datasets.ts';
import type { Evaluation } from '../../../contract/evaluation.ts';
import type { Lineage, ModelVersion } from '../../../contract/registry.ts';
import type { ParityCertificate } from '../../../contract/serving.ts';
import type { Run } from '../../../contract/training.ts';
import type { GenerationDescription } from '../../../formats/bundle/generation.ts';

/** One npm package that the model server is made of or needs; see `components.json` of its build. */
export interface ServerComponent {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly description: string;
  readonly homepage: string;
  readonly sha512: string;
  readonly kind: 'built-in' | 'installed';
  readonly dependsOn: readonly string[];
}

/**
 * The certificate without the moment it was made: exports of the same version are the same bytes, and the ledger knows
 * the time.
 */
export type BundledCertificate = Omit<ParityCertificate, 'createdAt'>;

/** Everything that the documents of a bundle are written from. Recorded facts only. */
export interface BundleFacts {
  readonly version: Omit<ModelVersion, 'aliases' | 'bundleDigest'>;
  readonly run: Run;
  readonly dataset: DatasetVersion;
  readonly evaluations: readonly Evaluation[];
  readonly lineage: Lineage;
  readonly parity: BundledCertificate;
  /** What happens to an input before the first layer, one sentence each. */
  readonly preprocessing: readonly string[];
  readonly parameters: number;
  /** Of a model that writes text. */
  readonly generation: GenerationDescription | undefined;
  readonly components: readonly ServerComponent[];
  readonly applicationVersion: string;
}
