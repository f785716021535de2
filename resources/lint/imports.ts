import { readFileSync } from 'node:fs';
import { parseSync, Visitor } from 'oxc-parser';

export interface Import {
  /** As written, without a `?worker` or `?raw` suffix. */
  readonly specifier: string;
  readonly typesOnly: boolean;
  readonly line: number;
}

/**
 * Every module that a TypeScript file names: static, dynamic and type-only imports, re-exports, `import('x').T`,
 * `new URL('./x', import.meta.url)`, `require('x')`, `require.resolve('x')` and `import.meta.resolve('x')`.
 */
export function importsOf(filePath: string): readonly Import[] {
  const source = readFileSync(filePath, 'utf8');
  const parsed = parseSync(filePath, source);
  if (parsed.errors.length > 0) throw new Error(`${filePath}: ${parsed.errors[0]!.message}`);
  const found: Import[] = [];
  const add = (specifier: string, typesOnly: boolean, offset: number): void => {
    const line = source.slice(0, offset).split('\n').length;
    found.push({ specifier: specifier.replace(/\?[\w&=-]+$/, ''), typesOnly, line });
  };

  const statement = (start: number): boolean =>
    /^(import|export)\s+type\s*[{*\w]/.test(source.slice(start, start + 80));
  for (const one of parsed.module.staticImports) {
    const allTypes = one.entries.length > 0 && one.entries.every((entry) => entry.isType);
    add(one.moduleRequest.value, allTypes || statement(one.start), one.start);
  }
  for (const one of parsed.module.staticExports) {
    const request = one.entries.find((entry) => entry.moduleRequest !== null)?.moduleRequest;
    if (request) add(request.value, one.entries.every((entry) => entry.isType) || statement(one.start), one.start);
  }
  new Visitor({
    ImportExpression(node) {
      if (node.source.type === 'Literal') add(String(node.source.value), false, node.start);
    },
    TSImportType(node) {
      add(node.source.value, true, node.start);
    },
    NewExpression(node) {
      const [first, second] = node.arguments;
      if (node.callee.type !== 'Identifier' || node.callee.name !== 'URL' || second === undefined) return;
      const base = source.slice(second.start, second.end);
      // Only modules: a picture next to the code may be addressed in the same way.
      if (base === 'import.meta.url' && first?.type === 'Literal' && /\.tsx?$/.test(String(first.value)))
        add(String(first.value), false, node.start);
    },
    CallExpression(node) {
      const callee = source.slice(node.callee.start, node.callee.end);
      const [first] = node.arguments;
      if (['require', 'require.resolve', 'import.meta.resolve'].includes(callee) && first?.type === 'Literal')
        add(String(first.value), false, node.start);
    },
  }).visit(parsed.program);
  return found;
}
