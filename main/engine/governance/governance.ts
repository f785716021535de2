import { createHash, randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { isoTime } from '../../base/clock.ts';
import { newId } from '../../base/ids.ts';
import { LightbenchError } from '../../contract/errors.ts';
import type { User } from '../../contract/governance.ts';
import { type Role, roles } from '../../contract/procedure.ts';
import type { StoredUser } from '../../storage/index.ts';
import type { Caller, EngineContext, HandlersOf } from '../core/context.ts';
import { hashPassword, passwordMatches } from './passwords.ts';

const SESSION_MS = 12 * 60 * 60 * 1000;

/** People, their roles and passwords, who is calling, and the ledger's own procedures. */
export class Governance {
  readonly #context: EngineContext;

  readonly handlers: HandlersOf<'session' | 'users' | 'ledger'> = {
    'session.current': (_, caller) => publicUser(this.#user(caller.userId)),
    'session.signIn': (input) => this.#signIn(input.name, input.password),
    'session.signOut': ({ token }) => {
      this.#context.workspace.users.deleteSession(tokenHash(token));
      return {};
    },
    'users.list': () => this.#context.workspace.users.list().map(publicUser),
    'users.create': (input, caller) => this.#create(input, caller),
    'users.update': (input, caller) => this.#update(input, caller),
    'users.setPassword': (input, caller) => this.#setPassword(input, caller),
    'ledger.list': (input) => this.#context.workspace.ledger.list(input),
    'ledger.verify': () => this.#context.workspace.ledger.verify(),
  };

  /** The first opening of a workspace makes its owner: the account of the operating system, with every role and no password. */
  constructor(context: EngineContext) {
    this.#context = context;
    const { workspace, clock } = context;
    if (workspace.users.owner() !== undefined) return;
    const name = userInfo().username;
    workspace.transaction(() => {
      const owner: StoredUser = {
        id: newId('user', clock.nowMs()),
        name,
        displayName: name,
        roles: [...roles],
        createdAt: isoTime(clock),
        disabled: false,
        hasPassword: false,
        passwordHash: null,
        owner: true,
      };
      workspace.users.insert(owner);
      workspace.ledger.append({
        actor: name,
        action: 'workspace.created',
        subject: workspace.folder.split(/[\\/]/).at(-1) ?? '',
        summary: `${name} created the workspace.`,
      });
    });
  }

  /**
   * Who stands behind a token; without one, the owner as long as the owner has no password.
   *
   * @throws LightbenchError access.sign_in_required
   */
  identify(token: string | undefined): Caller {
    const { workspace, clock } = this.#context;
    const user =
      token === undefined ? workspace.users.owner() : workspace.users.bySession(tokenHash(token), isoTime(clock));
    if (user === undefined) throw new LightbenchError('access.sign_in_required', 'The session has ended.');
    if (user.disabled) throw new LightbenchError('access.sign_in_required', `${user.name} has been disabled.`);
    if (token === undefined && user.passwordHash !== null)
      throw new LightbenchError(
        'access.sign_in_required',
        `${user.name} has set a password, so the workspace asks who you are.`,
      );
    return { userId: user.id, userName: user.name, roles: user.roles };
  }

  /** @throws LightbenchError access.forbidden, naming the roles that would do. */
  require(caller: Caller, allowed: readonly Role[] | undefined, what: string): void {
    if (allowed === undefined || caller.roles.includes('admin') || caller.roles.some((role) => allowed.includes(role)))
      return;
    throw new LightbenchError(
      'access.forbidden',
      `${what} needs the role ${allowed.join(' or ')}; ${caller.userName} has ${caller.roles.join(', ')}.`,
    );
  }

  /**
   * The person behind a name and password: what signs a decision.
   *
   * @throws LightbenchError access.wrong_password, the same for an unknown name and after the same work.
   */
  async verifyPassword(name: string, password: string): Promise<User> {
    const user = this.#context.workspace.users.byName(name);
    const matches = await passwordMatches(password, user?.passwordHash ?? (await unknownUserHash()));
    if (user === undefined || user.passwordHash === null || user.disabled || !matches)
      throw new LightbenchError('access.wrong_password', `${name} could not be verified.`);
    return publicUser(user);
  }

  async #signIn(name: string, password: string): Promise<{ token: string; user: User }> {
    const { workspace, clock } = this.#context;
    const user = await this.verifyPassword(name, password);
    const token = randomBytes(32).toString('base64url');
    workspace.transaction(() => {
      workspace.users.insertSession(
        tokenHash(token),
        user.id,
        isoTime(clock),
        new Date(clock.nowMs() + SESSION_MS).toISOString(),
      );
      workspace.ledger.append({
        actor: user.name,
        action: 'access.signed_in',
        subject: user.name,
        summary: `${user.name} signed in.`,
      });
    });
    this.#context.changed('ledger');
    return { token, user };
  }

  async #create(
    input: { name: string; displayName: string; roles: Role[]; password: string },
    caller: Caller,
  ): Promise<User> {
    const { workspace, clock } = this.#context;
    if (workspace.users.byName(input.name) !== undefined)
      throw new LightbenchError('record.exists', `There is already a person called ${input.name}.`);
    const user: StoredUser = {
      id: newId('user', clock.nowMs()),
      name: input.name,
      displayName: input.displayName || input.name,
      roles: [...new Set(input.roles)],
      createdAt: isoTime(clock),
      disabled: false,
      hasPassword: true,
      passwordHash: await hashPassword(input.password),
      owner: false,
    };
    workspace.transaction(() => {
      workspace.users.insert(user);
      workspace.ledger.append({
        actor: caller.userName,
        action: 'access.user_created',
        subject: user.name,
        summary: `${caller.userName} added ${user.name} as ${user.roles.join(', ')}.`,
        payload: { roles: user.roles },
      });
    });
    this.#context.changed('users', [user.id], caller.userName);
    return publicUser(user);
  }

  #update(
    input: { id: string; displayName?: string | undefined; roles?: Role[] | undefined; disabled?: boolean | undefined },
    caller: Caller,
  ): User {
    const { workspace } = this.#context;
    const before = this.#user(input.id);
    const after: StoredUser = {
      ...before,
      displayName: input.displayName ?? before.displayName,
      roles: input.roles ? [...new Set(input.roles)] : before.roles,
      disabled: input.disabled ?? before.disabled,
    };
    const stillAdmin = workspace.users
      .list()
      .some(
        (user) =>
          (user.id === after.id ? after : user).roles.includes('admin') &&
          !(user.id === after.id ? after : user).disabled,
      );
    if (!stillAdmin)
      throw new LightbenchError('record.in_use', `${before.name} is the last administrator.`, {
        suggestion: 'Give the role admin to somebody else first.',
      });
    workspace.transaction(() => {
      workspace.users.update(after);
      if (after.disabled) workspace.users.deleteSessionsOf(after.id);
      workspace.ledger.append({
        actor: caller.userName,
        action: 'access.user_changed',
        subject: after.name,
        summary: `${caller.userName} changed the access of ${after.name}.`,
        payload: {
          before: { roles: before.roles, disabled: before.disabled },
          after: { roles: after.roles, disabled: after.disabled },
        },
      });
    });
    this.#context.changed('users', [after.id], caller.userName);
    return publicUser(after);
  }

  async #setPassword(
    input: { id: string; oldPassword?: string | undefined; newPassword: string },
    caller: Caller,
  ): Promise<User> {
    const { workspace } = this.#context;
    const before = this.#user(input.id);
    const own = before.id === caller.userId;
    if (!own) this.require(caller, ['admin'], 'Setting the password of somebody else');
    if (own && before.passwordHash !== null && !(await passwordMatches(input.oldPassword ?? '', before.passwordHash))) {
      throw new LightbenchError('access.wrong_password', 'The old password is wrong.');
    }
    const after: StoredUser = { ...before, hasPassword: true, passwordHash: await hashPassword(input.newPassword) };
    workspace.transaction(() => {
      workspace.users.update(after);
      workspace.users.deleteSessionsOf(after.id);
      workspace.ledger.append({
        actor: caller.userName,
        action: 'access.password_set',
        subject: after.name,
        summary: `${caller.userName} set the password of ${after.name}.`,
      });
    });
    this.#context.changed('users', [after.id], caller.userName);
    return publicUser(after);
  }

  #user(id: string): StoredUser {
    const user = this.#context.workspace.users.get(id);
    if (user === undefined) throw new LightbenchError('record.not_found', `No person has the id ${id}.`);
    return user;
  }
}

let decoy: Promise<string> | undefined;

/** So that an unknown name costs as much time as a wrong password. */
function unknownUserHash(): Promise<string> {
  decoy ??= hashPassword(randomBytes(16).toString('hex'));
  return decoy;
}

function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function publicUser(user: User): User {
  const { id, name, displayName, roles: held, createdAt, disabled, hasPassword } = user;
  return { id, name, displayName, roles: held, createdAt, disabled, hasPassword };
}
