/**
 * Monaco with the languages that the studio uses. Its workers are bundled files of the application: nothing is fetched from
 * elsewhere, and the content security policy needs no exception.
 */

import * as monaco from 'monaco-editor/editor/editor.api.js';
import EditorWorker from 'monaco-editor/editor/editor.worker?worker';
import TypeScriptWorker from 'monaco-editor/languages/features/typescript/ts.worker?worker';
// All of it from the start: the TypeScript mode brings every feature when it is first opened, and a feature whose services
// are not there when the first editor is made fails in every later one.
import 'monaco-editor/features/register.all.js';
// The package's own entry for suggestions leaves their widget out.
import 'monaco-editor/editor/contrib/suggest/browser/suggestController.js';
import 'monaco-editor/languages/definitions/yaml/register.js';
import type { KnownValues } from './completion.ts';
import { complete, hover } from './completion.ts';
import type { JsonSchema } from './json-schema.ts';

/** What an editor's model is checked against. Models without an entry get no help. */
export interface ModelHelp {
  readonly schema: JsonSchema;
  readonly known: KnownValues;
}

export type Monaco = typeof monaco;

let prepared = false;
const helpOf = new Map<string, ModelHelp>();

/** Monaco, set up once. */
export function prepareMonaco(): Monaco {
  if (prepared) return monaco;
  prepared = true;
  (globalThis as { MonacoEnvironment?: monaco.Environment }).MonacoEnvironment = {
    getWorker: (_, label) => (label === 'typescript' ? new TypeScriptWorker() : new EditorWorker()),
  };
  defineThemes();
  registerHelp();
  return monaco;
}

export function setModelHelp(uri: string, help: ModelHelp | null): void {
  if (help === null) helpOf.delete(uri);
  else helpOf.set(uri, help);
}

/** The editor in the colours of the tokens as they are now; called again when light turns dark. */
export function defineThemes(): void {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string) => hexadecimal(style.getPropertyValue(name).trim());
  const dark = document.documentElement.dataset.mantineColorScheme === 'dark';
  monaco.editor.defineTheme('lightbench', {
    base: dark ? 'vs-dark' : 'vs',
    inherit: true,
    rules: [
      { token: 'type.yaml', foreground: bare(token('--lb-accent-text')) },
      { token: 'string.yaml', foreground: bare(token('--lb-text')) },
      { token: 'number.yaml', foreground: bare(token('--lb-series-2')) },
      { token: 'number.float.yaml', foreground: bare(token('--lb-series-2')) },
      { token: 'keyword.yaml', foreground: bare(token('--lb-series-4')) },
      { token: 'keyword.ts', foreground: bare(token('--lb-series-4')) },
      { token: 'string.ts', foreground: bare(token('--lb-series-3')) },
      { token: 'number.ts', foreground: bare(token('--lb-series-2')) },
      { token: 'type.identifier.ts', foreground: bare(token('--lb-accent-text')) },
      { token: 'comment.ts', foreground: bare(token('--lb-text-faint')) },
      { token: 'comment.yaml', foreground: bare(token('--lb-text-faint')) },
    ],
    colors: {
      'editor.background': token('--lb-surface'),
      'editor.foreground': token('--lb-text'),
      'editorLineNumber.foreground': token('--lb-text-faint'),
      'editorLineNumber.activeForeground': token('--lb-text'),
      'editor.lineHighlightBackground': token('--lb-canvas'),
      'editorGutter.background': token('--lb-surface'),
      'editorWidget.background': token('--lb-surface'),
      'editorWidget.border': token('--lb-border-strong'),
      'editorSuggestWidget.selectedBackground': token('--lb-active'),
      'editorSuggestWidget.selectedForeground': token('--lb-text'),
      'editorSuggestWidget.highlightForeground': token('--lb-accent-text'),
      'editorSuggestWidget.focusHighlightForeground': token('--lb-accent-text'),
      'editorHoverWidget.background': token('--lb-surface'),
      'editorHoverWidget.border': token('--lb-border-strong'),
      'editorError.foreground': token('--lb-bad'),
      'editorWarning.foreground': token('--lb-warn'),
      focusBorder: token('--lb-focus'),
    },
  });
  monaco.editor.setTheme('lightbench');
}

function registerHelp(): void {
  monaco.languages.registerCompletionItemProvider('yaml', {
    triggerCharacters: [' ', ':', '\n'],
    provideCompletionItems(model, position) {
      const help = helpOf.get(model.uri.toString());
      if (help === undefined) return { suggestions: [] };
      const list = complete(model.getValue(), model.getOffsetAt(position), help.schema, help.known);
      const range = rangeOf(model, list.from, list.to);
      return {
        suggestions: list.items.map((item) => ({
          label: item.detail === '' ? item.label : { label: item.label, description: item.detail },
          kind: monaco.languages.CompletionItemKind[item.kind === 'key' ? 'Property' : 'Value'],
          insertText: item.insertText,
          insertTextRules:
            monaco.languages.CompletionItemInsertTextRule.InsertAsSnippet |
            monaco.languages.CompletionItemInsertTextRule.KeepWhitespace,
          ...(item.documentation === '' ? {} : { documentation: { value: item.documentation } }),
          sortText: String(item.rank).padStart(6, '0'),
          range,
          // An object's first key is wanted right after the object itself.
          ...(item.insertText.includes('\n')
            ? { command: { id: 'editor.action.triggerSuggest', title: 'Suggest' } }
            : {}),
        })),
      };
    },
  });
  monaco.languages.registerHoverProvider('yaml', {
    provideHover(model, position) {
      const help = helpOf.get(model.uri.toString());
      const found = help === undefined ? null : hover(model.getValue(), model.getOffsetAt(position), help.schema);
      if (found === null) return null;
      return {
        range: rangeOf(model, found.from, found.to),
        contents: found.paragraphs.map((value) => ({ value })),
      };
    },
  });
}

function rangeOf(model: monaco.editor.ITextModel, from: number, to: number): monaco.Range {
  const start = model.getPositionAt(from);
  const end = model.getPositionAt(to);
  return new monaco.Range(start.lineNumber, start.column, end.lineNumber, end.column);
}

/** Monaco takes #rrggbb only; a build shortens the tokens to #rgb where it can. */
function hexadecimal(color: string): string {
  if (/^#[0-9a-f]{3}$/i.test(color)) return `#${[...color.slice(1)].map((digit) => digit + digit).join('')}`;
  return /^#[0-9a-f]{6}$/i.test(color) ? color : '#808080';
}

function bare(color: string): string {
  return color.slice(1);
}
