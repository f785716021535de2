import { z } from 'zod';
import { digest, id, name, role, time } from './common.ts';
import { command, query } from './procedure.ts';

export const user = z.object({
  id,
  name,
  displayName: z.string(),
  roles: z.array(role),
  createdAt: time,
  disabled: z.boolean(),
  hasPassword: z.boolean(),
});
export type User = z.infer<typeof user>;

/** One entry of the hash chain: hash = SHA-256(previous hash, canonical JSON of the rest). */
export const ledgerEntry = z.object({
  sequence: z.int().min(1),
  time,
  actor: z.string(),
  action: z.string().describe('dataset.imported, labels.changed, promotion.approved, …'),
  subject: z.string(),
  summary: z.string().describe('One sentence for people'),
  payload: z.record(z.string(), z.unknown()),
  previousHash: z.string(),
  hash: digest,
});
export type LedgerEntry = z.infer<typeof ledgerEntry>;

export const ledgerVerification = z.object({
  entries: z.int(),
  intact: z.boolean(),
  firstBroken: z.int().nullable().describe('Sequence number at which the chain breaks'),
  problem: z.string().nullable(),
  head: z.string(),
});
export type LedgerVerification = z.infer<typeof ledgerVerification>;

const password = z.string().min(8, 'at least 8 characters').max(200);

export const procedures = {
  'session.current': query('Who the caller is', z.object({}), user),
  'session.signIn': command(
    'Signs in; the token goes with every later call',
    z.object({ name, password: z.string() }),
    z.object({ token: z.string(), user }),
  ),
  'session.signOut': command('Ends the session of this token', z.object({ token: z.string() }), z.object({})),
  'users.list': query('The people of this workspace', z.object({}), z.array(user)),
  'users.create': command(
    'Adds a person',
    z.object({ name, displayName: z.string().max(120).default(''), roles: z.array(role).min(1), password }),
    user,
    ['admin'],
  ),
  'users.update': command(
    'Changes display name, roles or whether the person may sign in',
    z.object({
      id,
      displayName: z.string().max(120).optional(),
      roles: z.array(role).min(1).optional(),
      disabled: z.boolean().optional(),
    }),
    user,
    ['admin'],
  ),
  'users.setPassword': command(
    'Sets a password: one’s own with the old one, anybody’s as admin',
    z.object({ id, oldPassword: z.string().optional(), newPassword: password }),
    user,
  ),
  'ledger.list': query(
    'Entries, newest first',
    z.object({
      before: z.int().optional(),
      limit: z.int().min(1).max(1000).default(100),
      action: z.string().optional().describe('Prefix'),
      subject: z.string().optional(),
    }),
    z.array(ledgerEntry),
  ),
  'ledger.verify': query('Recomputes the whole chain', z.object({}), ledgerVerification),
};
