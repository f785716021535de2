import { isBuiltin, stripTypeScriptTypes } from 'node:module';
import vm from 'node:vm';

/**
 * The process that runs one model file, and nothing else ever. Node starts it without permission to read or write files, to
 * start processes or threads, or to load add-ons, and no string may become code in it. Inside, the file runs in a context
 * of its own that holds the language alone, less what makes a model differ from one time to the next or takes memory
 * outside of the heap; the compiler's part runs in another. No object of Node's is handed to either: only text goes in, and
 * only text comes out. This file imports nothing of the house, for it is all that the process may read.
 */
interface Start {
  readonly type: 'start';
  readonly input: {
    /** The compiler's part: modules by name, the first one is where to begin. */
    readonly realm: readonly { readonly name: string; readonly code: string }[];
    readonly file: string;
    readonly text: string;
    readonly request: string;
  };
}

type Reply =
  | { readonly kind: 'program'; readonly program: string }
  | {
      readonly kind: 'problem';
      readonly message: string;
      readonly line: number | null;
      readonly column: number | null;
    };

const FRAMES = 100;
const MESSAGE_LENGTH = 2000;
const NO_LATE_IMPORT = "A model file imports at its top, and from 'lightbench' only.";

/** What a model file has no use for. */
const WITHDRAWN = [
  ...[
    'ArrayBuffer',
    'SharedArrayBuffer',
    'DataView',
    'Atomics',
    'WebAssembly',
    'Date',
    'WeakRef',
    'FinalizationRegistry',
  ],
  ...['Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array'],
  ...['BigInt64Array', 'BigUint64Array', 'Float16Array', 'Float32Array', 'Float64Array', 'eval', 'Function', 'console'],
  ...['Intl', 'escape', 'unescape'],
];

/** Makes what all objects share unchangeable; what a subclass of Error has to set stays settable on its own objects. */
const HARDEN = `(() => {
  'use strict';
  Error.stackTraceLimit = ${FRAMES};
  const seen = new Set();
  const settable = new Set([Object.prototype, Error.prototype]);
  for (const name of Object.getOwnPropertyNames(globalThis))
    if (typeof globalThis[name] === 'function' && Error.isPrototypeOf(globalThis[name])) settable.add(globalThis[name].prototype);
  const freeze = (value) => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return;
    seen.add(value);
    for (const key of Reflect.ownKeys(value)) {
      const own = Object.getOwnPropertyDescriptor(value, key);
      if ('value' in own) {
        const was = own.value;
        freeze(was);
        if (settable.has(value) && own.configurable && typeof key === 'string')
          Object.defineProperty(value, key, {
            get: () => was,
            set(next) {
              if (this === value) throw new TypeError('What all objects share cannot be changed: ' + key + '.');
              Object.defineProperty(this, key, { value: next, writable: true, enumerable: true, configurable: true });
            },
            enumerable: own.enumerable,
            configurable: false,
          });
      } else {
        freeze(own.get);
        freeze(own.set);
      }
    }
    freeze(Object.getPrototypeOf(value));
    if (value !== globalThis) Object.freeze(value);
  };
  freeze(globalThis);
  for (const sample of [function* () {}, async () => {}, async function* () {}, [][Symbol.iterator](), new Map().entries(), new Set().values(), ''[Symbol.iterator](), /a/[Symbol.matchAll]('')])
    freeze(Object.getPrototypeOf(sample));
})()`;

const RANDOMNESS = `Object.defineProperty(Math, 'random', { value() {
  throw new Error('A model file builds the same model each time, so there is no chance in it: weights are drawn by the seed of the run.');
} })`;

function newContext(): vm.Context {
  return vm.createContext(Object.create(null), {
    codeGeneration: { strings: false, wasm: false },
  });
}

async function runModelFile({ realm, file, text, request }: Start['input']): Promise<Reply> {
  try {
    const compiler = await loadCompiler(realm);
    const stripped = stripTypeScriptTypes(text);
    const own = newContext();
    for (const name of WITHDRAWN) vm.runInContext(`delete globalThis.${name}`, own);
    vm.runInContext(RANDOMNESS, own);
    vm.runInContext(HARDEN, own);
    const words = compiler.lightbench as Readonly<Record<string, unknown>>;
    const library = new vm.SyntheticModule(
      Object.keys(words),
      function () {
        for (const [name, value] of Object.entries(words)) this.setExport(name, value);
      },
      { context: own, identifier: 'lightbench' },
    );
    const module = new vm.SourceTextModule(stripped, {
      context: own,
      identifier: file,
      // A text: an object of Node's would be one too many.
      importModuleDynamically: () => Promise.reject(NO_LATE_IMPORT),
    });
    const refused = module.moduleRequests.find(({ specifier }) => specifier !== 'lightbench');
    if (refused !== undefined) return refusal(refused.specifier, text);
    await module.link(() => library);
    await module.evaluate();
    const { default: definition } = module.namespace as { readonly default?: unknown };
    const program: unknown = (compiler.trace as (...given: unknown[]) => unknown)(definition, request, file);
    if (typeof program !== 'string') throw new Error('The trace of the file is no text.');
    return { kind: 'program', program };
  } catch (error) {
    return problemOf(error, file);
  }
}

async function loadCompiler(realm: Start['input']['realm']): Promise<Readonly<Record<string, unknown>>> {
  const context = newContext();
  // Writing ONNX files asks for them when it is loaded; nothing is written here.
  vm.runInContext('globalThis.TextEncoder = class {}; globalThis.TextDecoder = class {};', context);
  const modules = new Map(
    realm.map(({ name, code }) => [name, new vm.SourceTextModule(code, { context, identifier: name })] as const),
  );
  const [first] = modules.values();
  if (first === undefined) throw new Error('The compiler is missing.');
  await first.link((specifier, from) => {
    const found = modules.get(new URL(specifier, `file:///${from.identifier}`).pathname.slice(1));
    if (found === undefined) throw new Error(`${from.identifier} imports ${specifier}, which is not there.`);
    return found;
  });
  await first.evaluate();
  vm.runInContext(HARDEN, context);
  return first.namespace as Readonly<Record<string, unknown>>;
}

function refusal(specifier: string, text: string): Reply {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => /^\s*(import|export)\b|\bfrom\b/.test(line) && line.includes(specifier));
  const why = isBuiltin(specifier) ? 'It describes a model and cannot reach files, the network or other programs.' : '';
  return {
    kind: 'problem',
    message: `A model file can import from 'lightbench' only, not from '${specifier}'. ${why}`.trim(),
    line: at < 0 ? null : at + 1,
    column: at < 0 ? null : (lines[at] ?? '').indexOf(specifier) + 1,
  };
}

/** The innermost line of the file in a stack. */
function placeIn(stack: string, file: string): { readonly line: number; readonly column: number } | null {
  for (const line of stack.split('\n')) {
    const at = line.indexOf(`${file}:`);
    if (at < 0) continue;
    const [row, column] = line.slice(at + file.length + 1).split(/[:)]/);
    if (Number(row) > 0) return { line: Number(row), column: Math.max(1, Number(column) || 1) };
  }
  return null;
}

/** Whatever was thrown; it may be anything, and reading it may throw again. */
function problemOf(error: unknown, file: string): Reply {
  let message = 'The file throws something that says nothing about itself.';
  let place: ReturnType<typeof placeIn> = null;
  try {
    if (typeof error === 'string') message = error;
    else {
      const { message: said, stack } = error as { readonly message?: unknown; readonly stack?: unknown };
      if (typeof said === 'string' && said !== '') message = said;
      if (typeof stack === 'string') place = placeIn(stack, file) ?? ofSyntax(stack);
    }
  } catch {
    // It stays at what is known.
  }
  return {
    kind: 'problem',
    message: message.slice(0, MESSAGE_LENGTH),
    line: place?.line ?? null,
    column: place?.column ?? null,
  };
}

/** Where the parser stopped: `:3`, the line itself, and a caret below the place. */
function ofSyntax(stack: string): { readonly line: number; readonly column: number } | null {
  const head = /^[^\n]*:(\d+)\n/.exec(stack);
  if (head === null) return null;
  const caret = /^( *)\^/m.exec(stack);
  return { line: Number(head[1]), column: (caret?.[1]?.length ?? 0) + 1 };
}

process.once('message', (message: Start) => {
  void runModelFile(message.input).then((reply) => {
    process.send?.(reply, undefined, undefined, () => process.exit(0));
  });
});
process.on('disconnect', () => process.exit(3));
