import { isoTime } from '../../base/clock.ts';
import { newId } from '../../base/ids.ts';
import { previousTarget } from '../../base/pointer-history.ts';
import { LightbenchError } from '../../contract/errors.ts';
import type { User } from '../../contract/governance.ts';
import type { ParsedInput } from '../../contract/index.ts';
import type { Alias, AliasChange, PromotionRequest } from '../../contract/registry.ts';
import type { StoredModelVersion } from '../../storage/index.ts';
import type { Caller, EngineContext } from '../core/context.ts';

/** Who stands behind a name and a password, asked for at the moment of signing. */
export interface Signatures {
  /** @throws LightbenchError access.wrong_password */
  verifyPassword(userName: string, password: string): Promise<User>;
}

/** The aliases of the registry: forward by a request that somebody else approves, back in one step. */
export class Promotions {
  readonly #context: EngineContext;
  readonly #signatures: Signatures;

  constructor(context: EngineContext, signatures: Signatures) {
    this.#context = context;
    this.#signatures = signatures;
  }

  request(input: ParsedInput<'registry.requestPromotion'>, caller: Caller): PromotionRequest {
    const { workspace, clock } = this.#context;
    const request = workspace.transaction(() => {
      const version = this.#version(input.modelName, input.version);
      const current = workspace.registry.aliases(version.modelName)[input.alias] ?? null;
      const what = `${version.modelName} v${version.version}`;
      if (current === version.version)
        throw new LightbenchError('request.invalid', `${input.alias} already points to ${what}.`);
      const waiting = workspace.registry.requests({ state: 'PENDING', modelName: version.modelName });
      const same = waiting.find((one) => one.alias === input.alias && one.version === version.version);
      if (same !== undefined) {
        throw new LightbenchError(
          'record.conflict',
          `${same.requestedBy} has already asked that ${input.alias} be moved to ${what}.`,
          { suggestion: 'Wait for the decision, or have the first request withdrawn.' },
        );
      }
      const made: PromotionRequest = {
        id: newId('request', clock.nowMs()),
        modelName: version.modelName,
        version: version.version,
        alias: input.alias,
        state: 'PENDING',
        requestedBy: caller.userName,
        requestedAt: isoTime(clock),
        comment: input.comment,
        decidedBy: null,
        decidedAt: null,
        decisionComment: '',
        replaces: current,
      };
      workspace.registry.insertRequest(made);
      workspace.ledger.append({
        actor: caller.userName,
        action: 'promotion.requested',
        subject: version.digest,
        summary: `${caller.userName} asked that ${input.alias} of ${version.modelName} be moved ${from(current)}to v${version.version}.`,
        payload: { ...made },
      });
      return made;
    });
    this.#context.changed('registry', [request.id], caller.userName);
    return request;
  }

  requests(filter: ParsedInput<'registry.requests'>): PromotionRequest[] {
    const { registry } = this.#context.workspace;
    if (filter.modelName === undefined) return registry.requests(filter);
    return registry.requests({ ...filter, modelName: this.#modelName(filter.modelName) });
  }

  /** The signature comes first, because checking a password takes time; what it decides about is read after it. */
  async decide(input: ParsedInput<'registry.decide'>): Promise<PromotionRequest> {
    const { workspace, clock } = this.#context;
    this.#pending(input.requestId);
    const signer = await this.#sign(input);
    const decided = workspace.transaction(() => {
      const request = this.#pending(input.requestId);
      const version = this.#version(request.modelName, request.version);
      const approved = input.decision === 'approve';
      const current = workspace.registry.aliases(request.modelName)[request.alias] ?? null;
      if (approved && current !== request.replaces) {
        throw new LightbenchError(
          'record.conflict',
          `Since the request, ${request.alias} of ${request.modelName} was moved ${from(request.replaces)}to ${current === null ? 'no version' : `v${current}`}.`,
          { suggestion: 'Reject this request or have it withdrawn, and ask again from where the alias is now.' },
        );
      }
      const now = isoTime(clock);
      const after: PromotionRequest = {
        ...request,
        state: approved ? 'APPROVED' : 'REJECTED',
        decidedBy: signer.name,
        decidedAt: now,
        decisionComment: input.comment,
      };
      workspace.registry.updateRequest(after);
      if (approved) {
        workspace.registry.appendAliasChange({
          modelName: request.modelName,
          alias: request.alias,
          version: request.version,
          from: current,
          at: now,
          by: signer.name,
          reason: 'promotion',
          requestId: request.id,
          comment: input.comment,
        });
      }
      workspace.ledger.append({
        actor: signer.name,
        action: approved ? 'promotion.approved' : 'promotion.rejected',
        subject: version.digest,
        summary: approved
          ? `${signer.name} approved the request of ${request.requestedBy}: ${request.alias} of ${request.modelName} moved ${from(current)}to v${request.version}.`
          : `${signer.name} rejected the request of ${request.requestedBy} to move ${request.alias} of ${request.modelName} to v${request.version}.`,
        payload: { ...after, signedBy: 'password' },
      });
      return after;
    });
    this.#context.changed('registry', [decided.id], signer.name);
    return decided;
  }

  withdraw(requestId: string, caller: Caller): PromotionRequest {
    const { workspace, clock } = this.#context;
    const withdrawn = workspace.transaction(() => {
      const request = this.#pending(requestId);
      if (!sameName(request.requestedBy, caller.userName))
        throw new LightbenchError(
          'access.forbidden',
          `Only ${request.requestedBy}, who made it, can withdraw this request.`,
        );
      const after: PromotionRequest = {
        ...request,
        state: 'WITHDRAWN',
        decidedBy: caller.userName,
        decidedAt: isoTime(clock),
      };
      workspace.registry.updateRequest(after);
      workspace.ledger.append({
        actor: caller.userName,
        action: 'promotion.withdrawn',
        subject: this.#version(request.modelName, request.version).digest,
        summary: `${caller.userName} withdrew the request to move ${request.alias} of ${request.modelName} to v${request.version}.`,
        payload: { ...after },
      });
      return after;
    });
    this.#context.changed('registry', [withdrawn.id], caller.userName);
    return withdrawn;
  }

  rollback(input: ParsedInput<'registry.rollback'>, caller: Caller): AliasChange {
    const { workspace, clock } = this.#context;
    const change = workspace.transaction(() => {
      const modelName = this.#modelName(input.modelName);
      const moves = workspace.registry.aliasChanges(modelName, input.alias).reverse();
      const target = previousTarget(moves.map((move) => ({ target: move.version, back: move.reason === 'rollback' })));
      const current = moves.at(-1)?.version ?? null;
      if (target === undefined) {
        throw new LightbenchError(
          'registry.no_previous',
          current === null
            ? `${input.alias} of ${modelName} has never pointed to a version.`
            : `${input.alias} of ${modelName} pointed to nothing before v${current}.`,
        );
      }
      const made: AliasChange = {
        modelName,
        alias: input.alias,
        version: target,
        from: current,
        at: isoTime(clock),
        by: caller.userName,
        reason: 'rollback',
        requestId: null,
        comment: input.comment,
      };
      workspace.registry.appendAliasChange(made);
      workspace.ledger.append({
        actor: caller.userName,
        action: 'alias.rolled_back',
        subject: target === null ? modelName : this.#version(modelName, target).digest,
        summary: `${caller.userName} moved ${input.alias} of ${modelName} back ${from(current)}to ${target === null ? 'no version' : `v${target}`}.`,
        payload: { ...made },
      });
      return made;
    });
    this.#context.changed('registry', [change.modelName], caller.userName);
    return change;
  }

  history(modelName: string, alias: Alias | undefined): AliasChange[] {
    return this.#context.workspace.registry.aliasChanges(this.#modelName(modelName), alias);
  }

  aliasAt(modelName: string, alias: Alias, at: string): { version: number | null; since: string | null } {
    // Times are compared as text, so they must all be written the same way.
    const moment = new Date(at).toISOString();
    return this.#context.workspace.registry.aliasAt(this.#modelName(modelName), alias, moment);
  }

  /** Verifies name and password, then whether this person may decide; a refused signature is put on record. */
  async #sign(input: ParsedInput<'registry.decide'>): Promise<User> {
    try {
      const signer = await this.#signatures.verifyPassword(input.userName, input.password);
      const request = this.#pending(input.requestId);
      if (sameName(request.requestedBy, signer.name)) {
        throw new LightbenchError(
          'registry.own_request',
          `${signer.name} made this request and cannot decide on it, whoever is signed in.`,
        );
      }
      if (!signer.roles.includes('approver')) {
        throw new LightbenchError(
          'access.forbidden',
          `Deciding needs the role approver; ${signer.name} has ${signer.roles.join(', ')}.`,
        );
      }
      return signer;
    } catch (error) {
      const reason = LightbenchError.from(error);
      const { workspace } = this.#context;
      workspace.transaction(() =>
        workspace.ledger.append({
          actor: 'lightbench',
          action: 'promotion.signature_refused',
          subject: input.requestId,
          summary: `A signature in the name of ${input.userName} was refused: ${reason.title.toLowerCase()}.`,
          payload: {
            requestId: input.requestId,
            userName: input.userName,
            decision: input.decision,
            code: reason.code,
          },
        }),
      );
      this.#context.changed('ledger');
      throw reason;
    }
  }

  #pending(requestId: string): PromotionRequest {
    const request = this.#context.workspace.registry.request(requestId);
    if (request === undefined) throw new LightbenchError('record.not_found', `No request has the id ${requestId}.`);
    if (request.state !== 'PENDING') {
      throw new LightbenchError(
        'record.conflict',
        `The request was already ${request.state.toLowerCase()}${request.decidedBy === null ? '' : ` by ${request.decidedBy}`}.`,
      );
    }
    return request;
  }

  #version(modelName: string, version: number): StoredModelVersion {
    const stored = this.#context.workspace.registry.version(this.#modelName(modelName), version);
    if (stored === undefined) throw new LightbenchError('record.not_found', `${modelName} has no version ${version}.`);
    return stored;
  }

  #modelName(name: string): string {
    const model = this.#context.workspace.registry.model(name);
    if (model === undefined) throw new LightbenchError('record.not_found', `No model is called ${name}.`);
    return model.name;
  }
}

/** People are told apart by name without regard to case, as the table of users does. */
function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function from(version: number | null): string {
  return version === null ? '' : `from v${version} `;
}
