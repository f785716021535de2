import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Plugin } from 'vite';

/** Loaded from node_modules beside the program: what a server has to install. */
const INSTALLED = ['onnxruntime-node'];

/** One npm package inside the program or beside it; what the bill of materials of a bundle lists. */
interface Component {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly description: string;
  readonly homepage: string;
  /** Of the archive on the registry, hexadecimal; empty when the lock file has none. */
  readonly sha512: string;
  /** built-in: its code is in the program. installed: npm puts it beside the program. */
  readonly kind: 'built-in' | 'installed';
  readonly dependsOn: readonly string[];
}

/**
 * Writes `components.json`, which lists every npm package whose code ended up in the program and every one it has to find
 * installed, the `package.json` by which npm installs the latter, and the licences of the former.
 */
export function listComponents(root: string): Plugin {
  return {
    name: 'lightbench:list-components',
    generateBundle(_options, output) {
      const folders = new Set<string>();
      for (const chunk of Object.values(output)) {
        if (chunk.type !== 'chunk') continue;
        for (const id of chunk.moduleIds) {
          const folder = packageFolder(id);
          if (folder !== undefined) folders.add(folder);
        }
      }
      const lock = readJson(path.join(root, 'package-lock.json')) as {
        packages: Record<string, { integrity?: string }>;
      };
      const component = (folder: string, kind: Component['kind']): Component => {
        const about = readJson(path.join(folder, 'package.json'));
        const integrity = lock.packages[path.relative(root, folder).split(path.sep).join('/')]?.integrity ?? '';
        return {
          name: about.name,
          version: about.version,
          licence: typeof about.license === 'string' ? about.license : (about.license?.type ?? ''),
          description: about.description ?? '',
          homepage: about.homepage ?? '',
          sha512: integrity.startsWith('sha512-') ? Buffer.from(integrity.slice(7), 'base64').toString('hex') : '',
          kind,
          dependsOn: Object.keys(about.dependencies ?? {}).toSorted(),
        };
      };
      const components = [
        ...[...folders].map((folder) => component(folder, 'built-in')),
        ...installedFolders(root).map((folder) => component(folder, 'installed')),
      ].toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.version < b.version ? -1 : 1));
      const version = (name: string) => components.find((one) => one.name === name)!.version;
      const manifest = {
        name: 'lightbench-model-bundle',
        version: readJson(path.join(root, 'package.json')).version,
        private: true,
        type: 'module',
        engines: { node: '>=22' },
        scripts: { start: 'node model-server.mjs --bundle .' },
        dependencies: Object.fromEntries(INSTALLED.map((name) => [name, version(name)])),
      };
      const emit = (fileName: string, value: unknown) =>
        this.emitFile({ type: 'asset', fileName, source: `${JSON.stringify(value, null, 2)}\n` });
      this.emitFile({ type: 'asset', fileName: 'third-party-notices.txt', source: notices([...folders].toSorted()) });
      emit('components.json', components);
      emit('package.json', manifest);
    },
  };
}

/** The licence of every package whose code is in the program, as most licences ask. */
function notices(folders: readonly string[]): string {
  const rule = '-'.repeat(80);
  return folders
    .map((folder) => {
      const { name, version, license } = readJson(path.join(folder, 'package.json'));
      const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)(\.|-|$)/i.test(entry));
      const text = file === undefined ? `Licence: ${license}` : readFileSync(path.join(folder, file), 'utf8').trim();
      return `${name} ${version}\n\n${text}\n`;
    })
    .join(`\n${rule}\n`);
}

/** The folder of the npm package that a module belongs to. */
function packageFolder(moduleId: string): string | undefined {
  const file = moduleId.replace(/^\0/, '').replace(/\?.*$/, '');
  const at = file.lastIndexOf('/node_modules/');
  if (at < 0) return undefined;
  const [scope, name] = file.slice(at + '/node_modules/'.length).split('/');
  return path.join(file.slice(0, at), 'node_modules', scope.startsWith('@') ? `${scope}/${name}` : scope);
}

/** The packages to install and everything they depend on, resolved as Node does. */
function installedFolders(root: string): string[] {
  const found = new Set<string>();
  const add = (name: string, from: string) => {
    for (let folder = from; ; folder = path.dirname(folder)) {
      const candidate = path.join(folder, 'node_modules', name);
      if (existsSync(path.join(candidate, 'package.json'))) {
        if (found.has(candidate)) return;
        found.add(candidate);
        const { dependencies } = readJson(path.join(candidate, 'package.json'));
        for (const dependency of Object.keys(dependencies ?? {})) add(dependency, candidate);
        return;
      }
      if (folder === path.dirname(folder)) return;
    }
  };
  for (const name of INSTALLED) add(name, root);
  return [...found];
}

// A package.json has whatever its author put into it.
function readJson(file: string) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
