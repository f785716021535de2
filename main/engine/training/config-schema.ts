import { z } from 'zod';
import { runConfig } from '../../contract/run-config.ts';

export interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly oneOf?: readonly SchemaNode[];
  readonly anyOf?: readonly SchemaNode[];
  readonly items?: SchemaNode;
  readonly const?: unknown;
}

/** The JSON Schema of what a person writes: keys with a default may be left out. */
export const configSchema = z.toJSONSchema(runConfig, { io: 'input' }) as Record<string, unknown>;

/** The keys that may stand at a path of a config; of a union, those of the variant whose `kind` the text names. */
export function keysAt(path: readonly PropertyKey[], config: unknown): string[] {
  let node: SchemaNode | undefined = configSchema as SchemaNode;
  let value: unknown = config;
  for (const step of path) {
    node = variant(node, value)?.[typeof step === 'number' ? 'items' : 'properties'] as SchemaNode | undefined;
    if (typeof step !== 'number') node = (node as Readonly<Record<string, SchemaNode>> | undefined)?.[String(step)];
    value = (value as Record<PropertyKey, unknown> | undefined)?.[step];
  }
  return Object.keys(variant(node, value)?.properties ?? {});
}

function variant(node: SchemaNode | undefined, value: unknown): SchemaNode | undefined {
  const variants = node?.oneOf ?? node?.anyOf;
  if (variants === undefined) return node;
  const kind = (value as { kind?: unknown } | undefined)?.kind;
  return variants.find((option) => option.properties?.kind?.const === kind) ?? variants[0];
}
