import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { importsOf } from './imports.ts';
import type { Grant, Room, RoomsTable } from './rooms-table.ts';

export interface Violation {
  /** Relative to the repository, with forward slashes. */
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** Reads every TypeScript file below `root` and reports what the table does not allow. */
export function checkRooms(root: string, table: RoomsTable): readonly Violation[] {
  const ignored = ignoredNames(root);
  const violations: Violation[] = [...unlistedPaths(root, table, ignored)];
  const edges = new Map<string, string[]>();
  for (const file of sourceFiles(root, ignored)) {
    const room = roomOf(file, table);
    if (room === undefined) continue;
    const targets: string[] = [];
    edges.set(file, targets);
    for (const one of importsOf(path.join(root, file))) {
      const report = (message: string): void => void violations.push({ file, line: one.line, message });
      if (!one.specifier.startsWith('.')) {
        if (!mayUsePackage(file, room, one.specifier, table)) report(`${room.path} may not import ${one.specifier}`);
        continue;
      }
      const target = path.posix.normalize(path.posix.join(path.posix.dirname(file), one.specifier));
      if (!existsSync(path.join(root, target))) {
        report(`${one.specifier} does not exist (imports name the file with its extension)`);
        continue;
      }
      if (/\.tsx?$/.test(target)) targets.push(target);
      const complaint = complaintAbout(file, room, target, one.typesOnly, table);
      if (complaint !== undefined) report(complaint);
    }
  }
  for (const cycle of cyclesIn(edges))
    violations.push({
      file: cycle[0]!,
      line: 1,
      message: `Imports go in a circle: ${[...cycle, cycle[0]].join(' → ')}`,
    });
  return violations;
}

function complaintAbout(
  file: string,
  room: Room,
  target: string,
  typesOnly: boolean,
  table: RoomsTable,
): string | undefined {
  const other = roomOf(target, table);
  if (other === undefined) return /^[^/]*\.(json|ts)$/.test(target) ? undefined : `${target} is in no room`;
  if (other !== room) {
    const grant = room.rooms
      .map((entry): Grant => (typeof entry === 'string' ? { room: entry } : entry))
      .find((entry) => entry.room === other.path);
    if (grant === undefined) return `${room.path} may not import ${other.path}`;
    if (grant.typesOnly && !typesOnly) return `${room.path} may import only types of ${other.path}`;
    if (grant.below !== undefined && !isBelow(target, grant.below))
      return `${room.path} may import only ${grant.below} of ${other.path}`;
  }
  const from = folderIn(file, other);
  const into = folderIn(target, other);
  if (into === undefined || from === into) return undefined;
  if (
    other.domains &&
    !other.domains.common.includes(into) &&
    path.posix.relative(`${other.path}/${into}`, target) !== 'index.ts'
  )
    return `${other.path}/${into} is entered only through its index.ts`;
  if (other.separate && other === room && from !== undefined)
    return `${other.path}/${from} may not import its neighbour ${other.path}/${into}`;
  return undefined;
}

function mayUsePackage(file: string, room: Room, specifier: string, table: RoomsTable): boolean {
  const allowed = /\.test(-support)?\.tsx?$/.test(file) ? [...room.packages, ...table.testPackages] : room.packages;
  if (specifier.startsWith('node:')) return allowed.includes('node:');
  return allowed.some((name) => specifier === name || specifier.startsWith(`${name}/`));
}

function roomOf(file: string, table: RoomsTable): Room | undefined {
  const direct = table.rooms
    .filter((room) => isBelow(file, room.path))
    // The innermost: a room may lie inside another.
    .reduce<Room | undefined>((best, room) => ((best?.path.length ?? 0) > room.path.length ? best : room), undefined);
  // The page's own entry files lie beside the rooms of the renderer and start the application.
  return (
    direct ?? (file.startsWith('renderer/') ? table.rooms.find((room) => room.path === 'renderer/app') : undefined)
  );
}

/** The folder directly below the room in which the file lies; undefined when it lies in the room itself. */
function folderIn(file: string, room: Room): string | undefined {
  if (!isBelow(file, room.path)) return undefined;
  const parts = path.posix.relative(room.path, file).split('/');
  return parts.length > 1 ? parts[0] : undefined;
}

function* unlistedPaths(root: string, table: RoomsTable, ignored: ReadonlySet<string>): Iterable<Violation> {
  const unlisted = (file: string): Violation => ({ file, line: 1, message: 'Not in the table of rooms' });
  const listed = new Set([...table.topLevel, ...table.rooms.map((room) => room.path.split('/')[0])]);
  for (const entry of readdirSync(root)) if (!ignored.has(entry) && !listed.has(entry)) yield unlisted(entry);
  for (const { path: folder, folders = [], files } of table.closed) {
    if (!existsSync(path.join(root, folder))) continue;
    const rooms = table.rooms
      .filter((room) => path.posix.dirname(room.path) === folder)
      .map((room) => path.posix.basename(room.path));
    for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
      const names = entry.isDirectory() ? [...folders, ...rooms] : files;
      if (!ignored.has(entry.name) && !names.includes(entry.name)) yield unlisted(`${folder}/${entry.name}`);
    }
  }
}

function* sourceFiles(root: string, ignored: ReadonlySet<string>, folder = ''): Iterable<string> {
  for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
    if (ignored.has(entry.name)) continue;
    const file = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* sourceFiles(root, ignored, file);
    else if (/\.tsx?$/.test(entry.name) && statSync(path.join(root, file)).size > 0) yield file;
  }
}

/** Names that .gitignore leaves out, and git's own folder. */
function ignoredNames(root: string): ReadonlySet<string> {
  const file = path.join(root, '.gitignore');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  return new Set(['.git', ...lines.map((line) => line.trim().replace(/\/$/, '')).filter((line) => line !== '')]);
}

/** Strongly connected components with more than one file, or with a file that imports itself (Tarjan 1972). */
function cyclesIn(edges: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const indexOf = new Map<string, number>();
  const lowOf = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const visit = (file: string): void => {
    indexOf.set(file, indexOf.size);
    lowOf.set(file, indexOf.get(file)!);
    stack.push(file);
    for (const target of edges.get(file) ?? []) {
      if (!indexOf.has(target)) visit(target);
      if (stack.includes(target)) lowOf.set(file, Math.min(lowOf.get(file)!, lowOf.get(target)!));
    }
    if (lowOf.get(file) !== indexOf.get(file)) return;
    const component = stack.splice(stack.indexOf(file));
    if (component.length > 1 || edges.get(file)?.includes(file)) cycles.push(component);
  };
  for (const file of edges.keys()) if (!indexOf.has(file)) visit(file);
  return cycles;
}

function isBelow(file: string, folder: string): boolean {
  return file.startsWith(`${folder}/`);
}
