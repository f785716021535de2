export { type ArtifactWriter, type StoredArtifact, sha256 } from './artifacts/artifact-store.ts';
export type { StoredModelFile } from './model-files.ts';
export type { StoredDataset } from './tables/datasets.ts';
export type { StoredLabelSet } from './tables/labels.ts';
export type { NewLedgerEntry } from './tables/ledger.ts';
export type { StoredModelVersion } from './tables/registry.ts';
export type { DeploymentChange, StoredDeployment } from './tables/serving.ts';
export type { StoredUser } from './tables/users.ts';
export { type OpenOptions, Workspace } from './workspace.ts';
