import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const rectangle = z.object({ x: z.int(), y: z.int(), width: z.int().positive(), height: z.int().positive() });
export type Rectangle = z.infer<typeof rectangle>;

const preferences = z.object({
  /** Folders, the last one used first. */
  recentWorkspaces: z.array(z.string()).default([]),
  window: z.object({ bounds: rectangle, maximized: z.boolean() }).nullable().default(null),
});
export type Preferences = z.infer<typeof preferences>;

const recentLimit = 8;

/** What the shell remembers between starts. Losing it costs a comfort, so a file that cannot be read is forgotten. */
export class PreferencesFile {
  readonly #file: string;
  #value: Preferences;

  constructor(folder: string) {
    this.#file = path.join(folder, 'shell.json');
    this.#value = read(this.#file);
  }

  get value(): Preferences {
    return this.#value;
  }

  rememberWorkspace(folder: string): void {
    const others = this.#value.recentWorkspaces.filter((other) => other !== folder);
    this.#write({ ...this.#value, recentWorkspaces: [folder, ...others].slice(0, recentLimit) });
  }

  rememberWindow(bounds: Rectangle, maximized: boolean): void {
    this.#write({ ...this.#value, window: { bounds, maximized } });
  }

  #write(value: Preferences): void {
    this.#value = value;
    try {
      mkdirSync(path.dirname(this.#file), { recursive: true });
      const temporary = `${this.#file}.new`;
      writeFileSync(temporary, `${JSON.stringify(value, null, 2)}\n`);
      renameSync(temporary, this.#file);
    } catch {
      // A full or read-only disk must not keep anybody from working.
    }
  }
}

function read(file: string): Preferences {
  try {
    return preferences.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return preferences.parse({});
  }
}
