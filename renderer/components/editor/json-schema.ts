/** The part of JSON Schema that zod writes. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: boolean | JsonSchema;
  readonly prefixItems?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
}

export type Path = readonly (string | number)[];

export interface KeyOption {
  readonly key: string;
  readonly schema: JsonSchema;
  readonly required: boolean;
}

export interface ValueOption {
  readonly value: unknown;
  readonly description: string;
  readonly isDefault: boolean;
}

/** What may stand at a path. More than one schema where a union is still open; `value` (the whole document) narrows it. */
export function schemasAt(root: JsonSchema, path: Path, value: unknown): readonly JsonSchema[] {
  let schemas = narrow(expand(root, root), value);
  let current = value;
  for (const step of path) {
    const next = schemas.flatMap((schema) => child(schema, step));
    current = childValue(current, step);
    schemas = narrow(
      next.flatMap((schema) => expand(root, schema)),
      current,
    );
  }
  return schemas;
}

/** The keys that an object may have, in the order of the schema. */
export function keyOptions(schemas: readonly JsonSchema[]): readonly KeyOption[] {
  const options = new Map<string, KeyOption>();
  for (const schema of schemas)
    for (const [key, property] of Object.entries(schema.properties ?? {})) {
      const known = options.get(key);
      const required = schema.required?.includes(key) ?? false;
      options.set(key, known === undefined ? { key, schema: property, required } : merge(known, property, required));
    }
  return [...options.values()];
}

/** The values that can be listed: constants, enumerations, booleans, the default. */
export function valueOptions(schemas: readonly JsonSchema[]): readonly ValueOption[] {
  const options = new Map<unknown, ValueOption>();
  const add = (value: unknown, schema: JsonSchema, description = schema.description ?? '') => {
    if (typeof value === 'object' && value !== null) return;
    if (!options.has(value)) options.set(value, { value, description, isDefault: schema.default === value });
  };
  for (const schema of schemas) {
    if (schema.const !== undefined) add(schema.const, schema);
    for (const value of schema.enum ?? []) add(value, schema);
    if (schema.type === 'boolean') for (const value of [true, false]) add(value, schema);
    if (schema.default !== undefined) add(schema.default, schema);
  }
  return [...options.values()];
}

/** Type, range and default in a few words: "integer, 1 … 15, default 3". */
export function describeType(schema: JsonSchema): string {
  const parts = [typeName(schema), rangeOf(schema)];
  if (schema.default !== undefined) parts.push(`default ${inline(schema.default)}`);
  return parts.filter((part) => part !== '').join(', ');
}

/** A value as it would be written in a YAML document, on one line. */
export function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, entry]) => `${key}: ${inline(entry)}`);
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
  }
  if (typeof value === 'string')
    return /^[A-Za-z_][\w @/.-]*$/.test(value) && !/^(true|false|null|yes|no|on|off)$/i.test(value)
      ? value
      : `'${value.replaceAll("'", "''")}'`;
  return String(value);
}

export function isObjectSchema(schema: JsonSchema): boolean {
  return schema.properties !== undefined || (schema.oneOf ?? schema.anyOf ?? []).some(isObjectSchema);
}

function expand(root: JsonSchema, schema: JsonSchema): readonly JsonSchema[] {
  if (schema.$ref !== undefined) {
    const target = root.$defs?.[schema.$ref.replace('#/$defs/', '')];
    return target === undefined ? [] : expand(root, target);
  }
  const branches = schema.oneOf ?? schema.anyOf;
  if (branches === undefined) return [schema];
  const inherited = {
    ...(schema.description === undefined ? {} : { description: schema.description }),
    ...(schema.default === undefined ? {} : { default: schema.default }),
  };
  return branches.flatMap((branch) => expand(root, { ...inherited, ...branch }));
}

/** Keeps the branches whose constants agree with what is written; all of them when nothing is written yet or none agrees. */
function narrow(schemas: readonly JsonSchema[], value: unknown): readonly JsonSchema[] {
  if (schemas.length < 2 || typeof value !== 'object' || value === null) return schemas;
  const record = value as Record<string, unknown>;
  const matching = schemas.filter((schema) =>
    Object.entries(schema.properties ?? {}).every(
      ([key, property]) => property.const === undefined || record[key] === undefined || record[key] === property.const,
    ),
  );
  return matching.length === 0 ? schemas : matching;
}

function child(schema: JsonSchema, step: string | number): readonly JsonSchema[] {
  if (typeof step === 'number') {
    const item = schema.prefixItems?.[step] ?? schema.items;
    return typeof item === 'object' ? [item] : [];
  }
  const property = schema.properties?.[step];
  if (property !== undefined) return [property];
  return typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : [];
}

function childValue(value: unknown, step: string | number): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[step] : undefined;
}

function merge(known: KeyOption, property: JsonSchema, required: boolean): KeyOption {
  const branches = [...(known.schema.anyOf ?? [known.schema]), property];
  return { ...known, required: known.required && required, schema: { anyOf: branches } };
}

function typeName(schema: JsonSchema): string {
  if (schema.const !== undefined) return inline(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(inline).join(' | ');
  const branches = schema.oneOf ?? schema.anyOf;
  if (branches !== undefined) {
    const kinds = branches.map((branch) => branch.properties?.kind?.const);
    const names = kinds.every((kind) => kind !== undefined) ? kinds.map(inline) : branches.map(typeName);
    return [...new Set(names)].join(' | ');
  }
  if (schema.type === 'array') {
    if (schema.prefixItems !== undefined) return `list of ${schema.prefixItems.length}`;
    return typeof schema.items === 'object' ? `list of ${typeName(schema.items)}` : 'list';
  }
  if (schema.type === 'string') return 'text';
  return Array.isArray(schema.type) ? schema.type.join(' | ') : String(schema.type ?? 'anything');
}

function rangeOf(schema: JsonSchema): string {
  // zod writes the safe integers as the range of an integer without one.
  const low = schema.minimum === undefined || schema.minimum <= Number.MIN_SAFE_INTEGER ? undefined : schema.minimum;
  const high = schema.maximum === undefined || schema.maximum >= Number.MAX_SAFE_INTEGER ? undefined : schema.maximum;
  if (low !== undefined && high !== undefined) return `${low} … ${high}`;
  if (low !== undefined) return `at least ${low}`;
  if (schema.exclusiveMinimum !== undefined) return `above ${schema.exclusiveMinimum}`;
  return high === undefined ? '' : `at most ${high}`;
}
