import { z } from 'zod';
import { roles } from './procedure.ts';

/** SHA-256, 64 lower-case hexadecimal digits. */
export const digest = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 digest of 64 hexadecimal digits');
export const id = z.string().min(3).max(80);
export const time = z.iso.datetime().describe('ISO 8601, UTC, milliseconds');
export const name = z.string().trim().min(1).max(120);
export const role = z.enum(roles);
export const nothing = z.object({});
export const comment = z.string().trim().max(4000).default('');
/** Parameters of an asset come out of a URL, as text. */
export const indexList = z
  .string()
  .regex(/^\d+(,\d+)*$/, 'item indices separated by commas')
  .transform((text) => text.split(',').map(Number));
/** A matrix or vector of float32, little endian, base64: what JSON would make slow and imprecise. */
export const float32Base64 = z.string().describe('float32 values, little endian, base64');
