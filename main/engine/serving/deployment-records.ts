import { canonicalJson } from '../../base/canonical-json.ts';
import { isoTime } from '../../base/clock.ts';
import { previousTarget } from '../../base/pointer-history.ts';
import { LightbenchError } from '../../contract/errors.ts';
import type { Bundle } from '../../contract/serving.ts';
import { type DeploymentChange, type StoredDeployment, sha256 } from '../../storage/index.ts';
import type { EngineContext } from '../core/context.ts';

/** Where a server listens, and since when. */
export interface ServerPlace {
  readonly port: number | null;
  readonly startedAt: string | null;
}

/** What is recorded of the endpoints: what each should serve, what it served before; every change with its ledger entry. */
export class DeploymentRecords {
  readonly #context: EngineContext;

  constructor(context: EngineContext) {
    this.#context = context;
  }

  list(): StoredDeployment[] {
    return this.#context.workspace.serving.deployments();
  }

  find(endpoint: string): StoredDeployment | undefined {
    return this.#context.workspace.serving.deployment(endpoint);
  }

  /** @throws LightbenchError record.not_found */
  get(endpoint: string): StoredDeployment {
    const stored = this.find(endpoint);
    if (stored === undefined) throw new LightbenchError('record.not_found', `There is no endpoint called ${endpoint}.`);
    return stored;
  }

  current(stored: StoredDeployment): DeploymentChange {
    return this.#context.workspace.serving.changes(stored.endpoint)[0];
  }

  /** The bundle that a rollback leads to. */
  previous(stored: StoredDeployment): Bundle | undefined {
    const { serving } = this.#context.workspace;
    const moves = serving.changes(stored.endpoint).reverse();
    const digest = previousTarget(
      moves.map((change) => ({ target: change.bundleDigest, back: change.reason === 'rollback' })),
    );
    return digest === undefined ? undefined : serving.bundle(digest);
  }

  deployed(endpoint: string, bundle: Bundle, place: ServerPlace, portFixed: boolean, by: string): void {
    const { workspace } = this.#context;
    const { modelName, version } = bundle;
    workspace.transaction(() => {
      workspace.serving.putDeployment({ endpoint, modelName, ...place, portFixed, desiredState: 'RUNNING' });
      const before = workspace.serving.changes(endpoint).at(0);
      if (before?.bundleDigest !== bundle.digest) this.#append(endpoint, bundle, 'deploy', by);
      workspace.ledger.append({
        actor: by,
        action: 'deployment.deployed',
        subject: endpoint,
        summary: `${by} deployed ${modelName} v${version} to ${endpoint}${before === undefined ? '' : `, which served v${before.version} before`}.`,
        payload: { bundle: bundle.digest, modelName, version, port: place.port },
      });
    });
  }

  rolledBack(stored: StoredDeployment, bundle: Bundle, port: number | null, by: string): void {
    const { workspace } = this.#context;
    const before = this.current(stored);
    workspace.transaction(() => {
      this.#append(stored.endpoint, bundle, 'rollback', by);
      workspace.serving.putDeployment({ ...stored, port: port ?? stored.port });
      workspace.ledger.append({
        actor: by,
        action: 'deployment.rolled_back',
        subject: stored.endpoint,
        summary: `${by} rolled ${stored.endpoint} back from v${before.version} to v${bundle.version} of ${bundle.modelName}.`,
        payload: { from: before.bundleDigest, to: bundle.digest, version: bundle.version },
      });
    });
  }

  started(stored: StoredDeployment, place: ServerPlace, by: string): void {
    this.#setDesired({ ...stored, ...place, desiredState: 'RUNNING' }, 'started', by);
  }

  stopped(stored: StoredDeployment, by: string): void {
    this.#setDesired({ ...stored, desiredState: 'STOPPED' }, 'stopped', by);
  }

  /** The same server as before, started again with the engine: nobody's decision, so no entry in the ledger. */
  restored(stored: StoredDeployment, place: ServerPlace): void {
    this.#context.workspace.serving.putDeployment({ ...stored, ...place });
  }

  #setDesired(after: StoredDeployment, verb: 'started' | 'stopped', by: string): void {
    const { workspace } = this.#context;
    const { version, bundleDigest } = this.current(after);
    workspace.transaction(() => {
      workspace.serving.putDeployment(after);
      workspace.ledger.append({
        actor: by,
        action: `deployment.${verb}`,
        subject: after.endpoint,
        summary: `${by} ${verb} ${after.endpoint} (${after.modelName} v${version}).`,
        payload: { bundle: bundleDigest, version, desiredState: after.desiredState },
      });
    });
  }

  /** In the transaction of the change. */
  #append(endpoint: string, bundle: Bundle, reason: DeploymentChange['reason'], by: string): void {
    const { serving, lineage } = this.#context.workspace;
    const change: DeploymentChange = {
      endpoint,
      bundleDigest: bundle.digest,
      version: bundle.version,
      at: isoTime(this.#context.clock),
      by,
      reason,
    };
    serving.appendChange(change);
    const digest = sha256(canonicalJson({ ...change, number: serving.changes(endpoint).length }));
    lineage.node({ digest, kind: 'deployment', title: `${endpoint}: ${bundle.modelName} v${bundle.version}` });
    lineage.edge(bundle.digest, digest, reason === 'deploy' ? 'deployed as' : 'rolled back to');
  }
}
