import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';

export interface RealmModule {
  /** Its path, the same for whoever imports it. */
  readonly name: string;
  readonly code: string;
}

const loaded = new Map<string, readonly RealmModule[]>();

/**
 * What the process of a model file is given of the compiler, where the process itself may read nothing. Run from source,
 * that is `main/models/own/realm.ts` with all that it imports, without types; built, it is one file.
 *
 * @param programPath of `main/workers/model-file`
 */
export function realmModules(programPath: string): readonly RealmModule[] {
  const known = loaded.get(programPath);
  if (known !== undefined) return known;
  const folder = path.dirname(programPath);
  const modules = programPath.endsWith('.ts')
    ? fromSources(path.join(folder, '..', 'models', 'own', 'realm.ts'))
    : [{ name: 'realm', code: readFileSync(path.join(folder, '..', '..', 'model-realm', 'model-realm.mjs'), 'utf8') }];
  loaded.set(programPath, modules);
  return modules;
}

function fromSources(entry: string): readonly RealmModule[] {
  const root = path.resolve(path.dirname(entry), '..', '..');
  const modules = new Map<string, RealmModule>();
  const visit = (file: string): void => {
    const name = path.relative(root, file).split(path.sep).join('/');
    if (modules.has(name)) return;
    const code = stripTypeScriptTypes(readFileSync(file, 'utf8'));
    modules.set(name, { name, code });
    for (const [, specifier] of code.matchAll(/^(?:import|export)\b[^'";]*?['"](\.[^'"]+)['"]/gm))
      visit(path.resolve(path.dirname(file), specifier ?? ''));
  };
  visit(entry);
  return [...modules.values()];
}
