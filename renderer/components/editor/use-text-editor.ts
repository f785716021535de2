import { useComputedColorScheme } from '@mantine/core';
import type { RefObject } from 'react';
import { useEffect, useRef } from 'react';
import type { Diagnostic } from '../../../main/contract/training.ts';
import type { Monaco } from './monaco.ts';
import { defineThemes, prepareMonaco } from './monaco.ts';

export type Editor = ReturnType<Monaco['editor']['create']>;
export type TextModel = ReturnType<Monaco['editor']['createModel']>;

export interface TextEditorSettings {
  /** Another document, another editor. */
  readonly document: string;
  readonly value: string;
  readonly label: string;
  /** The document's model in Monaco; disposed with the editor. */
  readonly createModel: (monaco: Monaco, value: string) => TextModel;
  readonly onChange?: ((value: string) => void) | undefined;
  readonly actions: readonly EditorAction[];
  /** Beyond what every editor of the studio has. */
  readonly options: Parameters<Monaco['editor']['create']>[1];
  readonly diagnostics: readonly Diagnostic[];
  /** Where a diagnostic's mark ends; by itself where it says so. */
  readonly markEnd?: (model: TextModel, diagnostic: Diagnostic) => { readonly line: number; readonly column: number };
  /** A place to show and focus; a new object moves there again. */
  readonly reveal: { readonly line: number; readonly column: number } | null;
}

/** With Ctrl/Cmd. */
export interface EditorAction {
  readonly id: string;
  readonly label: string;
  readonly key: 'Enter' | 'KeyS';
  readonly run: () => void;
}

const whereItSays = (_: TextModel, { endLine, endColumn }: Diagnostic) => ({ line: endLine, column: endColumn });

/** A Monaco editor in `host`, which it fills: the text follows `value`, what is wrong is marked, the colours are those of the theme. */
export function useTextEditor(settings: TextEditorSettings): {
  readonly host: RefObject<HTMLDivElement | null>;
  readonly editor: RefObject<Editor | null>;
} {
  const { document, value, diagnostics, reveal } = settings;
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<Editor | null>(null);
  const newest = useRef(settings);
  newest.current = settings;
  const scheme = useComputedColorScheme('light');

  // biome-ignore lint/correctness/useExhaustiveDependencies: made once per document; later changes go through the effects below
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const monaco = prepareMonaco();
    defineThemes();
    const model = settings.createModel(monaco, value);
    if (model.getValue() !== value) model.setValue(value);
    const instance = monaco.editor.create(element, {
      model,
      ariaLabel: settings.label,
      automaticLayout: true,
      fontFamily: getComputedStyle(element).getPropertyValue('--lb-mono'),
      fontSize: 13,
      lineHeight: 20,
      minimap: { enabled: false },
      scrollBeyondLastLine: false,
      lineNumbersMinChars: 3,
      padding: { top: 10, bottom: 10 },
      fixedOverflowWidgets: true,
      bracketPairColorization: { enabled: false },
      // A text area, so that everything which must not answer to typed letters knows it for one.
      editContext: false,
      scrollbar: { verticalScrollbarSize: 10, horizontalScrollbarSize: 10, useShadows: false },
      ...settings.options,
    });
    model.updateOptions({ tabSize: 2 });
    editor.current = instance;
    for (const { id, label, key } of settings.actions)
      instance.addAction({
        id: `lightbench.${id}`,
        label,
        keybindings: [monaco.KeyMod.CtrlCmd | monaco.KeyCode[key]],
        run: () => newest.current.actions.find((action) => action.id === id)?.run(),
      });
    const listener = instance.onDidChangeModelContent(() => newest.current.onChange?.(instance.getValue()));
    return () => {
      listener.dispose();
      instance.dispose();
      model.dispose();
      editor.current = null;
    };
  }, [document]);

  useEffect(() => {
    const instance = editor.current;
    const model = instance?.getModel();
    if (instance === null || model == null || model.getValue() === value) return;
    // As an edit, so that undo goes back past it.
    instance.pushUndoStop();
    model.pushEditOperations([], [{ range: model.getFullModelRange(), text: value }], () => null);
    instance.pushUndoStop();
  }, [value]);

  useEffect(() => {
    const model = editor.current?.getModel();
    if (model == null) return;
    const monaco = prepareMonaco();
    const endOf = newest.current.markEnd ?? whereItSays;
    monaco.editor.setModelMarkers(
      model,
      'lightbench',
      diagnostics.map((entry) => {
        const end = endOf(model, entry);
        return {
          severity: entry.severity === 'error' ? monaco.MarkerSeverity.Error : monaco.MarkerSeverity.Warning,
          message: entry.suggestion === '' ? entry.message : `${entry.message}\n${entry.suggestion}`,
          startLineNumber: entry.line,
          startColumn: entry.column,
          endLineNumber: end.line,
          endColumn: end.column,
        };
      }),
    );
  }, [diagnostics]);

  useEffect(() => {
    if (reveal === null) return;
    const position = { lineNumber: reveal.line, column: reveal.column };
    editor.current?.revealPositionInCenterIfOutsideViewport(position);
    editor.current?.setPosition(position);
    editor.current?.focus();
  }, [reveal]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the tokens changed with the scheme
  useEffect(() => {
    if (editor.current !== null) defineThemes();
  }, [scheme]);

  return { host, editor };
}
