import type { Database } from 'better-sqlite3';
import type { User } from '../../contract/governance.ts';

export interface StoredUser extends User {
  readonly passwordHash: string | null;
  /** The person whose machine it is; acts without signing in as long as there is no password. */
  readonly owner: boolean;
}

interface Row {
  readonly id: string;
  readonly name: string;
  readonly display_name: string;
  readonly roles: string;
  readonly password_hash: string | null;
  readonly created_at: string;
  readonly disabled: number;
  readonly owner: number;
}

export class UsersTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  insert(user: StoredUser): void {
    this.#database
      .prepare(
        'INSERT INTO users (id, name, display_name, roles, password_hash, created_at, disabled, owner) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      )
      .run(
        user.id,
        user.name,
        user.displayName,
        JSON.stringify(user.roles),
        user.passwordHash,
        user.createdAt,
        Number(user.disabled),
        Number(user.owner),
      );
  }

  update(user: StoredUser): void {
    this.#database
      .prepare('UPDATE users SET display_name = ?, roles = ?, password_hash = ?, disabled = ? WHERE id = ?')
      .run(user.displayName, JSON.stringify(user.roles), user.passwordHash, Number(user.disabled), user.id);
  }

  list(): StoredUser[] {
    return (this.#database.prepare('SELECT * FROM users ORDER BY created_at, id').all() as Row[]).map(toUser);
  }

  get(id: string): StoredUser | undefined {
    const row = this.#database.prepare('SELECT * FROM users WHERE id = ?').get(id) as Row | undefined;
    return row && toUser(row);
  }

  byName(name: string): StoredUser | undefined {
    const row = this.#database.prepare('SELECT * FROM users WHERE name = ?').get(name) as Row | undefined;
    return row && toUser(row);
  }

  owner(): StoredUser | undefined {
    const row = this.#database.prepare('SELECT * FROM users WHERE owner = 1').get() as Row | undefined;
    return row && toUser(row);
  }

  /** Only the hash of a session token is stored: who reads the database cannot act as its users. */
  insertSession(tokenHash: string, userId: string, createdAt: string, expiresAt: string): void {
    this.#database
      .prepare('INSERT INTO sessions (token_hash, user_id, created_at, expires_at) VALUES (?, ?, ?, ?)')
      .run(tokenHash, userId, createdAt, expiresAt);
  }

  bySession(tokenHash: string, now: string): StoredUser | undefined {
    const row = this.#database
      .prepare('SELECT users.* FROM users JOIN sessions ON user_id = id WHERE token_hash = ? AND expires_at > ?')
      .get(tokenHash, now) as Row | undefined;
    return row && toUser(row);
  }

  deleteSession(tokenHash: string): void {
    this.#database.prepare('DELETE FROM sessions WHERE token_hash = ?').run(tokenHash);
  }

  deleteSessionsOf(userId: string): void {
    this.#database.prepare('DELETE FROM sessions WHERE user_id = ?').run(userId);
  }
}

function toUser(row: Row): StoredUser {
  return {
    id: row.id,
    name: row.name,
    displayName: row.display_name,
    roles: JSON.parse(row.roles),
    createdAt: row.created_at,
    disabled: row.disabled === 1,
    hasPassword: row.password_hash !== null,
    passwordHash: row.password_hash,
    owner: row.owner === 1,
  };
}
