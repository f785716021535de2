import { useComputedColorScheme } from '@mantine/core';
import * as typescript from 'monaco-editor/languages/features/typescript/register.js';
import 'monaco-editor/languages/definitions/typescript/register.js';
import { useEffect, useRef } from 'react';
import declarations from '../../../main/contract/model-file.d.ts?raw';
import type { Diagnostic } from '../../../main/contract/training.ts';
import styles from './editor.module.css';
import type { Monaco } from './monaco.ts';
import { defineThemes, prepareMonaco } from './monaco.ts';

export interface ModelFileEditorProps {
  /** `models/my-net.ts` */
  readonly path: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** Ctrl/Cmd + Enter. */
  readonly onSubmit: () => void;
  /** Ctrl/Cmd + S. */
  readonly onSave: () => void;
  /** What running the file found; types are checked here. */
  readonly diagnostics: readonly Diagnostic[];
  readonly reveal: { readonly line: number; readonly column: number } | null;
}

type Editor = ReturnType<Monaco['editor']['create']>;

let prepared = false;

/** The words a model file can import, and the TypeScript that it is written in. */
function prepareTypeScript(): void {
  if (prepared) return;
  prepared = true;
  const { typescriptDefaults, ScriptTarget, ModuleKind, ModuleResolutionKind } = typescript;
  typescriptDefaults.setCompilerOptions({
    target: ScriptTarget.ES2020,
    module: ModuleKind.ESNext,
    moduleResolution: ModuleResolutionKind.NodeJs,
    strict: true,
    noEmit: true,
    // The language alone: a model file has no window and no process.
    lib: ['lib.es2020.d.ts'],
    types: [],
    erasableSyntaxOnly: true,
  });
  typescriptDefaults.addExtraLib(declarations, 'file:///lightbench.d.ts');
}

/** A model file with completion, hover documentation and a type check. Fills its parent. */
export default function ModelFileEditor(props: ModelFileEditorProps) {
  const { path, value, diagnostics, reveal } = props;
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<Editor | null>(null);
  const handlers = useRef(props);
  handlers.current = props;
  const scheme = useComputedColorScheme('light');

  // biome-ignore lint/correctness/useExhaustiveDependencies: made once per file; later changes go through the effects below
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const monaco = prepareMonaco();
    prepareTypeScript();
    defineThemes();
    const uri = monaco.Uri.parse(`file:///${path}`);
    const model = monaco.editor.getModel(uri) ?? monaco.editor.createModel(value, 'typescript', uri);
    if (model.getValue() !== value) model.setValue(value);
    const instance = monaco.editor.create(element, {
      model,
      ariaLabel: `Model file, TypeScript: ${path}`,
      automaticLayout: true,
      fontFamily: getComputedStyle(element).getPropertyValue('--lb-mono'),
      fontSize: 13,
      lineHeight: 20,
      tabSize: 2,
      minimap: { enabled: false },
      scrollBeyondLastLine: false,
      lineNumbersMinChars: 3,
      padding: { top: 10, bottom: 10 },
      fixedOverflowWidgets: true,
      bracketPairColorization: { enabled: false },
      editContext: false,
      scrollbar: { verticalScrollbarSize: 10, horizontalScrollbarSize: 10, useShadows: false },
    });
    editor.current = instance;
    const { KeyMod, KeyCode } = monaco;
    for (const [id, label, key, run] of [
      ['submit', 'Start run', KeyCode.Enter, () => handlers.current.onSubmit()],
      ['save', 'Save the model file', KeyCode.KeyS, () => handlers.current.onSave()],
    ] as const)
      instance.addAction({ id: `lightbench.${id}`, label, keybindings: [KeyMod.CtrlCmd | key], run });
    const listener = instance.onDidChangeModelContent(() => handlers.current.onChange(instance.getValue()));
    return () => {
      listener.dispose();
      instance.dispose();
      model.dispose();
      editor.current = null;
    };
  }, [path]);

  useEffect(() => {
    const model = editor.current?.getModel();
    if (model == null || model.getValue() === value) return;
    model.pushEditOperations([], [{ range: model.getFullModelRange(), text: value }], () => null);
  }, [value]);

  useEffect(() => {
    const model = editor.current?.getModel();
    if (model == null) return;
    const monaco = prepareMonaco();
    monaco.editor.setModelMarkers(
      model,
      'lightbench',
      diagnostics.map((entry) => ({
        severity: monaco.MarkerSeverity.Error,
        message: entry.message,
        startLineNumber: entry.line,
        startColumn: entry.column,
        endLineNumber: entry.line,
        endColumn: model.getLineMaxColumn(Math.min(entry.line, model.getLineCount())),
      })),
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

  return <div ref={host} className={styles.editor} />;
}
